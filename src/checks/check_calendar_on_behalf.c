/*
 * calendar_on_behalf: does a user send an invitation, or the answer to one, in somebody else's
 * name, saying so (RFC 5546 2.1, RFC 6047 2.2)? Calendars do that when a meeting is forwarded or
 * answered by a delegate: From is the organiser or the attendee, and Sender is who really sends.
 * Such mail is not refused for its From.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct claim *claim = check_find_claim(evidence, CLAIM_FROM);
    if (claim != NULL && check_is_on_behalf(evidence)) {
        finding_add(findings, FINDING_CALENDAR_ON_BEHALF, NULL,
                    "%.*s sends a calendar item in the name of %.*s", SPAN_ARG(evidence->principal),
                    SPAN_ARG(claim->address->text));
    }
}

const struct check check_calendar_on_behalf = {
    .name = "calendar_on_behalf",
    .needs = NEED_BODY,
    .run = run,
};
