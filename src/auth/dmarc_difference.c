/*
 * dmarc_difference: what receivers do that still go by RFC 7489: they take the public suffix list's
 * word for the organization, look for a record at the From domain and there, and know neither np=
 * nor t=. Told only where it comes to something else.
 */
#include "auth/dmarc_private.h"

#include "auth/organization.h"

/* False: it cannot be said, or another line of ours tells already. */
static bool action_by_list(const struct dmarc_walk *walk, struct span organization,
                           enum dmarc_action *action_r)
{
    const struct dmarc_step *own = &walk->steps[0];
    const struct dmarc_step *step = own;
    *action_r = DMARC_ACTION_NONE;
    if (!dns_is_known(own->answer)) {
        return false;
    }
    if (own->count > 1) {
        return true; /* the search ends there (RFC 7489 6.6.3) */
    }
    if (own->count == 0) {
        step = dmarc_walk_step(walk, organization);
        if (step == NULL || !dns_is_known(step->answer)) {
            return false;
        }
    }
    if (step->count != 1) {
        return true;
    }
    if (step->tags.trouble != NULL) {
        return false;
    }
    *action_r = step != own && step->tags.sp.state == DMARC_TAG_GOOD ? step->tags.sp.action
                                                                     : step->tags.p.action;
    return true;
}

static bool is_other_organization(const struct dmarc_policy *policy, struct span organization)
{
    return policy->state == DMARC_PUBLISHED && policy->organization.at != NULL &&
           !(policy->is_strict_dkim && policy->is_strict_spf) &&
           !span_is_equal_nocase(policy->organization, organization);
}

const char *dmarc_difference(const struct dmarc_walk *walk, const struct dmarc_policy *policy,
                             struct arena *arena)
{
    enum dmarc_action action;
    struct span organization = organization_of(walk->steps[0].domain);
    if (organization.at == NULL || policy->state == DMARC_UNKNOWN ||
        policy->state == DMARC_DEFECTIVE) {
        return NULL;
    }
    bool is_other = is_other_organization(policy, organization);
    if (!action_by_list(walk, organization, &action) || action == policy->action) {
        return is_other ? arena_printf(arena,
                                       "receivers that go by the public suffix list take %.*s for "
                                       "the organization, those that ask DNS %.*s",
                                       SPAN_ARG(organization), SPAN_ARG(policy->organization))
                        : NULL;
    }
    return arena_printf(arena,
                        "receivers that go by the public suffix list take %.*s for the "
                        "organization and apply %s, those that ask DNS %s",
                        SPAN_ARG(organization), dmarc_action_name(action),
                        dmarc_action_name(policy->action));
}
