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

#include "config/config.h"
#include "control/settings.h"
#include "site/store_size.h"

/* All that is said of state.size, one a line: "E ..." or "W ...". */
static void faults_of(const char *text, struct buffer *out)
{
    struct config_report *report = config_report_new();
    struct buffer whole = BUFFER_EMPTY;
    struct config *config;
    buffer_printf(&whole, "socket = \"unix:/x\";\n%s", text);
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

static void check_all(const struct case_of_size *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer faults = BUFFER_EMPTY;
        faults_of(cases[i].text, &faults);
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
    check_all(cases, sizeof(cases) / sizeof(cases[0]));
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
        { ENFORCE SIZE("16M") LIMITS(ROW("people", "9", "per = \"1d\"; by = \"network\";")), "" },
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
    check_all(cases, sizeof(cases) / sizeof(cases[0]));
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
        faults_of(buffer_text(&text), &faults);
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
            faults_of(buffer_text(&text), &faults);
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
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_what_is_advised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
