/*
 * incoming: reports in inbound mail are told to who listens, however the body was cut; other mail
 * is not kept, and nothing is told of mail that was not taken in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "policy/drive.h"
#include "tests/support/house.h"

#define PLAIN "socket = \"unix:/x\";\n"
#define BOUNCE                                                                                     \
    "From: MAILER-DAEMON@away.example\r\nSubject: Undelivered Mail\r\n"                            \
    "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=b\r\n\r\n"          \
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.away.example\r\n"  \
    "\r\nFinal-Recipient: rfc822; ann@away.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"     \
    "--b\r\nContent-Type: message/rfc822\r\n\r\n"                                                  \
    "Message-ID: <1@example.org>\r\nFrom: bob@example.org\r\n\r\nhello\r\n--b--\r\n"

/* What was told: kind, recipients, ids, and who brought it. */
struct ear {
    struct report_sink sink;
    struct buffer heard;
};

static void take(struct report_sink *sink, const struct report_event *event)
{
    struct ear *ear = (struct ear *)sink;
    const struct report *report = event->report;
    buffer_printf(&ear->heard, "%s to %.*s:", report_kind_name(report->kind),
                  SPAN_ARG(event->message->envelope.recipients[0].path));
    for (size_t i = 0; i < report->recipient_count; i++) {
        buffer_printf(&ear->heard, " %.*s %.*s", SPAN_ARG(report->recipients[i].address),
                      SPAN_ARG(report->recipients[i].status));
    }
    for (size_t i = 0; i < report->message_id_count; i++) {
        buffer_printf(&ear->heard, " <%.*s>", SPAN_ARG(report->message_ids[i]));
    }
    buffer_printf(&ear->heard, "%s", report->is_cut ? " cut" : "");
    assert_true(event->at_s > 0);
}

struct letter {
    const char *login, *sender;
    struct span message;
    size_t chunk_size;
    enum outcome outcome;
    bool is_heard; /* is there anybody who listens? */
};

/* What is heard of it. */
static struct buffer bring(const struct letter *letter)
{
    static const struct drive_recipient recipients[] = { { .path = SPAN("<bob@example.org>"),
                                                           .mailer = SPAN("local") } };
    struct drive_input input = {
        .session = { .keeps_space = true, .client = { .family = 4, .bytes = { 192, 0, 2, 1 } } },
        .login = span_of(letter->login),
        .sender = span_of(letter->sender),
        .recipients = recipients,
        .recipient_count = 1,
        .message = letter->message,
        .chunk_size = letter->chunk_size
    };
    struct ear ear = { .sink = { .take = take }, .heard = BUFFER_EMPTY };
    struct house house;
    house_open(&house, PLAIN);
    house.world.reports = letter->is_heard ? &ear.sink : NULL;
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    assert_int_equal(job->verdict.disposition, DISPOSITION_ACCEPT);
    assert_true(letter->login != NULL || job->findings.first == NULL);
    assert_int_equal(ear.heard.size, 0); /* not before it was taken in */
    pipeline_finish(job, letter->outcome);
    pipeline_finish(job, letter->outcome);
    job_free(&job);
    house_close(&house);
    return ear.heard;
}

static void assert_heard(const struct letter *letter, const char *wanted)
{
    struct buffer heard = bring(letter);
    assert_string_equal(buffer_text(&heard), wanted);
    buffer_free(&heard);
}

#define TOLD "delivery to bob@example.org: ann@away.example 5.1.1 <1@example.org>"

static struct letter bounce(void)
{
    return (struct letter){
        .sender = "<>", .message = SPAN(BOUNCE), .outcome = OUTCOME_ANSWERED, .is_heard = true
    };
}

static void test_bounce(void **state)
{
    struct letter letter = bounce();
    (void)state;
    for (letter.chunk_size = 0; letter.chunk_size < 9; letter.chunk_size++) {
        assert_heard(&letter, TOLD);
    }
    letter.sender = "<bounces@away.example>"; /* its Content-Type says what it is */
    assert_heard(&letter, TOLD);
}

static void test_others(void **state)
{
    struct letter letter = bounce();
    (void)state;
    letter.outcome = OUTCOME_ABORTED;
    assert_heard(&letter, "");
    letter = bounce();
    letter.is_heard = false;
    assert_heard(&letter, "");
    letter = bounce();
    letter.sender = "<ann@away.example>";
    letter.message = SPAN("From: ann@away.example\r\nSubject: hello\r\n\r\nhello\r\n");
    assert_heard(&letter, "");
    letter.sender = "<>"; /* kept, and no report */
    assert_heard(&letter, "");
    letter.message = SPAN("From: ann@away.example\r\nSubject: Automatic reply: hello\r\n"
                          "Auto-Submitted: auto-replied\r\n\r\nI am away\r\n");
    assert_heard(&letter, "automatic-reply to bob@example.org:");
}

/* Mail that goes out tells nothing, whatever it looks like. */
static void test_submission(void **state)
{
    struct letter letter = bounce();
    (void)state;
    letter.login = "bob@example.org";
    letter.sender = "<bob@example.org>";
    letter.message = SPAN("From: bob@example.org\r\nDate: Mon, 30 Nov 2026 10:00:00 +0000\r\n"
                          "Message-ID: <2@example.org>\r\nMIME-Version: 1.0\r\n"
                          "Content-Type: multipart/report; boundary=b\r\n\r\n"
                          "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                          "Final-Recipient: rfc822; ann@away.example\r\nAction: failed\r\n"
                          "Status: 5.1.1\r\n\r\n--b--\r\n");
    assert_heard(&letter, "");
}

/* The MTA is told to skip what is not wanted, and the first part of a long body is enough. */
static void test_long(void **state)
{
    struct buffer message = BUFFER_EMPTY;
    struct letter letter = bounce();
    (void)state;
    buffer_add_text(&message, BOUNCE);
    for (int i = 0; i < 20000; i++) {
        buffer_add_text(&message,
                        "0123456789012345678901234567890123456789012345678901234567890\r\n");
    }
    letter.message = buffer_span(&message);
    assert_heard(&letter, TOLD " cut");
    letter.chunk_size = 1000;
    assert_heard(&letter, TOLD " cut");
    buffer_free(&message);
}

static bool wants_body(const char *sender, const char *name, const char *value)
{
    struct session session = { .keeps_space = true,
                               .client = { .family = 4, .bytes = { 192, 0, 2, 1 } } };
    struct ear ear = { .sink = { .take = take }, .heard = BUFFER_EMPTY };
    struct house house;
    house_open(&house, PLAIN);
    house.world.reports = &ear.sink;
    struct job *job = job_new(house.site, &house.world, &session);
    assert_non_null(job);
    job_mail(job, span_of(sender), NULL, 0);
    pipeline_run(job, STAGE_MAIL);
    job_header(job, span_of(name), span_of(value));
    pipeline_run(job, STAGE_HEADERS);
    bool wants = job_body(job, "hello\r\n", 7);
    pipeline_finish(job, OUTCOME_ABORTED);
    job_free(&job);
    house_close(&house);
    return wants;
}

static void test_skip(void **state)
{
    (void)state;
    assert_false(wants_body("<ann@away.example>", "Subject", " hello"));
    assert_true(wants_body("<>", "Subject", " hello"));
    assert_true(wants_body("<ann@away.example>", "Content-Type", " multipart/report; boundary=b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounce),     cmocka_unit_test(test_others),
        cmocka_unit_test(test_submission), cmocka_unit_test(test_long),
        cmocka_unit_test(test_skip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
