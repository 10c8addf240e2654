/*
 * principal_suspended: may the principal send nothing outside until a person releases him
 * (behaviour/suspension.h)? What stays inside goes on, and so does mail to addresses that are
 * always reachable (behaviour.always_reachable): whoever is suspended has to be able to ask why.
 * Cannot tell where the store cannot be read.
 *
 * The reply says nothing of the reasons: it may be read by whoever took over the account.
 */
#include "checks/checks.h"

static bool is_closed(const struct recipient *recipient, const struct recipient_facts *facts,
                      const void *context)
{
    (void)context;
    return recipient->side != RECIPIENT_INTERNAL && !facts->is_reachable;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    struct check_recipients found;
    (void)settings;
    if (evidence->suspended == NULL) {
        return;
    }
    check_recipients_find(evidence, is_closed, NULL, &found);
    if (found.count > 0) {
        finding_add(findings, FINDING_PRINCIPAL_SUSPENDED,
                    "change the password and ask the postmaster to release the account",
                    "%.*s may not send mail outside %s",
                    SPAN_ARG(span_first(evidence->principal, 120)), evidence->suspended);
    }
}

const struct check check_principal_suspended = {
    .name = "principal_suspended",
    .is_about_recipients = true,
    .run = run,
};
