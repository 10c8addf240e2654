/*
 * stall: the real milter room on a socket, with messages that wait at their end: those whose sender
 * is slow@... do nothing for a while within util/waiting.h's bracket, as a look-up would.
 */
#ifndef EM_TESTS_SUPPORT_STALL_H
#define EM_TESTS_SUPPORT_STALL_H

#include <stdbool.h>

struct stall {
    const char *socket; /* as configured: "unix:/path", "inet:port@127.0.0.1" */
    int wait_ms;
    unsigned fan;     /* connections of the kicker; 0: none */
    bool avoids_fd;   /* as with a libmilter that does not know "fd:N" */
    bool is_unmarked; /* the wait stands outside of the bracket */
};

/*
 * Writes a line to `tell_fd` when it serves: "ready". Returns when the process is told to stop,
 * with an exit code. USR1 makes it retire, USR2 drain; "retired" or "drained" when that is over.
 * Once in a process, before any other thread.
 */
int stall_serve(const struct stall *stall, int tell_fd);

#endif
