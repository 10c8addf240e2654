/*
 * book: one row, read, changed and written.
 */
#include "behaviour/book.h"

#include <string.h>

#include "behaviour/cohort.h"

/* No account begins so. */
#define COHORT_KEY SPAN("cohort/submission")

bool book_kind(enum mail_class mail_class, struct span principal, enum behaviour_kind *kind_r)
{
    switch (mail_class) {
    case CLASS_SUBMISSION:
        *kind_r = BEHAVIOUR_LOGIN;
        return principal.size > 0 && principal.at[0] != '['; /* a client without a login */
    case CLASS_LOCAL:
        *kind_r = span_is_equal(principal, SPAN("local")) ? BEHAVIOUR_POOL : BEHAVIOUR_ACCOUNT;
        return true;
    case CLASS_RELAY:
        *kind_r = BEHAVIOUR_NETWORK;
        return true;
    case CLASS_LIST:
        *kind_r = BEHAVIOUR_LIST;
        return true;
    case CLASS_FORWARD:
        *kind_r = BEHAVIOUR_FORWARD;
        return true;
    default:
        return false;
    }
}

/* --- the cohort ------------------------------------------------------------------------------ */

static void cohort_read(struct store *store, struct profile_usual *cohort_r)
{
    struct buffer value = BUFFER_EMPTY;
    struct profile kept;
    bool is_kept = store_get(store, STORE_PROFILES, COHORT_KEY, &value) == STORE_FOUND &&
                   profile_read(buffer_span(&value), &kept);
    *cohort_r = is_kept ? kept.usual : cohort_shipped;
    buffer_free(&value);
}

static bool cohort_change(struct buffer *value_io, bool is_found, void *context)
{
    const struct profile *profile = context;
    struct profile kept;
    if (!is_found || !profile_read(buffer_span(value_io), &kept)) {
        memset(&kept, 0, sizeof(kept));
        kept.usual = cohort_shipped;
    }
    cohort_learn(&kept.usual, profile);
    profile_write(&kept, value_io);
    return !buffer_has_failed(value_io);
}

/* --- a message ------------------------------------------------------------------------------- */

struct noting {
    const struct behaviour_event *event;
    bool is_full; /* asked before: not within a change */
    struct profile_usual cohort;
    struct book_entry *entry;
    struct profile profile;
    bool is_new_day, is_known;
};

/* Does the ladder stop it? */
static bool is_stopped(const struct book_entry *entry)
{
    const struct ladder_verdict *verdict = &entry->verdict;
    return verdict->step >= LADDER_HOLD || (verdict->throttle.is_on && !verdict->throttle.fits);
}

static bool message_change(struct buffer *value_io, bool is_found, void *context)
{
    struct noting *noting = context;
    struct profile *profile = &noting->profile;
    struct book_entry *entry = noting->entry;
    const struct behaviour_event *event = noting->event;
    struct profile_facts facts;
    if (!is_found || !profile_read(buffer_span(value_io), profile)) {
        memset(profile, 0, sizeof(*profile));
    }
    uint32_t day = profile->local_day;
    profile_advance(profile, event->at_ms, event->local_s);
    noting->is_new_day = day != 0 && day != profile->local_day;
    ladder_release(profile, event->at_ms, &entry->pardon);
    profile_measure(profile, event, &facts);
    score_message(profile, event, &facts, &noting->cohort, &entry->score);
    ladder_climb(profile, event, &facts, &entry->score, &entry->rules, &entry->verdict);
    entry->was_stopped = is_stopped(entry);
    bool passes = entry->would_pass && !(entry->was_stopped && entry->is_enforced);
    profile_learn(profile, event, &facts, passes, score_mood(&entry->score));
    noting->is_known = true;
    if (!is_found && noting->is_full) {
        noting->is_known = false;
        return false;
    }
    profile_write(profile, value_io);
    return !buffer_has_failed(value_io);
}

bool book_message(struct store *store, const struct behaviour_event *event,
                  struct book_entry *entry)
{
    struct noting noting = { .event = event, .is_full = store_is_full(store), .entry = entry };
    cohort_read(store, &noting.cohort);
    if (!store_update(store, STORE_PROFILES, entry->account, STORE_SOON, message_change, &noting)) {
        return false;
    }
    if (noting.is_known && noting.is_new_day && event->kind == BEHAVIOUR_LOGIN) {
        (void)store_update(store, STORE_PROFILES, COHORT_KEY, STORE_SOON, cohort_change,
                           &noting.profile);
    }
    return noting.is_known;
}

/* --- an answer ------------------------------------------------------------------------------- */

struct answering {
    enum behaviour_kind kind;
    bool is_service;
    const struct behaviour_answer *answer;
    struct book_entry *entry;
    bool is_known;
};

static bool answer_change(struct buffer *value_io, bool is_found, void *context)
{
    struct answering *answering = context;
    struct book_entry *entry = answering->entry;
    struct profile profile;
    if (!is_found || !profile_read(buffer_span(value_io), &profile)) {
        return false;
    }
    ladder_release(&profile, answering->answer->at_ms, &entry->pardon);
    profile_answer(&profile, answering->answer);
    score_now(&profile, &entry->score);
    ladder_climb_now(&profile, answering->kind, answering->is_service, &entry->score, &entry->rules,
                     &entry->verdict);
    profile_write(&profile, value_io);
    answering->is_known = !buffer_has_failed(value_io);
    return answering->is_known;
}

bool book_answer(struct store *store, enum behaviour_kind kind, bool is_service,
                 const struct behaviour_answer *answer, struct book_entry *entry)
{
    struct answering answering = { kind, is_service, answer, entry, false };
    return store_update(store, STORE_PROFILES, entry->account, STORE_SOON, answer_change,
                        &answering) &&
           answering.is_known;
}

/* --- guesses -------------------------------------------------------------------------------------
 */

struct guessing {
    uint64_t at_ms;
    int64_t local_s;
    uint32_t network, count;
};

static bool guesses_change(struct buffer *value_io, bool is_found, void *context)
{
    const struct guessing *guessing = context;
    struct profile profile;
    if (!is_found || !profile_read(buffer_span(value_io), &profile)) {
        return false;
    }
    profile_guessed(&profile, guessing->at_ms, guessing->local_s, guessing->network,
                    guessing->count);
    profile_write(&profile, value_io);
    return !buffer_has_failed(value_io);
}

void book_guessed(struct store *store, struct span account, uint64_t at_ms, int64_t local_s,
                  uint32_t network, uint32_t count)
{
    struct guessing guessing = { at_ms, local_s, network, count };
    (void)store_update(store, STORE_PROFILES, account, STORE_SOON, guesses_change, &guessing);
}

/* --- a release ------------------------------------------------------------------------------- */

struct releasing {
    uint64_t now_ms;
    const struct ladder_pardon *pardon;
    bool was_stopped;
};

static bool release_change(struct buffer *value_io, bool is_found, void *context)
{
    struct releasing *releasing = context;
    struct profile profile;
    if (!is_found || !profile_read(buffer_span(value_io), &profile)) {
        return false;
    }
    releasing->was_stopped = profile.ladder.step >= LADDER_THROTTLE;
    ladder_release(&profile, releasing->now_ms, releasing->pardon);
    profile_write(&profile, value_io);
    return !buffer_has_failed(value_io);
}

bool book_release(struct store *store, struct span account, uint64_t now_ms,
                  const struct ladder_pardon *pardon)
{
    struct releasing releasing = { now_ms, pardon, false };
    return store_update(store, STORE_PROFILES, account, STORE_DURABLE, release_change,
                        &releasing) &&
           releasing.was_stopped;
}

bool book_read(struct store *store, struct span account, struct profile *profile_r)
{
    struct buffer value = BUFFER_EMPTY;
    bool is_there = store_get(store, STORE_PROFILES, account, &value) == STORE_FOUND &&
                    profile_read(buffer_span(&value), profile_r);
    buffer_free(&value);
    return is_there;
}

/* --- the end --------------------------------------------------------------------------------- */

static bool is_over(struct span key, struct span value, void *context)
{
    const uint64_t *now_ms = context;
    struct profile profile;
    return !span_is_equal(key, COHORT_KEY) && profile_read(value, &profile) &&
           profile_is_over(&profile, *now_ms);
}

unsigned book_expire(struct store *store, uint64_t now_ms, unsigned most, struct buffer *place_io)
{
    return store_sweep(store, STORE_PROFILES, is_over, &now_ms, most, place_io);
}
