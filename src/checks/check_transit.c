/*
 * transit: what on the way to the receiver would change the message, so that our signature breaks?
 * The facts are in message/transit.h; here they become findings for the log, each of its own name:
 * octets that a relay has to encode, address fields that Sendmail writes anew, folds that are read
 * in different ways. Long lines, lone CR and LF, and NUL have checks of their own.
 *
 * Who else is on the way nobody knows here, so what Sendmail does is told only where it is the MTA
 * that carries this mail, or where the MTA does not say what it is.
 */
#include "checks/checks.h"

static const struct risk {
    enum transit_risk risk;
    enum finding_id id;
    const char *what, *advice;
} risks[] = {
    { TRANSIT_8BIT, FINDING_TRANSIT_8BIT, "holds 8-bit octets that were not announced",
      "send with 8BITMIME and SMTPUTF8, or encode the text" },
    { TRANSIT_REQUOTE, FINDING_TRANSIT_REQUOTE, "will be written anew by Sendmail",
      "put names with special characters in quotes, and a comma and one blank between addresses" },
    { TRANSIT_FOLDING, FINDING_TRANSIT_FOLDING, "is folded in a way that is read differently",
      "fold between words, with one line end before one blank" },
};

static bool is_on_the_way(enum transit_risk risk, const struct session *session)
{
    return risk != TRANSIT_REQUOTE ||
           !span_has_prefix_nocase(session->mta_version, SPAN("Postfix"));
}

static void report(const struct risk *risk, const struct header_field *field,
                   struct finding_list *findings)
{
    if (field != NULL) {
        finding_add(findings, risk->id, risk->advice, "the field %.*s %s",
                    SPAN_ARG(span_first(field->name, CHECK_NAME_SHOWN)), risk->what);
    } else {
        finding_add(findings, risk->id, risk->advice, "the body %s", risk->what);
    }
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    for (size_t i = 0; i < sizeof(risks) / sizeof(risks[0]); i++) {
        enum transit_risk risk = risks[i].risk;
        if ((evidence->transit.risks & risk) != 0 &&
            is_on_the_way(risk, evidence->message->session)) {
            report(&risks[i], transit_field(&evidence->transit, risk), findings);
        }
    }
}

const struct check check_transit = { .name = "transit", .needs = NEED_BODY, .run = run };
