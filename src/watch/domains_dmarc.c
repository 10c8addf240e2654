/*
 * domains_dmarc: the DMARC record that holds for a domain (RFC 9989), wherever it stands.
 *
 * A record that is another watched domain's is looked at there, so that its change is told once and
 * not for each domain below it.
 */
#include "auth/dmarc.h"
#include "watch/domains_private.h"

static void tell(const struct domains_subject *subject, const struct dmarc_policy *policy,
                 struct arena *arena, struct domains_look *look)
{
    struct span part = policy->record;
    size_t count = policy->record.at != NULL ? 1 : 0;
    bool is_own = span_is_equal_nocase(policy->domain, subject->domain);
    if (count > 0 && !is_own) {
        bool is_told =
            subject->watched != NULL && hash_table_get(subject->watched, policy->domain) != NULL;
        part = span_of(is_told ? arena_printf(arena, "that of %.*s", SPAN_ARG(policy->domain))
                               : arena_printf(arena, "%.*s, of %.*s", SPAN_ARG(policy->record),
                                              SPAN_ARG(policy->domain)));
    }
    domains_look_tell(look, arena, &part, count, "");
}

static void judge_policy(const struct domains_subject *subject, const struct dmarc_policy *policy,
                         struct arena *arena, struct domains_look *look)
{
    if (policy->why != NULL) {
        domains_look_add(look, arena, DOMAINS_FAULT, "dmarc-odd", NULL, "%s", policy->why);
    }
    if (policy->difference != NULL) {
        domains_look_add(look, arena, DOMAINS_FAULT, "dmarc-suffix", NULL, "%s",
                         policy->difference);
    }
    if (policy->action == DMARC_ACTION_NONE) {
        domains_look_add(look, arena, DOMAINS_NOTE, "dmarc-none", NULL,
                         "%.*s asks receivers for nothing (%s)", SPAN_ARG(subject->domain),
                         policy->is_testing ? "t=y" : "p=none");
    }
}

bool domains_look_dmarc(const struct domains_subject *subject, struct dns_questions *questions,
                        struct arena *arena, struct domains_look *look_r)
{
    struct dmarc_policy policy;
    *look_r = (struct domains_look){ .is_text_known = false };
    if (!dmarc_discover(subject->domain, questions, arena, &policy)) {
        return false;
    }
    if (policy.state == DMARC_UNKNOWN) {
        return true;
    }
    look_r->are_faults_known = true;
    tell(subject, &policy, arena, look_r);
    switch (policy.state) {
    case DMARC_NONE:
        if (policy.why != NULL) {
            domains_look_add(look_r, arena, DOMAINS_GRAVE, "dmarc-unreadable", NULL, "%s",
                             policy.why);
        } else {
            domains_look_add(look_r, arena, DOMAINS_FAULT, "dmarc-missing", NULL,
                             "no DMARC record holds for %.*s", SPAN_ARG(subject->domain));
        }
        break;
    case DMARC_DEFECTIVE:
        domains_look_add(look_r, arena, DOMAINS_GRAVE, "dmarc-unreadable", NULL, "%s",
                         policy.why != NULL ? policy.why : "receivers cannot read the record");
        break;
    case DMARC_PUBLISHED:
        judge_policy(subject, &policy, arena, look_r);
        break;
    case DMARC_UNKNOWN:
        break;
    }
    return domains_look_end(look_r, arena);
}
