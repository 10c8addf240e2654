/*
 * line_too_long: is any line longer than 998 octets (RFC 5322 2.1.1, RFC 5321 4.5.3.1.6)? An MTA on
 * the way will cut or fold it, and then our signature breaks. One finding, for the header if that
 * is where it is, else for the body.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct header_list *headers = &evidence->message->headers;
    const struct body_facts *body = &evidence->message->body;
    if (headers->longest_line > BODY_LINE_LIMIT && headers->longest_field != NULL) {
        struct span name = span_first(headers->longest_field->name, CHECK_NAME_SHOWN);
        finding_add(findings, FINDING_LINE_TOO_LONG, "fold the field at white space",
                    "a line of %u octets in the field %.*s, 998 are allowed", headers->longest_line,
                    SPAN_ARG(name));
    } else if (body->longest_line > 0) {
        finding_add(findings, FINDING_LINE_TOO_LONG, "send the part as quoted-printable or base64",
                    "line %llu of the body has %llu octets, 998 are allowed",
                    (unsigned long long)body->longest_line_number,
                    (unsigned long long)body->longest_line);
    }
}

const struct check check_line_too_long = {
    .name = "line_too_long",
    .needs = NEED_BODY,
    .run = run,
};
