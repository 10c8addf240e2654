/*
 * user messages: whose they are, what became of each, and which of them are still in the mail
 * server's queue.
 */
#include "test_ctl_support.h"

#define DAY "Nov 23 "
#define SMTP " mx1 postfix/smtp[8]: "
#define QMGR " mx1 postfix/qmgr[7]: "
#define OURS " mx1 egress-milter[9]: "
#define TIMES ":25, delay=1.9, delays=0.1/0.2/0.4/1.2, "
#define ALICE(id, verdict, external)                                                               \
    id ": verdict=" verdict " class=submission user=alice@example.org rcpts=" external             \
       " external=" external " client=192.0.2.25 by=- from=<alice@example.org>\n"

static const char log_text[] =
    /* one that has arrived and bounced, and is done */
    DAY "08:00:01" OURS ALICE("AAAAA11111", "accept", "2") DAY
    "08:00:01" QMGR "AAAAA11111: from=<alice@example.org>, size=1100, nrcpt=2 (queue active)\n" DAY
    "08:00:02" SMTP "AAAAA11111: to=<b@example.com>, relay=mx.example.com[192.0.2.1]" TIMES
    "dsn=2.0.0, status=sent (250 ok)\n" DAY "08:00:02" SMTP
    "AAAAA11111: to=<x@example.com>, relay=mx.example.com[192.0.2.1]" TIMES
    "dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] said: 550 5.1.1 nobody)\n" DAY
    "08:00:03" QMGR "AAAAA11111: removed\n"
    /* one that waits */
    DAY "08:10:01" OURS ALICE("BBBBB11111", "accept", "1") DAY
    "08:10:01" QMGR "BBBBB11111: from=<alice@example.org>, size=1100, nrcpt=1 (queue active)\n" DAY
    "08:10:02" SMTP
    "BBBBB11111: to=<c@example.com>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, "
    "status=deferred (connect to mx.example.com[192.0.2.9]:25: Connection timed out)\n"
    /* one that was refused, one that is held, one of somebody else */
    DAY "08:20:00" OURS ALICE("CCCCC11111", "reject", "1") DAY
    "08:30:00" OURS ALICE("DDDDD11111", "hold", "1") DAY
    "08:40:00" OURS
    "EEEEE11111: verdict=accept class=submission user=bob@example.org rcpts=1 external=1 by=- "
    "from=<bob@example.org>\n"
    /* the id is used again, on another host it is another message */
    DAY "09:00:01" OURS ALICE("AAAAA11111", "accept", "1") DAY
    "09:00:02 mx2 postfix/qmgr[7]: AAAAA11111: removed\n";

static const char *stage_log_of(struct stage *stage)
{
    static char path[512];
    stage_write(stage, "log", log_text, strlen(log_text));
    snprintf(path, sizeof(path), "%s", stage_path(stage, "log"));
    return path;
}

static void test_text(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(
        stage_run(stage, "user", "messages", "alice@example.org", stage_log_of(stage), NULL),
        CTL_GOOD);
    assert_string_equal(
        stage_out(stage),
        "2026-11-23T08:00:01  AAAAA11111  accept, 2 outside: 1 delivered, 1 bounced, 0 times put "
        "off: 550 5.1.1 nobody\n"
        "2026-11-23T08:10:01  BBBBB11111  accept, still queued, 1 outside: 0 delivered, 0 bounced, "
        "1 times put off: connect to mx.example.com[192.0.2.9]:25: Connection timed out\n"
        "2026-11-23T08:20:00  CCCCC11111  reject, 1 outside\n"
        "2026-11-23T08:30:00  DDDDD11111  hold, still queued, 1 outside\n"
        "2026-11-23T09:00:01  AAAAA11111  accept, still queued, 1 outside\n");
}

static void test_queued(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(stage_run(stage, "user", "messages", "--queued", "alice@example.org",
                               stage_log_of(stage), NULL),
                     CTL_GOOD);
    assert_string_equal(stage_out(stage), "BBBBB11111\nDDDDD11111\nAAAAA11111\n");
    assert_int_equal(stage_run(stage, "user", "messages", "--queued", "eve@example.org",
                               stage_log_of(stage), NULL),
                     CTL_GOOD);
    assert_string_equal(stage_out(stage), "");
}

static void test_json(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(stage_run(stage, "--json", "user", "messages", "bob@example.org",
                               stage_log_of(stage), NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "{\"schema\":1,\"name\":\"bob@example.org\",\"messages\":[{");
    assert_has(stage_out(stage), "\"queue_id\":\"EEEEE11111\",\"verdict\":\"accept\"");
    assert_has(stage_out(stage), "\"queued\":true");
}

static void test_refused(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(stage_run(stage, "user", "messages", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "user", "messages", "a", "/nowhere/mail.log", NULL),
                     CTL_INPUT);
    assert_int_equal(
        stage_run(stage, "user", "messages", "--day", "x", "a", stage_log_of(stage), NULL),
        CTL_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_queued, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_refused, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
