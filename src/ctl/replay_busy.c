/*
 * replay_busy: how much each user sent in the busiest hour and day, counted as a limit would count
 * it, and limits that nearly all of them would never have met.
 */
#include <stdlib.h>

#include "ctl/replay.h"
#include "limits/window.h"
#include "site/plans.h"
#include "util/arena.h"
#include "util/hash_table.h"

/* About 100 MB. */
enum { USERS_MAX = 1 << 18, PLAN_MEMORY_MAX = 64 * 1024 };
enum { LEAST_PROPOSED = 10, BEYOND_USUAL = 2 };

static const uint64_t span_ms[REPLAY_SPANS] = { [REPLAY_HOUR] = 3600000, [REPLAY_DAY] = 86400000 };

struct user {
    struct window windows[REPLAY_SPANS];
    uint64_t most[REPLAY_SPANS];
    struct span plan; /* in the arena of the busy */
};

struct replay_busy {
    const struct site *site;
    struct hash_table *users, *plans; /* plans: names in the arena, each once */
    struct arena *arena;
    uint64_t left_out;
};

struct replay_busy *replay_busy_new(const struct site *site)
{
    struct replay_busy *busy = calloc(1, sizeof(*busy));

    if (busy == NULL) {
        return NULL;
    }
    busy->site = site;
    busy->users = hash_table_new();
    busy->plans = hash_table_new();
    busy->arena = arena_new(SIZE_MAX);
    if (busy->users == NULL || busy->plans == NULL || busy->arena == NULL) {
        replay_busy_free(&busy);
    }
    return busy;
}

void replay_busy_free(struct replay_busy **busy)
{
    if (*busy == NULL) {
        return;
    }
    hash_table_free(&(*busy)->users);
    hash_table_free(&(*busy)->plans);
    arena_free(&(*busy)->arena);
    free(*busy);
    *busy = NULL;
}

/* One text for all users of a plan. */
static struct span plan_keep(struct replay_busy *busy, struct span plan)
{
    struct span *kept = hash_table_get(busy->plans, plan);

    if (kept == NULL) {
        kept = arena_alloc(busy->arena, sizeof(*kept));
        if (kept == NULL) {
            return SPAN("");
        }
        *kept = arena_copy(busy->arena, plan);
        if (kept->at == NULL || !hash_table_put(busy->plans, plan, kept, NULL)) {
            return SPAN("");
        }
    }
    return *kept;
}

static struct span plan_ask(struct replay_busy *busy, struct span name)
{
    struct arena *arena = arena_new(PLAN_MEMORY_MAX);
    struct span plan = arena != NULL ? plans_of(busy->site, NULL, name, arena) : SPAN("");

    plan = plan.size > 0 ? plan_keep(busy, plan) : SPAN("");
    arena_free(&arena);
    return plan;
}

static struct user *user_of(struct replay_busy *busy, struct span name)
{
    struct user *user = hash_table_get(busy->users, name);

    if (user != NULL) {
        return user;
    }
    if (hash_table_count(busy->users) < USERS_MAX) {
        user = arena_alloc(busy->arena, sizeof(*user));
    }
    if (user == NULL || !hash_table_put(busy->users, name, user, NULL)) {
        busy->left_out++;
        return NULL;
    }
    user->plan = plan_ask(busy, name);
    return user;
}

void replay_busy_take(struct replay_busy *busy, const struct past_message *message)
{
    struct user *user;
    uint64_t now_ms = (uint64_t)message->time_s * 1000;

    if (message->mail_class != CLASS_SUBMISSION || message->external == 0) {
        return;
    }
    user = user_of(busy, message->user);
    for (int i = 0; user != NULL && i < REPLAY_SPANS; i++) {
        uint64_t sum;

        window_advance(&user->windows[i], now_ms, span_ms[i]);
        window_charge(&user->windows[i], message->external);
        sum = window_sum(&user->windows[i]);
        user->most[i] = sum > user->most[i] ? sum : user->most[i];
    }
}

uint64_t replay_busy_left_out(const struct replay_busy *busy)
{
    return busy->left_out;
}

/* --- proposals ------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* Up, to two digits and zeroes. */
static uint64_t round_up(uint64_t number)
{
    uint64_t unit = 1;

    while (number / unit >= 100) {
        unit *= 10;
    }
    return (number + unit - 1) / unit * unit;
}

/* `most`: of each user, sorted. */
static void propose(const uint64_t *most, size_t count, int i, struct replay_proposal *proposal)
{
    size_t rank = (count * 995 + 999) / 1000; /* the smallest that holds so many */
    uint64_t max = round_up(most[rank - 1] * BEYOND_USUAL);

    max = max > LEAST_PROPOSED ? max : LEAST_PROPOSED;
    proposal->spans[i].usual = most[rank - 1];
    proposal->spans[i].most = most[count - 1];
    proposal->spans[i].max = max;
    for (size_t k = count; k > 0 && most[k - 1] > max; k--) {
        proposal->spans[i].meet_it++;
    }
}

/* False: no memory. */
static bool proposal_make(const struct replay_busy *busy, struct span plan,
                          struct replay_proposal *proposal)
{
    uint64_t *most = reallocarray(NULL, hash_table_count(busy->users) + 1, sizeof(*most));

    if (most == NULL) {
        return false;
    }
    *proposal = (struct replay_proposal){ .plan = plan };
    for (int i = 0; i < REPLAY_SPANS; i++) {
        size_t position = 0, count = 0;
        void *at;

        while (hash_table_next(busy->users, &position, NULL, &at)) {
            const struct user *user = at;

            if (span_is_equal(user->plan, plan)) {
                most[count++] = user->most[i];
            }
        }
        proposal->users = count;
        if (count > 0) {
            qsort(most, count, sizeof(*most), compare_numbers);
            propose(most, count, i, proposal);
        }
    }
    free(most);
    return true;
}

static int compare_proposals(const void *a, const void *b)
{
    const struct replay_proposal *left = a, *right = b;
    int order = (left->users < right->users) - (left->users > right->users);

    return order != 0 ? order : tally_compare_text(left->plan, right->plan);
}

struct replay_proposal *replay_busy_propose(struct replay_busy *busy, size_t *count_r)
{
    size_t most = hash_table_count(busy->plans) + 1, position = 0;
    struct replay_proposal *proposals = calloc(most, sizeof(*proposals));
    void *plan = NULL;
    bool is_done = proposals != NULL && proposal_make(busy, SPAN(""), &proposals[0]);

    *count_r = 0;
    if (is_done && proposals[0].users > 0) {
        ++*count_r;
    }
    while (is_done && hash_table_next(busy->plans, &position, NULL, &plan)) {
        is_done = proposal_make(busy, *(const struct span *)plan, &proposals[*count_r]);
        *count_r += is_done && proposals[*count_r].users > 0;
    }
    if (!is_done || *count_r == 0) {
        *count_r = is_done ? 0 : 1;
        free(proposals);
        return NULL;
    }
    qsort(proposals, *count_r, sizeof(*proposals), compare_proposals);
    return proposals;
}
