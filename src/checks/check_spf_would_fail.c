/*
 * spf_would_fail: will receivers find that an address which carries this mail may not send for the
 * envelope domain (RFC 7208)? Cannot tell without outgoing.addresses, and when DNS does not answer.
 * No record at all is no failure.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct forecast *forecast = evidence->forecast;
    if (forecast == NULL) {
        return;
    }
    struct span domain = span_first(forecast->spf_domain, 120);
    const char *why = forecast->spf_why != NULL ? forecast->spf_why : "no reason was given";
    if (forecast->spf == FORECAST_SPF_PERMERROR) {
        finding_add(findings, FINDING_SPF_WOULD_FAIL, "mend the record",
                    "receivers cannot read the SPF record of %.*s: %s", SPAN_ARG(domain), why);
    } else if (forecast->spf == FORECAST_SPF_FAIL || forecast->is_spf_mixed) {
        finding_add(findings, FINDING_SPF_WOULD_FAIL,
                    "add the address to the record, or see outgoing.addresses",
                    "the SPF record of %.*s does not let %.100s send: %s", SPAN_ARG(domain),
                    forecast->spf_failing != NULL ? forecast->spf_failing : "us", why);
    }
}

const struct check check_spf_would_fail = { .name = "spf_would_fail", .run = run };
