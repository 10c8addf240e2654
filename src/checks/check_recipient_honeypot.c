/*
 * recipient_honeypot: is a recipient an address that nobody was ever given (behaviour.honeypots)?
 * One is enough: whoever has it took it from an address book or a web page. The reply does not say
 * which one it was.
 */
#include "checks/checks.h"

static bool is_honeypot(const struct recipient *recipient, const struct recipient_facts *facts,
                        const void *context)
{
    (void)recipient;
    (void)context;
    return facts->is_honeypot;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    struct check_recipients found;
    (void)settings;
    check_recipients_find(evidence, is_honeypot, NULL, &found);
    if (found.count > 0) {
        finding_add(findings, FINDING_RECIPIENT_HONEYPOT, "ask the postmaster",
                    "this message needs a look before it goes");
    }
}

const struct check check_recipient_honeypot = { .name = "recipient_honeypot", .run = run };
