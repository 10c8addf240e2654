/*
 * runner: the process that runs commands for the others: what sends mail to the administrator, and
 * hooks.
 *
 * Serving processes can gain no privileges by exec, ever, which sendmail(1) needs (setgid). This
 * one can, has read nothing a stranger wrote, and runs nothing but argv of the configuration, which
 * it reads itself; a serving process names the command and says what it reads (notice/request.h).
 * It is started by the parent when there is something to do (runner_seat.h), ends when that is
 * done, and never lives long, so a reload or another version has no trouble with it.
 */
#ifndef EM_DAEMON_RUNNER_H
#define EM_DAEMON_RUNNER_H

#include <sys/types.h>

#include "daemon/plan.h"

#define RUNNER_AT_ONCE 4
#define RUNNER_COMMAND_MS 30000 /* then a command is killed, with its process group */
#define RUNNER_DRAIN_MS 3000    /* what is left of it after TERM */

struct runner_setup {
    const struct plan *plan; /* its configuration holds where the file cannot be used */
    int requests_fd;
    bool foreground;
    pid_t parent;
};

/* The whole life of the process; returns its exit code. Called with HUP, TERM, INT, CHLD, USR1 and
 * USR2 blocked and without threads. */
int runner_run(const struct runner_setup *setup);

#endif
