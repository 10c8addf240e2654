/*
 * recipients: what checks of single recipients share: which of them it is about, and what is said.
 * Evidence about one recipient never stops a message that somebody else is to get.
 */
#include "checks/checks.h"

void check_recipients_find(const struct evidence *evidence, check_recipient_is *is,
                           const void *context, struct check_recipients *found_r)
{
    const struct envelope *envelope = &evidence->message->envelope;
    *found_r = (struct check_recipients){ NULL, 0 };
    for (size_t i = 0; evidence->recipients != NULL && i < envelope->recipient_count; i++) {
        if (is(&envelope->recipients[i], &evidence->recipients[i], context)) {
            found_r->first = found_r->count == 0 ? &envelope->recipients[i] : found_r->first;
            found_r->count++;
        }
    }
}

/* A mail server that hands on others' mail gets its bounces from the MTA anyway. */
bool check_recipients_spare(const struct evidence *evidence, const struct check_recipients *found)
{
    return found->count < evidence->message->envelope.recipient_count ||
           evidence->mail_class == CLASS_RELAY || evidence->mail_class == CLASS_LIST ||
           evidence->mail_class == CLASS_FORWARD;
}

void check_recipients_add(const struct evidence *evidence, const struct check_recipients *found,
                          enum finding_id id, const char *what, const char *advice,
                          struct finding_list *findings)
{
    struct finding *finding = NULL;
    if (found->count == 0) {
        return;
    }
    struct span domain = span_first(found->first->domain, 120);
    if (found->count == 1) {
        finding = finding_add(findings, id, advice, "%.*s %s", SPAN_ARG(domain), what);
    } else {
        finding = finding_add(findings, id, advice, "%.*s %s, and so for %zu recipients in all",
                              SPAN_ARG(domain), what, found->count);
    }
    if (finding != NULL) {
        finding->spares_message = check_recipients_spare(evidence, found);
    }
}
