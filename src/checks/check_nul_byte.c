/*
 * nul_byte: is there a NUL in the message (RFC 5322 4: obsolete and forbidden to send; RFC 5321
 * 4.1.1.4)? Receivers cut the message there, drop the octet or refuse it, so each reads another
 * message than was judged here. What an MTA strips before it shows the message is not seen.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    bool is_in_header = evidence->message->headers.has_nul;
    if (is_in_header || evidence->message->body.has_nul) {
        finding_add(findings, FINDING_NUL_BYTE,
                    "send binary data as an attachment in base64, and text without NUL",
                    "there is a NUL octet in the %s", is_in_header ? "header" : "body");
    }
}

const struct check check_nul_byte = { .name = "nul_byte", .needs = NEED_BODY, .run = run };
