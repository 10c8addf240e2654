/*
 * dmarc_align: equal, or of one organization (RFC 9989 4.4, 4.10.2). An organization is always an
 * end of the name it belongs to, so most pairs are told apart without a question: what is neither
 * the From domain's organization nor below it cannot have the same one.
 *
 * A public suffix by the list that would be aligned, because it has a record without psd=, is
 * answered with "unknown": receivers that ask DNS take it, those that go by the list never do.
 */
#include "auth/dmarc_private.h"

#include "auth/organization.h"

#define TTL_FOREVER UINT32_MAX

static struct span without_dot(struct span domain)
{
    return domain.size > 0 && domain.at[domain.size - 1] == '.'
               ? span_first(domain, domain.size - 1)
               : domain;
}

static bool is_equal(struct span a, struct span b)
{
    return a.size > 0 && span_is_equal_nocase(a, b);
}

static struct span last_label(struct span domain)
{
    ptrdiff_t dot = span_find_last(domain, '.');
    return span_from(domain, (size_t)(dot + 1));
}

static bool is_at_or_below(struct span name, struct span top)
{
    return is_equal(name, top) ||
           (name.size > top.size && name.at[name.size - top.size - 1] == '.' &&
            span_has_suffix_nocase(name, top));
}

static bool is_one_by_list(struct span a, struct span b)
{
    return is_equal(organization_of(a), organization_of(b));
}

static bool is_suffix_by_list(struct span domain)
{
    return organization_is_known() && organization_of(domain).at == NULL;
}

bool dmarc_align_relaxed(const struct dmarc_policy *policy, struct span from_domain,
                         struct span authenticated, struct dns_questions *questions,
                         struct dmarc_aligned *aligned_r)
{
    struct dmarc_walk walk;
    struct span name = without_dot(authenticated);
    from_domain = without_dot(from_domain);
    *aligned_r = (struct dmarc_aligned){ DMARC_NOT_ALIGNED, false, TTL_FOREVER };
    if (is_equal(name, from_domain)) {
        *aligned_r = (struct dmarc_aligned){ DMARC_ALIGNED, true, TTL_FOREVER };
        return true;
    }
    if (!is_equal(last_label(name), last_label(from_domain))) {
        return true;
    }
    aligned_r->is_by_list = is_one_by_list(name, from_domain);
    if (policy->organization.at == NULL) {
        aligned_r->alignment = DMARC_ALIGNMENT_UNKNOWN;
        return true;
    }
    if (!is_at_or_below(name, policy->organization)) {
        return true;
    }
    if (!dmarc_walk(name, questions, &walk)) {
        return false;
    }
    aligned_r->ttl_s = walk.ttl_s;
    if (walk.organization.at == NULL) {
        aligned_r->alignment = DMARC_ALIGNMENT_UNKNOWN;
    } else if (is_equal(walk.organization, policy->organization)) {
        aligned_r->alignment = is_suffix_by_list(name) ? DMARC_ALIGNMENT_UNKNOWN : DMARC_ALIGNED;
    }
    return true;
}

bool dmarc_align(const struct dmarc_policy *policy, struct span from_domain,
                 struct span authenticated, bool is_strict, struct dns_questions *questions,
                 enum dmarc_alignment *alignment_r)
{
    struct dmarc_aligned aligned;
    *alignment_r = DMARC_NOT_ALIGNED;
    if (is_strict) {
        *alignment_r = is_equal(without_dot(authenticated), without_dot(from_domain))
                           ? DMARC_ALIGNED
                           : DMARC_NOT_ALIGNED;
        return true;
    }
    if (!dmarc_align_relaxed(policy, from_domain, authenticated, questions, &aligned)) {
        return false;
    }
    *alignment_r = aligned.alignment;
    return true;
}
