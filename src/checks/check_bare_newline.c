/*
 * bare_newline: does a CR or an LF stand alone (RFC 5322 2.2 and 2.3, RFC 5321 2.3.8)? A receiver
 * that takes one for a line end reads another message than was sent, or two of them: SMTP
 * smuggling; and it breaks signatures. What the MTA mends or refuses itself (Postfix:
 * smtpd_forbid_bare_newline) is not seen here.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct message *message = evidence->message;
    const struct body_facts *body = &message->body;
    const char *advice = "end every line with CR and LF";
    if (message->headers.has_bare_cr) {
        finding_add(findings, FINDING_BARE_NEWLINE, advice, "a CR stands alone in the header");
    } else if (body->has_bare_cr || body->has_bare_lf) {
        finding_add(findings, FINDING_BARE_NEWLINE, advice, "%s alone in the body",
                    !body->has_bare_lf   ? "a CR stands"
                    : !body->has_bare_cr ? "an LF stands"
                                         : "CR and LF stand");
    }
}

const struct check check_bare_newline = { .name = "bare_newline", .needs = NEED_BODY, .run = run };
