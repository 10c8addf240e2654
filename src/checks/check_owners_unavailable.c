/*
 * owners_unavailable: could it not be asked who may use an address of this message? Unknown is
 * never taken for a yes here: what nobody can vouch for waits.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    for (size_t i = 0; i < evidence->claim_count; i++) {
        const struct claim *claim = &evidence->claims[i];
        if (claim->state == CLAIM_UNKNOWN) {
            struct span address = span_first(claim->address->text, 120);
            finding_add(findings, FINDING_OWNERS_UNAVAILABLE, "try again later",
                        "nobody can tell at the moment who may send as %.*s", SPAN_ARG(address));
            return;
        }
    }
}

const struct check check_owners_unavailable = { .name = "owners_unavailable", .run = run };
