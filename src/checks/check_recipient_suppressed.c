/*
 * recipient_suppressed: is a recipient on the site's own list of addresses that mail is not to be
 * sent to any more (feedback/suppression.h)? Who writes on and on to mailboxes that are gone is
 * taken for a spammer. Cannot tell where the list cannot be read.
 */
#include "checks/checks.h"

static bool is_suppressed(const struct recipient *recipient, const struct recipient_facts *facts,
                          const void *context)
{
    (void)recipient;
    (void)context;
    return facts->suppressed != NULL;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    struct check_recipients found;
    (void)settings;
    check_recipients_find(evidence, is_suppressed, NULL, &found);
    if (found.count == 0) {
        return;
    }
    size_t first = (size_t)(found.first - evidence->message->envelope.recipients);
    const char *advice = "correct the address, or ask the postmaster to take it off the list";
    const char *why = evidence->recipients[first].suppressed;
    struct span path = span_first(found.first->path, 120);
    struct finding *finding = found.count == 1
                                  ? finding_add(findings, FINDING_RECIPIENT_SUPPRESSED, advice,
                                                "%.*s %s", SPAN_ARG(path), why)
                                  : finding_add(findings, FINDING_RECIPIENT_SUPPRESSED, advice,
                                                "%.*s %s, and %zu recipients in all are",
                                                SPAN_ARG(path), why, found.count);
    if (finding != NULL) {
        finding->spares_message = check_recipients_spare(evidence, &found);
    }
}

const struct check check_recipient_suppressed = {
    .name = "recipient_suppressed",
    .is_about_recipients = true,
    .run = run,
};
