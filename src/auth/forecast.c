/*
 * forecast: SPF, the policy and the alignment of each identifier are taken from memory or asked
 * for, all of them before anything is waited for; from these follows the verdict.
 *
 * A failure is forecast only when it is certain: whatever is not known, or is judged in two ways by
 * receivers, makes it unknown.
 */
#include "auth/forecast_private.h"

#define QUESTIONS_MAX 512 /* SPF at its worst from several addresses, and a dozen walks */

/* One round of the work. */
struct work {
    const struct forecast_query *query;
    struct forecast_memory *memory;
    struct dns_resolver *resolver;
    struct dns_questions **questions;
    struct arena *arena;
    struct forecast_grounds grounds;
};

static struct dns_questions *questions_of(const struct work *work)
{
    if (*work->questions == NULL) {
        *work->questions = dns_questions_new(work->resolver, QUESTIONS_MAX);
    }
    return *work->questions;
}

static struct span helo_of(const struct forecast_query *query)
{
    return span_of(query->egress != NULL ? query->egress->helo : NULL);
}

/* --- SPF --- */

static const char *why_not_asked(const struct forecast *forecast)
{
    return forecast->spf_domain.size == 0 ? "the sender is null and no HELO name is configured"
                                          : "it is not known from which addresses this mail leaves";
}

static bool ask_spf(struct work *work, struct forecast *forecast)
{
    const struct forecast_query *query = work->query;
    bool is_null = query->envelope_domain.size == 0;
    struct forecast_spf_answer answer;
    forecast->spf_domain = is_null ? helo_of(query) : query->envelope_domain;
    if (query->egress == NULL || query->egress->address_count == 0 ||
        forecast->spf_domain.size == 0) {
        forecast->spf_why = why_not_asked(forecast);
        return true;
    }
    const struct forecast_spf_key key = { .domain = forecast->spf_domain,
                                          .sender =
                                              is_null ? (struct span){ NULL, 0 } : query->sender,
                                          .helo = helo_of(query),
                                          .addresses = query->egress->addresses,
                                          .address_count = query->egress->address_count };
    if (!forecast_kept_spf(work->memory, &key, work->arena, &answer)) {
        if (!forecast_spf_ask(&key, questions_of(work), work->arena, &answer)) {
            return false;
        }
        forecast_keep_spf(work->memory, &key, &answer);
    }
    forecast->spf = answer.spf;
    forecast->spf_record = answer.record;
    forecast->spf_why = answer.why;
    forecast->spf_failing = answer.failing;
    forecast->is_spf_mixed = answer.is_mixed;
    work->grounds.is_spf_certain = answer.is_certain;
    return true;
}

/* --- DMARC --- */

static bool ask_policy(const struct work *work, struct dmarc_policy *policy_r)
{
    struct span from_domain = work->query->from_domain;
    if (from_domain.size == 0 ||
        forecast_kept_policy(work->memory, from_domain, work->arena, policy_r)) {
        return true;
    }
    if (!dmarc_discover(from_domain, questions_of(work), work->arena, policy_r)) {
        return false;
    }
    forecast_keep_policy(work->memory, from_domain, policy_r);
    return true;
}

/* What two names alone tell is neither asked for nor kept. */
static bool ask_alignment(const struct work *work, const struct dmarc_policy *policy,
                          struct span authenticated, bool is_strict,
                          struct dmarc_aligned *aligned_r)
{
    struct span from_domain = work->query->from_domain;
    *aligned_r = (struct dmarc_aligned){ DMARC_NOT_ALIGNED, false, UINT32_MAX };
    if (span_is_equal_nocase(authenticated, from_domain)) {
        *aligned_r = (struct dmarc_aligned){ DMARC_ALIGNED, true, UINT32_MAX };
        return true;
    }
    if (is_strict ||
        forecast_kept_alignment(work->memory, from_domain, authenticated, work->arena, aligned_r)) {
        return true;
    }
    if (!dmarc_align_relaxed(policy, from_domain, authenticated, questions_of(work), aligned_r)) {
        return false;
    }
    aligned_r->ttl_s = policy->ttl_s < aligned_r->ttl_s ? policy->ttl_s : aligned_r->ttl_s;
    forecast_keep_alignment(work->memory, from_domain, authenticated, aligned_r);
    return true;
}

/* The best of all signatures. */
static bool align_signatures(struct work *work, struct forecast *forecast)
{
    const struct forecast_query *query = work->query;
    bool is_here = true;
    forecast->dkim_alignment = DMARC_NOT_ALIGNED;
    for (size_t i = 0; i < query->signature_count; i++) {
        struct dmarc_aligned aligned;
        if (!ask_alignment(work, &forecast->policy, query->signatures[i],
                           forecast->policy.is_strict_dkim, &aligned)) {
            is_here = false;
            continue;
        }
        work->grounds.is_dkim_by_list = work->grounds.is_dkim_by_list || aligned.is_by_list;
        if (aligned.alignment == DMARC_ALIGNED) {
            forecast->dkim_alignment = DMARC_ALIGNED;
        } else if (forecast->dkim_alignment == DMARC_NOT_ALIGNED) {
            forecast->dkim_alignment = aligned.alignment;
        }
    }
    return is_here;
}

/* Only an identifier that may pass has an alignment. */
static bool align_spf(struct work *work, struct forecast *forecast)
{
    struct dmarc_aligned aligned;
    forecast->spf_alignment = DMARC_NOT_ALIGNED;
    if (forecast->spf_domain.size == 0) {
        forecast->spf_alignment = DMARC_ALIGNMENT_UNKNOWN; /* HELO will be some domain */
        return true;
    }
    if (!forecast_spf_may_pass(forecast, &work->grounds)) {
        return true;
    }
    if (!ask_alignment(work, &forecast->policy, forecast->spf_domain,
                       forecast->policy.is_strict_spf, &aligned)) {
        return false;
    }
    forecast->spf_alignment = aligned.alignment;
    work->grounds.is_spf_by_list = aligned.is_by_list;
    return true;
}

static bool has_policy(const struct dmarc_policy *policy)
{
    return policy->state == DMARC_PUBLISHED || policy->state == DMARC_DEFECTIVE;
}

static bool is_doubtful(const struct forecast_query *query, const struct forecast *forecast,
                        const struct forecast_grounds *grounds)
{
    bool may_spf = forecast_spf_may_pass(forecast, grounds) &&
                   (forecast->spf_alignment != DMARC_NOT_ALIGNED || grounds->is_spf_by_list);
    return query->is_doubtful || forecast->policy.state == DMARC_DEFECTIVE ||
           forecast->dkim_alignment == DMARC_ALIGNMENT_UNKNOWN || grounds->is_dkim_by_list ||
           may_spf;
}

static enum forecast_dmarc judge(const struct work *work, const struct forecast *forecast)
{
    if (work->query->from_domain.size == 0 || forecast->policy.state == DMARC_UNKNOWN) {
        return FORECAST_DMARC_UNKNOWN;
    }
    if (forecast->policy.state == DMARC_NONE) {
        return FORECAST_DMARC_NONE;
    }
    if (forecast->dkim_alignment == DMARC_ALIGNED ||
        (forecast->spf == FORECAST_SPF_PASS && forecast->spf_alignment == DMARC_ALIGNED)) {
        return FORECAST_DMARC_PASS;
    }
    return is_doubtful(work->query, forecast, &work->grounds) ? FORECAST_DMARC_UNKNOWN
                                                              : FORECAST_DMARC_FAIL;
}

bool forecast_make(const struct forecast_query *query, struct forecast_memory *memory,
                   struct dns_resolver *resolver, struct dns_questions **questions_io,
                   struct arena *arena, struct forecast *forecast_r)
{
    struct work work = { .query = query,
                         .memory = memory,
                         .resolver = resolver,
                         .questions = questions_io,
                         .arena = arena,
                         .grounds = { .is_spf_certain = true } };
    *forecast_r = (struct forecast){ .spf_alignment = DMARC_NOT_ALIGNED };
    bool has_spf = ask_spf(&work, forecast_r);
    if (!ask_policy(&work, &forecast_r->policy)) {
        return false;
    }
    bool is_aligned = true;
    if (has_policy(&forecast_r->policy)) {
        is_aligned = align_signatures(&work, forecast_r);
        /* before SPF is known, too: its questions then go beside those of SPF */
        is_aligned = align_spf(&work, forecast_r) && is_aligned;
    }
    if (!has_spf || !is_aligned) {
        return false;
    }
    forecast_r->dmarc = judge(&work, forecast_r);
    forecast_r->why = forecast_why(query, forecast_r, &work.grounds, arena);
    return true;
}

const char *forecast_spf_name(enum forecast_spf spf)
{
    switch (spf) {
    case FORECAST_SPF_UNKNOWN:
        return "unknown";
    case FORECAST_SPF_PASS:
        return "pass";
    case FORECAST_SPF_FAIL:
        return "fail";
    case FORECAST_SPF_NONE:
        return "none";
    case FORECAST_SPF_PERMERROR:
        return "permerror";
    }
    return "unknown";
}

const char *forecast_dmarc_name(enum forecast_dmarc dmarc)
{
    switch (dmarc) {
    case FORECAST_DMARC_UNKNOWN:
        return "unknown";
    case FORECAST_DMARC_PASS:
        return "pass";
    case FORECAST_DMARC_FAIL:
        return "fail";
    case FORECAST_DMARC_NONE:
        return "none";
    }
    return "unknown";
}
