/*
 * suspended: suspensions whose time has come are forgotten, and so are old history and
 * profiles of those who send no more.
 */
#include "watch/watch_private.h"

#include <stdlib.h>

#include "behaviour/book.h"
#include "behaviour/history.h"
#include "behaviour/suspension.h"
#include "limits/ledger.h"

#define LOOK_MS 60000
#define HISTORY_LOOK 2000  /* records of it at once */
#define PROFILES_LOOK 1000 /* a million in 17 hours */

struct suspended_job {
    struct buffer place, profiles; /* how far the history, and the profiles, were looked through */
};

static void *suspended_begin(struct watch *watch)
{
    (void)watch;
    return calloc(1, sizeof(struct suspended_job));
}

static void suspended_end(void *state)
{
    struct suspended_job *job = state;
    buffer_free(&job->place);
    buffer_free(&job->profiles);
    free(job);
}

static unsigned suspended_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct suspended_job *job = state;
    int64_t now_s = clock_wall_s(setup->clock);
    (void)is_hurried;
    (void)suspension_expire(setup->store, now_s);
    (void)history_expire(setup->store, now_s, HISTORY_LOOK, &job->place);
    if (setup->books.ledger != NULL) {
        (void)book_expire(setup->store, ledger_now_ms(setup->books.ledger), PROFILES_LOOK,
                          &job->profiles);
    }
    return LOOK_MS;
}

const struct watch_job watch_suspended_job = { .name = "suspended",
                                               .begin = suspended_begin,
                                               .end = suspended_end,
                                               .run = suspended_run,
                                               .is_for_leader = true };
