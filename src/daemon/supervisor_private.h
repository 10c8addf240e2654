/*
 * supervisor_private: what supervisor.c (children, signals) and restart.c (the way from one program
 * to the next) share. Not for others.
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
    unsigned reloading;   /* children that have not told the end of a reload */

    struct probe probe;
    bool is_taking_over; /* children of the program before serve; ours are starting */
    uint64_t taken_over_by_ms;
};

uint64_t supervisor_now_ms(void);
const char *supervisor_slot_name(const struct supervisor *supervisor,
                                 const struct process *process);
/* The child of a slot that serves or is to: adopted ones or ours. NULL: none. */
struct process *supervisor_child_of(const struct supervisor *supervisor, size_t slot, bool adopted);

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
