/*
 * Which message is the same again, so that it is charged once: its content, its principal and to
 * whom it goes decide, in whatever order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policy/drive.h"
#include "tests/support/house.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/tmp/x.sock\"; mode = \"enforce\";\n"                                         \
    "outgoing = { internal = [ \"example.org\" ]; };\n"                                            \
    "senders = { unlisted = \"observe\"; };\n"
#define ALICE "alice@example.org"
#define HEADERS(id, subject)                                                                       \
    "From: alice@example.org\nTo: b@example.net\nDate: Sun, 01 Mar 2026 11:59:00 +0000\n"          \
    "Message-ID: <" id "@example.org>\nSubject: " subject "\n\n"

static struct house house;

static int house_make(void **state)
{
    (void)state;
    house_open(&house, CONFIG);
    house_script_used(&house, "");
    return 0;
}

static int house_drop(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

/* `to`: paths between blanks. */
static enum charge_answer answer_of(const char *login, const char *to, const char *message)
{
    static struct drive_input input; /* outlives the job */
    static struct drive_recipient recipients[8];
    struct span rest = span_of(to), path;
    size_t count = 0;
    while (span_cut(&rest, ' ', &path)) {
        recipients[count++] = (struct drive_recipient){ .path = path, .mailer = SPAN("smtp") };
    }
    input = (struct drive_input){ .session = { .client = { .family = 4, .bytes = { 192, 0, 2, 1 } },
                                               .daemon_name = SPAN("SUBMISSION"),
                                               .mta_version = SPAN("Postfix 3.7") },
                                  .login = span_of(login),
                                  .auth_type = SPAN("PLAIN"),
                                  .sender = SPAN("<alice@example.org>"),
                                  .recipients = recipients,
                                  .recipient_count = count,
                                  .queue_id = SPAN("AAAA1"),
                                  .message = span_of(message) };
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    enum charge_answer answer = job->charging.answer;
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    return answer;
}

static void same_or_another(void **state)
{
    static const struct {
        const char *login, *to, *message;
        enum charge_answer answer;
    } cases[] = {
        { ALICE, "<b@example.net> <c@example.net>", HEADERS("1", "x") "hello\n", CHARGE_DONE },
        { ALICE, "<b@example.net> <c@example.net>", HEADERS("1", "x") "hello\n", CHARGE_AGAIN },
        { ALICE, "<c@example.net> <b@example.net>", HEADERS("1", "x") "hello\n", CHARGE_AGAIN },
        { ALICE, "<c@EXAMPLE.net> <b@example.net>", HEADERS("1", "x") "hello\n", CHARGE_AGAIN },
        /* The same letter to others is not paid for by the first. */
        { ALICE, "<d@example.net> <c@example.net>", HEADERS("1", "x") "hello\n", CHARGE_DONE },
        { ALICE, "<b@example.net>", HEADERS("1", "x") "hello\n", CHARGE_DONE },
        { ALICE, "<B@example.net>", HEADERS("1", "x") "hello\n", CHARGE_DONE },
        { ALICE, "<b@example.net> <c@example.net> <d@example.net>", HEADERS("1", "x") "hello\n",
          CHARGE_DONE },
        /* Another letter, and another principal. */
        { ALICE, "<b@example.net> <c@example.net>", HEADERS("2", "x") "hello\n", CHARGE_DONE },
        { ALICE, "<b@example.net> <c@example.net>", HEADERS("1", "y") "hello\n", CHARGE_DONE },
        { ALICE, "<b@example.net> <c@example.net>", HEADERS("1", "x") "hello!\n", CHARGE_DONE },
        { "bob@example.org", "<b@example.net> <c@example.net>", HEADERS("1", "x") "hello\n",
          CHARGE_DONE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum charge_answer answer = answer_of(cases[i].login, cases[i].to, cases[i].message);
        if (answer != cases[i].answer) {
            fail_msg("case %zu, to %s: %d, not %d", i, cases[i].to, answer, cases[i].answer);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_or_another, house_make, house_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
