/*
 * backlog_private: lines that wait for the receiver of the log, in order, in bounded memory.
 *
 * Without a lock of its own: log.c has one. Memory is taken with the first line and kept; a zeroed
 * struct with `room` set is an empty backlog.
 */
#ifndef EM_LOG_BACKLOG_PRIVATE_H
#define EM_LOG_BACKLOG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/span.h"

struct backlog {
    char *bytes; /* a ring of `room` bytes; NULL before the first line */
    size_t room;
    size_t first; /* where the oldest line begins */
    size_t used;
    size_t lines;
};

/* At the end. False: no room, or no memory. A line that is not grave leaves the last eighth of the
 * room to those that are. line.size < 64 KiB. */
bool backlog_put(struct backlog *backlog, struct span line, bool is_grave);
/* The oldest line, copied to out; empty when there is none, cut when it is longer than out_size. */
struct span backlog_first(const struct backlog *backlog, char *out, size_t out_size);
void backlog_drop_first(struct backlog *backlog);
/* Nothing waits any more, and the memory is given back. */
void backlog_clear(struct backlog *backlog);

#endif
