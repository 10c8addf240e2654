/*
 * domains_spf: the SPF record of a domain, and what it says of the addresses its mail leaves from
 * (RFC 7208).
 *
 * What the review of the whole record tree finds makes mail fail only where one of our addresses
 * meets it: receivers read from the front, and stop where an address is found.
 */
#include <stdio.h>

#include "auth/spf.h"
#include "auth/spf_record.h"
#include "auth/spf_walk.h"
#include "watch/domains_private.h"

/* Every record of version spf1, since several are a fault that names them. */
static void tell_records(struct domains_look *look, struct arena *arena,
                         const struct dns_answer *answer)
{
    struct span *parts = arena_array(arena, answer->count + 1, sizeof(*parts));
    size_t count = 0;
    for (size_t i = 0; parts != NULL && i < answer->count; i++) {
        struct span unused;
        struct dns_answer one = *answer;
        one.count = 1;
        one.records = &answer->records[i];
        if (spf_record_select(&one, &unused) == SPF_SELECTED) {
            parts[count++] = answer->records[i].data;
        }
    }
    domains_look_tell(look, arena, parts, count, " | ");
}

/* Remarks have no names: each is told apart by its text. */
static void take_remarks(const struct spf_review *review, bool is_broken, struct arena *arena,
                         struct domains_look *look)
{
    const enum domains_weight weights[] = { [SPF_ADVICE] = DOMAINS_NOTE,
                                            [SPF_WARNING] = DOMAINS_FAULT,
                                            [SPF_FAULT] =
                                                is_broken ? DOMAINS_GRAVE : DOMAINS_FAULT };
    for (size_t i = 0; i < review->remark_count; i++) {
        const struct spf_remark *remark = &review->remarks[i];
        domains_look_add(look, arena, weights[remark->weight], "spf", remark->text, "%s",
                         remark->text);
    }
}

static void judge_address(const struct domains_subject *subject, const struct ip *ip,
                          const struct spf_answer *answer, const char *kind,
                          enum domains_weight weight, struct arena *arena,
                          struct domains_look *look)
{
    char address[IP_TEXT_MAX];
    ip_print(ip, address);
    if (answer->says == SPF_SAYS_TEMPERROR) {
        look->are_faults_known = false;
    } else if (answer->says != SPF_SAYS_PASS && answer->says != SPF_SAYS_PERMERROR) {
        domains_look_add(look, arena, answer->says == SPF_SAYS_FAIL ? weight : DOMAINS_FAULT, kind,
                         address, "%s is not in the SPF record of %.*s (%s: %s)", address,
                         SPAN_ARG(subject->domain), spf_says_name(answer->says), answer->why);
    }
}

bool domains_judge_addresses(const struct domains_subject *subject, const char *kind,
                             enum domains_weight weight, struct dns_questions *questions,
                             struct arena *arena, struct domains_look *look, const char **broken_r)
{
    const struct egress *egress = subject->egress;
    bool is_here = true;
    *broken_r = NULL;
    for (size_t i = 0; i < egress->address_count; i++) {
        struct spf_query query = { .client = egress->addresses[i],
                                   .domain = subject->domain,
                                   .helo = span_of(egress->helo) };
        struct spf_answer answer;
        if (!spf_ask(&query, questions, arena, &answer)) {
            is_here = false;
            continue;
        }
        if (answer.says == SPF_SAYS_PERMERROR && *broken_r == NULL) {
            *broken_r = answer.why;
        }
        judge_address(subject, &egress->addresses[i], &answer, kind, weight, arena, look);
    }
    return is_here;
}

/* The one record there is. False: under way. All is asked before anything is waited for. */
static bool judge_record(const struct domains_subject *subject, struct dns_questions *questions,
                         struct arena *arena, struct domains_look *look)
{
    struct spf_review review;
    const char *broken;
    bool is_reviewed = spf_review(subject->domain, questions, arena, &review);
    if (!domains_judge_addresses(subject, "spf-address", DOMAINS_GRAVE, questions, arena, look,
                                 &broken) ||
        !is_reviewed) {
        return false;
    }
    look->are_faults_known = look->are_faults_known && review.is_known;
    take_remarks(&review, broken != NULL || subject->egress->address_count == 0, arena, look);
    if (broken != NULL && (review.remark_count == 0 || review.remarks[0].weight != SPF_FAULT)) {
        domains_look_add(look, arena, DOMAINS_GRAVE, "spf-error", NULL, "%s", broken);
    }
    return true;
}

bool domains_look_spf(const struct domains_subject *subject, struct dns_questions *questions,
                      struct arena *arena, struct domains_look *look_r)
{
    struct span text;
    const struct dns_answer *answer = dns_questions_ask(questions, subject->domain, DNS_TXT);
    *look_r = (struct domains_look){ .is_text_known = false };
    if (answer == NULL) {
        return false;
    }
    if (!dns_is_known(answer)) {
        return true;
    }
    tell_records(look_r, arena, answer);
    look_r->are_faults_known = true;
    switch (spf_record_select(answer, &text)) {
    case SPF_NO_RECORD:
        domains_look_add(look_r, arena, DOMAINS_FAULT, "spf-missing", NULL,
                         "%.*s has no SPF record", SPAN_ARG(subject->domain));
        break;
    case SPF_SEVERAL_RECORDS:
        domains_look_add(look_r, arena, DOMAINS_GRAVE, "spf-several", NULL,
                         "%.*s has more than one SPF record, so that none of them counts",
                         SPAN_ARG(subject->domain));
        break;
    case SPF_SELECTED:
        if (!judge_record(subject, questions, arena, look_r)) {
            return false;
        }
        break;
    }
    return domains_look_end(look_r, arena);
}
