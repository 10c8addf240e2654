/*
 * detach: into the background, with an exit code that tells the truth.
 */
#ifndef EM_DAEMON_DETACH_H
#define EM_DAEMON_DETACH_H

#include <stdbool.h>

#include "util/error.h"

enum detach_side { DETACH_STARTER, DETACH_DAEMON, DETACH_FAILED };

struct detach {
    int fd; /* of the daemon: to tell the starter; -1: told, or never detached */
};

/*
 * Forks. In the starter (DETACH_STARTER) it returns only when the daemon has told how the start
 * went, or died: *code_r is what to end with. In the daemon (DETACH_DAEMON) the process leads a
 * session of its own in "/"; stdin, stdout and stderr are still those of the starter.
 */
enum detach_side detach_begin(struct detach *detach, int *code_r, struct error *error);
/* Tells the starter `code`; with 0 the standard descriptors go to /dev/null. Later calls do
 * nothing. */
void detach_tell(struct detach *detach, int code);
/* stdin, stdout, stderr to /dev/null. */
void detach_stdio(void);

#endif
