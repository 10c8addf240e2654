/*
 * recipient_domain_missing: has a recipient's domain neither MX nor an address (RFC 5321 5.1)? The
 * mail will come back; many of them are a sign of a list that is old or was bought. Cannot tell
 * where DNS was not asked (policy/recipient_dns.c) or did not answer.
 */
#include "checks/checks.h"

static bool is_missing(const struct recipient *recipient, const struct recipient_facts *facts,
                       const void *context)
{
    (void)recipient;
    (void)context;
    return facts->domain == RECIPIENT_DOMAIN_MISSING;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    struct check_recipients found;
    (void)settings;
    check_recipients_find(evidence, is_missing, NULL, &found);
    check_recipients_add(evidence, &found, FINDING_RECIPIENT_DOMAIN_MISSING,
                         "has no mail server: neither MX nor an address",
                         "check the spelling of the recipient's address", findings);
}

const struct check check_recipient_domain_missing = {
    .name = "recipient_domain_missing",
    .is_about_recipients = true,
    .run = run,
};
