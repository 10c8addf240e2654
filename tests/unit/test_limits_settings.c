/*
 * settings: what `limits` takes, and every fault of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "config/config.h"
#include "limits/limit.h"
#include "util/buffer.h"

static const struct config_table *const tables[] = { &limits_table, NULL };

static void print_texts(const char *name, const struct config_texts *texts, struct buffer *out)
{
    for (size_t i = 0; i < texts->count; i++) {
        buffer_printf(out, "%s%s%s", i == 0 ? " " : "|", i == 0 ? name : "", texts->at[i]);
    }
}

static void print_limit(const struct limit *limit, struct buffer *out)
{
    buffer_printf(out, "%s %s %s by %s %" PRId64 " in %" PRId64 " burst %" PRId64 " %s",
                  limit->name, limit_to_names[limit->to], limit_count_names[limit->count],
                  limit_by_names[limit->by], limit->max, limit->per_s, limit->burst,
                  action_name((enum action)limit->action));
    print_texts("class=", &limit->classes, out);
    print_texts("plan=", &limit->plans, out);
    print_texts("principal=", &limit->principals, out);
    print_texts("domain=", &limit->domains, out);
    print_texts("network=", &limit->networks, out);
    buffer_add_char(out, '\n');
}

/* The faults, then the rows if they were taken. */
static void print_all(const char *text, struct buffer *out)
{
    struct config_report *report = config_report_new();
    struct config *config = config_load_text("t", span_of(text), tables, report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        buffer_printf(out, "%s\n", config_report_fault(report, i)->text);
    }
    if (config != NULL) {
        const struct limits_settings *settings = config_settings(config, &limits_table);
        for (size_t i = 0; i < settings->rows.count; i++) {
            print_limit((const struct limit *)settings->rows.at + i, out);
        }
    }
    config_free(&config);
    config_report_free(&report);
}

/* `rows` are those of limits, each without its braces. */
static void check(const char *const rows[static 2], const char *expected)
{
    struct buffer text = BUFFER_EMPTY, got = BUFFER_EMPTY;
    buffer_printf(&text, "limits = (\n{ %s }", rows[0]);
    if (rows[1] != NULL) {
        buffer_printf(&text, ",\n{ %s }", rows[1]);
    }
    buffer_add_text(&text, " );");
    print_all(buffer_text(&text), &got);
    if (strcmp(buffer_text(&got), expected) != 0) {
        fail_msg("%s gives\n%s", buffer_text(&text), buffer_text(&got));
    }
    buffer_free(&text);
    buffer_free(&got);
}

struct settings_case {
    const char *rows[2];
    const char *expected;
};

static void check_all(const struct settings_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(cases[i].rows, cases[i].expected);
    }
}

#define LEAST "name = \"a\"; count = \"messages\"; max = 9; per = \"1h\";"
#define OTHER "name = \"b\"; count = \"messages\"; max = 8; per = \"1h\";"
#define UNIQUE "name = \"a\"; count = \"unique-recipients\"; per = \"1d\";"
#define FAILED "name = \"a\"; count = \"failed-recipients\"; max = 9; per = \"1h\";"
#define COUNTS                                                                                     \
    "\"messages\", \"recipients\", \"bytes\", \"unique-recipients\", \"new-recipients\", "         \
    "\"failed-recipients\""
#define ACTIONS                                                                                    \
    "no action for a limit; valid: observe, hold, defer, reject (max = 0 takes a limit away)\n"
#define RIVALS "counts the same for the same mail as \"a\": which of them holds?\n"

static void test_taken(void **state)
{
    static const struct settings_case cases[] = {
        { { LEAST }, "a external messages by principal 9 in 3600 burst 0 defer\n" },
        { { LEAST "by = \"site\"; burst = 3; action = \"reject\"; recipients = \"all\";" },
          "a all messages by site 9 in 3600 burst 3 reject\n" },
        { { LEAST
            "class = [ \"relay\", \"bounce\" ]; plan = \"pro\"; principal = \"@example.org\"; "
            "domain = \"example.org\"; network = [ \"x\", \"y\" ];" },
          "a external messages by principal 9 in 3600 burst 0 defer class=relay|bounce plan=pro "
          "principal=@example.org domain=example.org network=x|y\n" },
        { { "name = \"a\"; count = \"bytes\"; max = \"2M\"; burst = \"64K\"; per = 90;" },
          "a external bytes by principal 2097152 in 90 burst 65536 defer\n" },
        { { "name = \"a\"; count = \"recipients\"; max = 0; per = \"31d\"; burst = 5;" },
          "a external recipients by principal 0 in 2678400 burst 5 defer\n" },
        { { UNIQUE "max = 20000;" },
          "a external unique-recipients by principal 20000 in 86400 burst 0 defer\n" },
        { { "name = \"a\"; count = \"new-recipients\"; max = 100000; per = \"1m\";" },
          "a external new-recipients by principal 100000 in 60 burst 0 defer\n" },
        { { FAILED "by = \"domain\";" },
          "a external failed-recipients by domain 9 in 3600 burst 0 defer\n" },
        /* A burst of the whole is none. */
        { { LEAST "burst = 9;" },
          "t:2: limits[0].burst: has no effect: it is not below max\n"
          "a external messages by principal 9 in 3600 burst 9 defer\n" },
        { { LEAST "burst = 8;" }, "a external messages by principal 9 in 3600 burst 8 defer\n" },
    };
    (void)state;
    check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_faults(void **state)
{
    static const struct settings_case cases[] = {
        { { "count = \"messages\"; max = 9; per = \"1h\";" },
          "t:2: limits[0].name: must be set: a text in quotes\n" },
        { { "name = \"a\"; max = 9; per = \"1h\";" },
          "t:2: limits[0].count: must be set: " COUNTS "\n" },
        { { "name = \"a\"; count = \"messages\"; per = \"1h\";" },
          "t:2: limits[0].max: must be set: a size such as \"64K\", \"10M\" or \"1G\"\n" },
        { { "name = \"a\"; count = \"messages\"; max = 9;" },
          "t:2: limits[0].per: must be set: a duration such as \"90s\", \"15m\", \"12h\" or "
          "\"7d\"\n" },
        { { "name = \"a\"; count = \"mails\"; max = 9; per = \"1h\";" },
          "t:2: limits[0].count: \"mails\" is not among the choices; valid: " COUNTS "\n" },
        { { LEAST "by = \"user\";" },
          "t:2: limits[0].by: \"user\" is not among the choices; valid: \"principal\", "
          "\"plan\", \"domain\", \"network\", \"provider\", \"site\"\n" },
        { { LEAST "recipients = \"outside\";" },
          "t:2: limits[0].recipients: \"outside\" is not among the choices; valid: \"external\", "
          "\"internal\", \"all\"\n" },
        { { LEAST "class = \"inbound\";" },
          "t:2: limits[0].class: \"inbound\": no class; valid: submission, relay, list, forward, "
          "bounce, local\n" },
        { { LEAST "class = \"users\";" },
          "t:2: limits[0].class: \"users\": no class; valid: submission, relay, list, forward, "
          "bounce, local\n" },
        { { LEAST "plan = \"\";" },
          "t:2: limits[0].plan: \"\": empty, fits nothing; leave the setting out to fit all\n" },
        { { LEAST "principal = [ \"x\", \"\" ];" },
          "t:2: limits[0].principal[1]: \"\": empty, fits nothing; leave the setting out to fit "
          "all\n" },
        { { LEAST "action = \"off\";" }, "t:2: limits[0].action: " ACTIONS },
        { { LEAST "action = \"repair\";" }, "t:2: limits[0].action: " ACTIONS },
        { { "name = \"a\"; count = \"messages\"; max = 9; per = \"59s\";" },
          "t:2: limits[0].per: 59s is out of range; valid: 1m to 31d\n" },
        { { "name = \"a\"; count = \"messages\"; max = 9; per = \"32d\";" },
          "t:2: limits[0].per: 32d is out of range; valid: 1m to 31d\n" },
        { { "name = \"a\"; count = \"messages\"; max = -1; per = \"1h\";" },
          "t:2: limits[0].max: -1 is out of range; valid: 0 to 131072G\n" },
        { { LEAST "burst = -1;" },
          "t:2: limits[0].burst: -1 is out of range; valid: 0 to 131072G\n" },
        { { UNIQUE "max = 20001;" },
          "t:2: limits[0].max: too many different recipients to keep; valid: up to 20000\n" },
        { { UNIQUE "max = 9; burst = 3;" },
          "t:2: limits[0].burst: only messages, recipients and bytes can have one\n" },
        { { "name = \"a\"; count = \"new-recipients\"; max = 9; per = \"1d\"; burst = 3;" },
          "t:2: limits[0].burst: only messages, recipients and bytes can have one\n" },
        { { FAILED "burst = 3; by = \"provider\";" },
          "t:2: limits[0].burst: only messages, recipients and bytes can have one\n"
          "t:2: limits[0].by: recipients that the mail server refuses have no provider\n" },
        { { LEAST "minimum = 1;" },
          "t:2: limits[0].minimum: unknown setting; valid here: name, count, by, max, per, burst, "
          "action, recipients, class, plan, principal, domain, network\n" },
        { { LEAST, LEAST },
          "t:3: limits[1].name: \"a\" already set at t:2\n"
          "t:3: limits[1].name: " RIVALS },
    };
    (void)state;
    check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

/* It stands in replies, in lists of the log line and in keys of the store. */
static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool is_good;
    } cases[] = {
        { "default", true },
        { "a", true },
        { "pro-day_2.0@x+y", true },
        { "", false },
        { "two words", false },
        { "a:b", false },
        { "a/b", false },
        { "a,b", false },
        { "a=b", false },
        { "100%", false },
        { "caf\xc3\xa9", false },
        /* 60 and 61 */
        { "123456789012345678901234567890123456789012345678901234567890", true },
        { "1234567890123456789012345678901234567890123456789012345678901", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer text = BUFFER_EMPTY, got = BUFFER_EMPTY;
        buffer_printf(&text,
                      "limits = ( { name = \"%s\"; count = \"messages\"; max = 1; per = 60; } );",
                      cases[i].name);
        print_all(buffer_text(&text), &got);
        bool is_refused = strstr(buffer_text(&got), "limits[0].name: ") != NULL &&
                          strstr(buffer_text(&got), ": no name; valid: up to 60 letters, digits "
                                                    "and -_.@+\n") != NULL;
        if (is_refused == cases[i].is_good) {
            fail_msg("%s gives %s", buffer_text(&text), buffer_text(&got));
        }
        buffer_free(&text);
        buffer_free(&got);
    }
}

static void test_rivals(void **state)
{
#define A "a external messages by principal 9 in 3600 burst 0 defer"
#define B "b external messages by principal 8 in 3600 burst 0 defer"
    static const struct settings_case cases[] = {
        { { LEAST, OTHER }, "t:3: limits[1].name: " RIVALS },
        { { LEAST "plan = \"pro\"; class = \"relay\";",
            OTHER "plan = \"PRO\"; class = \"relay\";" },
          "t:3: limits[1].name: " RIVALS },
        /* The order of what a row is for means nothing, nor that it stands there twice. */
        { { LEAST "principal = [ \"x\", \"y\" ]; network = [ \"p\", \"q\", \"r\" ];",
            OTHER "principal = [ \"Y\", \"x\" ]; network = [ \"r\", \"p\", \"q\" ];" },
          "t:3: limits[1].name: " RIVALS },
        { { LEAST "domain = [ \"x\", \"y\", \"x\" ];", OTHER "domain = [ \"y\", \"x\" ];" },
          "t:3: limits[1].name: " RIVALS },
        { { LEAST "plan = [ \"x\", \"y\" ];", OTHER "plan = [ \"y\", \"z\" ];" },
          A " plan=x|y\n" B " plan=y|z\n" },
        /* One that fits less mail is no rival, nor one that counts something else. */
        { { LEAST, OTHER "plan = \"pro\";" }, A "\n" B " plan=pro\n" },
        { { LEAST "plan = \"pro\";", OTHER "plan = [ \"pro\", \"basic\" ];" },
          A " plan=pro\n" B " plan=pro|basic\n" },
        { { LEAST "principal = \"x\";", OTHER "principal = \"y\";" },
          A " principal=x\n" B " principal=y\n" },
        { { LEAST "domain = \"x\";", OTHER "domain = \"y\";" }, A " domain=x\n" B " domain=y\n" },
        { { LEAST "network = \"x\";", OTHER "network = \"y\";" },
          A " network=x\n" B " network=y\n" },
        { { LEAST "class = \"list\";", OTHER "class = \"relay\";" },
          A " class=list\n" B " class=relay\n" },
        { { LEAST, OTHER "by = \"site\";" },
          A "\nb external messages by site 8 in 3600 burst 0 defer\n" },
        { { LEAST, OTHER "recipients = \"internal\";" },
          A "\nb internal messages by principal 8 in 3600 burst 0 defer\n" },
        { { LEAST, "name = \"b\"; count = \"messages\"; max = 8; per = \"2h\";" },
          A "\nb external messages by principal 8 in 7200 burst 0 defer\n" },
        { { LEAST, "name = \"b\"; count = \"bytes\"; max = 8; per = \"1h\";" },
          A "\nb external bytes by principal 8 in 3600 burst 0 defer\n" },
    };
#undef A
#undef B
    (void)state;
    check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

static void load_rows(size_t count, struct buffer *got)
{
    struct buffer text = BUFFER_EMPTY;
    buffer_add_text(&text, "limits = (");
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&text,
                      "%s\n{ name = \"n%zu\"; count = \"messages\"; max = 1; per = 60; principal = "
                      "\"p%zu\"; }",
                      i > 0 ? "," : "", i, i);
    }
    buffer_add_text(&text, " );");
    print_all(buffer_text(&text), got);
    buffer_free(&text);
}

static void test_many(void **state)
{
    struct buffer got = BUFFER_EMPTY;
    (void)state;
    load_rows(LIMIT_ROWS_MAX, &got);
    assert_null(strstr(buffer_text(&got), "t:"));
    buffer_clear(&got);
    load_rows(LIMIT_ROWS_MAX + 3, &got);
    assert_string_equal(buffer_text(&got),
                        "t:1002: limits[1000].name: too many rows; valid: up to 1000 (values for "
                        "single principals are exceptions)\n");
    buffer_free(&got);
}

/* Rows that count something else each: `by` principal and so many of them, and more by provider. */
static void load_counts(size_t by_principal, size_t by_site, size_t by_provider, struct buffer *got)
{
    struct buffer text = BUFFER_EMPTY;
    size_t count = by_principal + by_site + by_provider;
    buffer_add_text(&text, "limits = (");
    for (size_t i = 0; i < count; i++) {
        const char *by = i < by_principal             ? "principal"
                         : i < by_principal + by_site ? "site"
                                                      : "provider";
        buffer_printf(&text,
                      "%s\n{ name = \"n%zu\"; count = \"messages\"; max = 1; per = %zu; by = "
                      "\"%s\"; }",
                      i > 0 ? "," : "", i, 60 + i, by);
    }
    buffer_add_text(&text, " );");
    print_all(buffer_text(&text), got);
    buffer_free(&text);
}

static void test_too_much_together(void **state)
{
    static const struct {
        size_t by_principal, by_site, by_provider;
        bool is_good;
    } cases[] = {
        { 31, 0, 0, true }, /* 62 lines, and 2 of the shipped one */
        { 32, 0, 0, false }, { 0, 47, 0, true },  { 0, 48, 0, false },
        { 0, 11, 3, true },  { 0, 12, 3, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer got = BUFFER_EMPTY;
        load_counts(cases[i].by_principal, cases[i].by_site, cases[i].by_provider, &got);
        bool is_refused = strstr(buffer_text(&got), ".name: too much is counted for one message; "
                                                    "valid: up to 48 rows") != NULL;
        if (is_refused == cases[i].is_good) {
            fail_msg("case %zu gives %s", i, buffer_text(&got));
        }
        buffer_free(&got);
    }
}

static void test_shipped(void **state)
{
    struct buffer got = BUFFER_EMPTY;
    (void)state;
    print_limit(&limit_default, &got);
    assert_string_equal(buffer_text(&got),
                        "default external recipients by principal 500 in 3600 burst 0 defer\n");
    buffer_clear(&got);
    print_all("", &got);
    assert_string_equal(buffer_text(&got), "");
    buffer_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),   cmocka_unit_test(test_faults),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_rivals),
        cmocka_unit_test(test_many),    cmocka_unit_test(test_too_much_together),
        cmocka_unit_test(test_shipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
