/*
 * link_listed: does a link lead to a host that a DNS list knows? Phishing and malware are certain:
 * no decent mail sends people there. All else (advertised in spam, decent sites that are abused)
 * is the lesser case. Cannot tell where a list does not answer, or is out of order.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    listed_report(evidence, FINDING_LINK_LISTED, "take the link out", findings);
}

const struct check check_link_listed = { .name = "link_listed", .run = run };
