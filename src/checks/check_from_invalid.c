/*
 * from_invalid: can everybody read the one From field alike (RFC 5322 3.4, 3.6.2)? Receivers refuse
 * what they cannot read, and where two of them may see different authors DMARC judges one and the
 * reader is shown another. None or several From fields are other questions, and so is how many
 * authors there are.
 *
 * Names without domain are nothing new on mail the MTA gets without SMTP and on its own notices: it
 * completes them. An obsolete form that all read alike (dots in a phrase, blanks around dots) and
 * group syntax with a mailbox (RFC 6854) are silent.
 */
#include "checks/checks.h"

static const struct fault {
    unsigned defect; /* enum address_defect */
    const char *seen, *advice;
} faults[] = {
    { ADDRESS_CONTROL, "the From field holds control characters",
      "write the address without them" },
    { ADDRESS_SEVERAL_ANGLES, "the From field has several angle brackets for one author",
      "write one address in angle brackets" },
    { ADDRESS_ENCODED_WORD, "the From field has an encoded word inside an address",
      "encode the name only, never the address" },
    { ADDRESS_ROUTE, "the From field has a source route", "write the address alone" },
    { ADDRESS_COMMENT, "the From field has a comment inside an address",
      "put comments behind the address" },
    { ADDRESS_EMPTY, "the From field is empty", "put your address there" },
    { ADDRESS_BROKEN, "the From field is no valid list of addresses",
      "write it as Name <user@example.org>, a name with special characters in quotes" },
    { ADDRESS_NO_DOMAIN, "the From field has an address without domain",
      "write the address as user@example.org" },
    { ADDRESS_BAD_DOMAIN, "the From field has an address with an impossible domain",
      "write the address as user@example.org" },
};

#define FAULT_COUNT (sizeof(faults) / sizeof(faults[0]))

static bool is_completed_by_mta(enum mail_class mail_class)
{
    return mail_class == CLASS_LOCAL || mail_class == CLASS_BOUNCE;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct message *message = evidence->message;
    unsigned defects = message->from.defects;
    if (message->headers.counts[HEADER_FROM] != 1) {
        return;
    }
    if (is_completed_by_mta(evidence->mail_class)) {
        defects &= ~(unsigned)ADDRESS_NO_DOMAIN;
    }
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if ((defects & faults[i].defect) != 0) {
            finding_add(findings, FINDING_FROM_INVALID, faults[i].advice, "%s", faults[i].seen);
            return;
        }
    }
    if (message->from.count == 0) {
        finding_add(findings, FINDING_FROM_INVALID, "put your address there",
                    "the From field names nobody");
    }
}

const struct check check_from_invalid = { .name = "from_invalid", .run = run };
