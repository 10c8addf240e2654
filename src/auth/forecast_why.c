/*
 * forecast_why: the line for whoever has to mend it: what the domain asks for, which identifiers
 * there were, and what would make one of them count; or what keeps us from knowing.
 */
#include "auth/forecast_private.h"

#include "auth/organization.h"

#define SIGNERS_SHOWN 3

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static bool is_same(struct span a, struct span b)
{
    return span_is_equal_nocase(a, b);
}

static const char *print_policy(const struct forecast_query *query,
                                const struct dmarc_policy *policy, struct arena *arena)
{
    if (is_same(policy->domain, query->from_domain)) {
        return arena_printf(arena, "%.*s publishes p=%s%s", SPAN_ARG(policy->domain),
                            dmarc_action_name(policy->p), policy->is_testing ? "; t=y" : "");
    }
    return arena_printf(arena, "%.*s publishes %s for %.*s", SPAN_ARG(policy->domain),
                        dmarc_action_name(policy->action), SPAN_ARG(query->from_domain));
}

static const char *alignment_words(enum dmarc_alignment alignment)
{
    switch (alignment) {
    case DMARC_ALIGNED:
        return "aligned";
    case DMARC_NOT_ALIGNED:
        return "not aligned";
    case DMARC_ALIGNMENT_UNKNOWN:
        break;
    }
    return "whether it is aligned is not known";
}

static const char *print_spf(const struct forecast_query *query, const struct forecast *forecast,
                             struct arena *arena)
{
    struct span domain = forecast->spf_domain;
    if (domain.size == 0) {
        return "the sender is null and the HELO name is not known";
    }
    switch (forecast->spf) {
    case FORECAST_SPF_PASS:
        return arena_printf(arena, "SPF passes for %.*s (%s)", SPAN_ARG(domain),
                            alignment_words(forecast->spf_alignment));
    case FORECAST_SPF_FAIL:
        return arena_printf(arena, "SPF does not pass for %.*s", SPAN_ARG(domain));
    case FORECAST_SPF_NONE:
        return arena_printf(arena, "%.*s has no SPF record", SPAN_ARG(domain));
    case FORECAST_SPF_PERMERROR:
        return arena_printf(arena, "the SPF record of %.*s is broken", SPAN_ARG(domain));
    case FORECAST_SPF_UNKNOWN:
        break;
    }
    if (forecast->is_spf_mixed) {
        return arena_printf(arena, "SPF does not pass for %.*s from %s", SPAN_ARG(domain),
                            text_or(forecast->spf_failing, "all addresses"));
    }
    return query->egress == NULL || query->egress->address_count == 0
               ? "SPF is not known without egress addresses"
               : arena_printf(arena, "SPF of %.*s is not known", SPAN_ARG(domain));
}

static const char *print_signatures(const struct forecast_query *query,
                                    const struct forecast *forecast, struct span organization,
                                    struct arena *arena)
{
    const char *list = NULL;
    if (query->signature_count == 0) {
        return arena_printf(arena, "no signature of %.*s", SPAN_ARG(organization));
    }
    for (size_t i = 0; i < query->signature_count && i < SIGNERS_SHOWN; i++) {
        list = arena_printf(arena, "%s%s%.*s", text_or(list, ""), list != NULL ? ", " : "",
                            SPAN_ARG(query->signatures[i]));
    }
    return arena_printf(arena, "signed by %s%s (%s)", text_or(list, ""),
                        query->signature_count > SIGNERS_SHOWN ? " and others" : "",
                        alignment_words(forecast->dkim_alignment));
}

/* Whose key and whose envelope sender would be aligned. */
static struct span target_of(const struct forecast_query *query, const struct dmarc_policy *policy,
                             bool is_strict)
{
    return is_strict || policy->organization.size == 0 ? query->from_domain : policy->organization;
}

static const char *print_remedy(const struct forecast_query *query, const struct forecast *forecast,
                                struct arena *arena)
{
    const struct dmarc_policy *policy = &forecast->policy;
    struct span signer = target_of(query, policy, policy->is_strict_dkim);
    struct span sender = target_of(query, policy, policy->is_strict_spf);
    bool is_envelope_theirs =
        is_same(forecast->spf_domain, sender) || is_same(forecast->spf_domain, query->from_domain);
    if (is_envelope_theirs && forecast->spf_failing != NULL) {
        return arena_printf(arena, "sign with a key of %.*s or let the SPF record of %.*s allow %s",
                            SPAN_ARG(signer), SPAN_ARG(forecast->spf_domain),
                            forecast->spf_failing);
    }
    return is_same(signer, sender)
               ? arena_printf(arena,
                              "sign with a key of %.*s or send with an envelope sender there",
                              SPAN_ARG(signer))
               : arena_printf(arena,
                              "sign with a key of %.*s or send with an envelope sender in %.*s",
                              SPAN_ARG(signer), SPAN_ARG(sender));
}

/* Why no failure is certain. */
static const char *print_doubt(const struct forecast_query *query, const struct forecast *forecast,
                               const struct forecast_grounds *grounds)
{
    bool may_spf = forecast_spf_may_pass(forecast, grounds);
    if (query->is_doubtful) {
        return "a signature that cannot be judged here may be aligned";
    }
    if (forecast->dkim_alignment == DMARC_ALIGNMENT_UNKNOWN ||
        (may_spf && forecast->spf_alignment == DMARC_ALIGNMENT_UNKNOWN)) {
        return "alignment is not known";
    }
    if (may_spf && forecast->spf_alignment == DMARC_ALIGNED) {
        return "not all receivers will see SPF pass";
    }
    return "receivers that go by the public suffix list take it as aligned";
}

static const char *explain_failure(const struct forecast_query *query,
                                   const struct forecast *forecast,
                                   const struct forecast_grounds *grounds, struct arena *arena)
{
    static const char out_of_memory[] = "out of memory";
    const struct dmarc_policy *policy = &forecast->policy;
    const char *end = forecast->dmarc == FORECAST_DMARC_FAIL
                          ? print_remedy(query, forecast, arena)
                          : print_doubt(query, forecast, grounds);
    const char *signatures =
        print_signatures(query, forecast, target_of(query, policy, policy->is_strict_dkim), arena);
    return text_or(arena_printf(arena, "%s; %s, %s: %s",
                                text_or(print_policy(query, policy, arena), out_of_memory),
                                text_or(print_spf(query, forecast, arena), out_of_memory),
                                text_or(signatures, out_of_memory), text_or(end, out_of_memory)),
                   out_of_memory);
}

/* The old way of looking finds no identifier that counts. */
static bool passes_by_dns_alone(const struct forecast *forecast,
                                const struct forecast_grounds *grounds)
{
    bool is_spf = forecast->spf == FORECAST_SPF_PASS && forecast->spf_alignment == DMARC_ALIGNED;
    bool is_dkim = forecast->dkim_alignment == DMARC_ALIGNED;
    return organization_is_known() && !(is_spf && grounds->is_spf_by_list) &&
           !(is_dkim && grounds->is_dkim_by_list);
}

/* What passes here and may not everywhere. */
static const char *explain_pass(const struct forecast *forecast,
                                const struct forecast_grounds *grounds)
{
    if (passes_by_dns_alone(forecast, grounds)) {
        return "receivers that go by the public suffix list do not take it as aligned";
    }
    if (forecast->dkim_alignment != DMARC_ALIGNED && !grounds->is_spf_certain) {
        return "not all receivers will see SPF pass, and no signature is aligned";
    }
    return forecast->policy.why;
}

const char *forecast_why(const struct forecast_query *query, const struct forecast *forecast,
                         const struct forecast_grounds *grounds, struct arena *arena)
{
    const struct dmarc_policy *policy = &forecast->policy;
    if (query->from_domain.size == 0) {
        return "there is no one author whose domain could be asked about";
    }
    if (policy->state != DMARC_PUBLISHED) {
        return policy->why;
    }
    if (forecast->dmarc == FORECAST_DMARC_PASS) {
        return explain_pass(forecast, grounds);
    }
    return explain_failure(query, forecast, grounds, arena);
}
