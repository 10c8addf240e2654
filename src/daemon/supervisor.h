/*
 * supervisor: the parent's life: one serving child per slot (socket), replaced when it dies,
 * signals passed on, the program replaced in place. It knows nothing of what a child does; that is
 * a function handed in.
 *
 *   HUP        every child gets USR1 (reload)
 *   TERM, INT  every child gets USR2 (drain); the second time (half a second later or more), or
 *              after the grace, KILL
 *
 * A restart in place: a child asks for it (LINK_RESTART); the program on disk is asked whether it
 * would start; this process becomes it (exec), taking sockets and children along; it starts a child
 * for every slot; when all serve, the children of before are retired. Whatever fails on that way
 * leaves them serving.
 */
#ifndef EM_DAEMON_SUPERVISOR_H
#define EM_DAEMON_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/process.h"
#include "daemon/runner_seat.h"
#include "util/error.h"

#define SUPERVISOR_PROCESSES_MAX 250 /* with those that retire */

struct supervisor_job {
    size_t slots;
    size_t former_slots; /* at most so many after go_back() */
    int grace_ms;        /* from TERM to KILL */
    bool hears; /* stderr of the children is listened to (they lead it there, see child_link) */
    void *context;
    /*
     * In the forked child; what it returns is the process's exit code. HUP, TERM, INT, USR1 and
     * USR2 are blocked, SIGPIPE is ignored; SIGTERM etc. are the child's own business from here.
     */
    int (*child)(void *context, const struct child_link *link);
    const char *(*slot_name)(void *context, size_t slot); /* for the log */
    /* The listening socket of a slot, which does not wait: while no child can be started,
     * connections are accepted and closed, so that MTAs defer at once. -1: none. */
    int (*slot_socket)(void *context, size_t slot);
    /* The socket where the child of slot 0 answers questions, likewise: during a pause the parent
     * tells how things are, whatever was asked. NULL, -1: none. */
    int (*desk_socket)(void *context);
    /* May whoever is at the other end of `fd` be told? NULL: anybody. */
    bool (*desk_admits)(void *context, int fd);
    /* Where requests for commands wait, and the process that takes them: `runner` is its whole
     * life, as with `child`. NULL: none. */
    struct runner_seat *seat;
    int (*runner)(void *context);
    /* Before children are forked; false with *error: none can be now. NULL: always. */
    bool (*prepare)(void *context, struct error *error);
    void (*on_ready)(void *context);      /* once: all children serve */
    void (*on_drain)(void *context);      /* TERM: nothing more is to be accepted */
    void (*on_taken_over)(void *context); /* after a restart: the children of before retire */

    const char *const *probe; /* argv that tells whether a restart would work; NULL: no restarts */
    /* What `replace` would hand over, for the probe to read: takeover_write(). -1: *error. */
    int (*write_down)(void *context, const struct process *const *processes, size_t count,
                      struct error *error);
    /* Becomes the program on disk; returns only when it cannot. */
    void (*replace)(void *context, const struct process *const *processes, size_t count,
                    struct error *error);
    /* A restart in place came to nothing: slots mean again what they did in the program before,
     * children are adopted with their former_slot. Returns how many there are. NULL: nothing
     * changes. */
    size_t (*go_back)(void *context);

    bool is_in_place; /* this program has taken the place of another, whose children serve on should
                         ours not */
    /* Children of the program before this one, all with is_adopted. */
    const struct process *adopted;
    size_t adopted_count;
};

/*
 * Forks the children and serves until the end. Single-threaded; blocks the signals it handles and
 * never returns in a child. Returns 0 after TERM; before all were ready: what the first child to
 * die ended with, 70 when it was killed.
 */
int supervisor_run(const struct supervisor_job *job);

#endif
