/*
 * maillog_line: who wrote a line, by its tag; what those say who keep the log. Its times are
 * test_finding_logread's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_maillog_support.h"

static struct clock_fixed fixed;
static struct logread reader;

static int setup(void **state)
{
    (void)state;
    clock_fixed_init(&fixed, MAILLOG_NOW_S);
    logread_init(&reader, &fixed.clock);
    return 0;
}

static void assert_span(struct span is, const char *wanted)
{
    if (!span_is_equal(is, span_of(wanted))) {
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_ARG(is), wanted);
    }
}

static const char *const own_postfix[] = { "mail", "out/bulk", NULL };
static const char *const own_sendmail[] = { "sm-acceptingconnections", NULL };
static const struct maillog_names own = { own_postfix, own_sendmail };

static const struct {
    const char *line;
    const struct maillog_names *names;
    enum maillog_writer writer;
    const char *host, *instance, *service, *daemon, *process, *text;
} cases[] = {
    { "Nov 28 22:33:00 mx1 postfix/smtpd[77]: x", NULL, MAILLOG_POSTFIX, "mx1", "postfix", "",
      "smtpd", "77", "x" },
    { "Nov 28 22:33:00 mx1 postfix/submission/smtpd[77]: x", NULL, MAILLOG_POSTFIX, "mx1",
      "postfix", "submission", "smtpd", "77", "x" },
    { "2026-11-28T22:33:00.123456+00:00 mx1 postfix-out/smtp[7]: x", NULL, MAILLOG_POSTFIX, "mx1",
      "postfix-out", "", "smtp", "7", "x" },
    { "Nov 28 22:33:00 <mail.info> mx1 postfix/a/b/qmgr[7]: x", NULL, MAILLOG_POSTFIX, "mx1",
      "postfix", "a/b", "qmgr", "7", "x" },
    { "Nov 28 22:33:00 postfix/qmgr[7]: x", NULL, MAILLOG_POSTFIX, "", "postfix", "", "qmgr", "7",
      "x" },
    { "Nov 28 22:33:00 mx1 out/submission/smtpd[77]: x", NULL, MAILLOG_POSTFIX, "mx1", "out",
      "submission", "smtpd", "77", "x" },
    { "Nov 28 22:33:00 mx1 sm-mta[77]: x", NULL, MAILLOG_SENDMAIL, "mx1", "sm-mta", "", "sm-mta",
      "77", "x" },
    { "Nov 28 22:33:00 mx1 sm-msp-queue[77]: x", NULL, MAILLOG_SENDMAIL, "mx1", "sm-msp-queue", "",
      "sm-msp-queue", "77", "x" },
    { "Nov 28 22:33:00 mx1 sendmail[77]: x", NULL, MAILLOG_SENDMAIL, "mx1", "sendmail", "",
      "sendmail", "77", "x" },
    { "Nov 28 22:33:00 mx1 egress-milter[77]: x", NULL, MAILLOG_OURS, "mx1", "egress-milter", "",
      "egress-milter", "77", "x" },
    { "egress-milter: warning: x", NULL, MAILLOG_OURS, "", "egress-milter", "", "egress-milter", "",
      "x" },
    { "Nov 28 22:33:00 mx1 systemd-journald[1]: x", NULL, MAILLOG_LOGGER, "mx1", "systemd-journald",
      "", "systemd-journald", "1", "x" },
    /* whoever else writes */
    { "Nov 28 22:33:00 mx1 postfix[77]: x", NULL, MAILLOG_NOBODY, "mx1", "", "", "", "77", "x" },
    { "Nov 28 22:33:00 mx1 postfix/[77]: x", NULL, MAILLOG_NOBODY, "mx1", "", "", "", "77", "x" },
    { "Nov 28 22:33:00 mx1 dovecot: x", NULL, MAILLOG_NOBODY, "mx1", "", "", "", "", "x" },
    { "Nov 28 22:33:00 mx1 httpd/worker[1]: x", NULL, MAILLOG_NOBODY, "mx1", "", "", "", "1", "x" },
    { "x", NULL, MAILLOG_NOBODY, "", "", "", "", "", "x" },
    { "", NULL, MAILLOG_NOBODY, "", "", "", "", "", "" },
    /* names of this host */
    { "Nov 28 22:33:00 mx1 mail/smtpd[77]: x", &own, MAILLOG_POSTFIX, "mx1", "mail", "", "smtpd",
      "77", "x" },
    { "Nov 28 22:33:00 mx1 out/bulk/relay/smtp[7]: x", &own, MAILLOG_POSTFIX, "mx1", "out/bulk",
      "relay", "smtp", "7", "x" },
    { "Nov 28 22:33:00 mx1 mail2/smtpd[77]: x", &own, MAILLOG_NOBODY, "mx1", "", "", "", "77",
      "x" },
    { "Nov 28 22:33:00 mx1 postfix/smtpd[77]: x", &own, MAILLOG_NOBODY, "mx1", "", "", "", "77",
      "x" },
    { "Nov 28 22:33:00 mx1 sm-acceptingconnections[77]: x", &own, MAILLOG_SENDMAIL, "mx1",
      "sm-acceptingconnections", "", "sm-acceptingconnections", "77", "x" },
    { "Nov 28 22:33:00 mx1 sm-mta[77]: x", &own, MAILLOG_NOBODY, "mx1", "", "", "", "77", "x" },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct maillog_line line;
        print_message("%s\n", cases[i].line);
        assert_int_equal(maillog_line_read(&reader, cases[i].names, span_of(cases[i].line), &line),
                         cases[i].writer != MAILLOG_NOBODY);
        assert_int_equal(line.writer, cases[i].writer);
        assert_span(line.entry.host, cases[i].host);
        assert_span(line.instance, cases[i].instance);
        assert_span(line.service, cases[i].service);
        assert_span(line.daemon, cases[i].daemon);
        assert_span(line.entry.process, cases[i].process);
        assert_span(line.text, cases[i].text);
    }
}

/* Too long, and with bytes no line should have. */
static void test_odd_bytes(void **state)
{
    static const char head[] = "Nov 28 22:33:00 mx1 postfix/smtp[7]: ";
    static const char odd[] =
        "Nov 28 22:33:00 mx1 postfix/qmgr[7]: 3B5D41F7A: from=<\0\1\x7f\xff>, "
        "size=1, nrcpt=1 (queue active)";
    struct span bytes = { odd, sizeof(odd) - 1 };
    struct maillog_event event;
    struct maillog_line line;
    char *text = malloc(MAILLOG_LINE_MAX + 1);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', MAILLOG_LINE_MAX + 1);
    memcpy(text, head, sizeof(head) - 1);
    assert_true(maillog_line_read(&reader, NULL, (struct span){ text, MAILLOG_LINE_MAX }, &line));
    assert_false(
        maillog_line_read(&reader, NULL, (struct span){ text, MAILLOG_LINE_MAX + 1 }, &line));
    assert_int_equal(line.writer, MAILLOG_NOBODY);
    free(text);
    assert_true(maillog_line_read(&reader, NULL, bytes, &line));
    assert_true(maillog_event_read(&line, &event));
    assert_int_equal(event.sender.size, 4);
}

static const struct maillog_case gaps[] = {
    { "systemd-journald", "Suppressed 120 messages from postfix.service", "gap count=120" },
    { "systemd-journald", "Suppressed 9 messages from /system.slice/postfix@-.service",
      "gap count=9" },
    { "systemd-journal", "Suppressed 7 messages from sshd.service", "-" },
    { "systemd-journald", "Journal started", "-" },
    { "rsyslogd",
      "imjournal: begin to drop messages due to rate-limiting [v8.2102.0 try "
      "https://www.rsyslog.com/e/2177 ]",
      "gap" },
    { "rsyslogd",
      "imjournal: 20333 messages lost due to rate-limiting (20000 allowed within 600 s)",
      "gap count=20333" },
    { "rsyslogd", "imuxsock lost 411 messages from pid 77 due to rate-limiting", "gap count=411" },
    { "egress-milter", "lines lost before this one, not taken by the receiver of the log: 12",
      "gap count=12" },
    { "egress-milter", "lists: all in order", "-" },
};

static void test_gaps(void **state)
{
    (void)state;
    maillog_cases_run(gaps, sizeof(gaps) / sizeof(gaps[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lines, setup),
        cmocka_unit_test_setup(test_odd_bytes, setup),
        cmocka_unit_test(test_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
