/*
 * sender_not_owned: may the principal use the envelope sender (RFC 5321 4.1.1.2) and the mailboxes
 * of Sender (RFC 5322 3.6.2)? A null envelope sender is nobody's: notifications have it. One
 * finding, for the first that he may not.
 *
 * Sender alone is the lesser case: mail programs that send a message once more, or answer out of a
 * mailing list, leave the list's there, and no receiver judges by it. The author is another
 * question (from_not_owned).
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct claim *claim = check_find_claim(evidence, CLAIM_ENVELOPE);
    if (claim == NULL) {
        claim = check_find_claim(evidence, CLAIM_SENDER);
    }
    if (claim != NULL) {
        check_add_not_owned(evidence, claim, FINDING_SENDER_NOT_OWNED, findings);
    }
}

const struct check check_sender_not_owned = { .name = "sender_not_owned", .run = run };
