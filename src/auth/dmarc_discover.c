/*
 * dmarc_discover: which record holds for a From domain, and what it asks for (RFC 9989 4.10.1).
 *
 * The record of the From domain goes before that of its organization, and that before the one of
 * the public suffix; p counts for the first, sp or np for the others. A record that takes its own
 * policy away ends the search: receivers then apply nothing, whatever stands further up.
 */
#include "auth/dmarc.h"

#include "auth/dmarc_private.h"

static const char out_of_memory[] = "out of memory";

/* Sets a line where none is yet. */
static void set_why(struct dmarc_policy *policy, const char *why)
{
    if (policy->why == NULL) {
        policy->why = why != NULL ? why : out_of_memory;
    }
}

static void make_unknown(struct dmarc_policy *policy, const struct dmarc_step *step,
                         struct arena *arena)
{
    const struct dns_answer *answer = step->answer;
    policy->state = DMARC_UNKNOWN;
    set_why(policy,
            arena_printf(arena, "_dmarc.%.*s: %s", SPAN_ARG(step->domain),
                         answer->why != NULL ? answer->why : dns_result_name(answer->result)));
}

/* NULL: none holds, or it cannot be known. */
static const struct dmarc_step *find_record(const struct dmarc_walk *walk)
{
    const struct dmarc_step *top;
    if (walk->steps[0].count == 1) {
        return &walk->steps[0];
    }
    if (walk->organization.at == NULL) {
        return NULL;
    }
    top = dmarc_walk_step(walk, walk->organization);
    return top != NULL && top->count == 1 ? top : walk->psd;
}

/* Why a name that looks as if it had a record has none. */
static void explain_own(const struct dmarc_step *own, struct dmarc_policy *policy,
                        struct arena *arena)
{
    if (own->count > 1) {
        set_why(policy,
                arena_printf(arena, "_dmarc.%.*s has %u DMARC records, so that none of them counts",
                             SPAN_ARG(own->domain), own->count));
    } else if (own->count == 0 && own->answer->result == DNS_FOUND) {
        set_why(policy, arena_printf(arena,
                                     "the TXT record at _dmarc.%.*s does not begin with v=DMARC1, "
                                     "so that receivers pass it over",
                                     SPAN_ARG(own->domain)));
    }
}

enum existence { EXISTENCE_UNDER_WAY, EXISTENCE_UNKNOWN, EXISTENCE_NO, EXISTENCE_YES };

/* Whatever is below a name proves it (RFC 8020), so the name itself is asked for only where
 * nothing is. */
static enum existence find_existence(const struct dmarc_step *own, struct dns_questions *questions,
                                     uint32_t *ttl_s_io)
{
    if (own->answer->result != DNS_NXDOMAIN) {
        return EXISTENCE_YES;
    }
    const struct dns_answer *answer = dns_questions_ask(questions, own->domain, DNS_TXT);
    if (answer == NULL) {
        return EXISTENCE_UNDER_WAY;
    }
    *ttl_s_io = answer->ttl_s < *ttl_s_io ? answer->ttl_s : *ttl_s_io;
    if (!dns_is_known(answer)) {
        return EXISTENCE_UNKNOWN;
    }
    return answer->result == DNS_NXDOMAIN ? EXISTENCE_NO : EXISTENCE_YES;
}

static enum dmarc_action action_of(const struct dmarc_request *request, enum dmarc_action otherwise)
{
    return request->state == DMARC_TAG_GOOD ? request->action : otherwise;
}

/* sp or np. Where nobody knows whether the name exists, the milder of the two: what is not known is
 * never bad. False: answers are under way. */
static bool choose_below(const struct dmarc_walk *walk, const struct dmarc_record *tags,
                         struct dns_questions *questions, struct dmarc_policy *policy)
{
    enum dmarc_action there = action_of(&tags->sp, tags->p.action);
    enum dmarc_action nowhere = action_of(&tags->np, there);
    policy->action = there;
    if (there == nowhere) {
        return true;
    }
    switch (find_existence(&walk->steps[0], questions, &policy->ttl_s)) {
    case EXISTENCE_UNDER_WAY:
        return false;
    case EXISTENCE_UNKNOWN:
        policy->action = there < nowhere ? there : nowhere;
        set_why(policy, "DNS does not tell whether the domain exists, so sp= or np= may hold");
        break;
    case EXISTENCE_NO:
        policy->action = nowhere;
        break;
    case EXISTENCE_YES:
        break;
    }
    return true;
}

/* OpenDMARC's answer for mail that fails, where old and new rules are the same: no np=, no t=, and
 * no public suffix. */
static void compare_action(const struct dmarc_step *step, struct span from_domain,
                           struct dmarc_policy *policy)
{
    static const enum dmarc_library_says expected[] = {
        [DMARC_ACTION_NONE] = DMARC_LIBRARY_NONE,
        [DMARC_ACTION_QUARANTINE] = DMARC_LIBRARY_QUARANTINE,
        [DMARC_ACTION_REJECT] = DMARC_LIBRARY_REJECT,
    };
    bool is_own = step->domain.size == from_domain.size;
    if (step->tags.p.state != DMARC_TAG_GOOD || step->tags.np.state != DMARC_TAG_ABSENT ||
        step->tags.is_testing || step->tags.psd == DMARC_PSD_YES) {
        return;
    }
    enum dmarc_library_says says = dmarc_library_apply(
        step->record, from_domain, is_own ? (struct span){ NULL, 0 } : step->domain, false);
    if (says != DMARC_LIBRARY_CANNOT && says != expected[policy->action]) {
        set_why(policy, "receivers with OpenDMARC apply another policy of this record");
    }
}

static void test_less(struct dmarc_policy *policy)
{
    if (policy->is_testing && policy->action != DMARC_ACTION_NONE) {
        policy->action--;
    }
}

/* False: answers are under way. */
static bool apply_record(const struct dmarc_walk *walk, const struct dmarc_step *found,
                         struct dns_questions *questions, struct arena *arena,
                         struct dmarc_policy *policy)
{
    struct dmarc_step step = *found;
    dmarc_library_compare(step.record, &step.tags);
    const char *remark = step.tags.trouble != NULL ? step.tags.trouble : step.tags.note;
    policy->state = step.tags.trouble != NULL ? DMARC_DEFECTIVE : DMARC_PUBLISHED;
    policy->domain = arena_copy(arena, step.domain);
    policy->record = arena_copy(arena, step.record);
    policy->is_strict_dkim = step.tags.is_strict_dkim;
    policy->is_strict_spf = step.tags.is_strict_spf;
    if (remark != NULL) {
        set_why(policy,
                arena_printf(arena, "the DMARC record of %.*s: %s", SPAN_ARG(step.domain), remark));
    }
    if (policy->state == DMARC_DEFECTIVE) {
        return true;
    }
    policy->p = step.tags.p.action;
    policy->action = policy->p;
    policy->is_testing = step.tags.is_testing;
    if (found != &walk->steps[0] && !choose_below(walk, &step.tags, questions, policy)) {
        return false;
    }
    compare_action(&step, walk->steps[0].domain, policy);
    test_less(policy);
    return true;
}

/* Did all that is known find room in the arena? */
static bool is_whole(const struct dmarc_policy *policy, const struct dmarc_walk *walk,
                     const struct dmarc_step *step)
{
    return (walk->organization.at == NULL || policy->organization.at != NULL) &&
           (step == NULL || (policy->domain.at != NULL && policy->record.at != NULL));
}

bool dmarc_discover(struct span from_domain, struct dns_questions *questions, struct arena *arena,
                    struct dmarc_policy *policy_r)
{
    struct dmarc_walk walk;
    *policy_r = (struct dmarc_policy){ .state = DMARC_NONE };
    if (!dmarc_walk(from_domain, questions, &walk)) {
        return false;
    }
    const struct dmarc_step *own = &walk.steps[0];
    const struct dmarc_step *step = find_record(&walk);
    policy_r->queries = (unsigned)walk.asked;
    policy_r->ttl_s = walk.ttl_s;
    if (walk.organization.at != NULL) {
        policy_r->organization = arena_copy(arena, walk.organization);
    }
    if (step == NULL && walk.failed != NULL) {
        make_unknown(policy_r, walk.failed, arena);
        return true;
    }
    explain_own(own, policy_r, arena);
    if (step != NULL && !apply_record(&walk, step, questions, arena, policy_r)) {
        return false;
    }
    if (!is_whole(policy_r, &walk, step)) {
        *policy_r = (struct dmarc_policy){ .state = DMARC_UNKNOWN, .why = out_of_memory };
        return true;
    }
    policy_r->difference = dmarc_difference(&walk, policy_r, arena);
    return true;
}

const char *dmarc_action_name(enum dmarc_action action)
{
    switch (action) {
    case DMARC_ACTION_NONE:
        return "none";
    case DMARC_ACTION_QUARANTINE:
        return "quarantine";
    case DMARC_ACTION_REJECT:
        return "reject";
    }
    return "none";
}
