/*
 * from_not_owned: may the principal use every mailbox of From (RFC 5322 3.6.2), the author that
 * people see? One finding, for the first that he may not. An answer to an invitation on behalf of
 * somebody else is another question (calendar_on_behalf).
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct claim *claim = check_find_claim(evidence, CLAIM_FROM);
    if (claim != NULL && !check_is_on_behalf(evidence)) {
        check_add_not_owned(evidence, claim, FINDING_FROM_NOT_OWNED, findings);
    }
}

const struct check check_from_not_owned = { .name = "from_not_owned", .run = run };
