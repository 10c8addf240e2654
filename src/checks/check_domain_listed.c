/*
 * domain_listed: is the domain of the envelope sender or of From known to a DNS list? Domains of
 * ours are not asked about per message: the watch does that. Cannot tell where a list does not
 * answer, or is out of order.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    listed_report(evidence, FINDING_DOMAIN_LISTED, "send as a domain of your own", findings);
}

const struct check check_domain_listed = { .name = "domain_listed", .run = run };
