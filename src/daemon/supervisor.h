/*
 * supervisor: the parent's life: one child per job slot, replaced when it dies, signals passed on.
 * It knows nothing of what a child does; that is a function handed in.
 *
 *   HUP        every child gets USR1 (reload)
 *   TERM, INT  every child gets USR2 (drain); the second time (half a second later or more), or
 * after the grace, KILL
 */
#ifndef EM_DAEMON_SUPERVISOR_H
#define EM_DAEMON_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>

/* A child's end of the pipe to its parent. */
struct child_link {
    int fd;
    size_t slot;
    unsigned deaths; /* of earlier children of this slot */
};

/* The child serves. The first time every child has said so, the start has succeeded. */
void child_link_ready(const struct child_link *link);
/* The other children are to reload too. */
void child_link_reload_others(const struct child_link *link);

struct supervisor_job {
    size_t slots;
    int grace_ms; /* from TERM to KILL */
    void *context;
    /*
     * In the forked child; what it returns is the process's exit code. HUP, TERM, INT, USR1 and
     * USR2 are blocked, SIGPIPE is ignored; SIGTERM etc. are the child's own business from here.
     */
    int (*child)(void *context, const struct child_link *link);
    const char *(*slot_name)(void *context, size_t slot); /* for the log */
    void (*on_ready)(void *context);                      /* once: all children serve */
    void (*on_drain)(void *context);                      /* TERM: nothing more is to be accepted */
    void (*on_death)(void *context, size_t slot);
};

/*
 * Forks the children and serves until the end. Single-threaded; blocks the signals it handles and
 * never returns in a child. Returns 0 after TERM; before all were ready: what the first child to
 * die ended with, 70 when it was killed.
 */
int supervisor_run(const struct supervisor_job *job);

#endif
