/*
 * domains_mx: where mail to a domain of ours goes: answers and bounces come back there, and some
 * receivers refuse senders that cannot be answered (RFC 5321 5.1, RFC 7505).
 */
#include "watch/domains_private.h"

#include "util/domain.h"

static void tell(const struct dns_answer *answer, struct arena *arena, struct domains_look *look)
{
    struct span *parts = arena_array(arena, answer->count + 1, sizeof(*parts));
    for (size_t i = 0; parts != NULL && i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];
        parts[i] =
            span_of(arena_printf(arena, "%u %s", record->preference,
                                 record->data.size > 0 ? domains_shown(record->data, arena) : "."));
    }
    domains_look_tell(look, arena, parts, answer->count, ", ");
}

/* Without MX records mail goes to the address of the domain itself. False: under way. */
static bool judge_absence(const struct domains_subject *subject, const struct dns_answer *answer,
                          struct dns_questions *questions, struct arena *arena,
                          struct domains_look *look)
{
    if (answer->result == DNS_NXDOMAIN) {
        domains_look_add(look, arena, DOMAINS_GRAVE, "mx-no-domain", NULL,
                         "DNS knows no domain %.*s: receivers refuse its mail",
                         SPAN_ARG(subject->domain));
        return true;
    }
    switch (domains_has_address(questions, subject->domain)) {
    case DOMAINS_PENDING:
        return false;
    case DOMAINS_UNKNOWN:
        look->are_faults_known = false;
        break;
    case DOMAINS_NO:
        domains_look_add(look, arena, DOMAINS_GRAVE, "mx-missing", NULL,
                         "%.*s has no MX record and no address: bounces are lost, and some "
                         "receivers refuse its mail",
                         SPAN_ARG(subject->domain));
        break;
    case DOMAINS_YES:
        domains_look_add(look, arena, DOMAINS_FAULT, "mx-missing", NULL,
                         "%.*s has no MX record: bounces go to its own address",
                         SPAN_ARG(subject->domain));
        break;
    }
    return true;
}

struct targets {
    size_t good, unknown;
    bool is_pending;
};

/* A name that is an alias is not followed by every sender (RFC 2181 10.3, RFC 5321 5.1). */
static void judge_alias(struct span name, struct dns_questions *questions, struct arena *arena,
                        struct domains_look *look, struct targets *targets)
{
    const struct dns_answer *alias = dns_questions_ask(questions, name, DNS_CNAME);
    if (alias == NULL) {
        targets->is_pending = true;
    } else if (!dns_is_known(alias)) {
        targets->unknown++;
    } else if (alias->count > 0) {
        const char *shown = domains_shown(name, arena);
        domains_look_add(look, arena, DOMAINS_FAULT, "mx-alias", shown,
                         "the MX %s is an alias of %s, where the name itself is to stand", shown,
                         domains_shown(alias->records[0].data, arena));
    }
}

static void judge_target(struct span name, struct dns_questions *questions, struct arena *arena,
                         struct domains_look *look, struct targets *targets)
{
    struct ip ip;
    const char *shown = domains_shown(name, arena);
    if (ip_parse(name, &ip)) {
        domains_look_add(look, arena, DOMAINS_FAULT, "mx-literal", shown,
                         "the MX %s is an address, where only a name counts", shown);
        return;
    }
    judge_alias(name, questions, arena, look, targets);
    switch (domains_has_address(questions, name)) {
    case DOMAINS_PENDING:
        targets->is_pending = true;
        break;
    case DOMAINS_UNKNOWN:
        targets->unknown++;
        break;
    case DOMAINS_NO:
        domains_look_add(look, arena, DOMAINS_FAULT, "mx-address", shown,
                         "the MX %s has no address", shown);
        break;
    case DOMAINS_YES:
        targets->good++;
        break;
    }
}

static void judge_null(const struct domains_subject *subject, size_t count, struct arena *arena,
                       struct domains_look *look)
{
    if (count == 1) {
        domains_look_add(look, arena, DOMAINS_GRAVE, "mx-null", NULL,
                         "the null MX of %.*s says that it takes no mail: bounces are lost, and "
                         "receivers may refuse what it sends (RFC 7505 4.2)",
                         SPAN_ARG(subject->domain));
    } else {
        domains_look_add(look, arena, DOMAINS_FAULT, "mx-null", NULL,
                         "a null MX stands beside other MX records (RFC 7505 3)");
    }
}

/* False: under way. */
static bool judge_targets(const struct domains_subject *subject, const struct dns_answer *answer,
                          struct dns_questions *questions, struct arena *arena,
                          struct domains_look *look)
{
    struct targets targets = { .good = 0 };
    bool has_null = false;
    for (size_t i = 0; i < answer->count; i++) {
        if (answer->records[i].data.size == 0) {
            has_null = true;
        } else {
            judge_target(answer->records[i].data, questions, arena, look, &targets);
        }
    }
    if (has_null) {
        judge_null(subject, answer->count, arena, look);
    }
    if (targets.unknown > 0) {
        look->are_faults_known = false;
    } else if (targets.good == 0 && answer->count > (has_null ? 1 : 0)) {
        domains_look_add(look, arena, DOMAINS_GRAVE, "mx-dead", NULL,
                         "no MX of %.*s has an address: bounces are lost",
                         SPAN_ARG(subject->domain));
    }
    return !targets.is_pending;
}

bool domains_look_mx(const struct domains_subject *subject, struct dns_questions *questions,
                     struct arena *arena, struct domains_look *look_r)
{
    const struct dns_answer *answer = dns_questions_ask(questions, subject->domain, DNS_MX);
    *look_r = (struct domains_look){ .is_text_known = false };
    if (answer == NULL) {
        return false;
    }
    if (!dns_is_known(answer)) {
        return true;
    }
    look_r->are_faults_known = true;
    tell(answer, arena, look_r);
    bool is_here = answer->count == 0 ? judge_absence(subject, answer, questions, arena, look_r)
                                      : judge_targets(subject, answer, questions, arena, look_r);
    return is_here && domains_look_end(look_r, arena);
}
