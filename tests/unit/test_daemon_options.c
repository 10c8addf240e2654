/*
 * options: every option, their order, and what is no option.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/options.h"

#define WORDS_MAX 6

/* argv as main() gets it: writable, ended by NULL. */
static bool parse(const char *const words[WORDS_MAX], struct daemon_options *options,
                  char **complaints)
{
    char *argv[WORDS_MAX + 2] = { (char *)"egress-milter" };
    size_t size;
    int argc = 1;
    FILE *out = open_memstream(complaints, &size);
    bool good;

    while (argc <= WORDS_MAX && words[argc - 1] != NULL) {
        argv[argc] = (char *)words[argc - 1];
        argc++;
    }
    good = options_parse(argc, argv, options, out);
    fclose(out);
    return good;
}

static void test_good(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        struct daemon_options expected;
    } cases[] = {
        { { NULL }, { ACTION_RUN, EM_CONFIG_FILE, false, false, NULL } },
        { { "-f" }, { ACTION_RUN, EM_CONFIG_FILE, true, false, NULL } },
        { { "-c", "x.conf", "-f" }, { ACTION_RUN, "x.conf", true, false, NULL } },
        { { "-fc", "x.conf" }, { ACTION_RUN, "x.conf", true, false, NULL } },
        { { "-cx.conf", "-t" }, { ACTION_CHECK, "x.conf", false, false, NULL } },
        { { "-t", "--strict" }, { ACTION_CHECK, EM_CONFIG_FILE, false, true, NULL } },
        { { "--strict", "-f" }, { ACTION_RUN, EM_CONFIG_FILE, true, true, NULL } },
        { { "-V" }, { ACTION_VERSION, EM_CONFIG_FILE, false, false, NULL } },
        { { "--version" }, { ACTION_VERSION, EM_CONFIG_FILE, false, false, NULL } },
        { { "-h" }, { ACTION_HELP, EM_CONFIG_FILE, false, false, NULL } },
        { { "--help", "more" }, { ACTION_HELP, EM_CONFIG_FILE, false, false, NULL } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct daemon_options options;
        char *complaints = NULL;
        assert_true(parse(cases[i].words, &options, &complaints));
        assert_string_equal(complaints, "");
        assert_int_equal(options.action, cases[i].expected.action);
        assert_string_equal(options.config_path, cases[i].expected.config_path);
        assert_int_equal(options.foreground, cases[i].expected.foreground);
        assert_int_equal(options.strict, cases[i].expected.strict);
        free(complaints);
    }
}

static void test_program(void **state)
{
    char *found, *here = getcwd(NULL, 0), expected[5000];

    (void)state;
    found = options_find_program("/usr/sbin/egress-milter");
    assert_string_equal(found, "/usr/sbin/egress-milter");
    free(found);
    snprintf(expected, sizeof(expected), "%s/sbin/egress-milter", here);
    found = options_find_program("sbin/egress-milter");
    assert_string_equal(found, expected);
    free(found);
    found = options_find_program("egress-milter");
    assert_int_equal(found[0], '/');
    assert_int_equal(access(found, X_OK), 0);
    free(found);
    found = options_find_program(NULL);
    assert_non_null(found);
    free(found);
    free(here);
}

static void test_bad(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *says;
    } cases[] = {
        { { "-x" }, "unknown option -x" },
        { { "-fx" }, "unknown option -x" },
        { { "--no-such-option" }, "unknown option --no-such-option" },
        { { "--strict=yes" }, "unknown option --strict=yes" },
        { { "-c" }, "option -c needs a file" },
        { { "-c", "" }, "option -c needs a file" },
        { { "-f", "x.conf" }, "no arguments" },
        { { "--", "-f" }, "no arguments" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct daemon_options options;
        char *complaints = NULL;
        assert_false(parse(cases[i].words, &options, &complaints));
        if (strstr(complaints, cases[i].says) == NULL || strstr(complaints, "usage:") == NULL)
            fail_msg("%s: %s", cases[i].words[0], complaints);
        free(complaints);
    }
}

static void test_help(void **state)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    options_print_help(out);
    fclose(out);
    for (const char *const *word = (const char *const[]){ "-c FILE", "-f", "-t", "--strict", "-V",
                                                          "-h", EM_CONFIG_FILE, "78", NULL };
         *word != NULL; word++)
        assert_non_null(strstr(text, *word));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
