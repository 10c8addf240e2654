/*
 * corpus_dmarc: DMARC as others test it: whole verdicts with the zone they rest on (mailauth,
 * mail-auth), alignment, records and From fields (OpenDMARC), organizations (the public suffix
 * list's own tests, with the list of the corpus).
 *
 * Where we differ from a row for good, `argued` says why; any other difference fails, and so does
 * an argument that nothing needs any more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "auth/dmarc_private.h"
#include "auth/organization.h"
#include "auth/organization_private.h"
#include "dns/scripted.h"
#include "jsonl.h"
#include "message/address.h"
#include "util/buffer.h"
#include "util/domain.h"

#define ARENA_BYTES ((size_t)16 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define OLD_TAG "RFC 9989 4.8, C.3: rf, ri and pct are unknown tags now, whatever they hold"

static const struct {
    const char *subject, *why;
} argued[] = {
    { "mailauth:Should include ARC result in comment when provided#1 status.comment",
      "a comment for Authentication-Results; no such field is made here" },
    { "alignment .mac.com. mac.com", "RFC 5321 4.1.2: no domain begins with a dot" },
    { "record-parse v=DMARC1; p=n;", "RFC 9989 4.8: a policy is one of three whole words" },
    { "record-parse v=DMARC1; p=none; aspf=bob;",
      "RFC 9989 4.8: a bad value gives way to the default" },
    { "record-parse v=DMARC1; p=none; rf=bob;", OLD_TAG },
    { "record-parse v=DMARC1; p=none; ri=bob;", OLD_TAG },
    { "record-parse v=DMARC1; p=none; pct=500;", OLD_TAG },
    { "record-parse v=DMARC1; p=none; rf=000000000000000000000000000000000", OLD_TAG },
};
static unsigned argued_hits[COUNT(argued)];

static struct {
    unsigned agreed, argued;
    bool has_failed;
} run;

static void judge(bool agrees, const char *subject, const char *seen)
{
    if (agrees) {
        run.agreed++;
        return;
    }
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (strcmp(argued[i].subject, subject) == 0) {
            argued_hits[i]++;
            run.argued++;
            return;
        }
    }
    printf("FAIL %s: %s\n", subject, seen);
    run.has_failed = true;
}

static void print_part(const char *part)
{
    printf("%s: %u agree, %u argued\n", part, run.agreed, run.argued);
    run.agreed = 0;
    run.argued = 0;
}

/* --- evaluate.jsonl --- */

/* One row, and what we make of it. */
struct mail {
    struct arena *arena;
    const char *id;
    struct span from_domain;
    struct dns_questions *questions;
    struct dmarc_policy policy;
    struct dmarc_alignment_of {
        bool has_passed; /* some identifier is aligned */
        bool is_known;
    } spf, dkim;
};

static void add_quoted(struct buffer *script, const struct jsonl *strings)
{
    for (; strings != NULL; strings = strings->next) {
        buffer_add_text(script, " \"");
        for (size_t i = 0; i < strings->text.size; i++) {
            buffer_printf(script, "\\%03u", (unsigned char)strings->text.at[i]);
        }
        buffer_add_char(script, '"');
    }
}

static void add_record(struct buffer *script, struct span name, const struct jsonl *type,
                       const struct jsonl *data)
{
    buffer_printf(script, "%.*s %.*s", SPAN_ARG(name), SPAN_ARG(type->name));
    if (span_is_equal(type->name, SPAN("TXT"))) {
        add_quoted(script, data->first);
    } else if (data->kind == JSONL_OBJECT) {
        struct span exchange = jsonl_text(data, "exchange");
        buffer_printf(script, " %ld %.*s", jsonl_number(data, "priority", 0), SPAN_ARG(exchange));
    } else {
        buffer_printf(script, " %.*s", SPAN_ARG(data->text));
    }
    buffer_add_char(script, '\n');
}

static void print_zone(const struct jsonl *zone, struct buffer *script)
{
    for (const struct jsonl *name = zone->first; name != NULL; name = name->next) {
        if (span_is_equal(name->name, SPAN("*"))) {
            buffer_add_text(script, "* * TIMEOUT\n");
            continue;
        }
        for (const struct jsonl *type = name->first; type != NULL; type = type->next) {
            for (const struct jsonl *data = type->first; data != NULL; data = data->next) {
                add_record(script, name->name, type, data);
            }
        }
    }
}

static void wait_for(struct mail *mail)
{
    if (!dns_questions_wait(mail->questions, 0)) {
        abort();
    }
}

/* Domains are objects with a name, or names. */
static void align_all(struct mail *mail, const struct jsonl *domains, bool is_strict,
                      struct dmarc_alignment_of *of)
{
    of->is_known = true;
    for (const struct jsonl *at = domains != NULL ? domains->first : NULL; at != NULL;
         at = at->next) {
        struct span domain = at->kind == JSONL_OBJECT ? jsonl_text(at, "domain") : at->text;
        enum dmarc_alignment alignment;
        while (!dmarc_align(&mail->policy, mail->from_domain, domain, is_strict, mail->questions,
                            &alignment)) {
            wait_for(mail);
        }
        of->has_passed = of->has_passed || alignment == DMARC_ALIGNED;
        of->is_known = of->is_known && alignment != DMARC_ALIGNMENT_UNKNOWN;
    }
}

static const char *verdict_of(const struct mail *mail)
{
    switch (mail->policy.state) {
    case DMARC_NONE:
        return "none";
    case DMARC_UNKNOWN:
        return "temperror";
    case DMARC_DEFECTIVE:
        return "permerror";
    case DMARC_PUBLISHED:
        break;
    }
    if (mail->spf.has_passed || mail->dkim.has_passed) {
        return "pass";
    }
    return mail->spf.is_known && mail->dkim.is_known ? "fail" : "temperror";
}

/* What the expectation speaks of, as text; NULL: nothing of ours. */
static const char *value_of(const struct mail *mail, const char *field)
{
    const struct dmarc_policy *policy = &mail->policy;
    const struct {
        const char *field;
        struct span value;
    } values[] = {
        { "status.result", span_of(verdict_of(mail)) },
        { "policy", span_of(dmarc_action_name(policy->action)) },
        { "p", span_of(dmarc_action_name(policy->p)) },
        { "domain", policy->domain },
        { "rr", policy->record },
        { "status.header.from", mail->from_domain },
        { "status.header.d", policy->domain },
        { "alignment.spf.strict", span_of(policy->is_strict_spf ? "true" : "false") },
        { "alignment.dkim.strict", span_of(policy->is_strict_dkim ? "true" : "false") },
        { "alignment.spf", span_of(mail->spf.has_passed ? "pass" : "none") },
        { "alignment.dkim", span_of(mail->dkim.has_passed ? "pass" : "none") },
        { "alignment.spf.result", mail->spf.has_passed ? policy->organization : SPAN("") },
        { "alignment.dkim.result", mail->dkim.has_passed ? policy->organization : SPAN("") },
    };
    for (size_t i = 0; i < COUNT(values); i++) {
        if (strcmp(values[i].field, field) == 0) {
            return arena_copy(mail->arena, values[i].value).at;
        }
    }
    return NULL;
}

static void judge_expectation(const struct mail *mail, const struct jsonl *expectation)
{
    const struct jsonl *field = expectation->first, *test = field->next, *value = test->next;
    const char *subject = arena_printf(mail->arena, "%s %.*s", mail->id, SPAN_ARG(field->text));
    const char *seen = value_of(mail, arena_copy(mail->arena, field->text).at);
    if (span_is_equal(test->text, SPAN("not property"))) {
        /* of the result's own fields; ours has no such member, which the compiler keeps */
        judge(span_is_equal(value->text, SPAN("pct")), subject, "another property");
    } else if (seen == NULL) {
        judge(false, subject, "no such field");
    } else if (span_is_equal(test->text, SPAN("equal"))) {
        judge(span_is_equal(span_of(seen), value->text), subject, seen);
    } else if (span_is_equal(test->text, SPAN("contain"))) {
        judge(strstr(seen, arena_copy(mail->arena, value->text).at) != NULL, subject, seen);
    } else if (span_is_equal(test->text, SPAN("not ok"))) {
        judge(*seen == '\0', subject, seen);
    } else {
        judge(span_is_equal(span_of(seen), test->text), subject, seen); /* "true", "false" */
    }
}

static void judge_mail(struct mail *mail, const struct jsonl *row)
{
    const struct jsonl *input = jsonl_get(row, "input");
    struct span address = jsonl_text(input, "headerFrom");
    mail->id = arena_copy(mail->arena, jsonl_text(row, "id")).at;
    mail->from_domain = span_from(address, (size_t)span_find_last(address, '@') + 1);
    while (!dmarc_discover(mail->from_domain, mail->questions, mail->arena, &mail->policy)) {
        wait_for(mail);
    }
    align_all(mail, jsonl_get(input, "spfDomains"), mail->policy.is_strict_spf, &mail->spf);
    align_all(mail, jsonl_get(input, "dkimDomains"), mail->policy.is_strict_dkim, &mail->dkim);
    for (const struct jsonl *at = jsonl_get(row, "expect")->first; at != NULL; at = at->next) {
        judge_expectation(mail, at);
    }
}

static void judge_evaluate_row(const struct jsonl *row, struct arena *arena)
{
    struct buffer script = BUFFER_EMPTY;
    struct error error;
    print_zone(jsonl_get(row, "zone"), &script);
    struct dns_resolver *resolver = dns_scripted_new(buffer_span(&script), &clock_system, &error);
    if (resolver == NULL) {
        judge(false, "evaluate.jsonl", error.text);
        buffer_free(&script);
        return;
    }
    struct mail mail = { .arena = arena, .questions = dns_questions_new(resolver, 100) };
    judge_mail(&mail, row);
    dns_questions_free(&mail.questions);
    dns_resolver_free(&resolver);
    buffer_free(&script);
}

/* --- opendmarc-tables.tsv --- */

/* The last two labels. */
static struct span organization_in_table(struct span domain)
{
    ptrdiff_t dot = span_find_last(domain, '.');
    return dot < 0 ? domain
                   : span_from(domain,
                               (size_t)(span_find_last(span_first(domain, (size_t)dot), '.') + 1));
}

/* The From domain's organization publishes a record. */
static bool is_aligned(struct span from, struct span authenticated, bool is_strict,
                       struct arena *arena)
{
    char from_name[DOMAIN_MAX], name[DOMAIN_MAX];
    struct error error;
    struct dmarc_policy policy;
    enum dmarc_alignment alignment = DMARC_NOT_ALIGNED;
    if (!domain_to_ascii(from, from_name) || !domain_to_ascii(authenticated, name)) {
        return false;
    }
    struct span organization = organization_in_table(span_of(from_name));
    const char *script =
        arena_printf(arena, "_dmarc.%.*s TXT \"v=DMARC1; p=reject\"\n", SPAN_ARG(organization));
    struct dns_resolver *resolver = dns_scripted_new(span_of(script), &clock_system, &error);
    struct dns_questions *questions = dns_questions_new(resolver, 100);
    if (resolver == NULL || !dmarc_discover(span_of(from_name), questions, arena, &policy) ||
        !dmarc_align(&policy, span_of(from_name), span_of(name), is_strict, questions,
                     &alignment)) {
        abort();
    }
    dns_questions_free(&questions);
    dns_resolver_free(&resolver);
    return alignment == DMARC_ALIGNED;
}

static bool is_good_record(struct span text)
{
    struct dmarc_record record;
    return dmarc_record_read(text, &record) && record.trouble == NULL;
}

/* One author in that domain, or a From that is told apart from such a one. */
static bool is_author(struct span field, struct span domain, struct arena *arena)
{
    struct address_list list;
    if (!address_parse_list(field, arena, &list) || list.count == 0) {
        return false;
    }
    return list.count == 1 && list.defects == 0
               ? span_is_equal(list.at[0].domain, domain)
               : (list.count > 1 ||
                  (list.defects & (ADDRESS_DOUBTFUL | ADDRESS_HIDDEN_ANGLE)) != 0);
}

static void judge_opendmarc_row(struct span line, struct arena *arena)
{
    struct span field[5];
    for (size_t i = 0; i < COUNT(field); i++) {
        if (!span_cut(&line, '\t', &field[i])) {
            judge(false, "opendmarc-tables.tsv", "a line of too few fields");
            return;
        }
    }
    bool is_right;
    if (span_is_equal(field[0], SPAN("alignment"))) {
        is_right = is_aligned(field[1], field[2], span_is_equal(field[3], SPAN("strict")), arena) ==
                   span_is_equal(field[4], SPAN("aligned"));
    } else if (span_is_equal(field[0], SPAN("record-parse"))) {
        is_right = is_good_record(field[1]) == span_is_equal(field[4], SPAN("OKAY"));
    } else {
        is_right = is_author(field[1], field[4], arena);
    }
    judge(is_right,
          arena_printf(arena, "%.*s %.*s%s%.*s", SPAN_ARG(field[0]), SPAN_ARG(field[1]),
                       field[2].size > 0 ? " " : "", SPAN_ARG(field[2])),
          "not as the table has it");
}

/* --- psl-tests.tsv --- */

static void judge_psl_row(struct span line, const struct organization_list *list,
                          struct arena *arena)
{
    char name[DOMAIN_MAX] = "", expected[DOMAIN_MAX] = "";
    struct span input;
    if (!span_cut(&line, '\t', &input)) {
        judge(false, "psl-tests.tsv", "a line of one field");
        return;
    }
    bool is_none = span_is_equal(line, SPAN("null"));
    bool is_name = domain_to_ascii(input, name);
    struct span seen = is_name && !span_is_equal(input, SPAN("null"))
                           ? organization_list_find(list, span_of(name))
                           : organization_list_find(list, input);
    judge(is_none ? seen.at == NULL
                  : domain_to_ascii(line, expected) && span_is_equal(seen, span_of(expected)),
          arena_printf(arena, "psl %.*s", SPAN_ARG(input)),
          arena_printf(arena, "%.*s", SPAN_ARG(seen)));
}

static bool judge_psl(struct span file, struct arena *arena)
{
    struct span line;
    struct organization_list *list = organization_list_open(
        arena_printf(arena, "%s/dmarc/public_suffix_list.dat", getenv("EGRESS_CORPUS")));
    if (list == NULL) {
        puts("psl-tests.tsv: not asked, there is no libpsl");
        return !organization_is_known();
    }
    while (span_cut(&file, '\n', &line)) {
        if (line.size > 0 && line.at[0] != '#') {
            judge_psl_row(line, list, arena);
        }
    }
    organization_list_free(&list);
    print_part("psl-tests.tsv");
    return true;
}

/* --- all of it --- */

static void judge_all(struct span evaluate, struct span opendmarc, struct arena *arena)
{
    struct span line;
    while (evaluate.size > 0 && span_cut(&evaluate, '\n', &line)) {
        const struct jsonl *row = line.size > 0 ? jsonl_parse(line, false, arena) : NULL;
        if (row != NULL) {
            judge_evaluate_row(row, arena);
        } else {
            judge(line.size == 0, "evaluate.jsonl", "a line that is no JSON");
        }
    }
    print_part("evaluate.jsonl");
    while (opendmarc.size > 0 && span_cut(&opendmarc, '\n', &line)) {
        if (line.size > 0 && line.at[0] != '#') {
            judge_opendmarc_row(line, arena);
        }
    }
    print_part("opendmarc-tables.tsv");
}

int main(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct span evaluate, opendmarc, psl;
    if (arena == NULL) {
        return 1;
    }
    if (!corpus_read("dmarc/evaluate.jsonl", arena, &evaluate) ||
        !corpus_read("dmarc/opendmarc-tables.tsv", arena, &opendmarc) ||
        !corpus_read("dmarc/psl-tests.tsv", arena, &psl)) {
        puts("SKIP: corpus absent");
        arena_free(&arena);
        return 77;
    }
    judge_all(evaluate, opendmarc, arena);
    run.has_failed = !judge_psl(psl, arena) || run.has_failed;
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("FAIL nothing needs the argument for \"%s\"\n", argued[i].subject);
            run.has_failed = true;
        }
    }
    arena_free(&arena);
    return run.has_failed;
}
