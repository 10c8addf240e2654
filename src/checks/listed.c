/*
 * listed: listings as findings, for the checks that tell of them.
 */
#include "checks/checks.h"
#include "lists/ask.h"

#define LISTINGS_MAX 8 /* of one kind, for one message */

static const char *advice_of(const struct list_hit *hit, const char *what, struct arena *arena)
{
    const char *advice = NULL;
    if (hit->zone->removal != NULL) {
        advice =
            arena_printf(arena, "%s, or have it taken off the list: %s", what, hit->zone->removal);
    }
    return advice != NULL ? advice : what;
}

/* Certain ones first, so that none of them is left out. */
static size_t report(const struct list_hits *hits, enum finding_id id, bool is_certain, size_t most,
                     const char *what, struct finding_list *findings)
{
    size_t count = 0;
    const struct list_hit *hit = hits->first;
    for (; hit != NULL && count < most; hit = hit->next) {
        if (hit->finding != id || hit->is_certain != is_certain) {
            continue;
        }
        struct finding *finding = finding_add(
            findings, id, advice_of(hit, what, findings->arena), "%.*s is listed by %s: %s, %s",
            SPAN_ARG(span_first(hit->asked, 120)), hit->zone->name, hit->code, hit->means);
        if (finding != NULL) {
            finding->is_mild = !is_certain;
        }
        count++;
    }
    return count;
}

void listed_report(const struct evidence *evidence, enum finding_id id, const char *what,
                   struct finding_list *findings)
{
    if (evidence->listings != NULL) {
        size_t count = report(evidence->listings, id, true, LISTINGS_MAX, what, findings);
        report(evidence->listings, id, false, LISTINGS_MAX - count, what, findings);
    }
}
