/*
 * bill: what a message costs on which account, as "ACCOUNT LIMIT AMOUNT/MAX" lines: amounts by what
 * is counted and which recipients count, the accounts of each scope, the pool of local mail,
 * providers, other values, and what stops a message.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "limits/bill.h"
#include "limits/provider.h"
#include "util/buffer.h"

static const struct config_table *const tables[] = { &limits_table, NULL };

/* Two inside, three outside of which two are at one provider. */
static const struct charge_recipient five[] = {
    { .fingerprint = 1, .is_internal = true, .provider = PROVIDER_OTHER },
    { .fingerprint = 2, .is_internal = true, .provider = PROVIDER_OTHER },
    { .fingerprint = 3, .provider = PROVIDER_GOOGLE },
    { .fingerprint = 4, .provider = PROVIDER_GOOGLE },
    { .fingerprint = 5, .provider = PROVIDER_OTHER },
};

static const struct bill_facts facts_of_alice = {
    .subject = { .mail_class = CLASS_SUBMISSION,
                 .principal = SPAN("alice"),
                 .plan = SPAN("pro"),
                 .domain = SPAN("example.org") },
    .client = SPAN("192.0.2.1"),
    .size_bytes = 1000,
    .recipients = five,
    .recipient_count = 5,
    .failed = 7,
};

static struct config *rows_read(const char *rows)
{
    struct config_report *report = config_report_new();
    struct buffer text = BUFFER_EMPTY;
    buffer_printf(&text, "limits = (%s);", rows);
    struct config *config = config_load_text("t", buffer_span(&text), tables, report);
    if (config == NULL) {
        fail_msg("%s", config_report_fault(report, 0)->text);
    }
    config_report_free(&report);
    buffer_free(&text);
    return config;
}

/* '!' stops the message, '?' only tells. */
static void print_charge(const struct charge *charge, struct buffer *out)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        const struct charge_line *line = &charge->lines[i];
        assert_true(line->account < charge->account_count);
        buffer_printf(out, "%s%.*s %s %" PRIu64 "/%" PRIu64 "%s", i > 0 ? ", " : "",
                      SPAN_ARG(charge->accounts[line->account]), line->limit->name, line->amount,
                      line->max,
                      line->is_strict   ? "!"
                      : line->is_acting ? ""
                                        : "?");
    }
}

static void check(const char *rows, const struct bill_facts *facts, const char *expected)
{
    struct config *config = rows_read(rows);
    struct limit_set *set = limit_set_new(config_settings(config, &limits_table));
    struct arena *arena = arena_new(65536);
    struct charge *charge = calloc(1, sizeof(*charge));
    struct buffer got = BUFFER_EMPTY;
    assert_true(bill_write(set, facts, charge, arena));
    assert_ptr_equal(charge->recipients, facts->recipients);
    assert_int_equal(charge->recipient_count, facts->recipient_count);
    print_charge(charge, &got);
    if (strcmp(buffer_text(&got), expected) != 0) {
        fail_msg("%s gives\n%s, not\n%s", rows, buffer_text(&got), expected);
    }
    buffer_free(&got);
    free(charge);
    arena_free(&arena);
    limit_set_free(&set);
    config_free(&config);
}

/* Its name takes the shipped row away, so that only what a test is about is printed. */
#define ROW(count, more)                                                                           \
    "{ name = \"default\"; count = \"" count "\"; max = 9; per = \"1d\"; " more " }"
#define MORE(name, more) ",{ name = \"" name "\"; count = \"messages\"; max = 5; " more " }"

#define ALICE "principal/submission/alice default "

static void test_amounts(void **state)
{
    static const struct {
        const char *row, *expected;
    } cases[] = {
        { ROW("recipients", ""), ALICE "3/9!" },
        { ROW("recipients", "recipients = \"external\";"), ALICE "3/9!" },
        { ROW("recipients", "recipients = \"internal\";"), ALICE "2/9!" },
        { ROW("recipients", "recipients = \"all\";"), ALICE "5/9!" },
        { ROW("messages", ""), ALICE "1/9!" },
        { ROW("messages", "recipients = \"internal\";"), ALICE "1/9!" },
        { ROW("bytes", ""), ALICE "3000/9!" },
        { ROW("bytes", "recipients = \"internal\";"), ALICE "2000/9!" },
        { ROW("bytes", "recipients = \"all\";"), ALICE "5000/9!" },
        { ROW("failed-recipients", ""), ALICE "7/9!" },
        { ROW("failed-recipients", "by = \"site\";"), "site/ default 7/9!" },
        /* The most it can be; who is known is the ledger's to say. */
        { ROW("unique-recipients", ""), ALICE "3/9!" },
        { ROW("new-recipients", "recipients = \"all\";"), ALICE "5/9!" },
        { ROW("recipients", "by = \"provider\";"),
          "provider/google default 2/9!, provider/other default 1/9!" },
        { ROW("recipients", "by = \"provider\"; recipients = \"all\";"),
          "provider/google default 2/9!, provider/other default 3/9!" },
        { ROW("recipients", "by = \"provider\"; recipients = \"internal\";"),
          "provider/other default 2/9!" },
        { ROW("messages", "by = \"provider\";"),
          "provider/google default 1/9!, provider/other default 1/9!" },
        { ROW("bytes", "by = \"provider\";"),
          "provider/google default 2000/9!, provider/other default 1000/9!" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i].row, &facts_of_alice, cases[i].expected);
    }
}

/* What costs nothing has no line: nobody is told of 0 of 9. */
static void test_nothing(void **state)
{
    struct bill_facts facts = facts_of_alice;
    (void)state;
    facts.recipient_count = 2; /* those inside */
    check(ROW("recipients", ""), &facts, "");
    check(ROW("messages", ""), &facts, "");
    check(ROW("bytes", ""), &facts, "");
    facts.recipients = five + 2;
    check(ROW("recipients", "recipients = \"internal\";"), &facts, "");
    facts.recipient_count = 0;
    check(ROW("messages", "recipients = \"all\";"), &facts, "");
    facts = facts_of_alice;
    facts.size_bytes = 0;
    check(ROW("bytes", ""), &facts, "");
    /* But who had too many refused waits, also with a message that has none. */
    facts.failed = 0;
    check(ROW("failed-recipients", ""), &facts, ALICE "0/9!");
}

static void test_scopes(void **state)
{
    struct bill_facts facts = facts_of_alice;
    (void)state;
    check(ROW("messages", "by = \"plan\";"), &facts, "plan/pro default 1/9!");
    check(ROW("messages", "by = \"domain\";"), &facts, "domain/example.org default 1/9!");
    check(ROW("messages", "by = \"site\";"), &facts, "site/ default 1/9!");
    check(ROW("messages", "by = \"network\";"), &facts, "network/192.0.2.1 default 1/9!");
    facts.subject.network = SPAN("office");
    check(ROW("messages", "by = \"network\";"), &facts, "network/office default 1/9!");
    /* What a message has not is not counted. */
    facts.subject.plan = facts.subject.domain = facts.subject.network = facts.client =
        (struct span){ NULL, 0 };
    check(ROW("messages", "by = \"plan\";"), &facts, "");
    check(ROW("messages", "by = \"domain\";"), &facts, "");
    check(ROW("messages", "by = \"network\";"), &facts, "");
    facts.subject.principal = (struct span){ NULL, 0 };
    check(ROW("messages", ""), &facts, "");
}

/* The principal's account is the first, whatever the file begins with; one account for all its
 * lines. */
static void test_accounts(void **state)
{
    (void)state;
    check(ROW("recipients", "by = \"site\";") MORE("b", "per = \"1h\";")
              MORE("c", "per = \"2h\"; by = \"site\";") MORE("d", "per = \"2h\";"),
          &facts_of_alice,
          "principal/submission/alice b 1/5!, principal/submission/alice d 1/5!, site/ default "
          "3/9!, site/ c 1/5!");
}

static void test_pool(void **state)
{
    struct bill_facts facts = facts_of_alice;
    (void)state;
    facts.subject.mail_class = CLASS_LOCAL;
    facts.subject.principal = SPAN("33:form.php");
    check("", &facts,
          "principal/local/33:form.php default 3/500?, principal/local/local default "
          "3/500?");
    check(ROW("messages", "class = \"local\";"), &facts,
          "principal/local/33:form.php default 1/9!, principal/local/local default 1/9!");
    check(ROW("messages", "class = \"local\";")
              MORE("pool", "per = \"1d\"; principal = \"local\";"),
          &facts, "principal/local/33:form.php default 1/9!, principal/local/local pool 1/5!");
    /* The other scopes once only. */
    check(ROW("messages", "by = \"site\";"), &facts, "site/ default 1/9!");
    /* Whose account nothing tells is in the pool, once. */
    facts.subject.principal = SPAN("local");
    check(ROW("messages", ""), &facts, "principal/local/local default 1/9?");
    /* A login of that name is nobody's pool. */
    facts.subject.mail_class = CLASS_SUBMISSION;
    check(ROW("messages", ""), &facts, "principal/submission/local default 1/9!");
}

static bool four(const struct limit *limit, uint64_t *max_r, void *context)
{
    (void)limit;
    *max_r = 4;
    ++*(int *)context;
    return true;
}

static bool none(const struct limit *limit, uint64_t *max_r, void *context)
{
    (void)limit;
    (void)max_r;
    ++*(int *)context;
    return false;
}

/* Overrides and exceptions are for limits by principal, and not for the pool. */
static void test_other_values(void **state)
{
    struct bill_facts facts = facts_of_alice;
    int asked = 0;
    (void)state;
    facts.other_max = four;
    facts.context = &asked;
    check(ROW("messages", ""), &facts, ALICE "1/4!");
    assert_int_equal(asked, 1);
    check(ROW("messages", "by = \"site\";"), &facts, "site/ default 1/9!");
    assert_int_equal(asked, 1);
    facts.other_max = none;
    check(ROW("messages", ""), &facts, ALICE "1/9!");
    assert_int_equal(asked, 2);
    facts.other_max = four;
    facts.subject.mail_class = CLASS_LOCAL;
    check(ROW("messages", ""), &facts,
          "principal/local/alice default 1/4?, principal/local/local default 1/9?");
    /* Unlimited is counted on, with nothing to be beyond. */
    facts = facts_of_alice;
    check("{ name = \"default\"; count = \"messages\"; max = 0; per = \"1d\"; }", &facts,
          ALICE "1/0!");
}

static bool is_about_sites(const struct limit_choice *choice, void *context)
{
    (void)context;
    return choice->limit->by == LIMIT_BY_SITE;
}

static void test_stopping(void **state)
{
    struct bill_facts facts = facts_of_alice;
    (void)state;
    check(ROW("messages", "action = \"defer\";"), &facts, ALICE "1/9!");
    check(ROW("messages", "action = \"reject\";"), &facts, ALICE "1/9!");
    check(ROW("messages", "action = \"hold\";"), &facts, ALICE "1/9");
    check(ROW("messages", "action = \"observe\";"), &facts, ALICE "1/9");
    facts.subject.mail_class = CLASS_RELAY;
    check(ROW("messages", "action = \"reject\";"), &facts, "principal/relay/alice default 1/9?");
    /* Whoever knows the rules decides alone. */
    facts.is_strict = is_about_sites;
    check(ROW("messages", "by = \"site\"; action = \"observe\";"), &facts, "site/ default 1/9!");
    facts.subject.mail_class = CLASS_SUBMISSION;
    check(ROW("messages", "action = \"reject\";"), &facts, ALICE "1/9");
}

static void test_burst(void **state)
{
    struct config *config = rows_read(ROW("messages", "burst = 3;"));
    struct limit_set *set = limit_set_new(config_settings(config, &limits_table));
    struct arena *arena = arena_new(65536);
    struct charge *charge = calloc(1, sizeof(*charge));
    (void)state;
    assert_true(bill_write(set, &facts_of_alice, charge, arena));
    assert_int_equal(charge->line_count, 1);
    assert_int_equal(charge->lines[0].burst, 3);
    assert_int_equal(charge->lines[0].provider, PROVIDER_COUNT);
    free(charge);
    arena_free(&arena);
    limit_set_free(&set);
    config_free(&config);
}

/* Every scope and every provider at once find room. */
static void test_everything(void **state)
{
    struct charge_recipient all[PROVIDER_COUNT];
    struct bill_facts facts = facts_of_alice;
    struct config *config = rows_read(
        ROW("recipients", "by = \"provider\";") MORE("b", "per = \"1d\"; by = \"site\";")
            MORE("c", "per = \"1d\"; by = \"plan\";") MORE("d", "per = \"1d\"; by = \"domain\";")
                MORE("e", "per = \"1d\"; by = \"network\";") MORE("f", "per = \"1d\";")
                    MORE("g", "per = \"1h\"; by = \"provider\";"));
    struct limit_set *set = limit_set_new(config_settings(config, &limits_table));
    struct arena *arena = arena_new(65536);
    struct charge *charge = calloc(1, sizeof(*charge));
    (void)state;
    for (uint8_t i = 0; i < PROVIDER_COUNT; i++) {
        all[i] = (struct charge_recipient){ .fingerprint = i, .provider = i };
    }
    facts.recipients = all;
    facts.recipient_count = PROVIDER_COUNT;
    facts.subject.mail_class = CLASS_LOCAL;
    assert_true(bill_write(set, &facts, charge, arena));
    assert_int_equal(charge->account_count, 2 + PROVIDER_COUNT + 4);
    assert_int_equal(charge->line_count, 2 + 2 * PROVIDER_COUNT + 4);
    for (size_t i = 0; i < charge->line_count; i++) {
        bool is_by_provider = charge->lines[i].limit->by == LIMIT_BY_PROVIDER;
        assert_int_equal(charge->lines[i].amount, 1);
        assert_int_equal(charge->lines[i].provider < PROVIDER_COUNT, is_by_provider);
    }
    free(charge);
    arena_free(&arena);
    limit_set_free(&set);
    config_free(&config);
}

/* Nobody passes a limit because there is no memory for its account. */
static void test_no_memory(void **state)
{
    struct config *config = rows_read("");
    struct limit_set *set = limit_set_new(config_settings(config, &limits_table));
    struct arena *arena = arena_new(1);
    struct charge *charge = calloc(1, sizeof(*charge));
    (void)state;
    assert_false(bill_write(set, &facts_of_alice, charge, arena));
    free(charge);
    arena_free(&arena);
    limit_set_free(&set);
    config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts),    cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_scopes),     cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_pool),       cmocka_unit_test(test_other_values),
        cmocka_unit_test(test_stopping),   cmocka_unit_test(test_burst),
        cmocka_unit_test(test_everything), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
