/*
 * principals: what is kept of principals and their mail, and is over, goes: suspensions whose time
 * has come, old history, profiles of those who send no more, what was sent too long ago.
 */
#include "watch/watch_private.h"

#include <stdlib.h>

#include "behaviour/book.h"
#include "behaviour/history.h"
#include "behaviour/suspension.h"
#include "feedback/sent.h"
#include "limits/ledger.h"

#define LOOK_MS 60000
#define HISTORY_LOOK 2000 /* records of it at once */
#define SENT_LOOK 2000
#define PROFILES_LOOK 1000 /* a million in 17 hours */

struct principals_job {
    struct buffer history, profiles, sent; /* how far each was looked through */
};

static void *principals_begin(struct watch *watch)
{
    (void)watch;
    return calloc(1, sizeof(struct principals_job));
}

static void principals_end(void *state)
{
    struct principals_job *job = state;
    buffer_free(&job->history);
    buffer_free(&job->sent);
    buffer_free(&job->profiles);
    free(job);
}

static unsigned principals_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct principals_job *job = state;
    int64_t now_s = clock_wall_s(setup->clock);
    (void)is_hurried;
    (void)suspension_expire(setup->store, now_s);
    (void)history_expire(setup->store, now_s, HISTORY_LOOK, &job->history);
    (void)sent_expire(setup->store, now_s, SENT_LOOK, &job->sent);
    if (setup->books.ledger != NULL) {
        (void)book_expire(setup->store, ledger_now_ms(setup->books.ledger), PROFILES_LOOK,
                          &job->profiles);
    }
    return LOOK_MS;
}

const struct watch_job watch_principals_job = { .name = "principals",
                                                .begin = principals_begin,
                                                .end = principals_end,
                                                .run = principals_run,
                                                .is_for_leader = true };
