/*
 * claims: what the checks of senders share: which address is not owned, and how that is said.
 */
#include "checks/checks.h"

static bool is_not_owned(const struct claim *claim)
{
    return claim->state == CLAIM_FOREIGN || claim->state == CLAIM_LENIENT;
}

/* What is foreign for certain goes before what the site only wants to see. */
const struct claim *check_find_claim(const struct evidence *evidence, enum claim_place place)
{
    const struct claim *found = NULL;
    for (size_t i = 0; i < evidence->claim_count; i++) {
        const struct claim *claim = &evidence->claims[i];
        if (claim->place == place && is_not_owned(claim) &&
            (found == NULL || (found->state == CLAIM_LENIENT && claim->state == CLAIM_FOREIGN))) {
            found = claim;
        }
    }
    return found;
}

void check_add_not_owned(const struct evidence *evidence, const struct claim *claim,
                         enum finding_id id, struct finding_list *findings)
{
    struct span principal = span_first(evidence->principal, 120);
    struct span address = span_first(claim->address->text, 120);
    struct finding *finding =
        finding_add(findings, id, "use an address of yours, or ask the postmaster for this one",
                    "%.*s may not send as %.*s", SPAN_ARG(principal), SPAN_ARG(address));
    if (finding != NULL) {
        finding->is_mild = claim->place == CLAIM_SENDER;
    }
    if (finding != NULL && (claim->state == CLAIM_LENIENT || evidence->owners_are_unproven)) {
        finding->action = ACTION_OBSERVE;
        finding->is_action_fixed = true;
    }
}

static bool is_sender_owned(const struct evidence *evidence)
{
    size_t owned = 0, all = 0;
    for (size_t i = 0; i < evidence->claim_count; i++) {
        if (evidence->claims[i].place == CLAIM_SENDER) {
            owned += evidence->claims[i].state == CLAIM_OWNED;
            all++;
        }
    }
    return all == 1 && owned == 1;
}

bool check_is_on_behalf(const struct evidence *evidence)
{
    return evidence->mail_class == CLASS_SUBMISSION && is_sender_owned(evidence) &&
           evidence->message->mime.has_calendar;
}
