/*
 * domains_helo: the name our mail server gives itself: it is to lead to the addresses that give it,
 * or to be their name, and SPF of bounces is judged by it (RFC 5321 4.1.4, RFC 7208 2.3, 2.4).
 */
#include "auth/spf_record.h"
#include "watch/domains_private.h"

/* Is it one of the names of the address? */
static enum domains_found is_name_of(const struct domains_subject *subject, const struct ip *ip,
                                     struct dns_questions *questions)
{
    const struct dns_answer *names = domains_names_of(questions, ip);
    if (names == NULL) {
        return DOMAINS_PENDING;
    }
    if (!dns_is_known(names)) {
        return DOMAINS_UNKNOWN;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (span_is_equal_nocase(names->records[i].data, subject->domain)) {
            return DOMAINS_YES;
        }
    }
    return DOMAINS_NO;
}

/* False: under way. */
static bool judge_lead(const struct domains_subject *subject, const struct ip *ip,
                       struct dns_questions *questions, struct arena *arena,
                       struct domains_look *look)
{
    char address[IP_TEXT_MAX];
    enum domains_found forward = domains_leads_to(questions, subject->domain, ip);
    enum domains_found back = is_name_of(subject, ip, questions);
    if (forward == DOMAINS_PENDING || back == DOMAINS_PENDING) {
        return false;
    }
    if (forward == DOMAINS_YES || back == DOMAINS_YES) {
        return true;
    }
    if (forward == DOMAINS_UNKNOWN || back == DOMAINS_UNKNOWN) {
        look->are_faults_known = false;
        return true;
    }
    ip_print(ip, address);
    domains_look_add(look, arena, DOMAINS_FAULT, "helo-other", address,
                     "%s greets as %.*s, which neither leads to it nor is its name", address,
                     SPAN_ARG(subject->domain));
    return true;
}

/* Addresses as text, and the record where nobody else looks at it. */
static void tell(const struct domains_subject *subject, const struct dns_answer *const *answers,
                 struct span record, struct arena *arena, struct domains_look *look)
{
    size_t count = 0;
    struct span *parts =
        arena_array(arena, answers[0]->count + answers[1]->count + 1, sizeof(*parts));
    for (size_t v = 0; parts != NULL && v < 2; v++) {
        for (size_t i = 0; i < answers[v]->count; i++) {
            struct span data = answers[v]->records[i].data;
            struct ip ip = { .family = v == 0 ? 4 : 6 };
            char address[IP_TEXT_MAX];
            if (data.size != (v == 0 ? 4 : 16)) {
                continue;
            }
            memcpy(ip.bytes, data.at, data.size);
            ip_print(&ip, address);
            parts[count++] = arena_copy(arena, span_of(address));
        }
    }
    bool is_told =
        subject->watched != NULL && hash_table_get(subject->watched, subject->domain) != NULL;
    if (parts != NULL && record.at != NULL && !is_told) {
        parts[count++] = record;
    }
    domains_look_tell(look, arena, parts, count, ", ");
}

/* False: under way. */
static bool judge_spf(const struct domains_subject *subject, enum spf_selection selection,
                      struct dns_questions *questions, struct arena *arena,
                      struct domains_look *look)
{
    const char *broken = "there is more than one";
    if (selection == SPF_NO_RECORD) {
        domains_look_add(look, arena, DOMAINS_NOTE, "helo-spf", NULL,
                         "%.*s has no SPF record, by which bounces are judged: \"v=spf1 a -all\"",
                         SPAN_ARG(subject->domain));
        return true;
    }
    if (selection == SPF_SELECTED && !domains_judge_addresses(subject, "helo-sender", DOMAINS_FAULT,
                                                              questions, arena, look, &broken)) {
        return false;
    }
    if (broken != NULL) {
        domains_look_add(look, arena, DOMAINS_FAULT, "helo-error", NULL,
                         "the SPF record of %.*s, by which bounces are judged, is in error: %s",
                         SPAN_ARG(subject->domain), broken);
    }
    return true;
}

/* False: under way. All is asked before anything is waited for. */
static bool judge_leads(const struct domains_subject *subject, struct dns_questions *questions,
                        struct arena *arena, struct domains_look *look)
{
    bool is_here = true;
    for (size_t i = 0; i < subject->egress->address_count; i++) {
        is_here =
            judge_lead(subject, &subject->egress->addresses[i], questions, arena, look) && is_here;
    }
    return is_here;
}

static void judge_name(const struct domains_subject *subject,
                       const struct dns_answer *const *answers, struct arena *arena,
                       struct domains_look *look)
{
    if (answers[0]->count == 0 && answers[1]->count == 0) {
        domains_look_add(look, arena, DOMAINS_FAULT, "helo-address", NULL, "%.*s has no address",
                         SPAN_ARG(subject->domain));
    }
}

bool domains_look_helo(const struct domains_subject *subject, struct dns_questions *questions,
                       struct arena *arena, struct domains_look *look_r)
{
    const struct dns_answer *const answers[] = {
        dns_questions_ask(questions, subject->domain, DNS_A),
        dns_questions_ask(questions, subject->domain, DNS_AAAA),
        dns_questions_ask(questions, subject->domain, DNS_TXT),
    };
    struct span record = { NULL, 0 };
    *look_r = (struct domains_look){ .are_faults_known = true };
    bool is_here = judge_leads(subject, questions, arena, look_r);
    if (answers[0] == NULL || answers[1] == NULL || answers[2] == NULL || !is_here) {
        return false;
    }
    if (!dns_is_known(answers[0]) || !dns_is_known(answers[1]) || !dns_is_known(answers[2])) {
        *look_r = (struct domains_look){ .is_text_known = false };
        return true;
    }
    enum spf_selection selection = spf_record_select(answers[2], &record);
    judge_name(subject, answers, arena, look_r);
    tell(subject, answers, record, arena, look_r);
    return judge_spf(subject, selection, questions, arena, look_r) &&
           domains_look_end(look_r, arena);
}
