/*
 * log_files: the lines of log files, one after the other: plain files, compressed ones, stdin.
 */
#ifndef EM_CTL_LOG_FILES_H
#define EM_CTL_LOG_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "util/span.h"

#define LOG_FILES_LINE_MAX ((size_t)64 << 10) /* longer lines are left out, and counted */

struct log_files;

enum log_files_answer {
    LOG_FILES_LINE,
    LOG_FILES_END,   /* of the last file */
    LOG_FILES_FAILED /* *error says what; nothing more can be read */
};

/*
 * Files to read in this order; "-" is stdin. What ends in .gz, .xz, .zst or .bz2 goes through the
 * program of that kind. None given: the first of `usual` (ended by NULL) that exists. The names are
 * kept, not copied. NULL with *error: one of them cannot be read (all are looked at before the
 * first is read), there is no usual one, or no memory.
 */
struct log_files *log_files_open(const char *const *names, size_t count, const char *const *usual,
                                 struct error *error);
/* The next line without its end, good until the next call. May wait for a pipe. */
enum log_files_answer log_files_next(struct log_files *files, struct span *line_r,
                                     struct error *error);
/* Lines left out so far because they were longer than LOG_FILES_LINE_MAX. */
uint64_t log_files_long_lines(const struct log_files *files);
/* Clears the pointer; NULL is fine. */
void log_files_free(struct log_files **files);

/* Where a mail log is: Debian and SUSE, then Red Hat and the BSDs. */
extern const char *const log_files_usual[];

#endif
