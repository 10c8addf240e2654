/*
 * held: what is kept of held mail and was not seen for too long goes; what deleted mail was charged
 * is given back.
 */
#include "watch/watch_private.h"

#include <stdlib.h>

#include "hold/held.h"
#include "limits/receipt.h"

#define LOOK_MS 5000
#define EXPIRE_EVERY_S 60
#define EXPIRE_MOST 500 /* at once; the rest with the next look */
#define GIVE_BACK_MOST 100

struct held_job {
    int64_t expired_s; /* when that was last looked at */
};

static void *held_begin(struct watch *watch)
{
    (void)watch;
    return calloc(1, sizeof(struct held_job));
}

static void expire(struct watch *watch)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    unsigned count = held_expire(setup->store, clock_wall_s(setup->clock), EXPIRE_MOST);

    if (count > 0) {
        watch_log(watch, LOG_LEVEL_WARNING,
                  "hold: %u messages were held more than %d days ago and not looked at since: they "
                  "are counted no longer; egressctl hold list compares with the mail server",
                  count, (int)(HELD_LIFE_S / 86400));
    }
}

/* Of deleted messages, gathered, since the store is not to be changed while it is walked. */
struct giving {
    struct {
        struct buffer queue_id, charge;
    } at[GIVE_BACK_MOST];
    unsigned count;
};

static bool gather(struct span queue_id, struct span charge, void *context)
{
    struct giving *giving = context;

    buffer_add_span(&giving->at[giving->count].queue_id, queue_id);
    buffer_add_span(&giving->at[giving->count].charge, charge);
    giving->count++;
    return giving->count < GIVE_BACK_MOST;
}

/* Crossed out first: killed between the two, a charge stays, and none is given back twice. */
static void give_one(struct watch *watch, struct span queue_id, struct span charge)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    bool is_good = true;

    if (!held_given_back(setup->store, queue_id) || setup->books.ledger == NULL || charge.size == 0)
        return;
    if (!receipt_give_back(&setup->books, charge, &is_good))
        watch_log(watch, LOG_LEVEL_WARNING, "hold: what %.*s was charged is not given back: %s",
                  SPAN_ARG(span_first(queue_id, 100)),
                  is_good ? "it cannot be written" : "its record cannot be read");
}

static void give_back(struct watch *watch)
{
    struct giving *giving = calloc(1, sizeof(*giving));

    if (giving == NULL)
        return; /* next time */
    held_walk_charges(watch_setup_of(watch)->store, gather, giving);
    for (unsigned i = 0; i < giving->count; i++) {
        give_one(watch, buffer_span(&giving->at[i].queue_id), buffer_span(&giving->at[i].charge));
        buffer_free(&giving->at[i].queue_id);
        buffer_free(&giving->at[i].charge);
    }
    free(giving);
}

static unsigned held_run(struct watch *watch, void *state, bool is_hurried)
{
    struct held_job *job = state;
    int64_t now_s = clock_wall_s(watch_setup_of(watch)->clock);

    give_back(watch);
    if (is_hurried || now_s < job->expired_s || now_s - job->expired_s >= EXPIRE_EVERY_S) {
        expire(watch);
        job->expired_s = now_s;
    }
    return LOOK_MS;
}

const struct watch_job watch_held_job = {
    .name = "held", .begin = held_begin, .end = free, .run = held_run, .is_for_leader = true
};
