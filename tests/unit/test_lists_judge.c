/*
 * judge: the question for each kind of subject, and what answers mean, code by code.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lists/judge.h"
#include "lists/known.h"

static struct list_zone zone_of(const char *name, unsigned uses)
{
    const struct list_known *known = list_known_find(span_of(name));
    assert_non_null(known);
    return (struct list_zone){ .name = name,
                               .suffix = name,
                               .kind = known->kind,
                               .level = known->level,
                               .uses = uses,
                               .codes = known->codes,
                               .code_count = known->code_count,
                               .errors = known->errors,
                               .error_count = known->error_count,
                               .rule = -1 };
}

static const struct {
    const char *zone, *subject, *organization, *question; /* question NULL: not asked */
} questions[] = {
    { "zen.spamhaus.org", "192.0.2.99", NULL, "99.2.0.192.zen.spamhaus.org" },
    { "zen.spamhaus.org", "2001:db8::1", NULL,
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.zen.spamhaus.org" },
    { "zen.spamhaus.org", "::ffff:192.0.2.99", NULL, "99.2.0.192.zen.spamhaus.org" },
    { "zen.spamhaus.org", "127.0.0.1", NULL, NULL },
    { "zen.spamhaus.org", "10.1.2.3", NULL, NULL },
    { "zen.spamhaus.org", "172.31.0.1", NULL, NULL },
    { "zen.spamhaus.org", "192.168.1.1", NULL, NULL },
    { "zen.spamhaus.org", "100.64.0.1", NULL, NULL },
    { "zen.spamhaus.org", "fe80::1", NULL, NULL },
    { "zen.spamhaus.org", "fd00::1", NULL, NULL },
    { "zen.spamhaus.org", "::1", NULL, NULL },
    { "zen.spamhaus.org", "www.example.com", "example.com", NULL },
    { "dbl.spamhaus.org", "192.0.2.99", NULL, NULL },
    { "dbl.spamhaus.org", "www.example.com", "example.com", "www.example.com.dbl.spamhaus.org" },
    { "multi.surbl.org", "www.example.com", "example.com", "example.com.multi.surbl.org" },
    { "multi.surbl.org", "www.example.com", NULL, "www.example.com.multi.surbl.org" },
    { "dbl.spamhaus.org", "localhost", NULL, NULL },
    { "dbl.spamhaus.org", "[192.0.2.99]", NULL, NULL },
};

static void questions_are_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        struct list_zone zone = zone_of(questions[i].zone, 1u << LIST_USE_LINKS);
        struct list_subject subject = { .use = LIST_USE_LINKS };
        char question[LIST_QUESTION_MAX];
        /* An address in brackets is no address here, but what was left of a literal. */
        if (questions[i].subject[0] == '[' ||
            !ip_parse(span_of(questions[i].subject), &subject.ip)) {
            subject.name = span_of(questions[i].subject);
            subject.organization = span_of(questions[i].organization);
        }
        bool is_asked = list_question(&zone, &subject, question);
        assert_int_equal(is_asked, questions[i].question != NULL);
        if (is_asked) {
            assert_string_equal(question, questions[i].question);
        }
        subject.use = LIST_USE_SENDER_DOMAIN; /* not among its uses */
        assert_false(list_question(&zone, &subject, question));
    }
}

/* A name that gets too long with the zone is not asked, and never cut. */
static void too_long_is_not_asked(void **state)
{
    struct list_zone zone = zone_of("dbl.spamhaus.org", 1u << LIST_USE_LINKS);
    char name[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com";
    struct list_subject subject = { .use = LIST_USE_LINKS, .name = span_of(name) };
    char question[LIST_QUESTION_MAX];
    (void)state;
    assert_false(list_question(&zone, &subject, question));
    subject.name = span_from(subject.name, 16);
    assert_true(list_question(&zone, &subject, question));
}

static const struct {
    const char *zone, *answers; /* addresses with blanks between; a name of dns_result */
    enum list_use use;
    enum list_verdict verdict;
    const char *text; /* of the meaning, or of why */
    bool is_certain;
} answers[] = {
    { "zen.spamhaus.org", "NXDOMAIN", LIST_USE_CLIENT, LIST_CLEAN, NULL, false },
    { "zen.spamhaus.org", "NODATA", LIST_USE_CLIENT, LIST_CLEAN, NULL, false },
    { "zen.spamhaus.org", "SERVFAIL", LIST_USE_CLIENT, LIST_SILENT, "fail or refuse", false },
    { "zen.spamhaus.org", "TIMEOUT", LIST_USE_CLIENT, LIST_SILENT, "in time", false },
    { "zen.spamhaus.org", "BOGUS", LIST_USE_CLIENT, LIST_SILENT, "forged", false },
    { "zen.spamhaus.org", "127.0.0.2", LIST_USE_CLIENT, LIST_LISTED, "SBL", false },
    { "zen.spamhaus.org", "127.0.0.3", LIST_USE_CLIENT, LIST_LISTED, "CSS", false },
    { "zen.spamhaus.org", "127.0.0.4", LIST_USE_CLIENT, LIST_LISTED, "XBL", false },
    { "zen.spamhaus.org", "127.0.0.7", LIST_USE_CLIENT, LIST_LISTED, "XBL", false },
    { "zen.spamhaus.org", "127.0.0.9", LIST_USE_CLIENT, LIST_LISTED, "DROP", false },
    { "zen.spamhaus.org", "127.0.0.10", LIST_USE_CLIENT, LIST_CLEAN, NULL, false },
    { "zen.spamhaus.org", "127.0.0.11", LIST_USE_CLIENT, LIST_CLEAN, NULL, false },
    { "zen.spamhaus.org", "127.0.0.10 127.0.0.4", LIST_USE_CLIENT, LIST_LISTED, "XBL", false },
    { "zen.spamhaus.org", "127.0.0.10", LIST_USE_OWN, LIST_LISTED, "PBL", false },
    { "zen.spamhaus.org", "127.0.0.1", LIST_USE_CLIENT, LIST_ERROR, "no listing", false },
    { "zen.spamhaus.org", "127.0.0.8", LIST_USE_CLIENT, LIST_ERROR, "none of its codes", false },
    { "zen.spamhaus.org", "127.0.1.2", LIST_USE_CLIENT, LIST_ERROR, "none of its codes", false },
    { "zen.spamhaus.org", "127.255.255.252", LIST_USE_CLIENT, LIST_ERROR, "wrongly", false },
    { "zen.spamhaus.org", "127.255.255.254", LIST_USE_CLIENT, LIST_ERROR, "resolver", false },
    { "zen.spamhaus.org", "127.255.255.255", LIST_USE_CLIENT, LIST_ERROR, "too many", false },
    { "zen.spamhaus.org", "127.255.255.1", LIST_USE_CLIENT, LIST_ERROR, "not answer us", false },
    { "zen.spamhaus.org", "1.2.3.4", LIST_USE_CLIENT, LIST_ERROR, "in its place", false },
    { "zen.spamhaus.org", "127.0.0.4 1.2.3.4", LIST_USE_CLIENT, LIST_ERROR, "1.2.3.4", false },
    { "dbl.spamhaus.org", "127.0.1.2", LIST_USE_LINKS, LIST_LISTED, "spam", false },
    { "dbl.spamhaus.org", "127.0.1.4", LIST_USE_LINKS, LIST_LISTED, "phishing", true },
    { "dbl.spamhaus.org", "127.0.1.5", LIST_USE_LINKS, LIST_LISTED, "malware", true },
    { "dbl.spamhaus.org", "127.0.1.6", LIST_USE_LINKS, LIST_LISTED, "controls", true },
    { "dbl.spamhaus.org", "127.0.1.102", LIST_USE_LINKS, LIST_LISTED, "decent", false },
    { "dbl.spamhaus.org", "127.0.1.106", LIST_USE_LINKS, LIST_LISTED, "decent", false },
    { "dbl.spamhaus.org", "127.0.1.2 127.0.1.4", LIST_USE_LINKS, LIST_LISTED, "phishing", true },
    { "dbl.spamhaus.org", "127.0.1.255", LIST_USE_LINKS, LIST_ERROR, "address", false },
    { "multi.surbl.org", "127.0.0.8", LIST_USE_LINKS, LIST_LISTED, "phishing", true },
    { "multi.surbl.org", "127.0.0.80", LIST_USE_LINKS, LIST_LISTED, "malware", true },
    { "multi.surbl.org", "127.0.0.64", LIST_USE_LINKS, LIST_LISTED, "ABUSE", false },
    { "multi.surbl.org", "127.0.0.254", LIST_USE_LINKS, LIST_LISTED, "phishing", true },
    { "multi.surbl.org", "127.0.0.1", LIST_USE_LINKS, LIST_ERROR, "blocks", false },
    { "multi.surbl.org", "127.0.0.9", LIST_USE_LINKS, LIST_ERROR, "blocks", false },
    { "multi.surbl.org", "127.0.1.8", LIST_USE_LINKS, LIST_ERROR, "none of its codes", false },
    { "multi.surbl.org", "127.0.0.2", LIST_USE_LINKS, LIST_ERROR, "none of its codes", false },
    { "multi.uribl.com", "127.0.0.2", LIST_USE_LINKS, LIST_LISTED, "black", false },
    { "multi.uribl.com", "127.0.0.1", LIST_USE_LINKS, LIST_ERROR, "refuses", false },
    { "multi.uribl.com", "127.0.0.255", LIST_USE_LINKS, LIST_ERROR, "refuses", false },
    { "zrd.dq.spamhaus.net", "127.0.2.7", LIST_USE_LINKS, LIST_LISTED, "a day", false },
    { "zrd.dq.spamhaus.net", "127.0.2.25", LIST_USE_LINKS, LIST_ERROR, "none", false },
    { "zrd.dq.spamhaus.net", "127.0.2.255", LIST_USE_LINKS, LIST_ERROR, "address", false },
    { "combined.mail.abusix.zone", "127.0.0.11", LIST_USE_CLIENT, LIST_CLEAN, NULL, false },
    { "combined.mail.abusix.zone", "127.0.0.4", LIST_USE_CLIENT, LIST_LISTED, "machine", false },
};

struct written {
    struct dns_answer answer;
    struct dns_record records[8];
    struct ip ips[8];
};

static void write_answer(const char *text, struct written *written)
{
    static const char *const results[] = { "FOUND",    "NODATA", "NXDOMAIN",
                                           "SERVFAIL", "BOGUS",  "TIMEOUT" };
    struct span rest = span_of(text), word;
    memset(written, 0, sizeof(*written));
    written->answer.records = written->records;
    for (int i = DNS_NODATA; i <= DNS_TIMEOUT; i++) {
        if (strcmp(text, results[i]) == 0) {
            written->answer.result = (enum dns_result)i;
            return;
        }
    }
    while (span_cut(&rest, ' ', &word)) {
        size_t at = written->answer.count++;
        assert_true(ip_parse(word, &written->ips[at]));
        written->records[at].data = (struct span){ (const char *)written->ips[at].bytes, 4 };
    }
}

static void answers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct list_zone zone = zone_of(answers[i].zone, 0);
        struct written written;
        struct list_judgement judgement;
        write_answer(answers[i].answers, &written);
        list_judge(&zone, answers[i].use, &written.answer, &judgement);
        const char *text = judgement.what != NULL && judgement.verdict == LIST_LISTED
                               ? judgement.what->means
                               : judgement.why;
        if (judgement.verdict != answers[i].verdict ||
            (answers[i].text != NULL && strstr(text, answers[i].text) == NULL) ||
            (judgement.verdict == LIST_LISTED &&
             judgement.what->is_certain != answers[i].is_certain)) {
            fail_msg("%s %s: verdict %d, %s", answers[i].zone, answers[i].answers,
                     (int)judgement.verdict, text);
        }
    }
}

/* A record that is no address is none of a list. */
static void odd_records_are_errors(void **state)
{
    struct list_zone zone = zone_of("zen.spamhaus.org", 0);
    struct dns_record record = { .data = SPAN("abc") };
    struct dns_answer answer = { .result = DNS_FOUND, .count = 1, .records = &record };
    struct list_judgement judgement;
    (void)state;
    list_judge(&zone, LIST_USE_CLIENT, &answer, &judgement);
    assert_int_equal(judgement.verdict, LIST_ERROR);
}

static void keys_are_not_shown(void **state)
{
    struct list_zone zone = { .name = "bl.example", .key = "Secret" };
    (void)state;
    assert_true(list_is_fit_to_show(&zone, SPAN("https://bl.example/why")));
    assert_false(list_is_fit_to_show(&zone, SPAN("asked for 1.secret.bl.example")));
    zone.key = NULL;
    assert_true(list_is_fit_to_show(&zone, SPAN("asked for 1.secret.bl.example")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_right), cmocka_unit_test(too_long_is_not_asked),
        cmocka_unit_test(answers_are_judged),  cmocka_unit_test(odd_records_are_errors),
        cmocka_unit_test(keys_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
