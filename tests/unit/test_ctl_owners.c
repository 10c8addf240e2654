/*
 * `egressctl owners`: who may, by which row, and what a login may.
 */
#include "test_ctl_support.h"

static void configure(struct stage *stage, const char *more)
{
    static const char owners[] = "sales@example.org  alice@example.org, group:sales\n"
                                 "@example.org  carol@example.org\n"
                                 "news@example.org  *\n";
    static const char groups[] = "sales  erin@example.org\n";
    char config[1024];

    stage_write(stage, "owners", owners, sizeof(owners) - 1);
    stage_write(stage, "groups", groups, sizeof(groups) - 1);
    snprintf(config, sizeof(config),
             "socket = \"unix:/tmp/m\";\nlogins = { realm = \"example.org\"; };\n"
             "groups = \"file:%s/groups\";\nsenders = { owners = \"file:%s/owners\"; %s };\n",
             stage->directory, stage->directory, more);
    stage_config(stage, config);
}

struct owners_case {
    const char *more;
    const char *words[4];
    enum ctl_exit code;
    const char *has[4];
    const char *has_not;
};

static const struct owners_case cases[] = {
    { "",
      { "sales@example.org" },
      CTL_GOOD,
      { "  row         sales@example.org  alice@example.org, group:sales\n",
        "  hidden row  @example.org  carol@example.org\n" },
      "unlisted" },
    { "match = \"union\";",
      { "Sales+x@Example.ORG" },
      CTL_GOOD,
      { "Sales+x@example.org\n  row         sales@example.org  ", "  row         @example.org" },
      "hidden" },
    { "",
      { "dave@example.net" },
      CTL_GOOD,
      { "  unlisted    own-address: the login that reads as the address does\n" },
      "row " },
    { "",
      { "--login", "ERIN", "sales@example.org" },
      CTL_GOOD,
      { "  may         erin@example.org: yes, by the row sales@example.org\n" },
      NULL },
    { "",
      { "--login", "dave@example.net", "dave@example.net" },
      CTL_GOOD,
      { "dave@example.net: yes, without a row\n" },
      NULL },
    { "",
      { "--login", "mallory", "sales@example.org", "news@example.org" },
      CTL_NO,
      { "mallory@example.org: no, by the row sales@example.org\n",
        "mallory@example.org: yes, by the row news@example.org\n" },
      NULL },
    { "unlisted = \"observe\";",
      { "--login", "mallory", "x@example.net" },
      CTL_GOOD,
      { "mallory@example.org: observed\n" },
      NULL },
    { "",
      { "--login", "erin" },
      CTL_GOOD,
      { "erin@example.org\n  unlisted    own-address", "  row         sales@example.org  alice",
        "  row         news@example.org  *" },
      "carol" },
    { "", { NULL }, CTL_USAGE, { NULL }, NULL },
};

static void texts(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct owners_case *c = &cases[i];
        enum ctl_exit code;

        configure(stage, c->more);
        code = stage_run(stage, "owners", c->words[0], c->words[1], c->words[2], c->words[3], NULL);
        if (code != c->code)
            fail_msg("case %zu ended %d: %s%s", i, code, stage_err(stage), stage_out(stage));
        for (size_t k = 0; k < 4 && c->has[k] != NULL; k++)
            assert_has(stage_out(stage), c->has[k]);
        if (c->has_not != NULL)
            assert_has_not(stage_out(stage), c->has_not);
    }
}

static void json(void **state)
{
    struct stage *stage = *state;

    configure(stage, "");
    assert_int_equal(
        stage_run(stage, "--json", "owners", "--login", "erin", "sales@example.org", NULL),
        CTL_GOOD);
    assert_string_equal(stage_out(stage),
                        "{\"schema\":1,\"addresses\":[{\"address\":\"sales@example.org\","
                        "\"rows\":[{\"key\":\"sales@example.org\",\"owners\":\"alice@example.org, "
                        "group:sales\",\"counts\":true},{\"key\":\"@example.org\",\"owners\":"
                        "\"carol@example.org\",\"counts\":false}],\"login\":\"erin@example.org\","
                        "\"may\":\"yes\"}]}\n");
}

static void no_answer(void **state)
{
    struct stage *stage = *state;

    stage_config(stage, "socket = \"unix:/tmp/m\";\n"
                        "senders = { owners = \"socketmap:unix:/nonexistent/s:o\"; };\n");
    assert_int_equal(stage_run(stage, "owners", "--login", "a@b.example", "c@d.example", NULL),
                     CTL_UNKNOWN);
    assert_has(stage_out(stage), "  the table of owners does not answer\n");
    assert_has(stage_out(stage), "a@b.example: unknown, ");
    assert_int_equal(stage_run(stage, "owners", "--login", "a@b.example", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "a socketmap cannot be walked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(texts, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(json, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(no_answer, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
