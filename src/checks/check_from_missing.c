/*
 * from_missing: is there a From field? RFC 5322 section 3.6 wants exactly one; receivers refuse
 * mail without it, and DKIM cannot sign it (RFC 6376 5.4). A From field without a readable address
 * is another question.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    if (evidence->message->headers.counts[HEADER_FROM] == 0) {
        finding_add(findings, FINDING_FROM_MISSING, "add one From field with your address",
                    "the message has no From field");
    }
}

const struct check check_from_missing = { .name = "from_missing", .run = run };
