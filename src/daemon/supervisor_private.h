/*
 * supervisor_private: what the parent's parts share. Not for others.
 *
 *   supervisor.c   signals, what children say, the rounds
 *   children.c     how children start and end
 *   restart.c      the way from one program to the next
 *   alive.c        who is alive; the service manager's watchdog
 *   pause.c        standing in while no child can be started
 */
#ifndef EM_DAEMON_SUPERVISOR_PRIVATE_H
#define EM_DAEMON_SUPERVISOR_PRIVATE_H

#include <poll.h>

#include "daemon/backoff.h"
#include "daemon/probe.h"
#include "daemon/supervisor.h"

struct slot {
    unsigned deaths; /* of all its children */
    struct backoff backoff;
    uint64_t start_ms; /* not before this */
};

struct supervisor {
    const struct supervisor_job *job;
    struct slot *slots;
    size_t slot_count;
    struct process *processes[SUPERVISOR_PROCESSES_MAX];
    size_t count;
    struct pollfd *polled;
    int signal_fd;
    bool is_ready; /* all children were, once */
    bool is_draining;
    bool is_over; /* ends with `code` */
    int code;
    uint64_t drain_ms; /* when it began */
    uint64_t kill_ms;
    uint64_t look_ms;     /* the next look at who is alive */
    uint64_t watchdog_ms; /* interval of the service manager; 0: none */
    uint64_t ping_ms;     /* the next sign of life to it */

    struct probe probe;
    bool is_taking_over; /* children of the program before serve; ours are starting */
    uint64_t taken_over_by_ms;
};

#define ALIVE_LOOK_MS 2000

uint64_t supervisor_now_ms(void);
/* Slots from here on have no past. */
void supervisor_set_slots(struct supervisor *supervisor, size_t count);
const char *supervisor_slot_name(const struct supervisor *supervisor,
                                 const struct process *process);
/* The child of a slot that serves or is to: adopted ones or ours. NULL: none. */
struct process *supervisor_child_of(const struct supervisor *supervisor, size_t slot, bool adopted);

/* While children of the program before serve, ours are started beside them. */
bool supervisor_lacks_child(const struct supervisor *supervisor, size_t slot);
/* Nobody serves the slot, and its next child has to wait. */
bool supervisor_is_pausing(const struct supervisor *supervisor, size_t slot);
/* Into the counters, where `health` of whichever child finds it: sockets without a process,
 * processes that do not answer. */
void alive_tell(const struct supervisor *supervisor);
/* To the service manager, unless it was told that we end. */
void supervisor_tell_ready(const struct supervisor *supervisor, const char *status);

/* children.c */
/* Starts those that are due. */
void children_start_missing(struct supervisor *supervisor);
/* Somebody wants a command run, and nobody sits there. */
void children_start_runner(struct supervisor *supervisor);
/* All but `except` (NULL: all). */
void children_signal(const struct supervisor *supervisor, int number, const struct process *except);
/* One is off the list, with waitpid()'s status. */
void children_ended(struct supervisor *supervisor, struct process *process, int status);
/* Closes and frees all that the parent knows of them, without ending them. */
void children_abandon(struct supervisor *supervisor);

/* alive.c: looks when it is time to. */
void alive_look(struct supervisor *supervisor);

/* pause.c: somebody knocks at the socket of a slot, at the control socket. */
void pause_turn_away(const struct supervisor *supervisor, size_t slot);
void pause_answer(const struct supervisor *supervisor);

/* restart.c */
/* A child wants a restart. */
void restart_begin(struct supervisor *supervisor, struct process *asks);
/* The probe has ended with waitpid()'s status. */
void restart_probed(struct supervisor *supervisor, int status);
/* Ours have changed: perhaps all serve. */
void restart_look(struct supervisor *supervisor);
/* It comes to nothing; the children of before go on. */
void restart_fail(struct supervisor *supervisor, const char *why);
/* When something is due here; UINT64_MAX: nothing. restart_due() does it. */
uint64_t restart_due_ms(const struct supervisor *supervisor);
void restart_due(struct supervisor *supervisor);

#endif
