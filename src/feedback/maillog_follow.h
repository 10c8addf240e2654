/*
 * maillog_follow: the lines of a log file that grows, through rotation: renamed, or copied and cut
 * (logrotate's copytruncate); what a rotated file still has behind the place is read before the new
 * one. Where a tail is not found, or only compressed, that is counted as a gap: never guessed.
 *
 * The place is the caller's to keep: after a restart with it no line comes twice and none is left
 * out. A line is handed out when its end is there; the half line of a file that was left is handed
 * out as it is. Waits for nothing; one thread.
 */
#ifndef EM_FEEDBACK_MAILLOG_FOLLOW_H
#define EM_FEEDBACK_MAILLOG_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/span.h"

/* Up to which octet of which file everything was handed out. */
struct maillog_place {
    uint64_t device, inode, offset;
    uint32_t head_size; /* octets from the file's beginning, */
    uint64_t head;      /* and a number made of them: two files of one log differ in it */
};

enum { MAILLOG_PLACE_MAX = 128 };
/* One line of text, for a store. */
void maillog_place_write(const struct maillog_place *place, struct buffer *out);
/* False: that is none, or a later version's. */
bool maillog_place_read(struct span text, struct maillog_place *place_r);

struct maillog_follow_counts {
    uint64_t lines, bytes; /* handed out, read */
    uint64_t long_lines;   /* left out: longer than any (MAILLOG_LINE_MAX) */
    uint64_t rotations, truncations;
    uint64_t gaps; /* parts of the log that were gone when they were looked for */
};

struct maillog_follow;

/* Without a place it begins at the end of what is there when it is first read, or at the beginning
 * of it. `path` is copied. NULL: out of memory. */
enum maillog_follow_from { MAILLOG_FROM_END, MAILLOG_FROM_BEGINNING };
struct maillog_follow *maillog_follow_new(const char *path, enum maillog_follow_from from,
                                          const struct maillog_place *place /* NULL: none */);
void maillog_follow_free(struct maillog_follow **follow);

/* Without its end; good during the call. */
typedef void maillog_follow_take(void *context, struct span line);

enum maillog_follow_answer {
    MAILLOG_FOLLOW_DONE,  /* all that is there now */
    MAILLOG_FOLLOW_MORE,  /* about `most_bytes` were read, and there is more */
    MAILLOG_FOLLOW_FAILED /* the file cannot be read now: *error says why, with the remedy */
};
enum maillog_follow_answer maillog_follow_step(struct maillog_follow *follow, size_t most_bytes,
                                               maillog_follow_take *take, void *context,
                                               struct error *error);
/*
 * Steps go no further than to what is in the open file now, until this is called again, and what
 * comes later waits. For whoever follows several files: what stands in this one was written after
 * what is read of another one from now on.
 */
void maillog_follow_bound(struct maillog_follow *follow);
/* While a line is handed out: up to which octet of the file it reaches, with its end. */
uint64_t maillog_follow_behind(const struct maillog_follow *follow);
/* The open file once more, from so many octets before the place, or its beginning, on; returns how
 * far it had been read. For whoever has to know what stood there; 0: no file is open. A step of 0
 * octets opens it and reads nothing. */
uint64_t maillog_follow_rewind(struct maillog_follow *follow, uint64_t most_bytes);
/* False: nothing was read yet, and no place was given. */
bool maillog_follow_place(const struct maillog_follow *follow, struct maillog_place *place_r);
const struct maillog_follow_counts *maillog_follow_counts(const struct maillog_follow *follow);

#endif
