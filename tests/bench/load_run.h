/*
 * Many sessions at once: opens them, keeps each busy with messages, collects how they ended.
 *
 * Closed loop: a connection starts its next message when the last is answered, unless a rate is
 * set; then messages start at fixed times on whichever connection is free, and those that found
 * none free are counted as late. Fails when connections cannot be opened, or nothing at all happens
 * for the time limit.
 *
 * A run that retries does what an MTA with a queue does: a deferred or lost message is sent again,
 * a connection that was refused or went away is opened again after a moment. Only what was
 * accepted, rejected or discarded counts as a message then; `again` counts the rest. It goes on
 * while nobody listens, for as long as the time limit says.
 */
#ifndef TESTS_BENCH_LOAD_RUN_H
#define TESTS_BENCH_LOAD_RUN_H

#include "load_session.h"
#include "process_account.h"

#include <stdio.h>

struct load_samples {
    uint64_t *ns;
    size_t count;
    size_t capacity;
};

struct load_totals {
    unsigned long messages; /* ended, however */
    unsigned long outcome[LOAD_OUTCOMES];
    unsigned long quarantined;
    unsigned long signatures;
    unsigned long edits;
    unsigned long late;
    unsigned long again;  /* attempts that were deferred or lost, in a run that retries */
    unsigned long closed; /* connections refused or closed between messages, likewise */
    uint64_t elapsed_ns;
    struct load_samples eom;
    struct load_samples message;
    struct process_memory peak; /* only when memory is watched */
};

struct load_run {
    struct load_plan plan;
    unsigned connections;
    unsigned idle;           /* connections held besides, after HELO */
    unsigned per_connection; /* messages before QUIT and a new connection; 0: no limit */
    double rate;             /* messages per second; 0: as fast as answers come */
    uint64_t timeout_ns;
    bool retries;
    FILE *attempts; /* NULL: none; a line each "queue-id outcome signatures opened started ended",
                       seconds of the monotonic clock; "-" and "closed" for `closed` */
    struct process_account *memory_of; /* NULL: memory is not watched */

    int epoll;
    struct load_session *sessions;      /* `connections` of them */
    struct load_session *idle_sessions; /* `idle` of them */
    unsigned long next_number;
    unsigned long next_letter;
    uint64_t progress_ns; /* when something last happened */
    uint64_t sampled_ns;
};

/* Each waits until all of its connections are negotiated. False with a line on stderr. */
bool load_run_open(struct load_run *run);
bool load_run_open_idle(struct load_run *run);

/* Sends `messages`, or as many as are started within duration_ns (0: no limit); all are answered at
 * return. */
bool load_run_phase(struct load_run *run, unsigned long messages, uint64_t duration_ns,
                    struct load_totals *totals);

void load_run_close(struct load_run *run);

/* Value at `share` (0.5, 0.99, 1.0) of the samples, which get sorted; 0 when there are none. */
uint64_t load_samples_at(struct load_samples *samples, double share);
void load_totals_free(struct load_totals *totals);

#endif
