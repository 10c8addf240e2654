/*
 * choose: which rows hold for a message: rivals by their selectors, others together, and for whom
 * an action is carried out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/config.h"
#include "limits/choose.h"
#include "util/buffer.h"

static const struct config_table *const tables[] = { &limits_table, NULL };

/* Rows in short: "NAME COUNT PER SELECTORS;" as settings are written. */
struct rows {
    struct config *config;
    struct limit_set *set;
};

static struct rows rows_open(const char *rows)
{
    struct config_report *report = config_report_new();
    struct buffer text = BUFFER_EMPTY;
    buffer_printf(&text, "limits = (%s);", rows);
    struct rows opened = {
        .config = config_load_text("t", buffer_span(&text), tables, report),
    };
    if (opened.config == NULL) {
        fail_msg("%s", config_report_fault(report, 0)->text);
    }
    opened.set = limit_set_new(config_settings(opened.config, &limits_table));
    assert_non_null(opened.set);
    config_report_free(&report);
    buffer_free(&text);
    return opened;
}

static void rows_close(struct rows *rows)
{
    limit_set_free(&rows->set);
    assert_null(rows->set);
    config_free(&rows->config);
}

#define ROW(name, more)                                                                            \
    "{ name = \"" name "\"; count = \"recipients\"; max = 1; per = \"1h\"; " more " }"

/* "NAME" of what acts, "(NAME)" of what is only told, in the order given. */
static void choose(const struct limit_set *set, const struct limit_subject *subject,
                   struct buffer *got)
{
    struct limit_choice choices[16];
    size_t count = limit_choose(set, subject, choices, 16);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(got, choices[i].is_acting ? "%s%s" : "%s(%s)", i > 0 ? " " : "",
                      choices[i].limit->name);
    }
}

static void check(const char *rows, const struct limit_subject *subject, const char *expected)
{
    struct rows opened = rows_open(rows);
    struct buffer got = BUFFER_EMPTY;
    choose(opened.set, subject, &got);
    if (strcmp(buffer_text(&got), expected) != 0) {
        fail_msg("%s gives %s, not %s", rows, buffer_text(&got), expected);
    }
    buffer_free(&got);
    rows_close(&opened);
}

/* A subject that fits every selector of these tests. */
static const struct limit_subject alice = { .mail_class = CLASS_SUBMISSION,
                                            .principal = SPAN("alice@example.org"),
                                            .plan = SPAN("pro"),
                                            .domain = SPAN("example.org"),
                                            .network = SPAN("office") };

#define PRINCIPAL "principal = \"alice@example.org\"; "
#define PLAN "plan = \"pro\"; "
#define DOMAIN "domain = \"example.org\"; "
#define NETWORK "network = \"office\"; "
#define CLASS "class = \"submission\"; "

/* Every set of selectors by its weight; of two rows the heavier one holds, wherever it stands. */
static void test_the_most_specific(void **state)
{
    static const char *const kinds[] = { CLASS, NETWORK, DOMAIN, PLAN, PRINCIPAL };
    (void)state;
    for (unsigned a = 0; a < 32; a++) {
        for (unsigned b = 0; b < a; b++) {
            struct buffer heavy = BUFFER_EMPTY, light = BUFFER_EMPTY, rows = BUFFER_EMPTY;
            for (unsigned kind = 0; kind < 5; kind++) {
                buffer_add_text(&heavy, (a >> kind & 1) != 0 ? kinds[kind] : "");
                buffer_add_text(&light, (b >> kind & 1) != 0 ? kinds[kind] : "");
            }
            for (int turn = 0; turn < 2; turn++) {
                buffer_clear(&rows);
                buffer_printf(&rows, ROW("default", "%s") "," ROW("z", "%s"),
                              buffer_text(turn == 0 ? &heavy : &light),
                              buffer_text(turn == 0 ? &light : &heavy));
                check(buffer_text(&rows), &alice, turn == 0 ? "default" : "z");
            }
            buffer_free(&heavy);
            buffer_free(&light);
            buffer_free(&rows);
        }
    }
}

static void test_ties(void **state)
{
    static const struct {
        const char *rows, *expected;
    } cases[] = {
        /* With equal selectors the file's order decides, and what does not fit is passed over. */
        { ROW("default", "principal = \"@example.org\";") "," ROW("b", PRINCIPAL), "default" },
        { ROW("default", PRINCIPAL) "," ROW("b", "principal = \"@example.org\";"), "default" },
        { ROW("default", "plan = [ \"basic\", \"pro\" ];") "," ROW("b", PLAN), "default" },
        { ROW("default", "plan = \"basic\";") "," ROW("b", "plan = [ \"basic\", \"pro\" ];"), "b" },
        { ROW("default", PLAN "class = \"relay\";") "," ROW("b", NETWORK) "," ROW("c", CLASS),
          "b" },
        /* The shipped row is the last, until one has its name. */
        { "", "default" },
        { ROW("a", ""), "a" },
        { ROW("a", "plan = \"basic\";"), "default" },
        { ROW("a", "plan = \"basic\";") "," ROW("default", "plan = \"basic\";class = \"list\";"),
          "" },
        /* Any letters. */
        { ROW("a", "principal = \"ALICE@Example.org\";"), "a" },
        { ROW("a", "plan = \"PRO\"; domain = \"EXAMPLE.org\"; network = \"Office\";"), "a" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i].rows, &alice, cases[i].expected);
    }
}

/* What counts something else is no rival; groups come in the order of their first rows. */
static void test_together(void **state)
{
#define DAY "{ name = \"day\"; count = \"recipients\"; max = 1; per = \"1d\"; }"
    static const struct {
        const char *rows, *expected;
    } cases[] = {
        { DAY, "day default" },
        { DAY "," ROW("a", PLAN), "day a" },
        { DAY "," ROW("a", "recipients = \"all\";"), "day a default" },
        { DAY "," ROW("a", "recipients = \"internal\";"), "day a default" },
        { DAY "," ROW("a", "by = \"site\";") "," ROW("b", "by = \"domain\";"), "day a b default" },
        { "{ name = \"m\"; count = \"messages\"; max = 1; per = \"1h\"; }," DAY, "m day default" },
        { "{ name = \"m\"; count = \"messages\"; max = 1; per = \"1h\"; },"
          "{ name = \"n\"; count = \"messages\"; max = 1; per = \"1h\"; " PLAN "}," DAY,
          "n day default" },
    };
#undef DAY
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i].rows, &alice, cases[i].expected);
    }
}

/* Without a selector the action is for submission, by the site for all; else it is only told. */
static void test_acting(void **state)
{
    static const struct {
        enum mail_class mail_class;
        const char *rows, *expected;
    } cases[] = {
        { CLASS_SUBMISSION, "", "default" },
        { CLASS_RELAY, "", "(default)" },
        { CLASS_LIST, "", "(default)" },
        { CLASS_FORWARD, "", "(default)" },
        { CLASS_BOUNCE, "", "(default)" },
        { CLASS_LOCAL, "", "(default)" },
        { CLASS_RELAY, ROW("a", "by = \"site\";"), "a (default)" },
        { CLASS_RELAY, ROW("a", "by = \"domain\";"), "(a) (default)" },
        { CLASS_RELAY, ROW("a", "class = \"relay\";"), "a" },
        { CLASS_RELAY, ROW("a", "class = \"submission\";"), "(default)" },
        { CLASS_LOCAL, ROW("a", "class = [ \"relay\", \"local\" ];"), "a" },
        { CLASS_LIST, ROW("a", NETWORK), "a" },
        { CLASS_FORWARD, ROW("a", DOMAIN), "a" },
        { CLASS_LOCAL, ROW("a", PLAN), "a" },
        { CLASS_BOUNCE, ROW("a", PRINCIPAL), "a" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct limit_subject subject = alice;
        subject.mail_class = cases[i].mail_class;
        check(cases[i].rows, &subject, cases[i].expected);
    }
}

/* What a message has not, no selector fits; and no selector asks for nothing. */
static void test_absent(void **state)
{
    const struct limit_subject nobody = { .mail_class = CLASS_SUBMISSION,
                                          .principal = SPAN("bounce") };
    (void)state;
    check(ROW("a", PLAN), &nobody, "default");
    check(ROW("a", DOMAIN), &nobody, "default");
    check(ROW("a", NETWORK), &nobody, "default");
    check(ROW("a", PRINCIPAL), &nobody, "default");
    check(ROW("a", CLASS), &nobody, "a");
    check(ROW("a", ""), &nobody, "a");
}

static void test_names(void **state)
{
    static const struct {
        const char *whom, *principal;
        bool is_named;
    } cases[] = {
        { "alice@example.org", "alice@example.org", true },
        { "Alice@EXAMPLE.org", "alice@example.org", true },
        { "alice@example.org", "malice@example.org", false },
        { "alice@example.org", "alice@example.org.net", false },
        { "@example.org", "alice@example.org", true },
        { "@Example.ORG", "alice@example.org", true },
        { "@example.org", "alice@sub.example.org", false },
        { "@example.org", "alice@badexample.org", false },
        { "example.org", "alice@example.org", false },
        { "@", "alice@", false },
        { "@", "@", true },
        { "printers", "printers", true },
        { "printers", "", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (limit_names(cases[i].whom, span_of(cases[i].principal)) != cases[i].is_named) {
            fail_msg("%s and %s", cases[i].whom, cases[i].principal);
        }
    }
}

static void test_set(void **state)
{
    struct rows rows = rows_open(ROW("a", "recipients = \"all\";") "," ROW("b", "by = \"plan\";"));
    struct limit_choice choices[2];
    (void)state;
    assert_int_equal(limit_set_size(rows.set), 3);
    assert_string_equal(limit_set_at(rows.set, 0)->name, "a");
    assert_string_equal(limit_set_at(rows.set, 1)->name, "b");
    assert_ptr_equal(limit_set_at(rows.set, 2), &limit_default);
    assert_ptr_equal(limit_set_find(rows.set, SPAN("b")), limit_set_at(rows.set, 1));
    assert_ptr_equal(limit_set_find(rows.set, SPAN("default")), &limit_default);
    assert_null(limit_set_find(rows.set, SPAN("B")));
    assert_null(limit_set_find(rows.set, SPAN("")));
    assert_true(limit_set_asks_plan(rows.set));                      /* by plan */
    assert_int_equal(limit_choose(rows.set, &alice, choices, 2), 2); /* and not one more */
    rows_close(&rows);

    rows = rows_open(ROW("default", ""));
    assert_int_equal(limit_set_size(rows.set), 1);
    assert_ptr_not_equal(limit_set_at(rows.set, 0), &limit_default);
    assert_false(limit_set_asks_plan(rows.set));
    rows_close(&rows);

    rows = rows_open(ROW("a", PLAN));
    assert_true(limit_set_asks_plan(rows.set));
    rows_close(&rows);
    limit_set_free(&rows.set); /* none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_most_specific),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_acting),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
