/*
 * recipient: does a recipient leave the site? Configuration first, then what the MTA says of its
 * mailer; without either nobody knows, and unknown counts as external.
 */
#include "policy/policy_private.h"

#include <string.h>

#include "util/domain.h"

static bool is_inside_mailer(struct span mailer)
{
    return span_is_equal(mailer, SPAN("local")) || span_is_equal(mailer, SPAN("virtual")) ||
           span_is_equal(mailer, SPAN("lmtp"));
}

enum recipient_side recipient_side_of(const struct site *site, struct span domain,
                                      struct span mailer)
{
    if (domain.size > 0 && site_is_internal(site, domain)) {
        return RECIPIENT_INTERNAL;
    }
    if (mailer.size == 0) {
        return RECIPIENT_UNKNOWN;
    }
    return is_inside_mailer(mailer) ? RECIPIENT_INTERNAL : RECIPIENT_EXTERNAL;
}

/* "relay" is Postfix's mailer for relay_domains, and Sendmail's for a smart host. */
bool recipient_leaves_by_smtp(const struct session *session, struct span mailer)
{
    bool is_postfix = span_has_prefix_nocase(session->mta_version, SPAN("Postfix"));
    return span_is_equal(mailer, SPAN("smtp")) || span_is_equal(mailer, SPAN("esmtp")) ||
           (!is_postfix && span_is_equal(mailer, SPAN("relay")));
}

/*
 * A route of the site's own (transport_maps, relayhost, mailertable, a smart host) makes the MTA's
 * next hop another one than the domain, and what DNS says of the domain is nobody's business then.
 * A name without a dot is completed by the MTA, we do not know with what.
 */
bool recipient_is_looked_up(const struct recipient *recipient, struct span mailer, struct span host)
{
    char next_hop[DOMAIN_MAX], domain[DOMAIN_MAX];
    bool is_smtp = span_is_equal(mailer, SPAN("smtp")) || span_is_equal(mailer, SPAN("esmtp"));
    return recipient->side == RECIPIENT_EXTERNAL && is_smtp &&
           span_find(recipient->domain, '.') > 0 && domain_to_ascii(recipient->domain, domain) &&
           domain_to_ascii(host, next_hop) && strcmp(next_hop, domain) == 0;
}

size_t recipient_external_count(const struct envelope *envelope)
{
    size_t count = 0;
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        count += envelope->recipients[i].side != RECIPIENT_INTERNAL;
    }
    return count;
}
