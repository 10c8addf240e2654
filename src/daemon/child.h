/*
 * child: one process that serves one milter socket: gives up privileges, loads the snapshot, runs
 * the threads.
 *
 *   main thread   libmilter and its own threads
 *   attendant     signals: USR1 reload, USR2 drain; looks for changed key directories
 *   io            the loop: the control socket
 *   kicker        milter_kicker_run()
 *   watcher       watch_run(): what is looked at by timer
 */
#ifndef EM_DAEMON_CHILD_H
#define EM_DAEMON_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/plan.h"
#include "daemon/supervisor.h"

#define CHILD_DRAIN_MS 10000 /* what transactions get to finish after TERM */

struct child_setup {
    const struct plan *plan;
    int fd;           /* the listening socket */
    const char *spec; /* as configured */
    int control_fd;   /* listening; -1: another child has the control socket */
    int last_good_fd; /* last_good.h */
    int door_fd;      /* where commands are asked for (runner_seat.h); -1: nowhere */
    bool foreground;
    bool strict;
    int64_t started_s; /* of the daemon */
    pid_t parent;
};

/*
 * The whole life of the process; returns its exit code. Called with HUP, TERM, INT, USR1 and USR2
 * blocked and without threads. The faults of the first child's load go to stderr, those of a
 * replacement to the log.
 */
int child_run(const struct child_setup *setup, const struct child_link *link);

#endif
