/*
 * domain_not_ours: does the message claim to be from a domain that is none of this site's (domains,
 * outgoing.internal)? Its DMARC policy is not ours to satisfy. Cannot tell where no domain is named
 * in the configuration.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    for (size_t i = 0; i < evidence->claim_count && evidence->knows_our_domains; i++) {
        const struct claim *claim = &evidence->claims[i];
        if (!claim->is_ours && claim->address->domain.size > 0) {
            struct span domain = span_first(claim->address->domain, 120);
            finding_add(findings, FINDING_DOMAIN_NOT_OURS, "use an address of this site",
                        "%.*s is no domain of this site", SPAN_ARG(domain));
            return;
        }
    }
}

const struct check check_domain_not_ours = { .name = "domain_not_ours", .run = run };
