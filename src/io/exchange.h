/*
 * exchange: sends and receives over a connected socket at once, until a deadline, so that neither
 * side waits for the other when much is sent. The thread that asks does it.
 */
#ifndef EM_IO_EXCHANGE_H
#define EM_IO_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"
#include "util/span.h"

enum exchange_end {
    EXCHANGE_DONE,   /* take() said so */
    EXCHANGE_CLOSED, /* by the other side, or broken */
    EXCHANGE_LATE,   /* the deadline passed */
    EXCHANGE_BAD,    /* take() or more() said so */
};

enum exchange_step { EXCHANGE_STEP_ON, EXCHANGE_STEP_DONE, EXCHANGE_STEP_BAD };

struct exchange {
    int fd;               /* does not block */
    uint64_t deadline_ns; /* of clock_system */
    struct span unsent;
    /* What is sent when all of `unsent` is; an empty span: nothing more, ever. False with *error:
     * that is EXCHANGE_BAD. NULL: nothing. */
    bool (*more)(void *context, struct span *unsent_r, struct error *error);
    /* What came, gone after the call. BAD with *error. */
    enum exchange_step (*take)(void *context, struct span received, struct error *error);
    void *context;
};

/* Waits until the deadline at most. Unless EXCHANGE_DONE, *error says why. */
enum exchange_end exchange_run(struct exchange *exchange, struct error *error);

#endif
