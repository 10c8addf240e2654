/*
 * dmarc_would_fail: will DMARC fail at the receivers outside (RFC 9989), whatever address the mail
 * leaves from? The lesser case is a policy that does not ask for rejection. Cannot tell when DNS
 * does not answer, where SPF differs from address to address, and where a signature of others may
 * be good.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct forecast *forecast = evidence->forecast;
    if (forecast == NULL || forecast->dmarc != FORECAST_DMARC_FAIL) {
        return;
    }
    struct finding *finding =
        finding_add(findings, FINDING_DMARC_WOULD_FAIL, NULL, "%s",
                    forecast->why != NULL ? forecast->why : "nothing is aligned with From");
    if (finding != NULL) {
        finding->is_mild = forecast->policy.action != DMARC_ACTION_REJECT;
    }
}

const struct check check_dmarc_would_fail = { .name = "dmarc_would_fail", .run = run };
