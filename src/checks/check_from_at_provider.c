/*
 * from_at_provider: is the author's address one of a large provider of mailboxes, whose mail leaves
 * from the provider and not from here? Receivers take such mail for forged. Forwarded mail and mail
 * of lists has such authors daily, and what the provider has signed may be good; where DMARC fails
 * for certain, dmarc-would-fail says it already.
 */
#include "checks/checks.h"

#include "bulk/provider.h"
#include "dkim/verify.h"

static bool is_relayed(const struct header_list *headers, struct span domain)
{
    const struct header_field *field = header_first(headers, HEADER_DKIM_SIGNATURE);
    for (; field != NULL; field = header_next(headers, field)) {
        struct dkim_tags tags;
        if (dkim_tags_parse(field->value, &tags) && span_is_equal_nocase(tags.domain, domain)) {
            return true;
        }
    }
    return false;
}

static bool is_said_already(const struct evidence *evidence)
{
    return evidence->forecast != NULL && evidence->forecast->dmarc == FORECAST_DMARC_FAIL;
}

/* Whoever is the provider has it among its own domains. */
static bool is_ours(const struct evidence *evidence, const struct address *author)
{
    for (size_t i = 0; i < evidence->claim_count; i++) {
        const struct claim *claim = &evidence->claims[i];
        if (claim->place == CLAIM_FROM && claim->is_ours &&
            span_is_equal(claim->address->domain, author->domain)) {
            return true;
        }
    }
    return false;
}

static bool is_judged(const struct evidence *evidence)
{
    return evidence->external_count > 0 && !is_said_already(evidence) &&
           evidence->mail_class != CLASS_LIST && evidence->mail_class != CLASS_FORWARD &&
           evidence->mail_class != CLASS_BOUNCE;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    const struct address_list *from = &evidence->message->from;
    (void)settings;
    for (size_t i = 0; i < from->count && is_judged(evidence); i++) {
        const struct address *author = &from->at[i];
        enum bulk_provider provider;
        if (bulk_provider_of(author->domain, &provider) && !is_ours(evidence, author) &&
            !is_relayed(&evidence->message->headers, author->domain)) {
            finding_add(findings, FINDING_FROM_AT_PROVIDER,
                        "use an address of this site in From, the other one in Reply-To",
                        "From has an address at %.*s, whose mail %s sends itself",
                        SPAN_ARG(span_first(author->domain, 80)), bulk_provider_title(provider));
            return;
        }
    }
}

const struct check check_from_at_provider = { .name = "from_at_provider", .run = run };
