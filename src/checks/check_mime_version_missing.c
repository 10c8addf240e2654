/*
 * mime_version_missing: is MIME said to be in use where its fields are (RFC 2045 4: MIME-Version is
 * required)? Without it strict readers show the body as plain text, and Sendmail adds the field
 * itself on the way, when our signature is made. The repair adds it. Mail without any MIME field is
 * plain text as RFC 5322 has it, and silent.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const uint32_t *counts = evidence->message->headers.counts;
    enum header_id other =
        counts[HEADER_CONTENT_TYPE] > 0 ? HEADER_CONTENT_TYPE : HEADER_CONTENT_TRANSFER_ENCODING;
    if (counts[HEADER_MIME_VERSION] > 0 || counts[other] == 0) {
        return;
    }
    struct finding *finding = finding_add(
        findings, FINDING_MIME_VERSION_MISSING, "add MIME-Version: 1.0",
        "the message has a %.*s field and no MIME-Version", SPAN_ARG(header_name(other)));
    if (finding != NULL) {
        finding->repair = check_repair_append(findings->arena, HEADER_MIME_VERSION, "1.0");
    }
}

const struct check check_mime_version_missing = { .name = "mime_version_missing", .run = run };
