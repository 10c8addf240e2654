/*
 * tls_required: did a user hand over mail in the clear where the listener demands TLS (RFC 8314)?
 * His password went the same way.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    if (evidence->lacks_tls) {
        finding_add(findings, FINDING_TLS_REQUIRED, "switch on TLS (STARTTLS) in the mail program",
                    "the connection is not encrypted");
    }
}

const struct check check_tls_required = { .name = "tls_required", .run = run };
