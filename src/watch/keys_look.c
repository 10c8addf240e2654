/*
 * keys_look: one round of questions for key records.
 *
 * The resolver is asked first, which costs the world least. The zone's own servers are asked where
 * caches must not decide: for the second look at a new key, for a key that is not well, and before
 * anything gets worse. Where they cannot be reached at all, the resolver's word is all there is.
 */
#include "watch/keys_private.h"

#define SLICE_MS 200 /* between two looks whether the watch is to stop */
#define SLICES 50

/* What is waited for in a round, all together. */
struct patience {
    struct watch *watch;
    unsigned slices;
};

static const struct dns_answer *await(struct patience *patience, struct dns_request *request)
{
    const struct clock *clock = watch_setup_of(patience->watch)->clock;
    const struct dns_answer *answer = dns_peek(request);
    while (answer == NULL && patience->slices > 0 && !watch_is_stopping(patience->watch)) {
        patience->slices--;
        dns_collect(request, clock_mono_ns(clock) + SLICE_MS * UINT64_C(1000000));
        answer = dns_peek(request);
    }
    return answer != NULL ? answer : dns_collect(request, 0);
}

static bool wants_zone(const struct key_record *record)
{
    return record->state == KEY_PUBLISHED || record->is_lost ||
           (record->state >= KEY_ACTIVE && record->bad_since_s != 0);
}

/* The resolver's answer would change the state of a key that is well. */
static bool doubts(const struct key_record *record, enum key_seen seen)
{
    return record->state >= KEY_ACTIVE && seen != KEY_SEEN_GOOD && seen != KEY_SEEN_CANNOT;
}

struct round {
    struct watch *watch;
    struct key_look *const *looks;
    size_t count;
    bool wanted[KEYS_AT_ONCE]; /* whom a pass asks about */
};

/* Those that are wanted, all at once. */
static void ask(const struct round *round, bool at_zone, struct dkim_published *published_r)
{
    struct dns_resolver *resolver = watch_setup_of(round->watch)->resolver;
    struct dns_request *requests[KEYS_AT_ONCE] = { NULL };
    struct patience patience = { round->watch, SLICES };
    for (size_t i = 0; i < round->count; i++) {
        if (round->wanted[i]) {
            requests[i] = at_zone ? dns_ask_zone(resolver, round->looks[i]->name, DNS_TXT)
                                  : dns_ask(resolver, round->looks[i]->name, DNS_TXT);
        }
    }
    for (size_t i = 0; i < round->count; i++) {
        if (round->wanted[i]) {
            const struct dns_answer *answer = await(&patience, requests[i]);
            dkim_published_judge(answer, round->looks[i]->name, round->looks[i]->key,
                                 &published_r[i]);
            dns_forget(&requests[i]);
        }
    }
}

static void take_zone(const struct round *round, const struct dkim_published *published,
                      struct key_view *views)
{
    for (size_t i = 0; i < round->count; i++) {
        if (!round->wanted[i]) {
            continue;
        }
        if (published[i].seen == KEY_SEEN_CANNOT) {
            views[i].has_zone_failed = true;
        } else {
            views[i].is_at_zone = true;
            views[i].published = published[i];
        }
    }
}

static bool wants_any(const struct round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        if (round->wanted[i]) {
            return true;
        }
    }
    return false;
}

static void ask_resolver(const struct round *round, struct key_view *views)
{
    struct dkim_published published[KEYS_AT_ONCE];
    if (!wants_any(round)) {
        return;
    }
    ask(round, false, published);
    for (size_t i = 0; i < round->count; i++) {
        if (round->wanted[i]) {
            views[i].published = published[i];
        }
    }
}

static void ask_zones(const struct round *round, struct key_view *views)
{
    struct dkim_published published[KEYS_AT_ONCE];
    if (wants_any(round)) {
        ask(round, true, published);
        take_zone(round, published, views);
    }
}

void keys_look(struct watch *watch, struct key_look *const *looks, size_t count,
               struct key_view *views_r)
{
    struct key_record records[KEYS_AT_ONCE];
    struct round round = { .watch = watch, .looks = looks, .count = count };
    for (size_t i = 0; i < count; i++) {
        views_r[i] = (struct key_view){ .is_at_zone = false };
        views_r[i].published.seen = KEY_SEEN_CANNOT;
        records[i] = (struct key_record){ .state = KEY_NEW };
        key_proofs_get(watch_setup_of(watch)->proofs, looks[i]->name, &records[i]);
        round.wanted[i] = wants_zone(&records[i]);
    }
    ask_zones(&round, views_r);
    for (size_t i = 0; i < count; i++) { /* those that ask first here, and those it is left to */
        round.wanted[i] = !round.wanted[i] || views_r[i].has_zone_failed;
    }
    ask_resolver(&round, views_r);
    for (size_t i = 0; i < count; i++) {
        round.wanted[i] = round.wanted[i] && !views_r[i].has_zone_failed &&
                          doubts(&records[i], views_r[i].published.seen);
    }
    ask_zones(&round, views_r);
}
