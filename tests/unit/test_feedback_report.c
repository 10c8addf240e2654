/*
 * report: messages as mail servers write them, and what is read in them; what is no report, and
 * what is too large.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "feedback/report.h"
#include "util/buffer.h"

/* What is wanted, as describe() writes it: kind, then one line for each recipient. */
struct story {
    const char *name, *message, *wanted;
};

#define REPORT_HEAD                                                                                \
    "From: MAILER-DAEMON@mx.here.example\n"                                                        \
    "Subject: Undelivered Mail\n"                                                                  \
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
#define RETURNED                                                                                   \
    "Received: from pc.here.example by mx.here.example (Postfix)\n"                                \
    "\twith ESMTPSA id 4Bzx9KLmNp2c for <ann@away.example>; Mon, 30 Nov 2026 10:00:00 +0000\n"     \
    "Message-ID: <1@here.example>\nFrom: Bob <bob@here.example>\nTo: ann@away.example\n\nhello\n"

static const struct story stories[] = {
    { "Postfix",
      REPORT_HEAD
      "--b\nContent-Type: text/plain\n\nThis is the mail system at host mx.here.example.\n\n"
      "--b\nContent-Type: message/delivery-status\n\n"
      "Reporting-MTA: dns; mx.here.example\nX-Postfix-Queue-ID: 4Bzx9KLmNp2c\n"
      "X-Postfix-Sender: rfc822; bob@here.example\nArrival-Date: Mon, 30 Nov 2026 10:00:00 +0000\n"
      "Original-Envelope-Id: env-1\n\n"
      "Final-Recipient: rfc822; ann@inside.away.example\n"
      "Original-Recipient: rfc822;ann@away.example\nAction: failed\nStatus: 5.1.1\n"
      "Remote-MTA: dns; mx.away.example\n"
      "Diagnostic-Code: smtp; 550 5.1.1 <ann@inside.away.example>: Recipient address\n"
      "    rejected: User unknown\n\n"
      "Final-Recipient: rfc822; eve@away.example\nAction: delayed\nStatus: 4.2.2\n"
      "Diagnostic-Code: smtp; 452 4.2.2 Mailbox full\n\n"
      "Final-Recipient: rfc822; kim@away.example\nAction: relayed\nStatus: 2.0.0\n\n"
      "--b\nContent-Type: message/rfc822\n\n" RETURNED "--b--\n",
      "delivery dsn mta=mx.here.example from=bob@here.example sender=bob@here.example "
      "envelope=env-1 id=1@here.example queue=4Bzx9KLmNp2c@mx.here.example\n"
      "ann@away.example (ann@inside.away.example) failed 5 5.1.1 550 recipient-unknown hard "
      "mx.away.example\n"
      "eve@away.example delayed 4 4.2.2 452 mailbox-full\n"
      "kim@away.example relayed 2 2.0.0 unknown\n" },
    { "addresses in the types of RFC 3461 and 6533",
      REPORT_HEAD "--b\nContent-Type: message/delivery-status\n\n"
                  "Final-Recipient: utf-8; j\\x{F6}rg@away.example\nAction: failed\n"
                  "Status: 5.1.1\n\n"
                  "Final-Recipient: rfc822; \"ann lee\"@away.example\nAction: failed\n"
                  "Status: 5.1.1\n\n"
                  "Original-Recipient: rfc822;bob+2Blists@away.example\n"
                  "Final-Recipient: local; bob\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
      "delivery dsn\n"
      "j\xc3\xb6rg@away.example failed 5 5.1.1 recipient-unknown hard\n"
      "\"ann lee\"@away.example failed 5 5.1.1 recipient-unknown hard\n"
      "bob+lists@away.example failed 5 5.1.1 recipient-unknown hard\n" },
    { "fields in a text, recipients without empty lines between them",
      "From: postmaster@away.example\nSubject: Delivery failed\n\n"
      "Final-Recipient: rfc822; ann@away.example\nAction: failed\nStatus: 5.2.2\n"
      "Final-Recipient: rfc822; eve@away.example\nAction: failed\nStatus: 5.1.1 (no such user)\n",
      "delivery dsn\n"
      "ann@away.example failed 5 5.2.2 mailbox-full\n"
      "eve@away.example failed 5 5.1.1 recipient-unknown hard\n" },
    { "qmail",
      "From: MAILER-DAEMON@away.example\nSubject: failure notice\n\n"
      "Hi. This is the qmail-send program at away.example.\n"
      "I'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
      "<ann@away.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
      "<eve@away.example>:\n192.0.2.7 does not like recipient.\n"
      "Remote host said: 552 mailbox full\nGiving up on 192.0.2.7.\n\n"
      "--- Below this line is a copy of the message.\n\n"
      "Return-Path: <bob@here.example>\n" RETURNED,
      "delivery qmail from=bob@here.example sender=bob@here.example id=1@here.example "
      "queue=4Bzx9KLmNp2c@mx.here.example\n"
      "ann@away.example failed 5 5.1.1 recipient-unknown hard\n"
      "eve@away.example failed 5 552 mailbox-full\n" },
    { "Exim",
      "From: Mail Delivery System <Mailer-Daemon@mx.here.example>\n"
      "Subject: Mail delivery failed: returning message to sender\n"
      "X-Failed-Recipients: ann@away.example\n\n"
      "This message was created automatically by mail delivery software.\n\n"
      "A message that you sent could not be delivered to one or more of its\n"
      "recipients. This is a permanent error. The following address(es) failed:\n\n"
      "  ann@away.example\n    host mx.away.example [192.0.2.7]\n"
      "    SMTP error from remote mail server after RCPT TO:<ann@away.example>:\n"
      "    550 5.7.1 blocked using zen.spamhaus.org\n\n"
      "------ This is a copy of the message, including all the headers. ------\n\n" RETURNED,
      "delivery exim from=bob@here.example id=1@here.example queue=4Bzx9KLmNp2c@mx.here.example\n"
      "ann@away.example failed 5 5.7.1 550 blocklist\n" },
    { "Exim, still trying",
      "From: Mail Delivery System <Mailer-Daemon@mx.here.example>\n"
      "Subject: Warning: message 1 delayed 24 hours\n\n"
      "A message that you sent has not yet been delivered to one or more of its\n"
      "recipients.\n\nThe address to which the message has not yet been delivered is:\n\n"
      "  ann@away.example\n    Delay reason: Connection refused\n",
      "delivery text\nann@away.example delayed 4 network-refused\n" },
    { "Sendmail",
      "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.here.example>\n"
      "Subject: Returned mail: see transcript for details\n\n"
      "   ----- The following addresses had permanent fatal errors -----\n<ann@away.example>\n"
      "    (reason: 550 5.1.1 User unknown)\n\n"
      "   ----- Transcript of session follows -----\n... while talking to mx.away.example.:\n"
      ">>> RCPT To:<ann@away.example>\n<<< 550 5.1.1 User unknown\n"
      "550 5.1.1 <ann@away.example>... User unknown\n",
      "delivery sendmail\nann@away.example failed 5 5.1.1 550 recipient-unknown hard\n" },
    { "Exchange of old",
      "From: System Administrator <postmaster@away.example>\nSubject: Undeliverable: hello\n\n"
      "Your message\n\n  To:      list@away.example\n  Subject: hello\n\n"
      "did not reach the following recipient(s):\n\n"
      "ann@away.example on Mon, 30 Nov 2026 10:00:00 +0000\n"
      "    The recipient name is not recognized\n",
      "delivery exchange\nann@away.example failed 5 recipient-unknown hard\n" },
    { "in HTML only",
      "From: postmaster@away.example\nSubject: Undeliverable: hello\n"
      "Content-Type: text/html\n\n"
      "<p>Delivery has failed to these recipients or groups:</p><p>"
      "<a href=\"mailto:ann@away.example\">ann@away.example</a><br>"
      "The e-mail address you entered couldn&#39;t be found: no such user.</p>\n",
      "delivery exchange\nann@away.example failed 5 recipient-unknown hard\n" },
    { "a multipart without its parts",
      "From: MAILER-DAEMON@away.example\nSubject: failure notice\n"
      "Content-Type: multipart/mixed; boundary=c\n\n"
      "The following address failed:\n<ann@away.example>:\n550 no such user\n",
      "delivery text\nann@away.example failed 5 550 recipient-unknown hard\n" },
    { "a complaint",
      "From: fbl@away.example\nSubject: complaint\n"
      "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
      "--b\nContent-Type: text/plain\n\nThis is an abuse report.\n"
      "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: Abuse\nVersion: 1\n"
      "User-Agent: Loop/1.0\nSource-IP: 192.0.2.1\nOriginal-Rcpt-To: <ann@away.example>\n"
      "Original-Mail-From: <bob@here.example>\nReported-Domain: here.example\n\n"
      "--b\nContent-Type: message/rfc822\n\n" RETURNED "--b--\n",
      "complaint arf type=abuse ip=192.0.2.1 domain=here.example from=bob@here.example "
      "sender=bob@here.example id=1@here.example queue=4Bzx9KLmNp2c@mx.here.example\n"
      "ann@away.example delivered 2 unknown\n" },
    { "a complaint that is only the message",
      "From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\n"
      "Content-Type: multipart/mixed; boundary=b\n\n"
      "--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: ann@hotmail.com\n" RETURNED
      "--b--\n",
      "complaint forwarded message type=abuse from=bob@here.example id=1@here.example "
      "queue=4Bzx9KLmNp2c@mx.here.example\n"
      "ann@hotmail.com delivered 2 unknown\n" },
    { "forwarded by somebody",
      "From: bob@here.example\nSubject: what is this?\nContent-Type: multipart/mixed; "
      "boundary=f\n\n"
      "--f\n\nI got this:\n--f\nContent-Type: message/rfc822\n\n" REPORT_HEAD
      "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ann@away.example\n"
      "Action: failed\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\n" RETURNED
      "--b--\n--f--\n",
      "delivery dsn from=bob@here.example id=1@here.example queue=4Bzx9KLmNp2c@mx.here.example\n"
      "ann@away.example failed 5 5.1.1 recipient-unknown hard\n" },
    { "somebody is away",
      "From: ann@away.example\nSubject: Automatic reply: hello\nAuto-Submitted: auto-replied\n"
      "In-Reply-To: <1@here.example>\n\nI am out until Monday. Write to eve@away.example.\n",
      "automatic-reply  id=1@here.example\n" },
    { "somebody is away, by the subject alone",
      "From: ann@away.example\nSubject: =?utf-8?q?Out_of_Office=3A?= hello\n\nback on Monday\n",
      "automatic-reply \n" },
    { "somebody writes about his vacation",
      "From: ann@away.example\nSubject: my vacation, or: out of office at last\n\nhello\n",
      "none \n" },
    { "a list talks about it",
      "From: ann@away.example\nSubject: Out of office: who is?\nList-Id: "
      "<l.away.example>\n\nhello\n",
      "none \n" },
    { "somebody writes about a bounce",
      "From: ann@away.example\nSubject: question\n\n"
      "I could not deliver my talk to the following address:\n\neve@away.example\n",
      "none \n" },
    { "nothing", "", "none \n" },
};

static void put(struct buffer *out, const char *name, struct span value)
{
    if (value.size > 0) {
        buffer_printf(out, "%s%.*s", name, SPAN_ARG(value));
    }
}

static void describe_recipient(struct buffer *out, const struct report_recipient *recipient)
{
    put(out, "", recipient->address);
    if (recipient->final.size > 0) {
        buffer_printf(out, " (%.*s)", SPAN_ARG(recipient->final));
    }
    buffer_printf(out, " %s %u", report_action_name(recipient->action), recipient->status_class);
    put(out, " ", recipient->status);
    put(out, " ", recipient->reply_code);
    buffer_printf(out, " %s%s", cause_name(recipient->cause.cause),
                  recipient->cause.is_hard ? " hard" : "");
    put(out, " ", recipient->remote_mta);
    buffer_add_char(out, '\n');
}

static void describe(struct buffer *out, const struct report *report)
{
    buffer_printf(out, "%s %s", report_kind_name(report->kind), report->format);
    put(out, " mta=", report->reporting_mta);
    put(out, " type=", report->feedback_type);
    put(out, " ip=", report->source_ip);
    if (report->reported_domain_count > 0) {
        put(out, " domain=", report->reported_domains[0]);
    }
    put(out, " from=", report->from);
    put(out, " sender=", report->mail_from);
    put(out, " envelope=", report->envelope_id);
    for (size_t i = 0; i < report->message_id_count; i++) {
        put(out, " id=", report->message_ids[i]);
    }
    for (size_t i = 0; i < report->queue_id_count; i++) {
        put(out, " queue=", report->queue_ids[i].id);
        put(out, "@", report->queue_ids[i].host);
    }
    buffer_add_char(out, '\n');
    for (size_t i = 0; i < report->recipient_count; i++) {
        describe_recipient(out, &report->recipients[i]);
    }
}

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
        struct arena *arena = arena_new(REPORT_ARENA);
        struct buffer told = BUFFER_EMPTY;
        struct report report;
        assert_true(report_read_file(span_of(stories[i].message), arena, &report));
        describe(&told, &report);
        if (strcmp(buffer_text(&told), stories[i].wanted) != 0) {
            fail_msg("%s:\n%swanted:\n%s", stories[i].name, buffer_text(&told), stories[i].wanted);
        }
        buffer_free(&told);
        arena_free(&arena);
    }
}

/* As many recipients as there may be, and no more; the body is cut where it is too long. */
static void test_many(void **state)
{
    struct arena *arena = arena_new(2 * (size_t)REPORT_ARENA);
    struct buffer file = BUFFER_EMPTY;
    struct report report;
    (void)state;
    buffer_add_text(&file, REPORT_HEAD "--b\nContent-Type: message/delivery-status\n\n");
    for (int i = 0; i < 3 * REPORT_RECIPIENTS_MAX; i++) {
        buffer_printf(&file,
                      "Final-Recipient: rfc822; a%d@away.example\nAction: failed\n"
                      "Status: 5.1.1\n\n",
                      i);
    }
    assert_true(report_read_file(buffer_span(&file), arena, &report));
    assert_int_equal(report.recipient_count, REPORT_RECIPIENTS_MAX);
    assert_true(report.is_cut);
    for (int i = 0; i < 20000; i++) {
        buffer_add_text(&file, "X-Padding: 0123456789012345678901234567890123456789\n");
    }
    arena_free(&arena);
    arena = arena_new(REPORT_ARENA);
    assert_true(report_read_file(buffer_span(&file), arena, &report));
    assert_int_equal(report.kind, REPORT_DELIVERY);
    assert_true(report.is_cut);
    buffer_free(&file);
    arena_free(&arena);
}

static void test_small_arena(void **state)
{
    struct report report;
    (void)state;
    for (size_t size = 0; size < 64 * 1024; size += 4096) {
        struct arena *arena = arena_new(size);
        assert_false(report_read_file(span_of(stories[0].message), arena, &report));
        assert_int_equal(report.kind, REPORT_NONE);
        assert_int_equal(report.recipient_count, 0);
        arena_free(&arena);
        if (size > 16 * 1024) {
            break;
        }
    }
}

static bool may_be(const char *header, bool has_null_sender)
{
    struct arena *arena = arena_new(65536);
    struct header_list headers;
    header_list_init(&headers, false);
    const char *colon = strchr(header, ':');
    assert_true(header_list_add(&headers, arena, (struct span){ header, (size_t)(colon - header) },
                                span_of(colon + 2)));
    bool is = report_may_be(&headers, has_null_sender);
    arena_free(&arena);
    return is;
}

static void test_may_be(void **state)
{
    (void)state;
    assert_true(may_be("Subject: hello", true));
    assert_false(may_be("Subject: hello", false));
    assert_true(may_be("Subject: Undeliverable: hello", false));
    assert_true(may_be("Content-Type: multipart/report; boundary=b", false));
    assert_true(may_be("X-Failed-Recipients: a@away.example", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_small_arena),
        cmocka_unit_test(test_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
