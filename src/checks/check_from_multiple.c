/*
 * from_multiple: does From name one author? Several From fields are forbidden (RFC 5322 3.6) and
 * shown differently by every receiver. Several mailboxes in one field are allowed if Sender names
 * who sent it (3.6.2); they stay silent only when all are of one domain, since DMARC is undefined
 * otherwise (RFC 9989).
 */
#include "checks/checks.h"

static bool is_one_domain(const struct address_list *from)
{
    for (size_t i = 1; i < from->count; i++) {
        if (!span_is_equal(from->at[i].domain, from->at[0].domain)) {
            return false;
        }
    }
    return true;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct message *message = evidence->message;
    unsigned fields = message->headers.counts[HEADER_FROM];
    if (fields > 1) {
        finding_add(findings, FINDING_FROM_MULTIPLE, "keep one From field",
                    "the message has %u From fields", fields);
        return;
    }
    if (message->from.count < 2) {
        return;
    }
    if (message->headers.counts[HEADER_SENDER] == 1 && is_one_domain(&message->from)) {
        return;
    }
    finding_add(findings, FINDING_FROM_MULTIPLE,
                "name one author, or authors of one domain and a Sender field",
                "the From field names %zu mailboxes", message->from.count);
}

const struct check check_from_multiple = { .name = "from_multiple", .run = run };
