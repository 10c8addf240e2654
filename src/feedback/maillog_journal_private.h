/*
 * maillog_journal_private: an entry of the journal, and the line that it becomes. Not for other
 * rooms.
 */
#ifndef EM_FEEDBACK_MAILLOG_JOURNAL_PRIVATE_H
#define EM_FEEDBACK_MAILLOG_JOURNAL_PRIVATE_H

#include "feedback/maillog_line.h"
#include "feedback/maillog_source_private.h"

/* Any bytes; absent: the entry has no such field. */
struct maillog_journal_entry {
    uint64_t time_us; /* since 1970 */
    struct span host, program, process, message;
};

/*
 * "2026-11-28T22:33:00.123456+00:00 mx1 postfix/smtp[7]: text", as rsyslog writes it, and as
 * maillog_line_read() takes it apart: host and program never reach beyond their places, line breaks
 * in the text are blanks. False: it has no text, or is longer than MAILLOG_LINE_MAX. *line_r points
 * into `room`.
 */
bool maillog_journal_line(const struct maillog_journal_entry *entry,
                          char room[static MAILLOG_LINE_MAX], struct span *line_r);

/*
 * Where the system's journal lies, or the one directory; ends with NULL. `room` is for the list.
 */
const char *const *maillog_journal_folders(const char *directory /* NULL: the system's */,
                                           const char *room[static 2]);
/* Another number where one of them is another one now, or is there or not. */
uint64_t maillog_journal_mark(const char *directory);
/*
 * No file of the journal could be opened. True: because there is none yet. False: *error says why,
 * with the remedy.
 */
bool maillog_journal_explain(const char *directory, struct error *error);

/* NULL: out of memory. A build without libsystemd makes one whose steps fail. */
struct maillog_source *maillog_source_new_journal(const char *directory /* NULL: the system's */,
                                                  const char *place, uint64_t again_bytes);
#define MAILLOG_JOURNAL_NOT_BUILT                                                                  \
    "this build has no libsystemd, so it cannot read the journal; build with it, or name a file"
/* False: so it is. */
bool maillog_journal_is_built(void);

#endif
