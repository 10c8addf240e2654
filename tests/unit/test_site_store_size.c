/*
 * store_size: what is said of state.size and the limits of a configuration, and of which nothing
 * is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "behaviour/book.h"
#include "bulk/volume.h"
#include "config/config.h"
#include "control/settings.h"
#include "feedback/suppression.h"
#include "site/store_needs.h"
#include "site/store_size.h"

/* Limits alone, and what is shipped. */
#define FEW_SUPPRESSED "suppression = { max = 100; };"
#define AS_SHIPPED ""

/* All that is said of state.size, one a line: "E ..." or "W ...". */
static void faults_of(const char *more, const char *text, struct buffer *out)
{
    struct config_report *report = config_report_new();
    struct buffer whole = BUFFER_EMPTY;
    struct config *config;
    buffer_printf(&whole, "socket = \"unix:/x\"; %s\n%s", more, text);
    config = config_load_text("t", buffer_span(&whole), all_config_tables(), report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        if (strstr(fault->text, "state.size") != NULL) {
            buffer_printf(out, "%c %s\n", fault->severity == CONFIG_ERROR ? 'E' : 'W', fault->text);
        }
    }
    config_free(&config);
    config_report_free(&report);
    buffer_free(&whole);
}

struct case_of_size {
    const char *text;
    const char *says; /* a pattern; "": nothing */
};

static void check_all(const char *more, const struct case_of_size *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer faults = BUFFER_EMPTY;
        faults_of(more, cases[i].text, &faults);
        if (fnmatch(cases[i].says, buffer_text(&faults), 0) != 0) {
            fail_msg("%s\nsaid: %s", cases[i].text, buffer_text(&faults));
        }
        buffer_free(&faults);
    }
}

#define ENFORCE "mode = \"enforce\"; "
#define SIZE(size) "state = { size = \"" size "\"; };\n"
#define ROW(name, max, more)                                                                       \
    "{ name = \"" name "\"; count = \"unique-recipients\"; max = " max "; " more " }"
#define LIMITS(rows) "limits = ( " rows " );\n"
#define EXCEPTION(who, max)                                                                        \
    "exceptions = ( { principal = \"" who "\"; limit = \"people\"; max = " max "; } );\n"
/* Eight sets of an account. */
#define SETS(max)                                                                                                         \
    ROW("people", max, "per = \"1h\";")                                                                                   \
    ", " ROW("b", max, "per = \"2h\";") ", " ROW("c", max, "per = \"3h\";") ", " ROW("d", max, "per = \"4h\";") ", " ROW( \
        "e", max,                                                                                                         \
        "per = \"5h\";") ", " ROW("f", max,                                                                               \
                                  "per = \"6h\";") ", " ROW("g", max,                                                     \
                                                            "per = \"7h\";") ", " ROW("h", max,                           \
                                                                                      "per = "                            \
                                                                                      "\"8h\";")

static void test_silent(void **state)
{
    static const struct case_of_size cases[] = {
        { "", "" },
        { SIZE("16M"), "" },
        { ENFORCE SIZE("16M"), "" },
        /* An ordinary site: ten rows, and one of each kind that keeps addresses. */
        { ENFORCE LIMITS(
              "{ name = \"default\"; count = \"recipients\"; max = 200; per = \"1h\"; },"
              "{ name = \"day\"; count = \"recipients\"; max = 1000; per = \"1d\"; },"
              "{ name = \"pro\"; count = \"recipients\"; max = 5000; per = \"1d\"; domain = "
              "\"example.org\"; },"
              "{ name = \"bytes\"; count = \"bytes\"; max = \"2G\"; per = \"1d\"; },"
              "{ name = \"failed\"; count = \"failed-recipients\"; max = 50; per = \"1h\"; },"
              "{ name = \"strangers\"; count = \"new-recipients\"; max = 300; per = \"1d\"; },"
              "{ name = \"domain\"; count = \"recipients\"; by = \"domain\"; max = 9000; per = "
              "\"1d\"; },"
              "{ name = \"google\"; count = \"messages\"; by = \"provider\"; max = 4500; per = "
              "\"1d\"; },"
              "{ name = \"site\"; count = \"messages\"; by = \"site\"; max = 50000; per = \"1h\"; "
              "}," ROW("people", "2000", "per = \"1d\";")),
          "" },
        { LIMITS(SETS("20000")), "W *" }, /* eight of the largest are no ordinary site */
        { LIMITS(SETS("500")), "" },
        { ENFORCE SIZE("256M") LIMITS(SETS("500")), "" },
        { ENFORCE SIZE("64M") LIMITS(ROW("people", "500", "per = \"1d\";")), "" },
        /* One principal's large value makes nobody else large. */
        { ENFORCE SIZE("64M") LIMITS(ROW("people", "500", "per = \"1d\";"))
              EXCEPTION("news@example.org", "20000"),
          "" },
        { ENFORCE SIZE("64M")
              LIMITS(ROW("people", "20000", "per = \"1d\"; principal = \"news@example.org\";")),
          "" },
    };
    (void)state;
    check_all(FEW_SUPPRESSED, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_told(void **state)
{
    static const struct case_of_size cases[] = {
        { ENFORCE "\n" SIZE("64M") LIMITS(SETS("2000")),
          "W t:3: state.size: 64M is enough for [1-9][0-9][0-9] logins at their fullest under "
          "these limits, and for what is counted beside them, most of it for \"people\" "
          "([12][0-9]K "
          "for each login): beyond that nobody new is counted by himself; 512M is enough for "
          "1000\n" },
        /* The same where it is only watched. */
        { SIZE("64M") LIMITS(SETS("500")), "E t:2: state.size: 64M is not enough *" },
        { ENFORCE "rules = { limit-exceeded = \"hold\"; };\n" SIZE("64M") LIMITS(SETS("500")),
          "E t:3: state.size: 64M is not enough *" },
        { ENFORCE "exceptions = ( { principal = \"x\"; rule = \"limit-exceeded\"; action = "
                  "\"observe\"; } );\n" SIZE("64M") LIMITS(SETS("500")),
          "E t:3: state.size: 64M is not enough *" },
        /* A value for all of a domain is for many. */
        { ENFORCE SIZE("64M") LIMITS(ROW("people", "500", "per = \"1d\";"))
              EXCEPTION("@example.org", "20000"),
          "W t:2: state.size: 64M is enough for *\"people\" (1[67][0-9]K for each login)*; 512M is "
          "enough for 1000\n" },
        { ENFORCE SIZE("64M") LIMITS(ROW("people", "500", "per = \"1d\";"))
              EXCEPTION("@example.org", "0"),
          "W t:2: state.size: 64M is enough for *\"people\" ([89][0-9]K for each login)*; 256M is "
          "enough for 1000\n" },
        { ENFORCE SIZE("32M") LIMITS(ROW("people", "9", "per = \"1d\"; by = \"network\";")), "" },
        { SIZE("16M") LIMITS(ROW("people", "20000", "per = \"1d\";")),
          "E t:2: state.size: 16M is not enough for a small site under these limits: 100 logins at "
          "their fullest, and what is counted beside them, take 1[89]M, most of it for \"people\" "
          "(1[67][0-9]K for each login); valid: 32M or more\n" },
        /* Where nobody has set the size the row is to blame. */
        { "\n\n" LIMITS(SETS("20000")),
          "W t:4: state.size: 1G is enough for *; 2G is enough for 1000\n" },
        { SIZE("16M") LIMITS("{ name = \"x\"; count = \"recipients\"; max = 1; per = \"1\"; }"),
          "" }, /* it has an error of its own */
    };
    (void)state;
    check_all(FEW_SUPPRESSED, cases, sizeof(cases) / sizeof(cases[0]));
}

/* The suppression list beside 1000 logins. */
static void test_suppressed(void **state)
{
    static const struct case_of_size cases[] = {
        { "", "" },
        { "redis = { addresses = [ \"127.0.0.1:6379\" ]; };", "" }, /* twice as much */
        { SIZE("512M"), "" },
        { SIZE("16M") "suppression = { max = 2000; };", "" },
        { SIZE("512M") "suppression = { max = 200000; };",
          "W t:2: state.size: 512M is not enough for suppression.max = 200000 at its fullest, "
          "which "
          "is 52[0-9]M, beside 1000 logins under these limits: it would keep new ones from being "
          "counted by themselves; 1G is enough for both, or suppression.max = 1[345]0000\n" },
        { SIZE("16M"),
          "W t:2: state.size: 16M is not enough for suppression.max = 100000 at its fullest, which "
          "is 26[0-9]M, *; 512M is enough for both, or suppression.max = [23][0-9]00\n" },
        { SIZE("16M") "redis = { addresses = [ \"127.0.0.1:6379\" ]; };",
          "W t:2: state.size: 16M *, which is 5[23][0-9]M, *; 1G is enough for both, or "
          "suppression.max = [12][0-9]00\n" },
        /* Without a size of its own the list is to blame. */
        { "\nsuppression = { max = 200000; };\nredis = { addresses = [ \"127.0.0.1:6379\" ]; };\n"
          "limits = ( { name = \"x\"; count = \"recipients\"; max = 5; per = \"1h\"; } );",
          "W t:3: state.size: 1G is not enough for suppression.max = 200000 *; 2G is *\n" },
        /* What is vital goes first. */
        { SIZE("16M") LIMITS(ROW("people", "20000", "per = \"1d\";")),
          "E t:2: state.size: 16M is not enough for a small site *valid: 32M or more\n" },
    };
    (void)state;
    check_all(AS_SHIPPED, cases, sizeof(cases) / sizeof(cases[0]));
}

/* What the table foresees grows with logins where it should, and finds its way back. */
static void test_needs(void **state)
{
    struct config_report *report = config_report_new();
    struct config *config =
        config_load_text("t", SPAN("socket = \"unix:/x\";"), all_config_tables(), report);
    struct limit_set *limits = limit_set_new(config_settings(config, &limits_table));
    struct store_needs needs;
    (void)state;
    assert_true(store_needs_of(config, limits, &needs));
    assert_int_equal(store_needs_bytes(&needs, STORE_NEEDS_VITAL, 0), 0);
    uint64_t listed = store_needs_bytes(&needs, STORE_NEEDS_ALL, 0);
    assert_int_equal(listed, store_needs_largest(&needs).bytes);
    assert_int_equal(listed,
                     100000 * store_bytes_for(1, SUPPRESSION_KEY_MAX, SUPPRESSION_OCTETS_MAX));
    uint64_t vital = store_needs_bytes(&needs, STORE_NEEDS_VITAL, 1000);
    assert_int_equal(vital, need_bytes(&needs.limits, 1000) +
                                store_bytes_for(100, VOLUME_KEY_MAX, daybook_octets_max()) +
                                store_bytes_for(1000, BOOK_KEY_USUAL, BOOK_OCTETS_USUAL));
    assert_int_equal(store_needs_bytes(&needs, STORE_NEEDS_ALL, 1000), vital + listed);
    assert_int_equal(store_needs_logins(&needs, STORE_NEEDS_VITAL, vital), 1000);
    assert_int_equal(store_needs_logins(&needs, STORE_NEEDS_VITAL, vital - 1), 999);
    assert_int_equal(store_needs_logins(&needs, STORE_NEEDS_ALL, listed - 1), 0);
    limit_set_free(&limits);
    config_free(&config);
    config_report_free(&report);
}

/* A size that is named as enough is enough. */
static void test_what_is_advised(void **state)
{
    static const char *const sizes[] = { "16M", "32M", "64M", "128M", "256M", "512M", "1024M" };
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct buffer text = BUFFER_EMPTY, faults = BUFFER_EMPTY;
        char advised[16];
        buffer_printf(&text, SIZE("%s") LIMITS(SETS("3000")), sizes[i]);
        faults_of(FEW_SUPPRESSED, buffer_text(&text), &faults);
        const char *error = strstr(buffer_text(&faults), "; valid: ");
        const char *warning = strstr(buffer_text(&faults), "by himself; ");
        if (error != NULL) {
            assert_int_equal(sscanf(error, "; valid: %15s", advised), 1);
        } else if (warning != NULL) {
            assert_int_equal(sscanf(warning, "by himself; %15s", advised), 1);
        } else {
            assert_int_equal(faults.size, 0);
            assert_true(i + 1 == sizeof(sizes) / sizeof(sizes[0]));
        }
        if (faults.size > 0) {
            buffer_clear(&text);
            buffer_clear(&faults);
            buffer_printf(&text, SIZE("%s") LIMITS(SETS("3000")), advised);
            faults_of(FEW_SUPPRESSED, buffer_text(&text), &faults);
            assert_null(strstr(buffer_text(&faults), "E "));
            assert_true(error != NULL || faults.size == 0);
        }
        buffer_free(&text);
        buffer_free(&faults);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent),          cmocka_unit_test(test_told),
        cmocka_unit_test(test_suppressed),      cmocka_unit_test(test_needs),
        cmocka_unit_test(test_what_is_advised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
