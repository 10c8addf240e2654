/*
 * What enforcement would have done: the counts, the tables, what is left out and told.
 */
#include "test_ctl_support.h"

#define AT "egress-milter[9]: 1: verdict="
#define DAY "Nov 23 10:00:00 mx "

static const char log_text[] = DAY AT
    "accept would=reject class=submission user=alice@example.org "
    "rules=from-missing:reject,line-too-long:observe rcpts=2 by=from-missing\n" DAY AT
    "accept would=reject class=submission user=alice@example.org rcpts=3 "
    "by=from-missing from=<a@b> hfrom=x\n" DAY AT
    "accept would=hold class=submission user=alice@example.org rcpts=1 "
    "by=link-listed from=<a@b>\n" DAY AT
    "accept would=reject class=submission user=bob@example.org rcpts=4 "
    "by=from-missing\n" DAY AT
    "accept would=defer class=relay user=printers rcpts=1 by=limit-exceeded\n" DAY AT
    "accept class=submission user=carol@example.org "
    "rules=line-too-long:observe,date-missing:repair rcpts=1 by=-\n" DAY AT
    "defer class=submission user=carol@example.org rcpts=1 by=overload\n"
    "Nov 20 10:00:00 mx " AT "accept would=reject class=local user=www rcpts=1 by=from-multiple\n"
    /* none of these counts */
    DAY AT
    "aborted would=reject class=submission user=bob@example.org rcpts=1 by=from-missing\n" DAY AT
    "accept class=inbound rcpts=1 by=-\n" DAY
    "egress-milter[9]: warning: something else would=reject\n" DAY "postfix/smtpd[9]: " AT
    "accept would=reject class=submission user=x by=from-missing\n";

static const char *stage_log(const struct stage *stage, const char *text)
{
    static char path[512];

    stage_write(stage, "log", text, strlen(text));
    snprintf(path, sizeof(path), "%s", stage_path(stage, "log"));
    return path;
}

static void test_tables(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(stage, log_text);

    assert_int_equal(stage_run(stage, "would", "--all", log, NULL), CTL_GOOD);
    assert_string_equal(
        stage_out(stage),
        "  MESSAGES     REJECT       HOLD      DEFER      USERS RECIPIENTS  FINDING\n"
        "         3          3          0          0          2          9  from-missing\n"
        "         1          1          0          0          1          1  from-multiple\n"
        "         1          0          0          1          1          1  limit-exceeded\n"
        "         1          0          1          0          1          1  link-listed\n"
        "\n"
        "  MESSAGES RECIPIENTS  USER: FINDINGS\n"
        "         3          6  alice@example.org: from-missing 2, link-listed 1\n"
        "         1          4  bob@example.org: from-missing 1\n"
        "         1          1  printers: limit-exceeded 1\n"
        "         1          1  www: from-multiple 1\n"
        "\n"
        "  MESSAGES      USERS RECIPIENTS  FINDING, SEEN AND ONLY OBSERVED\n"
        "         2          2          3  line-too-long\n"
        "\n"
        "of 8 messages 4 would have been rejected, 1 held, 1 deferred (2026-11-20 to 2026-11-23)\n"
        "1 was really stopped: enforced, or beyond what can be served\n");
    assert_string_equal(stage_err(stage), "");
}

static void test_options(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(stage, log_text);

    assert_int_equal(stage_run(stage, "would", "--by", "user", "--top", "1", log, NULL), CTL_GOOD);
    assert_has_not(stage_out(stage), "  FINDING\n");
    assert_has_not(stage_out(stage), "OBSERVED");
    assert_has(stage_out(stage), "alice@example.org: ");
    assert_has_not(stage_out(stage), "bob@example.org");
    assert_has(stage_out(stage), "  and 3 users more (--top)\n");
    assert_int_equal(stage_run(stage, "would", "--by", "finding", log, NULL), CTL_GOOD);
    assert_has(stage_out(stage), "  FINDING\n");
    assert_has_not(stage_out(stage), "alice");
    assert_int_equal(stage_run(stage, "would", "--since", "2026-11-21", log, NULL), CTL_GOOD);
    assert_has(stage_out(stage), "of 7 messages 3 would have been rejected");
    assert_has_not(stage_out(stage), "www");
    assert_int_equal(stage_run(stage, "would", "--since", "1d", log, NULL), CTL_GOOD);
    assert_has(stage_out(stage), "of 7 messages");
    assert_int_equal(stage_run(stage, "would", log, log, NULL), CTL_GOOD);
    assert_has(stage_out(stage), "of 16 messages 8 would have been rejected, 2 held, 2 deferred");
}

static void test_json(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(stage, log_text);

    assert_int_equal(stage_run(stage, "--json", "would", "--all", "--top", "1", log, NULL),
                     CTL_GOOD);
    assert_string_equal(
        stage_out(stage),
        "{\"schema\":1,\"log\":{\"lines\":12,\"messages\":10,\"undated\":0,\"long_lines\":0,"
        "\"first\":\"2026-11-20\",\"last\":\"2026-11-23\"},\"complete\":true,\"messages\":8,"
        "\"reject\":4,\"hold\":1,\"defer\":1,\"stopped\":1,\"findings\":["
        "{\"finding\":\"from-missing\",\"messages\":3,\"reject\":3,\"hold\":0,\"defer\":0,"
        "\"recipients\":9,\"users\":2},"
        "{\"finding\":\"from-multiple\",\"messages\":1,\"reject\":1,\"hold\":0,\"defer\":0,"
        "\"recipients\":1,\"users\":1},"
        "{\"finding\":\"limit-exceeded\",\"messages\":1,\"reject\":0,\"hold\":0,\"defer\":1,"
        "\"recipients\":1,\"users\":1},"
        "{\"finding\":\"link-listed\",\"messages\":1,\"reject\":0,\"hold\":1,\"defer\":0,"
        "\"recipients\":1,\"users\":1}],"
        "\"user_count\":4,\"users\":[{\"user\":\"alice@example.org\",\"messages\":3,\"reject\":2,"
        "\"hold\":1,\"defer\":0,\"recipients\":6,\"findings\":[{\"finding\":\"from-missing\","
        "\"messages\":2},{\"finding\":\"link-listed\",\"messages\":1}]}],"
        "\"observed\":[{\"finding\":\"line-too-long\",\"messages\":2,\"recipients\":3,"
        "\"users\":2}]}\n");
}

struct remark_case {
    const char *log;
    const char *since; /* NULL: not given */
    enum ctl_exit code;
    const char *out, *err; /* parts */
};

static const struct remark_case remark_cases[] = {
    { "", NULL, CTL_WARNING, "of 0 messages 0 would", "no line of a message" },
    { "x\n", NULL, CTL_WARNING, "(unknown days)", "among 1 lines; times are read as" },
    { DAY AT "accept class=local by=-\n", "1h", CTL_WARNING, "of 0 messages",
      "no line of a message by egress-milter since then" },
    { "egress-milter: info: 1: verdict=accept class=local user=a by=-\n", NULL, CTL_GOOD,
      "of 1 messages 0 would have been rejected, 0 held, 0 deferred (unknown days)\n", "" },
    { "egress-milter: info: 1: verdict=accept class=local user=a by=-\n", "1d", CTL_WARNING,
      "of 0 messages", "1 messages are left out: their lines do not say when" },
    { DAY AT "accept would=reject class=submission user=*@example.org by=from-missing\n", NULL,
      CTL_GOOD, "*@example.org: from-missing 1", "the log is redacted" },
    { DAY AT "accept would=reject class=submission user=a\\x1b[2J\\x0ab by=from-missing\n", NULL,
      CTL_GOOD, "  a\\x1b[2J\\x0ab: from-missing 1\n", "" },
    { DAY AT "accept would=reject class=bounce rcpts=1 by=from-missing\n", NULL, CTL_GOOD,
      "  -: from-missing 1\n", "" },
};

static void test_remarks(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(remark_cases) / sizeof(remark_cases[0]); i++) {
        const struct remark_case *c = &remark_cases[i];
        const char *log = stage_log(stage, c->log);

        print_message("%s", c->log);
        assert_int_equal(c->since != NULL
                             ? stage_run(stage, "would", log, "--since", c->since, NULL)
                             : stage_run(stage, "would", log, NULL),
                         c->code);
        assert_has(stage_out(stage), c->out);
        assert_has(stage_err(stage), c->err);
        if (c->err[0] == '\0')
            assert_string_equal(stage_err(stage), "");
    }
}

static void test_refused(void **state)
{
    static const char *const words[][2] = {
        { "--by", "day" },  { "--top", "0" }, { "--top", "-1" },
        { "--top", "5x" },  { "--top", "" },  { "--top", "99999999999999999999" },
        { "--since", "x" },
    };
    struct stage *stage = *state;
    const char *log = stage_log(stage, log_text);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_int_equal(stage_run(stage, "would", words[i][0], words[i][1], log, NULL), CTL_USAGE);
        assert_has(stage_err(stage), words[i][0]);
        assert_string_equal(stage_out(stage), "");
    }
    assert_int_equal(stage_run(stage, "would", stage_path(stage, "gone"), NULL), CTL_INPUT);
    assert_has(stage_err(stage), "gone");
    assert_int_equal(stage_run(stage, "--json", "would", stage_path(stage, "gone"), NULL),
                     CTL_INPUT);
    assert_has(stage_out(stage), "\"error\":");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tables, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_options, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_remarks, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_refused, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
