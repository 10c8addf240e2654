/*
 * lessons: see lessons.h. What was noted lately is kept, so that it can be withdrawn; where there
 * is no room for it the oldest is left as it was noted, which one delivery that arrives mends.
 */
#include "feedback/lessons.h"

#include <stdlib.h>
#include <string.h>

#include "feedback/outage.h"
#include "feedback/suppression.h"
#include "util/domain.h"
#include "util/siphash.h"

enum { LATELY_MAX = 1024 };

/* A bounce that was noted. */
struct noted {
    int64_t at_s; /* 0: none */
    uint64_t provider;
    char address[SUPPRESSION_ADDRESS_MAX], domain[SUPPRESSION_DOMAIN_MAX];
};

struct lessons {
    struct outages *outages;
    struct lessons_counts counts;
    size_t next; /* of `lately` to be filled */
    struct noted lately[LATELY_MAX];
};

struct lessons *lessons_new(void)
{
    struct lessons *lessons = calloc(1, sizeof(*lessons));
    if (lessons != NULL && (lessons->outages = outages_new()) == NULL) {
        lessons_free(&lessons);
    }
    return lessons;
}

void lessons_free(struct lessons **lessons)
{
    if (*lessons == NULL) {
        return;
    }
    outages_free(&(*lessons)->outages);
    free(*lessons);
    *lessons = NULL;
}

const struct lessons_counts *lessons_counts(const struct lessons *lessons)
{
    return &lessons->counts;
}

/* Large ones are known by their servers, whatever the domain; else the domain must do. */
void lessons_provider(const struct maillog_outcome *outcome, char out[static LESSONS_PROVIDER_MAX])
{
    ptrdiff_t at = span_find_last(outcome->recipient, '@');
    struct span domain = span_from(outcome->recipient, (size_t)(at + 1));
    if (outcome->provider != CAUSE_ANYBODY) {
        const char *name = cause_provider_row(outcome->provider)->name;
        memcpy(out, name, strlen(name) + 1);
    } else if (!domain_to_ascii(domain, out)) {
        out[0] = '\0';
    }
}

static uint64_t number_of(const char *provider)
{
    static const uint64_t key[2] = { 0x6c6573736f6e73, 0x70726f7669646572 };
    return siphash(key, span_of(provider));
}

/* --- what bounces teach ---------------------------------------------------------------------- */

static void keep(struct lessons *lessons, const char *provider, const char *address,
                 struct span domain, int64_t at_s)
{
    struct noted *noted = &lessons->lately[lessons->next];
    lessons->next = (lessons->next + 1) % LATELY_MAX;
    *noted = (struct noted){ .at_s = at_s, .provider = number_of(provider) };
    memcpy(noted->address, address, strlen(address) + 1);
    domain = span_first(domain, sizeof(noted->domain) - 1);
    memcpy(noted->domain, domain.at, domain.size);
}

/* What the provider taught within the window. */
static void withdraw(struct lessons *lessons, const struct lessons_place *place,
                     const char *provider, int64_t at_s)
{
    uint64_t number = number_of(provider);
    for (size_t i = 0; i < LATELY_MAX; i++) {
        struct noted *noted = &lessons->lately[i];
        if (noted->at_s != 0 && noted->provider == number &&
            at_s - noted->at_s <= OUTAGE_WINDOW_S) {
            lessons->counts.withdrawn += suppression_note_success(
                place->store, span_of(noted->address), span_of(noted->domain));
            noted->at_s = 0;
        }
    }
}

static void note(struct lessons *lessons, const struct lessons_place *place,
                 const struct maillog_outcome *outcome, const char *provider, const char *address)
{
    struct suppression_delivery delivery = {
        .address = outcome->recipient,
        .domain = place->domain,
        .message = outcome->message_id.size > 0 ? outcome->message_id : outcome->queue_id,
        .at_s = outcome->at_s,
        .by = SPAN("maillog"),
        .code = outcome->dsn,
        .text = outcome->text,
        .provider = outcome->provider,
    };
    enum suppression_note answer =
        suppression_note_bounce(place->store, place->settings, &delivery);
    lessons->counts.bounces += answer == SUPPRESSION_WATCHED || answer == SUPPRESSION_BEGINS ||
                               answer == SUPPRESSION_GOES_ON;
    lessons->counts.begun += answer == SUPPRESSION_BEGINS;
    lessons->counts.not_noted += answer == SUPPRESSION_NOT_NOTED;
    if (answer == SUPPRESSION_WATCHED || answer == SUPPRESSION_BEGINS) {
        keep(lessons, provider, address, place->domain, outcome->at_s);
    }
}

static enum lessons_news take_failure(struct lessons *lessons, const struct lessons_place *place,
                                      const struct maillog_outcome *outcome, const char *provider,
                                      const char *address)
{
    enum outage_answer answer =
        outages_note_failure(lessons->outages, span_of(provider), span_of(address), outcome->at_s);
    if (answer == OUTAGE_NONE) {
        if (place->domain.size > 0) {
            note(lessons, place, outcome, provider, address);
        }
        return LESSONS_NOTHING;
    }
    lessons->counts.withheld++;
    if (answer == OUTAGE_GOES_ON) {
        return LESSONS_NOT_BELIEVED;
    }
    lessons->counts.outages++;
    withdraw(lessons, place, provider, outcome->at_s);
    return LESSONS_OUTAGE_BEGINS;
}

/* --- outcomes -------------------------------------------------------------------------------- */

/* A host of ours that took it for somebody else says nothing of his mailbox. */
static bool has_arrived(const struct maillog_outcome *outcome)
{
    return outcome->class == 2 && !outcome->is_relayed;
}

static bool has_failed_hard(const struct maillog_outcome *outcome)
{
    return outcome->class == 5 && outcome->found.is_hard;
}

enum lessons_news lessons_take(struct lessons *lessons, const struct lessons_place *place,
                               const struct maillog_outcome *outcome, bool is_known)
{
    char address[SUPPRESSION_ADDRESS_MAX], provider[LESSONS_PROVIDER_MAX];
    if (!suppression_address(outcome->recipient, address)) {
        return LESSONS_NOTHING;
    }
    lessons_provider(outcome, provider);
    if (has_arrived(outcome)) {
        outages_note_success(lessons->outages, span_of(provider), span_of(address), outcome->at_s);
        if (!is_known && place->domain.size > 0) {
            lessons->counts.cleared +=
                suppression_note_success(place->store, outcome->recipient, place->domain);
        }
        return LESSONS_NOTHING;
    }
    return has_failed_hard(outcome) && !is_known
               ? take_failure(lessons, place, outcome, provider, address)
               : LESSONS_NOTHING;
}
