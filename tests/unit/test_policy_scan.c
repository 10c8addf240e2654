/*
 * scan: what the scanner is given is the message as it travels; who is not asked; too many that
 * wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/counter.h"
#include "policy/drive.h"
#include "tests/support/clamd_server.h"
#include "tests/support/house.h"

#define MESSAGE                                                                                    \
    "From: a@example.org\nSubject:  two\n\tlines\nX-Empty:\nDate: Sun, 01 Mar 2026 11:59:00 "      \
    "+0000\n"                                                                                      \
    "Message-ID: <1@example.org>\n\nhello\n.\n"
#define AS_IT_TRAVELS                                                                              \
    "From: a@example.org\r\nSubject:  two\r\n\tlines\r\nX-Empty:%s\r\n"                            \
    "Date: Sun, 01 Mar 2026 11:59:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nhello\r\n.\r\n"

struct yard {
    struct map_server server;
    struct buffer seen; /* what the scanner was given last */
    struct house house;
};

static bool note(void *context, unsigned number, struct span request, struct buffer *reply)
{
    struct yard *yard = context;
    (void)number;
    buffer_clear(&yard->seen);
    buffer_add_span(&yard->seen, request);
    clamd_server_say(reply, SPAN("stream: OK"));
    return false;
}

static int yard_begin(void **state)
{
    static struct yard yard;
    char config[600];
    memset(&yard, 0, sizeof(yard));
    *state = &yard;
    clamd_server_start(&yard.server, "egress-clamd-policy", note, &yard);
    snprintf(config, sizeof(config),
             "socket = \"unix:/tmp/x.sock\"; mode = \"enforce\";\n"
             "outgoing = { listeners = ( { daemon = \"BACK\"; role = \"sign\"; } ); "
             "ticket_file = \"/tmp/egress-ticket.%d\"; };\n"
             "clamd = { socket = \"unix:%s\"; directory = \"/tmp\"; };\n",
             (int)getpid(), yard.server.path);
    char path[64];
    snprintf(path, sizeof(path), "/tmp/egress-ticket.%d", (int)getpid());
    FILE *secret = fopen(path, "w");
    fputs("a secret that is long enough for tickets\n", secret);
    fclose(secret);
    chmod(path, 0600);
    house_open(&yard.house, config);
    unlink(path);
    return 0;
}

static int yard_end(void **state)
{
    struct yard *yard = *state;
    house_close(&yard->house);
    map_server_stop(&yard->server);
    buffer_free(&yard->seen);
    return 0;
}

static struct job *drive(struct yard *yard, const char *daemon, bool keeps_space)
{
    static const struct drive_recipient recipient = { .path = SPAN("<bob@example.com>"),
                                                      .mailer = SPAN("smtp") };
    static struct drive_input input; /* outlives the job */
    input = (struct drive_input){ .session = { .client = { .family = 4, .bytes = { 192, 0, 2, 1 } },
                                               .daemon_name = span_of(daemon),
                                               .mta_version = SPAN("Postfix 3.7"),
                                               .keeps_space = keeps_space },
                                  .login = SPAN("a@example.org"),
                                  .sender = SPAN("<a@example.org>"),
                                  .recipients = &recipient,
                                  .recipient_count = 1,
                                  .message = SPAN(MESSAGE),
                                  .chunk_size = 3 };
    return drive_message(yard->house.site, &yard->house.world, &input);
}

static void whole_message(void **state)
{
    struct yard *yard = *state;
    for (unsigned keeps_space = 0; keeps_space < 2; keeps_space++) {
        char expected[400];
        struct job *job = drive(yard, "SUBMISSION", keeps_space != 0);
        assert_int_equal(job->scan.outcome, SCAN_CLEAN);
        assert_null(job->spool);
        snprintf(expected, sizeof(expected), "stream:" AS_IT_TRAVELS, keeps_space ? "" : " ");
        assert_string_equal(buffer_text(&yard->seen), expected);
        job_free(&job);
    }
}

/* Behind a filter it was scanned before. */
static void not_asked(void **state)
{
    struct yard *yard = *state;
    struct job *job = drive(yard, "BACK", true);
    assert_int_equal(job->scan.outcome, SCAN_NOT_ASKED);
    assert_int_equal(yard->server.connections, 0);
    assert_null(job->evidence.scan);
    job_free(&job);
}

static void too_many(void **state)
{
    struct yard *yard = *state;
    struct waiting waits;
    int64_t before = counter_get(COUNTER_SCAN_UNKNOWN);
    assert_true(waiting_init(&waits, 0));
    yard->house.world.waits = &waits;
    struct job *job = drive(yard, "SUBMISSION", true);
    assert_int_equal(job->scan.outcome, SCAN_UNKNOWN);
    assert_int_equal(job->verdict.disposition, DISPOSITION_ACCEPT);
    assert_int_equal(yard->server.connections, 0);
    assert_int_equal(counter_get(COUNTER_SCAN_UNKNOWN), before + 1);
    assert_non_null(strstr(buffer_text(&yard->house.log), "too many messages wait"));
    job_free(&job);
    yard->house.world.waits = NULL;
    waiting_destroy(&waits);
}

/* A message that ends before its end gives back what it kept. */
static void aborted(void **state)
{
    struct yard *yard = *state;
    struct session session = { .client = { .family = 4, .bytes = { 192, 0, 2, 1 } },
                               .mta_version = SPAN("Postfix 3.7") };
    struct job *job = job_new(yard->house.site, &yard->house.world, &session);
    job_mail(job, SPAN("<a@example.org>"), NULL, 0);
    job_login(job, SPAN("a@example.org"), SPAN("PLAIN"));
    pipeline_run(job, STAGE_MAIL);
    job_recipient(job, SPAN("<bob@example.com>"), SPAN("smtp"), SPAN(""));
    job_header(job, SPAN("From"), SPAN(" a@example.org"));
    pipeline_run(job, STAGE_HEADERS);
    assert_non_null(job->spool);
    assert_true(job_body(job, "hello", 5));
    pipeline_finish(job, OUTCOME_ABORTED);
    job_free(&job); /* a descriptor that stays is seen by sanitizers */
    assert_int_equal(yard->server.connections, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_message, yard_begin, yard_end),
        cmocka_unit_test_setup_teardown(not_asked, yard_begin, yard_end),
        cmocka_unit_test_setup_teardown(too_many, yard_begin, yard_end),
        cmocka_unit_test_setup_teardown(aborted, yard_begin, yard_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
