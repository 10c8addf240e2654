/*
 * disposition: what the strongest action becomes, so that stopping a message does no harm. Mail
 * handed over without SMTP has nobody who reads a reply: a 5xx becomes a bounce to a sender that
 * may be forged, a 4xx piles up behind the single pickup process.
 */
#include "policy/policy_private.h"

static bool is_sender_ours(const struct job *job)
{
    struct span domain = job->message.envelope.sender.domain;
    return job->message.envelope.sender.text.size > 0 && domain.size > 0 &&
           (dkim_domains_has(job->site->domains, domain) || site_is_internal(job->site, domain));
}

enum disposition disposition_of(const struct job *job, const struct finding *strongest)
{
    if (strongest == NULL) {
        return DISPOSITION_ACCEPT;
    }
    bool is_handed_over = class_is_handed_over(job);
    switch (strongest->action) {
    case ACTION_HOLD:
        return DISPOSITION_HOLD;
    case ACTION_DEFER:
        /* Held mail leaves without passing here again, so what could not be signed waits where it
         * is. */
        return is_handed_over && strongest->id != FINDING_SIGNING_FAILED &&
                       strongest->id != FINDING_OVERLOAD
                   ? DISPOSITION_HOLD
                   : DISPOSITION_DEFER;
    case ACTION_REJECT:
        /* What answers by itself has nobody who reads a refusal, and a bounce of a bounce goes
         * nowhere. */
        return (is_handed_over && !is_sender_ours(job)) || strongest->id == FINDING_BACKSCATTER
                   ? DISPOSITION_HOLD
                   : DISPOSITION_REJECT;
    default:
        return DISPOSITION_ACCEPT;
    }
}

const char *disposition_name(enum disposition disposition)
{
    static const char *const names[] = { "accept", "hold", "defer", "reject" };
    return names[disposition];
}
