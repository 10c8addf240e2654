/*
 * What a log tells of a day: the counts of the mail server and of ours, tables, causes, delays,
 * logins that failed, gaps; ranges of time, and what is left out and told.
 */
#include "test_ctl_support.h"

#include "ctl/log_summary.h"

#define DAY "Nov 23 "
#define SMTP " mx1 postfix/smtp[8]: "
#define QMGR " mx1 postfix/qmgr[7]: "
#define OURS " mx1 egress-milter[9]: "
#define TIMES ":25, delay=1.9, delays=0.1/0.2/0.4/1.2, "

static const char log_text[] =
    "Nov 22 23:59:59 mx1 postfix/smtpd[1]: 99999AAAAA: client=pc[192.0.2.25]\n" /* the day before */
    DAY "08:00:00 mx1 postfix/smtpd[1]: AAAAA11111: client=pc[192.0.2.25], sasl_method=PLAIN, "
    "sasl_username=alice\n" DAY "08:00:01" OURS
    "AAAAA11111: verdict=accept class=submission user=alice@example.org rcpts=3 external=3 "
    "to=gmail.com:2,example.com:1 size=1000 by=- from=<alice@example.org> "
    "msgid=<m@example.org>\n" DAY "08:00:01" QMGR
    "AAAAA11111: from=<alice@example.org>, size=1100, nrcpt=3 (queue active)\n" DAY "08:00:02" SMTP
    "AAAAA11111: to=<b@gmail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.1]" TIMES
    "dsn=2.0.0, status=sent (250 ok)\n" DAY "08:00:02" SMTP
    "AAAAA11111: to=<x@GMail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.1]" TIMES
    "dsn=5.1.1, status=bounced (host gmail-smtp-in.l.google.com[192.0.2.1] said: 550-5.1.1 The "
    "email "
    "account that you tried to reach does not exist (in reply to RCPT TO command))\n" DAY
    "08:00:02" SMTP
    "AAAAA11111: to=<c@example.com>, relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, "
    "status=deferred (connect to mx.example.com[192.0.2.9]:25: Connection timed out)\n" DAY
    "09:00:01" QMGR "AAAAA11111: from=<alice@example.org>, size=1100, nrcpt=3 (queue active)\n" DAY
    "09:00:02" SMTP "AAAAA11111: to=<c@example.com>, relay=mx.example.com[192.0.2.9]" TIMES
    "dsn=2.0.0, status=sent (250 ok)\n" DAY "09:00:02" QMGR "AAAAA11111: removed\n" DAY
    "09:10:00 mx1 "
    "postfix/bounce[5]: AAAAA11111: sender non-delivery notification: BBBBB11111\n"
    /* of nobody we know */
    DAY "09:20:00 mx1 postfix/pickup[2]: CCCCC11111: uid=0 from=<root>\n" DAY "09:20:00" QMGR
    "CCCCC11111: from=<root@mx1.example.org>, size=300, nrcpt=1 (queue active)\n" DAY
    "09:20:01 mx1 "
    "postfix/local[3]: CCCCC11111: to=<ops@mx1.example.org>, relay=local, delay=0.02, "
    "delays=0.01/0/0/0.01, dsn=2.0.0, status=sent (delivered to mailbox)\n"
    /* what was stopped */
    DAY "10:00:00" OURS "DDDDD11111: verdict=reject class=submission user=bob@example.org rcpts=1 "
    "external=1 size=10 by=from-not-owned from=<ceo@example.org>\n" DAY
    "10:00:00 mx1 postfix/cleanup[4]: "
    "DDDDD11111: milter-reject: END-OF-MESSAGE from pc[192.0.2.26]: 5.7.1 from-not-owned: no; "
    "from=<ceo@example.org> to=<z@example.com> proto=ESMTP helo=<pc>\n" DAY "10:00:01" OURS
    "EEEEE11111: verdict=hold class=local user=www rcpts=7 external=7 size=10 by=limit-exceeded "
    "from=<www@example.org>\n" DAY "10:00:01" OURS
    "FFFFF11111: verdict=accept would=reject class=relay user=printers rcpts=1 external=1 size=10 "
    "by=dmarc-would-fail from=<p@example.org>\n" DAY "10:00:02" OURS
    "GGGGG11111: verdict=accept class=inbound rcpts=1 by=-\n" DAY
    "10:00:03 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[198.51.100.1]: 554 5.7.1 no; "
    "from=<> to=<a@b> proto=ESMTP helo=<x>\n"
    /* logins, remarks, gaps */
    DAY "11:00:00 mx1 postfix/smtpd[1]: warning: x[198.51.100.1]: SASL LOGIN authentication "
    "failed: no, "
    "sasl_username=admin\n" DAY
    "11:00:01 mx1 postfix/smtpd[1]: warning: x[198.51.100.2]: SASL LOGIN "
    "authentication failed: no, sasl_username=admin\n" DAY
    "11:00:02 mx1 postfix/smtpd[1]: disconnect from x[198.51.100.2] ehlo=1 auth=0/1 quit=1 "
    "commands=2/3\n" DAY "11:30:00" OURS "lists: zone.example refuses us\n" DAY "11:40:00" OURS
    "lists: zone.example refuses us\n" DAY
    "12:00:00 mx1 systemd-journald[1]: Suppressed 12 messages from postfix.service\n" DAY
    "12:00:01 mx1 sshd[1]: Accepted publickey for root\n"
    "Nov 24 00:00:00 mx1 postfix/smtpd[1]: 88888AAAAA: client=pc[192.0.2.25]\n"; /* the day after */

static const char *stage_log(const struct stage *stage, const char *text)
{
    static char path[512];
    stage_write(stage, "log", text, strlen(text));
    snprintf(path, sizeof(path), "%s", stage_path(stage, "log"));
    return path;
}

/* cmocka cuts long texts: the first line that differs is told. */
static void assert_same(const char *is, const char *wanted)
{
    while (*is != '\0' || *wanted != '\0') {
        size_t size = strcspn(is, "\n"), other = strcspn(wanted, "\n");
        if (size != other || memcmp(is, wanted, size) != 0) {
            fail_msg("\"%.*s\" and not \"%.*s\"", (int)size, is, (int)other, wanted);
        }
        is += size + (is[size] == '\n');
        wanted += other + (wanted[other] == '\n');
    }
}

static void test_text(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(
        stage_run(stage, "log", "summary", "--day", "2026-11-23", stage_log(stage, log_text), NULL),
        CTL_GOOD);
    assert_string_equal(stage_err(stage), "");
    assert_same(
        stage_out(stage),
        "mail of 2026-11-23 (25 of 28 lines)\n"
        "\n"
        "all mail, as the mail server has it\n"
        "         2  messages received\n"
        "      1400  octets of them\n"
        "         3  recipients delivered to\n"
        "         1  attempts deferred\n"
        "         1  recipients bounced\n"
        "         0  messages given up\n"
        "         2  times rejected\n"
        "         1  of them by a milter\n"
        "         0  times only warned of\n"
        "         0  times held\n"
        "         0  times discarded\n"
        "         1  reports of failure to senders\n"
        "\n"
        "  RECEIVED  DELIVERED   DEFERRED    BOUNCED   REJECTED  HOUR\n"
        "         1          1          1          1          0  08\n"
        "         1          2          0          0          0  09\n"
        "         0          0          0          0          2  10\n"
        "\n"
        "outgoing mail, as egress-milter judged it\n"
        "         4  messages\n"
        "        12  recipients\n"
        "        12  of them external\n"
        "      1030  octets\n"
        "         2  messages accepted\n"
        "         1  held\n"
        "         0  deferred\n"
        "         1  rejected\n"
        "         0  discarded by the mail server\n"
        "         0  given up by the client\n"
        "         1  would have been stopped by mode enforce\n"
        "\n"
        "  MESSAGES RECIPIENTS  FINDING AND WHAT WAS DONE\n"
        "         1          1  dmarc-would-fail: would\n"
        "         1          1  from-not-owned: reject\n"
        "         1          7  limit-exceeded: hold\n"
        "\n"
        "  MESSAGES RECIPIENTS    STOPPED  DELIVERED    BOUNCED       OCTETS  PRINCIPAL\n"
        "         1          7          1          0          0           10  www (local)\n"
        "         1          1          0          0          0           10  printers (relay)\n"
        "         1          3          0          2          1         1000  alice@example.org "
        "(submission)\n"
        "         1          1          1          0          0           10  bob@example.org "
        "(submission)\n"
        "\n"
        "  MESSAGES RECIPIENTS       OCTETS  SENDER, OF ALL MAIL\n"
        "         1          3         1100  alice@example.org\n"
        "         1          1          300  root@mx1.example.org\n"
        "\n"
        " DELIVERED    BOUNCED   DEFERRED  DOMAIN OF RECIPIENTS\n"
        "         1          1          0  gmail.com\n"
        "         1          0          1  example.com\n"
        "         1          0          0  mx1.example.org\n"
        "\n"
        "   BOUNCED   DEFERRED  CAUSE, WHAT TO DO, AND WHAT WAS SAID FIRST\n"
        "         1          0  recipient-unknown: Correct the address or take it out of the list; "
        "it will not begin to exist by trying again\n"
        "                         \"550-5.1.1 The email account that you tried to reach does not "
        "exist\"\n"
        "         0          1  network-timeout: The server did not answer in time or broke off: "
        "check whether port 25 is open outwards; if others can be reached, wait\n"
        "                         \"connect to mx.example.com[192.0.2.9]:25: Connection timed "
        "out\"\n"
        "\n"
        " DELIVERED   queued      90%   waited      90%  connect      90%     sent      90%    "
        "whole "
        "     90%  PROVIDER, AND HOW LONG HALF OF THE MAIL AND NINE TENTHS TOOK\n"
        "         1   109 ms   109 ms   212 ms   212 ms   412 ms   412 ms    1.3 s    1.3 s    2.0 "
        "s "
        "   2.0 s  google\n"
        "         2     9 ms   109 ms     0 ms   212 ms     0 ms   412 ms     9 ms    1.3 s    20 "
        "ms "
        "   2.0 s  other\n"
        "\n"
        "logins that failed\n"
        "         2  told one by one\n"
        "         1  told at the end of sessions\n"
        "\n"
        "     TIMES  FROM THE NETWORK\n"
        "         2  198.51.100.0/24\n"
        "\n"
        "     TIMES  LOGIN\n"
        "         2  admin\n"
        "\n"
        "     TIMES  EGRESS-MILTER SAID\n"
        "         2  lists: zone.example refuses us\n"
        "\n"
        "gaps in the log: whoever keeps it lost lines, so all counts are too low\n"
        "         1  times\n"
        "        12  lines, as far as it was told\n"
        "\n"
        "deliveries joined to what egress-milter judged\n"
        "         4  recipients of outgoing mail\n"
        "         1  of other mail\n"
        "         0  of two messages that share a queue id, so of nobody's\n"
        "         0  messages forgotten for want of room\n");
}

static void test_json(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(stage, log_text);
    assert_int_equal(stage_run(stage, "--json", "log", "summary", "--day", "2026-11-23", "--top",
                               "1", log, NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage),
               "{\"schema\":1,\"log\":{\"lines\":28,\"taken\":25,\"undated\":0,"
               "\"long_lines\":0,\"first\":\"2026-11-23\",\"last\":\"2026-11-23\"},"
               "\"server\":{\"received\":2,\"delivered\":3,\"deferred\":1,"
               "\"bounced\":1,\"rejected\":2,\"bytes\":1400,");
    assert_has(stage_out(stage), "{\"hour\":8,\"received\":1,\"delivered\":1,\"deferred\":1,"
                                 "\"bounced\":1,\"rejected\":0}");
    assert_has(stage_out(stage), "\"principals\":[{\"principal\":\"www\",\"class\":\"local\","
                                 "\"messages\":1,\"recipients\":7,\"rejected\":0,\"deferred\":0,"
                                 "\"held\":1,\"delivered\":0,\"bounced\":0,\"bytes\":10}],");
    assert_has(stage_out(stage), "\"causes\":[{\"cause\":\"recipient-unknown\",\"class\":"
                                 "\"recipient\",\"bounced\":1,\"deferred\":0,\"advice\":\"Correct");
    assert_has(stage_out(stage), "\"delays\":[{\"provider\":\"google\",\"delivered\":1,\"queued\":"
                                 "{\"p50_ms\":109,\"p90_ms\":109},");
    assert_has(stage_out(stage), "\"failed_logins\":{\"told\":2,\"in_sessions\":1,\"networks\":"
                                 "[{\"network\":\"198.51.100.0/24\",\"failed\":2}],\"logins\":"
                                 "[{\"login\":\"admin\",\"failed\":2}]},");
    assert_has(stage_out(stage), "\"joined\":{\"attributed\":4,\"unattributed\":1,\"ambiguous\":0,"
                                 "\"duplicates\":0,\"evicted\":0},\"gaps\":{\"times\":1,"
                                 "\"lines\":12}}\n");
}

static void test_ranges(void **state)
{
    static const struct {
        const char *options[4];
        unsigned received;
    } cases[] = {
        { { "--day", "2026-11-22" }, 1 },
        { { "--day", "yesterday" }, 2 },
        { { "--since", "2026-11-23" }, 3 },
        { { "--until", "2026-11-23" }, 1 },
        { { "--since", "2026-11-23T09:00", "--until", "2026-11-24" }, 1 },
        { { NULL }, 4 },
    };
    struct stage *stage = *state;
    const char *log = stage_log(stage, log_text);
    stage->clock.now_s = 1795536000; /* 2026-11-24 16:00 */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const *o = cases[i].options;
        char wanted[64];
        print_message("%s %s\n", o[0] != NULL ? o[0] : "", o[1] != NULL ? o[1] : "");
        assert_int_equal(
            o[0] == NULL ? stage_run(stage, "--json", "log", "summary", log, NULL)
            : o[2] == NULL
                ? stage_run(stage, "--json", "log", "summary", log, o[0], o[1], NULL)
                : stage_run(stage, "--json", "log", "summary", log, o[0], o[1], o[2], o[3], NULL),
            CTL_GOOD);
        snprintf(wanted, sizeof(wanted), "\"server\":{\"received\":%u,", cases[i].received);
        assert_has(stage_out(stage), wanted);
    }
}

static void test_remarks(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(stage, "x\n");
    assert_int_equal(stage_run(stage, "log", "summary", log, NULL), CTL_WARNING);
    assert_has(stage_err(stage), "no line of Postfix, Sendmail or egress-milter among 1 lines");
    assert_has(stage_out(stage), "mail of unknown days (0 of 1 lines)");
    log = stage_log(stage, "egress-milter: info: 1: verdict=accept class=local user=a by=-\n");
    assert_int_equal(stage_run(stage, "log", "summary", log, NULL), CTL_GOOD);
    assert_has(stage_out(stage), "a (local)");
    assert_int_equal(stage_run(stage, "log", "summary", "--since", "1d", log, NULL), CTL_WARNING);
    assert_has(stage_err(stage), "1 lines are left out: they do not say when");
    log = stage_log(stage, DAY "10:00:00 mx1 postfix/qmgr[7]: AAAAA11111: from=<a\x1b[2J@b>, "
                               "size=1, nrcpt=1 (queue active)\n");
    assert_int_equal(stage_run(stage, "log", "summary", log, NULL), CTL_GOOD);
    assert_has(stage_out(stage), "a\\x1b[2J@b\n");
}

static void test_sendmail(void **state)
{
    struct stage *stage = *state;
    const char *log = stage_log(
        stage,
        DAY "10:00:00 mx1 sm-mta[1]: 5ASMX0aB012345: from=<a@example.org>, size=10, class=0, "
            "nrcpts=2, msgid=<m>, relay=pc [192.0.2.25]\n" DAY
            "10:00:01 mx1 sm-mta[2]: 5ASMX0aB012345: to=<b@example.com>,<c@example.com>, "
            "delay=00:00:01, mailer=esmtp, relay=mx. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)\n" DAY
            "10:00:02 mx1 sm-mta[2]: 5ASMX0aC012345: from=<a@example.org>, size=0, class=0, "
            "nrcpts=0, relay=pc [192.0.2.25]\n");
    assert_int_equal(stage_run(stage, "--json", "log", "summary", log, NULL), CTL_GOOD);
    assert_has(stage_out(stage), "\"server\":{\"received\":1,\"delivered\":2,\"deferred\":0,");
}

static void test_refused(void **state)
{
    static const char *const words[][2] = {
        { "--day", "x" },   { "--day", "2026-13-01" }, { "--day", "2026-11-23T10:00" },
        { "--since", "x" }, { "--until", "x" },        { "--top", "0" },
    };
    struct stage *stage = *state;
    const char *log = stage_log(stage, log_text);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_int_equal(stage_run(stage, "log", "summary", words[i][0], words[i][1], log, NULL),
                         CTL_USAGE);
        assert_has(stage_err(stage), words[i][0]);
        assert_string_equal(stage_out(stage), "");
    }
    assert_int_equal(
        stage_run(stage, "log", "summary", "--day", "today", "--since", "1d", log, NULL),
        CTL_USAGE);
    assert_int_equal(stage_run(stage, "log", "summary", "--since", "2026-11-23", "--until",
                               "2026-11-22", log, NULL),
                     CTL_USAGE);
    assert_int_equal(stage_run(stage, "log", "summary", stage_path(stage, "gone"), NULL),
                     CTL_INPUT);
}

/* What so many of a hundred do not exceed, within an eighth of it. */
static void test_percentiles(void **state)
{
    struct delays delays = { .count = 0 };
    (void)state;
    assert_int_equal(delays_percentile(&delays, 50), 0);
    delays_add(&delays, -1);
    assert_int_equal(delays.count, 0);
    for (int64_t ms = 1; ms <= 100000; ms++) {
        delays_add(&delays, ms);
    }
    for (unsigned percent = 10; percent <= 90; percent += 10) {
        int64_t is = delays_percentile(&delays, percent), wanted = percent * 1000;
        assert_in_range(is, wanted - wanted / 7, wanted + wanted / 7);
    }
    delays_add(&delays, INT64_MAX);
    assert_true(delays_percentile(&delays, 100) > 1000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_ranges, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_remarks, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_sendmail, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_refused, stage_setup, stage_teardown),
        cmocka_unit_test(test_percentiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
