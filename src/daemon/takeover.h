/*
 * takeover: what one program hands to the program that takes its place in the same process:
 * sockets, children, counters. It travels as a text in memory, whose descriptor the environment
 * names; the text's first line carries its version, since writer and reader may be of different
 * ones.
 */
#ifndef EM_DAEMON_TAKEOVER_H
#define EM_DAEMON_TAKEOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/sockets.h"
#include "daemon/process.h"
#include "daemon/runner_seat.h"
#include "util/error.h"

struct takeover {
    int64_t started_s;       /* wall time of the daemon's start */
    int counters_fd;         /* -1: none */
    int last_good_fd;        /* -1: none */
    int plan_fd;             /* of plan_keep(), the one in force; -1: none */
    struct runner_seat seat; /* requests_fd -1: none */
    struct sockets sockets;
    struct process *processes; /* slot: index into sockets.milter */
    size_t process_count;
};

/* The text that would be handed over, in memory (close-on-exec), to be read from its beginning; the
 * caller closes it. -1: *error. */
int takeover_write(const struct takeover *takeover, struct error *error);
/*
 * Becomes `argv[0]`, handing over `takeover` (whose descriptors become inheritable). Returns only
 * when that fails; everything is as it was then.
 */
void takeover_exec(const struct takeover *takeover, const char *const argv[], struct error *error);
/* Was this program started in place of another? */
bool takeover_is_offered(void);
/* Takes what is offered, once; all descriptors are close-on-exec. False: it cannot be understood.
 * The caller frees the lists. */
bool takeover_take(struct takeover *takeover_r, struct error *error);

/*
 * Before a program becomes another it asks whether that understands what would be handed over: the
 * check (-t) finds the number of a descriptor from takeover_write() in this variable, reads it
 * without touching anything it tells of, and says so behind it. A program that is none of ours, or
 * one that knows nothing of this, says nothing.
 */
#define TAKEOVER_QUESTION "EGRESS_MILTER_TAKEOVER_CHECK"

/* In the program that is asked. True: answered, or nobody asks. False: *error tells what cannot be
 * understood. */
bool takeover_answer(struct error *error);
/* In the one that asks: has it been answered? */
bool takeover_is_answered(int fd);

#endif
