/*
 * recipient_null_mx: does a recipient's domain say that it takes no mail (RFC 7505)? Then nothing
 * will ever be delivered there, and trying costs reputation. Cannot tell where DNS was not asked
 * (policy/recipient_dns.c) or did not answer.
 */
#include "checks/checks.h"

static bool is_null_mx(const struct recipient *recipient, const struct recipient_facts *facts,
                       const void *context)
{
    (void)recipient;
    (void)context;
    return facts->domain == RECIPIENT_DOMAIN_NULL_MX;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    struct check_recipients found;
    (void)settings;
    check_recipients_find(evidence, is_null_mx, NULL, &found);
    check_recipients_add(evidence, &found, FINDING_RECIPIENT_NULL_MX,
                         "takes no mail at all (null MX)", "look for the right address", findings);
}

const struct check check_recipient_null_mx = {
    .name = "recipient_null_mx",
    .is_about_recipients = true,
    .run = run,
};
