/*
 * maillog_source: where the lines of a mail server's log come from, one after the other: a file
 * that grows and is rotated (maillog_follow.h), or the journal of systemd. Who reads them knows
 * neither kind.
 *
 * How far it was read is the caller's to keep, as text: after a restart with it no line comes twice
 * and none is left out. What is gone by then is counted as a gap, never guessed. Waits for nothing;
 * one thread.
 */
#ifndef EM_FEEDBACK_MAILLOG_SOURCE_H
#define EM_FEEDBACK_MAILLOG_SOURCE_H

#include "feedback/maillog_follow.h"

enum {
    MAILLOG_SOURCE_NAME_MAX = 400, /* octets: it is the name of a record */
    MAILLOG_SOURCE_PLACE_MAX = 256 /* with the NUL */
};

struct maillog_source_counts {
    uint64_t lines;    /* handed out */
    uint64_t left_out; /* longer than any (MAILLOG_LINE_MAX); of the journal, without text, too */
    uint64_t gaps;     /* parts of the log that were gone when they were looked for */
};

struct maillog_source;

/* "journal", "journal:/DIRECTORY": not a file. */
bool maillog_source_is_journal(const char *name);
/* May a log be named so? Else *error says what is valid. */
bool maillog_source_accepts(const char *name, struct error *error);
/*
 * Without a place, or with one that cannot be read, it begins at the end of what is there when it
 * is first read. Before that about `again_bytes` of what lies before are handed out once more: they
 * may tell of what is still under way. NULL: out of memory.
 */
struct maillog_source *maillog_source_new(const char *name, const char *place /* NULL: none */,
                                          uint64_t again_bytes);
void maillog_source_free(struct maillog_source **source);

/* As maillog_follow_step(). */
enum maillog_follow_answer maillog_source_step(struct maillog_source *source, size_t most_bytes,
                                               maillog_follow_take *take, void *context,
                                               struct error *error);
/* As maillog_follow_bound(). */
void maillog_source_bound(struct maillog_source *source);
/* While a line is handed out: it lies before the place, and was handed out before. */
bool maillog_source_is_before(const struct maillog_source *source);
/* One line of text without a comma. False: there is none yet, or it still lies ahead. */
bool maillog_source_place(const struct maillog_source *source,
                          char place[static MAILLOG_SOURCE_PLACE_MAX]);
const struct maillog_source_counts *maillog_source_counts(const struct maillog_source *source);

#endif
