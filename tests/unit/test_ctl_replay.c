/*
 * replay: what is read of our lines and of Postfix's, what limits would have done, and what is
 * proposed.
 */
#include "test_ctl_support.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/x\"; logins = { realm = \"example.org\"; };\n"                               \
    "outgoing = { internal = [ \"inside.example\" ];\n"                                            \
    "  networks = ( { address = \"192.0.2.0/28\"; name = \"printers\"; } ); };\n"

#define DAY "Nov 23 "
#define HOST " mx egress-milter[9]: "

static const char *stage_log(const struct stage *stage, const char *name, const char *text)
{
    static char paths[2][512];
    static int turn;
    char *path = paths[turn++ % 2];
    stage_write(stage, name, text, strlen(text));
    snprintf(path, sizeof(paths[0]), "%s", stage_path(stage, name));
    return path;
}

static void add_ours(struct buffer *log, int minute, const char *user, unsigned external)
{
    buffer_printf(log,
                  DAY "%02d:%02d:00" HOST "Q%05d: verdict=accept class=submission user=%s "
                      "rcpts=%u external=%u size=1000 by=-\n",
                  10 + minute / 60, minute % 60, minute, user, external, external);
}

/* Five hundred an hour fit, then they wait; more at once never do. */
static void test_effect(void **state)
{
    struct stage *stage = *state;
    struct buffer log = BUFFER_EMPTY;
    for (int i = 0; i < 7; i++) {
        add_ours(&log, i, "alice@example.org", 100);
    }
    add_ours(&log, 8, "bob@example.org", 501);
    add_ours(&log, 9, "carol@example.org", 500);
    add_ours(&log, 80, "alice@example.org", 500);
    stage_config(stage, CONFIG);
    assert_int_equal(stage_run(stage, "replay", stage_log(stage, "log", buffer_text(&log)), NULL),
                     CTL_GOOD);
    assert_string_equal(stage_err(stage), "");
    assert_has(stage_out(stage),
               "  MESSAGES RECIPIENTS  FIRST                 WAIT  USER: LIMIT\n"
               "         2        200  2026-11-23T10:05Z       1h  alice@example.org: default, "
               "deferred\n"
               "         1        501  2026-11-23T10:08Z        -  bob@example.org: default, "
               "rejected\n"
               "\n"
               "of 10 messages 1 would have been rejected, 0 held, 2 deferred, 0 only told "
               "(2026-11-23 to 2026-11-23)\n");
    assert_int_equal(stage_run(stage, "--json", "replay", "--top", "1",
                               stage_log(stage, "log", buffer_text(&log)), NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "{\"schema\":1,\"log\":{\"lines\":10,\"messages\":10,");
    assert_has(stage_out(stage),
               "\"of_postfix\":0,\"stopped\":0},\"complete\":true,\"messages\":10,"
               "\"reject\":1,\"hold\":0,\"defer\":2,\"told\":0,\"row_count\":2,"
               "\"rows\":[{\"user\":\"alice@example.org\",\"limit\":\"default\","
               "\"messages\":2,\"recipients\":200,\"reject\":0,\"hold\":0,"
               "\"defer\":2,\"first\":\"2026-11-23T10:05Z\",\"last\":"
               "\"2026-11-23T10:06Z\",\"longest_wait_s\":");
    assert_has_not(stage_out(stage), "bob");
    buffer_free(&log);
}

static void test_rows(void **state)
{
    struct stage *stage = *state;
    struct buffer log = BUFFER_EMPTY;
    for (int i = 0; i < 5; i++) {
        add_ours(&log, i, "alice@example.org", 10);
        add_ours(&log, i, "pay@example.org", 10);
    }
    stage_config(stage, CONFIG "limits = ( { name = \"default\"; count = \"messages\"; max = 3;"
                               " per = \"1h\"; action = \"hold\"; },\n"
                               " { name = \"all\"; count = \"recipients\"; by = \"site\"; max = 50;"
                               " per = \"1h\"; action = \"observe\"; },\n"
                               " { name = \"u\"; count = \"messages\"; by = \"provider\";"
                               " max = 1; per = \"1h\"; } );\n"
                               "exceptions = ( { principal = \"pay@example.org\"; limit = "
                               "\"default\"; max = 4; } );\n");
    assert_int_equal(stage_run(stage, "replay", stage_log(stage, "log", buffer_text(&log)), NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "of 10 messages 0 would have been rejected, 3 held, 0 deferred, "
                                 "2 only told");
    assert_has(stage_out(stage), "alice@example.org: default, held\n");
    assert_has(stage_out(stage), "pay@example.org: default, held\n");
    assert_has(stage_out(stage), ": all, told\n");
    assert_has_not(stage_out(stage), ": u, ");
    assert_has(stage_err(stage), "limits by provider and of unique");
    buffer_free(&log);
}

/* Nobody reads a reply: held, and rejected only where the bounce goes to a sender of ours. All of
 * it has the pool, too. */
static void test_local(void **state)
{
    struct stage *stage = *state;
    struct buffer log = BUFFER_EMPTY;
    static const char *const senders[] = { "a@inside.example", "a@else.example" };
    for (int i = 0; i < 2; i++) {
        buffer_printf(&log,
                      DAY "10:00:0%d" HOST "Q%d: verdict=accept class=local user=a%d rcpts=4 "
                          "external=4 by=- from=<%s>\n" DAY "10:00:0%d" HOST
                          "R%d: verdict=accept class=local user=b%d rcpts=3 external=3 by=- "
                          "from=<%s>\n" DAY "10:00:0%d" HOST
                          "S%d: verdict=accept class=local user=b%d rcpts=1 external=1 by=- "
                          "from=<%s>\n",
                      i, i, i, senders[i], i, i, i, senders[i], i, i, i, senders[i]);
    }
    stage_config(stage, CONFIG "limits = ( { name = \"web\"; count = \"recipients\"; max = 3;"
                               " per = \"1h\"; class = \"local\"; } );\n");
    assert_int_equal(stage_run(stage, "replay", stage_log(stage, "log", buffer_text(&log)), NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "of 6 messages 1 would have been rejected, 4 held, 0 deferred");
    assert_has(stage_out(stage), "a0: web, rejected\n");
    assert_has(stage_out(stage), "a1: web, held\n");
    assert_has(stage_out(stage), "b0: web, held\n");
    buffer_free(&log);
}

static const char postfix_text[] = DAY
    "10:00:00 mx postfix/submission/smtpd[1]: AAAAA11111: client=x[198.51.100.1], "
    "sasl_method=PLAIN, sasl_username=Alice\n" DAY
    "10:00:01 mx postfix/qmgr[1]: AAAAA11111: from=<alice@example.org>, size=900, nrcpt=600 "
    "(queue active)\n" DAY
    "10:00:02 mx postfix/smtp[1]: AAAAA11111: to=<b@example.com>, relay=x, status=sent (ok)\n" DAY
    "10:00:02 mx postfix/qmgr[1]: AAAAA11111: removed\n"
    /* Inside, by an agent and by its domain; tried again, which is not sent again. */
    DAY "10:01:00 mx postfix/smtpd[1]: BBBBB11111: client=x[198.51.100.1], sasl_username=bob\n" DAY
    "10:01:01 mx postfix/qmgr[1]: BBBBB11111: from=<bob@example.org>, size=900, nrcpt=502 "
    "(queue active)\n" DAY
    "10:01:02 mx postfix/lmtp[1]: BBBBB11111: to=<a@example.org>, relay=x, status=sent (ok)\n" DAY
    "10:01:02 mx postfix/smtp[1]: BBBBB11111: to=<a@inside.example>, relay=x, status=sent (o)\n" DAY
    "10:01:30 mx postfix/qmgr[1]: BBBBB11111: from=<bob@example.org>, size=900, nrcpt=9 "
    "(queue active)\n"
    /* A stranger's, one from a network, one handed in here, one that was never queued. */
    DAY "10:02:00 mx postfix/smtpd[1]: CCCCC11111: client=x[203.0.113.1]\n" DAY
    "10:02:01 mx postfix/qmgr[1]: CCCCC11111: from=<z@a.example>, size=900, nrcpt=900 (queue)\n" DAY
    "10:03:00 mx postfix/smtpd[1]: DDDDD11111: client=x[192.0.2.5]\n" DAY
    "10:03:01 mx postfix/qmgr[1]: DDDDD11111: from=<z@a.example>, size=900, nrcpt=3 (queue)\n" DAY
    "10:04:00 mx postfix/pickup[1]: EEEEE11111: uid=33 from=<www-data>\n" DAY
    "10:04:01 mx postfix/qmgr[1]: EEEEE11111: from=<www@a.example>, size=900, nrcpt=1 (queue)\n" DAY
    "10:05:00 mx postfix/smtpd[1]: FFFFF11111: client=x[198.51.100.1], sasl_username=bob\n";

static void test_postfix(void **state)
{
    struct stage *stage = *state;
    stage_config(stage, CONFIG);
    assert_int_equal(
        stage_run(stage, "--json", "replay", stage_log(stage, "log", postfix_text), NULL),
        CTL_GOOD);
    assert_string_equal(stage_err(stage), "");
    assert_has(stage_out(stage), "\"of_postfix\":4,\"stopped\":0},\"complete\":true,\"messages\":4,"
                                 "\"reject\":1,\"hold\":0,\"defer\":0,\"told\":0,\"row_count\":1,"
                                 "\"rows\":[{\"user\":\"alice@example.org\",");
    assert_has(stage_out(stage),
               "\"users\":2,\"count\":\"recipients\",\"per\":\"1h\",\"usual\":600,"
               "\"most\":600,\"max\":1200,\"meet_it\":0}");
}

/* Where both tell of a message it is one. */
static void test_both(void **state)
{
    struct stage *stage = *state;
    static const char text[] = DAY
        "10:00:00 mx postfix/smtpd[1]: AAAAA11111: client=x[198.51.100.1], sasl_username=al\n" DAY
        "10:00:01" HOST "AAAAA11111: verdict=accept class=submission user=al@example.org "
        "rcpts=9 external=7 size=9 by=-\n" DAY
        "10:00:01 mx postfix/qmgr[1]: AAAAA11111: from=<al@example.org>, size=9, nrcpt=9 (q)\n" DAY
        "10:00:02 mx postfix/qmgr[1]: AAAAA11111: removed\n" DAY "10:01:01" HOST
        "BBBBB11111: verdict=reject class=submission user=al@example.org "
        "rcpts=9 external=7 size=9 by=from-missing\n" DAY "10:01:02" HOST
        "CCCCC11111: verdict=accept class=inbound rcpts=9 by=-\n" DAY "10:01:03" HOST
        "DDDDD11111: verdict=aborted class=submission user=al@example.org "
        "rcpts=9 by=-\n";
    stage_config(stage, CONFIG);
    assert_int_equal(stage_run(stage, "--json", "replay", stage_log(stage, "log", text), NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage),
               "\"of_postfix\":0,\"stopped\":1},\"complete\":true,\"messages\":1,");
    assert_has(stage_out(stage), "\"usual\":7,\"most\":7,\"max\":14,\"meet_it\":0}");
    assert_has(stage_err(stage), "1 messages were stopped then and are not counted");
}

/* More at once than are kept apart: they count before all of their recipients are known. */
static void test_crowded(void **state)
{
    struct stage *stage = *state;
    struct buffer log = BUFFER_EMPTY;
    for (int i = 0; i < 33000; i++) {
        buffer_printf(&log,
                      DAY "10:00:00 mx postfix/smtpd[1]: A%06d: client=x[198.51.100.1], "
                          "sasl_username=al\n" DAY
                          "10:00:00 mx postfix/qmgr[1]: A%06d: from=<a@b>, size=1, nrcpt=1 (q)\n",
                      i, i);
    }
    for (int i = 0; i < 33000; i++) {
        buffer_printf(
            &log, DAY "10:00:01 mx postfix/lmtp[1]: A%06d: to=<a@b>, relay=x, status=sent (o)\n",
            i);
    }
    stage_config(stage, CONFIG "limits = ( { name = \"default\"; count = \"recipients\"; "
                               "max = 0; per = \"1h\"; } );\n");
    assert_int_equal(
        stage_run(stage, "--json", "replay", stage_log(stage, "log", buffer_text(&log)), NULL),
        CTL_WARNING);
    assert_has(stage_err(stage), "232 messages counted before all deliveries were known");
    assert_has(stage_out(stage), "\"of_postfix\":33000,\"stopped\":0},\"complete\":false,");
    assert_has(stage_out(stage), "\"usual\":232,\"most\":232,");
    buffer_free(&log);
}

static void test_proposals(void **state)
{
    struct stage *stage = *state;
    struct buffer log = BUFFER_EMPTY;
    char user[64], config[2048];
    static const char table[] = "pro@example.org pro\n";
    for (int i = 0; i < 400; i++) {
        snprintf(user, sizeof(user), "u%03d@example.org", i);
        add_ours(&log, i, user, 20 + (unsigned)i % 30);
    }
    add_ours(&log, 401, "wild@example.org", 5000);
    add_ours(&log, 402, "wilder@example.org", 7000);
    add_ours(&log, 403, "pro@example.org", 333);
    add_ours(&log, 500, "pro@example.org", 333);
    stage_write(stage, "plans", table, sizeof(table) - 1);
    snprintf(config, sizeof(config), CONFIG "plans = { table = \"file:%s\"; };\n",
             stage_path(stage, "plans"));
    stage_config(stage, config);
    assert_int_equal(stage_run(stage, "replay", stage_log(stage, "log", buffer_text(&log)), NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage),
               "PLAN                USERS   PER      USUAL       MOST   PROPOSED  MEET IT\n"
               "-                     402    1h         49       7000         98        2\n"
               "-                     402    1d         49       7000         98        2\n"
               "pro                     1    1h        333        333        670        0\n"
               "pro                     1    1d        666        666       1400        0\n");
    assert_has(stage_out(stage),
               "limits = (\n"
               "  { name = \"default\"; count = \"recipients\"; max = 98; per = \"1h\"; },\n"
               "  { name = \"default-day\"; count = \"recipients\"; max = 98; per = \"1d\"; },\n"
               "  { name = \"pro-hour\"; count = \"recipients\"; plan = \"pro\"; max = 670; per = "
               "\"1h\"; },\n"
               "  { name = \"pro-day\"; count = \"recipients\"; plan = \"pro\"; max = 1400; per = "
               "\"1d\"; } );\n");
    /* What is proposed is a configuration. */
    snprintf(config, sizeof(config), CONFIG "%s", strstr(stage_out(stage), "limits = (\n"));
    stage_config(stage, config);
    assert_int_equal(stage_run(stage, "check", NULL), CTL_GOOD);
    buffer_free(&log);
}

static void test_order(void **state)
{
    struct stage *stage = *state;
    const char *late, *early;
    stage_config(stage, CONFIG);
    late = stage_log(stage, "late",
                     "Nov 23 11:00:00" HOST "A: verdict=accept class=submission "
                     "user=a rcpts=1 external=1 by=-\n");
    early = stage_log(stage, "early",
                      "Nov 22 11:00:00" HOST "A: verdict=accept class=submission "
                      "user=a rcpts=1 external=1 by=-\n");
    assert_int_equal(stage_run(stage, "replay", early, late, NULL), CTL_GOOD);
    assert_string_equal(stage_err(stage), "");
    assert_int_equal(stage_run(stage, "replay", late, early, NULL), CTL_WARNING);
    assert_has(stage_err(stage), "1 messages stand behind later ones: give the oldest log first");
    assert_int_equal(stage_run(stage, "replay", "--since", "2026-11-23", early, late, NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "of 1 messages");
}

static const struct {
    const char *log;
    enum ctl_exit code;
    const char *told;
} remarks[] = {
    { "", CTL_WARNING, "no outgoing message among 0 lines" },
    { "x\n\x01\xff\n", CTL_WARNING, "no outgoing message among 2 lines" },
    { "egress-milter: info: 1: verdict=accept class=local user=a rcpts=1 by=-\n", CTL_WARNING,
      "1 lines are left out: they do not say when" },
    { DAY "10:00:00" HOST "A: verdict=accept class=submission user=*@example.org rcpts=1 by=-\n",
      CTL_GOOD, "the log is redacted" },
};

static void test_remarks(void **state)
{
    struct stage *stage = *state;
    stage_config(stage, CONFIG);
    for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++) {
        const char *log = stage_log(stage, "log", remarks[i].log);
        print_message("%s\n", remarks[i].log);
        assert_int_equal(stage_run(stage, "replay", log, NULL), remarks[i].code);
        assert_has(stage_err(stage), remarks[i].told);
    }
}

static void test_refused(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(stage, "log", "");
    assert_int_equal(stage_run(stage, "replay", "--top", "0", log, NULL), CTL_USAGE);
    stage_config(stage, "socket = ;\n");
    assert_int_equal(stage_run(stage, "replay", log, NULL), CTL_CONFIG);
    stage_config(stage, CONFIG);
    assert_int_equal(stage_run(stage, "replay", "--since", "x", log, NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "replay", stage_path(stage, "gone"), NULL), CTL_INPUT);
    assert_has(stage_err(stage), "gone");
    assert_string_equal(stage_out(stage), "");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_effect),  TEST(test_rows),    TEST(test_local),     TEST(test_postfix),
        TEST(test_both),    TEST(test_crowded), TEST(test_proposals), TEST(test_order),
        TEST(test_remarks), TEST(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
