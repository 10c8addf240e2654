/*
 * The configuration by command: faults, effective settings, exit codes; and the rows as the lint of
 * the manuals reads them.
 */
#include "test_ctl_support.h"

struct check_case {
    const char *name, *config;
    const char *option;
    enum ctl_exit code;
    const char *out, *err;
};

static const struct check_case cases[] = {
    { "good", "socket = \"unix:/tmp/m\";\n", NULL, CTL_GOOD, "mode = \"observe\";", ": good\n" },
    { "good and strict", "socket = \"unix:/tmp/m\";\n", "--strict", CTL_GOOD,
      "socket = ", ": good\n" },
    { "several faults", "socket = \"unix:/tmp/m\";\nmode = 1;\nbogus = 2;\n", NULL, CTL_CONFIG, "",
      ": not good, 2 errors\n" },
    { "the line of a fault", "socket = \"unix:/tmp/m\";\nmode = 1;\n", NULL, CTL_CONFIG, "",
      "egress-milter.conf:2: mode: " },
    { "no socket", "mode = \"enforce\";\n", NULL, CTL_CONFIG, "", "socket" },
    { "a setting of a later version", "socket = \"unix:/tmp/m\";\nhttp = { };\n", NULL, CTL_CONFIG,
      "", "egress-milter.conf:2: http: " },
    { "a key that is missing",
      "socket = \"unix:/tmp/m\";\ndomains = ( { name = \"example.org\"; keys = ( { selector = "
      "\"s\"; file = \"/nowhere/s.pem\"; } ); } );\n",
      NULL, CTL_GOOD, "/nowhere/s.pem", "(warning)\n" },
    { "a key that is missing, strictly",
      "socket = \"unix:/tmp/m\";\ndomains = ( { name = \"example.org\"; keys = ( { selector = "
      "\"s\"; file = \"/nowhere/s.pem\"; } ); } );\n",
      "--strict", CTL_CONFIG, "/nowhere/s.pem", ": not good, 1 warning\n" },
};

static void test_cases(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i].name);
        stage_config(stage, cases[i].config);
        assert_int_equal(stage_run(stage, "check", cases[i].option, NULL), cases[i].code);
        assert_has(stage_out(stage), cases[i].out);
        assert_has(stage_err(stage), cases[i].err);
    }
}

static void test_missing(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "check", NULL), CTL_CONFIG);
    assert_has(stage_err(stage), stage->config);
    assert_string_equal(stage_out(stage), "");
}

static void test_json(void **state)
{
    struct stage *stage = *state;

    stage_config(stage, "socket = \"unix:/tmp/m\";\nmode = 1;\n");
    assert_int_equal(stage_run(stage, "--json", "check", NULL), CTL_CONFIG);
    assert_has(stage_out(stage), "{\"schema\":1,");
    assert_has(stage_out(stage), "\"good\":false,\"errors\":1,\"warnings\":0,\"faults\":[{"
                                 "\"severity\":\"error\",\"text\":\"");
    assert_string_equal(stage_err(stage), "");
}

/* What was read is printed so that it can be read again, and then says the same. */
static void test_effective(void **state)
{
    struct stage *stage = *state;
    char *first;

    stage_config(stage, "socket = \"unix:/tmp/m\";\nmode = \"enforce\";\n"
                        "rules = { line-too-long = \"reject\"; };\n"
                        "outgoing = { internal = [ \"dept.internal\" ]; networks = ( { name = "
                        "\"a\\\"b\"; address = \"192.0.2.0/24\"; kind = \"list\"; } ); };\n");
    assert_int_equal(stage_run(stage, "check", NULL), CTL_GOOD);
    first = strdup(stage_out(stage));
    stage_config(stage, first);
    assert_int_equal(stage_run(stage, "check", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "line-too-long = \"reject\";");
    assert_has(stage_out(stage), "kind = \"list\";");
    free(first);
}

static void test_settings(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "--json", "settings", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "{\"path\":\"mode\",\"type\":\"choice\",\"planned\":false,"
                                 "\"element\":false,\"required\":false,\"default\":\"observe\","
                                 "\"choices\":[\"observe\",\"enforce\"]");
    assert_has(stage_out(stage), "{\"path\":\"domains.keys.selector\",\"type\":\"text\","
                                 "\"planned\":false,\"element\":true,\"required\":true");
    assert_has(stage_out(stage), "{\"path\":\"http\",\"type\":\"planned\",\"planned\":true");
    assert_has(stage_out(stage), "\"default\":\"2M\",\"min\":\"64K\",\"max\":\"1G\"");
    assert_has(stage_out(stage), "{\"name\":\"date-missing\",\"submission\":\"repair\"");
    assert_int_equal(stage_run(stage, "settings", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "\nceilings.message ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_missing, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_effective, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_settings, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
