/*
 * postfix_log: which lines of Postfix tell of a message, and that what a client chose tells
 * nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/postfix_log.h"

static const struct {
    const char *program, *text;
    bool is_read;
    struct postfix_line line;
} cases[] = {
    { "postfix/smtpd",
      "4Xk2vR3m5Wz1q7: client=pc.example.org[192.0.2.25], sasl_method=PLAIN, "
      "sasl_username=alice@example.org",
      true,
      { .event = POSTFIX_CLIENT,
        .queue_id = SPAN("4Xk2vR3m5Wz1q7"),
        .client = SPAN("192.0.2.25"),
        .login = SPAN("alice@example.org") } },
    { "postfix/submission/smtpd",
      "3B5D41F7A: client=unknown[2001:db8::1], sasl_method=LOGIN, "
      "sasl_username=bob, sasl_sender=x@y",
      true,
      { .event = POSTFIX_CLIENT,
        .queue_id = SPAN("3B5D41F7A"),
        .client = SPAN("2001:db8::1"),
        .login = SPAN("bob") } },
    { "out/smtpd",
      "3B5D41F7A: client=a.example[192.0.2.1]",
      true,
      { .event = POSTFIX_CLIENT, .queue_id = SPAN("3B5D41F7A"), .client = SPAN("192.0.2.1") } },
    { "postfix/pickup",
      "KLMNO11111: uid=1000 from=<www-data>",
      true,
      { .event = POSTFIX_PICKUP, .queue_id = SPAN("KLMNO11111"), .sender = SPAN("www-data") } },
    { "postfix/pickup",
      "KLMNO11111: uid=0 from=<>",
      true,
      { .event = POSTFIX_PICKUP, .queue_id = SPAN("KLMNO11111"), .sender = SPAN("") } },
    { "postfix/qmgr",
      "KLMNO11111: from=<a@example.org>, size=1234, nrcpt=2 (queue active)",
      true,
      { .event = POSTFIX_QUEUED,
        .queue_id = SPAN("KLMNO11111"),
        .sender = SPAN("a@example.org"),
        .size_bytes = 1234,
        .recipients = 2 } },
    /* What a client wrote, and what Postfix did. */
    { "postfix/qmgr",
      "KLMNO11111: from=<\"x>, size=1, nrcpt=999 (queue active)\"@a.b>, size=7, "
      "nrcpt=1 (queue active)",
      true,
      { .event = POSTFIX_QUEUED,
        .queue_id = SPAN("KLMNO11111"),
        .sender = SPAN("\"x>, size=1, nrcpt=999 (queue active)\"@a.b"),
        .size_bytes = 7,
        .recipients = 1 } },
    { "postfix/qmgr",
      "KLMNO11111: removed",
      true,
      { .event = POSTFIX_REMOVED, .queue_id = SPAN("KLMNO11111") } },
    { "postfix/smtp",
      "KLMNO11111: to=<b@example.com>, relay=mx.example.com[10.0.0.1]:25, delay=1, "
      "delays=0/0/0/1, dsn=2.0.0, status=sent (250 OK)",
      true,
      { .event = POSTFIX_DELIVERED,
        .queue_id = SPAN("KLMNO11111"),
        .recipient = SPAN("b@example.com") } },
    { "postfix/lmtp",
      "KLMNO11111: to=<b@example.org>, orig_to=<c@example.org>, relay=x[/run/lmtp], "
      "dsn=2.0.0, status=sent (250 OK)",
      true,
      { .event = POSTFIX_DELIVERED,
        .queue_id = SPAN("KLMNO11111"),
        .recipient = SPAN("b@example.org"),
        .is_inside = true } },
    /* Nothing of these. */
    { "postfix/smtp",
      "KLMNO11111: to=<b@example.com>, relay=none, status=deferred (status=sent)",
      false,
      { .recipients = 0 } },
    { "postfix/smtpd",
      "NOQUEUE: client=a[192.0.2.1], sasl_username=alice",
      false,
      { .recipients = 0 } },
    { "postfix/smtpd", "connect from a[192.0.2.1]", false, { .recipients = 0 } },
    { "postfix/smtpd", "warning: client=a[192.0.2.1]", false, { .recipients = 0 } },
    { "postfix/smtpd",
      "4Xk2vR3m5Wz1q7: reject: RCPT from a[192.0.2.1]: client=",
      false,
      { .recipients = 0 } },
    { "postfix/cleanup",
      "4Xk2vR3m5Wz1q7: message-id=<client=a[192.0.2.1]>",
      false,
      { .recipients = 0 } },
    { "smtpd", "3B5D41F7A: client=a.example[192.0.2.1]", false, { .recipients = 0 } },
    { "", "3B5D41F7A: removed", false, { .recipients = 0 } },
    { "postfix/qmgr", "3B5D: removed", false, { .recipients = 0 } },
    { "postfix/qmgr", "KLMNO11111: from=<a>, size=x, nrcpt=2", false, { .recipients = 0 } },
    { "postfix/qmgr", "KLMNO11111: from=<a>, size=1, nrcpt=", false, { .recipients = 0 } },
    { "postfix/qmgr", "KLMNO11111: from=<a>, nrcpt=2, size=1", false, { .recipients = 0 } },
    { "postfix/qmgr",
      "KLMNO11111: from=<a>, size=9999999999999999, nrcpt=1",
      false,
      { .recipients = 0 } },
    { "postfix/qmgr", "KLMNO11111: from=<a", false, { .recipients = 0 } },
    { "postfix/pickup", "KLMNO11111: uid=0 from=<a", false, { .recipients = 0 } },
    { "postfix/smtpd", "KLMNO11111: client=a", false, { .recipients = 0 } },
    { "postfix/smtpd", "KLMNO11111: client=a]b[", false, { .recipients = 0 } },
    { "postfix/smtp", "KLMNO11111: to=<a, status=sent", false, { .recipients = 0 } },
};

static bool is_same(struct span read, struct span wanted)
{
    return span_is_equal(read, wanted);
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct log_entry entry = { .program = span_of(cases[i].program),
                                   .text = span_of(cases[i].text) };
        const struct postfix_line *wanted = &cases[i].line;
        struct postfix_line line;
        bool is_read = postfix_line_read(&entry, &line);
        if (is_read != cases[i].is_read) {
            fail_msg("%s", cases[i].text);
        }
        if (is_read &&
            (line.event != wanted->event || line.size_bytes != wanted->size_bytes ||
             line.recipients != wanted->recipients || line.is_inside != wanted->is_inside ||
             !is_same(line.queue_id, wanted->queue_id) || !is_same(line.client, wanted->client) ||
             !is_same(line.login, wanted->login) || !is_same(line.sender, wanted->sender) ||
             !is_same(line.recipient, wanted->recipient))) {
            fail_msg("read otherwise: %s", cases[i].text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
