/*
 * domains_ptr: the name of an address that mail leaves from, and whether it leads back: large
 * receivers refuse an address of which that is not so (RFC 1912 2.1).
 */
#include "watch/domains_private.h"

#define NAMES_MAX 10 /* as receivers look at no more */

static void judge_unconfirmed(const struct dns_answer *names, const char *address,
                              struct arena *arena, struct domains_look *look)
{
    const char *name = domains_shown(names->records[0].data, arena);
    if (names->count == 1) {
        domains_look_add(look, arena, DOMAINS_GRAVE, "ptr-unconfirmed", NULL,
                         "the name of %s is %s, which does not lead back to it", address, name);
    } else {
        domains_look_add(look, arena, DOMAINS_GRAVE, "ptr-unconfirmed", NULL,
                         "%s has %zu names, of which none leads back to it: %s and others", address,
                         names->count, name);
    }
}

/* False: under way. */
static bool judge_names(const struct ip *ip, const struct dns_answer *names,
                        struct dns_questions *questions, struct arena *arena,
                        struct domains_look *look)
{
    char address[IP_TEXT_MAX];
    bool is_pending = false, is_unknown = false, is_confirmed = false;
    for (size_t i = 0; i < names->count && i < NAMES_MAX; i++) {
        enum domains_found found = domains_leads_to(questions, names->records[i].data, ip);
        is_pending = is_pending || found == DOMAINS_PENDING;
        is_unknown = is_unknown || found == DOMAINS_UNKNOWN;
        is_confirmed = is_confirmed || found == DOMAINS_YES;
    }
    ip_print(ip, address);
    if (!is_confirmed && is_unknown) {
        look->are_faults_known = false;
    } else if (!is_confirmed) {
        judge_unconfirmed(names, address, arena, look);
    } else if (names->count > 1) {
        domains_look_add(look, arena, DOMAINS_NOTE, "ptr-several", NULL,
                         "%s has %zu names, of which receivers take any", address, names->count);
    }
    return !is_pending;
}

bool domains_look_ptr(const struct domains_subject *subject, struct dns_questions *questions,
                      struct arena *arena, struct domains_look *look_r)
{
    const struct ip *ip = &subject->egress->addresses[0];
    const struct dns_answer *names = domains_names_of(questions, ip);
    *look_r = (struct domains_look){ .is_text_known = false };
    if (names == NULL) {
        return false;
    }
    if (!dns_is_known(names)) {
        return true;
    }
    look_r->are_faults_known = true;
    domains_look_tell(look_r, arena, domains_data(names, arena), names->count, ", ");
    if (names->count == 0) {
        char address[IP_TEXT_MAX];
        ip_print(ip, address);
        domains_look_add(look_r, arena, DOMAINS_GRAVE, "ptr-missing", NULL,
                         "%s has no PTR record: large receivers refuse its mail", address);
    } else if (!judge_names(ip, names, questions, arena, look_r)) {
        return false;
    }
    return domains_look_end(look_r, arena);
}
