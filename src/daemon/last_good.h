/*
 * last_good: the configuration last in force, kept in memory beside the processes, so that a child
 * that replaces a crashed one can serve even when the files on disk are being edited or broken.
 * plan_keep() keeps the parent's part in the same form, elsewhere.
 */
#ifndef EM_DAEMON_LAST_GOOD_H
#define EM_DAEMON_LAST_GOOD_H

#include "util/buffer.h"
#include "util/span.h"

/* A descriptor (close-on-exec) that children inherit; -1: there is none, and nothing is kept. */
int last_good_open(void);
/* Puts `text` in the place of what is kept. One process at a time writes. */
void last_good_write(int fd, struct span text);
/* Adds what is kept to out. False: nothing, or nothing whole. */
bool last_good_read(int fd, struct buffer *out);

#endif
