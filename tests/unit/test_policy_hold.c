/*
 * hold: what is held is known by its queue id; what did not come to it is forgotten again; above
 * the caps mail waits, that of sendmail(1) too. Mail of ours is never held, and nobody else can
 * make it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hold/held.h"
#include "notice/digest.h"
#include "notice/request.h"
#include "policy/drive.h"
#include "tests/support/house.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/tmp/x.sock\"; mode = \"enforce\";\n"                                         \
    "outgoing = { internal = [ \"example.org\" ]; };\n"                                            \
    "hold = { per_principal = 2; total = 3; };\n"                                                  \
    "notices = { admin = [ \"root@example.org\" ]; };\n"
#define TWO_FROM                                                                                   \
    "From: a@example.net, b@example.net\nDate: Sun, 01 Mar 2026 11:59:00 +0000\n"                  \
    "Message-ID: <1@example.net>\n"
#define HELD_CONFIG                                                                                \
    CONFIG "rules = { from-multiple = \"hold\"; sender-not-owned = \"off\"; from-not-owned = "     \
           "\"off\"; };\n"

static struct house house;

static int house_make(void **state)
{
    (void)state;
    house_open(&house, HELD_CONFIG);
    return 0;
}

static int house_drop(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

static const struct drive_recipient recipient = { SPAN("<bob@example.com>"), SPAN("smtp"),
                                                  SPAN("example.com") };

static struct job *drive(const char *login, const char *id, const char *message)
{
    static struct drive_input input; /* outlives the job */
    input = (struct drive_input){ .session = { .client = { .family = 4, .bytes = { 192, 0, 2, 1 } },
                                               .daemon_name = SPAN("SUBMISSION"),
                                               .mta_version = SPAN("Postfix 3.7") },
                                  .login = span_of(login),
                                  .auth_type = SPAN("PLAIN"),
                                  .sender = SPAN("<a@example.org>"),
                                  .recipients = &recipient,
                                  .recipient_count = 1,
                                  .queue_id = span_of(id),
                                  .message = span_of(message) };
    if (login == NULL) { /* as by sendmail(1) */
        input.session.client = (struct ip){ .family = 4, .bytes = { 127, 0, 0, 1 } };
        input.session.client_name = SPAN("localhost");
        input.session.daemon_name = SPAN("");
        input.sender = SPAN("a@example.org");
    }
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    return job;
}

static enum disposition pass(const char *login, const char *id, enum outcome outcome)
{
    struct job *job = drive(login, id, TWO_FROM "\nhello\n");
    enum disposition disposition = job->verdict.disposition;
    pipeline_finish(job, outcome);
    job_free(&job);
    return disposition;
}

static bool has_log(const char *piece)
{
    return strstr(buffer_text(&house.log), piece) != NULL;
}

static void is_noted(void **state)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct held held;
    struct digest digest;

    (void)state;
    assert_int_equal(pass("alice@example.org", "AAAAA1", OUTCOME_ANSWERED), DISPOSITION_HOLD);
    assert_int_equal(held_get(house.store, SPAN("AAAAA1"), &bytes, &held), STORE_FOUND);
    assert_int_equal(held.held_s, HOUSE_NOW_S);
    assert_int_equal(held.recipients, 1);
    assert_true(span_is_equal(held.principal, SPAN("alice@example.org")));
    assert_true(span_is_equal(held.mail_class, SPAN("submission")));
    assert_true(span_is_equal(held.finding, SPAN("from-multiple")));
    assert_true(span_is_equal(held.sender, SPAN("a@example.org")));
    assert_true(span_is_equal(held.message_id, SPAN("<1@example.net>")));
    buffer_clear(&bytes);
    assert_true(digest_load(house.store, NOTICE_HELD, &bytes, &digest));
    assert_int_equal(digest.lines, 1);
    assert_non_null(strstr(bytes.at, "AAAAA1 of alice@example.org is held: from-multiple: "));
    buffer_free(&bytes);
}

static void what_did_not_come_to_it(void **state)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct digest digest;

    (void)state;
    assert_int_equal(pass("alice@example.org", "AAAAA1", OUTCOME_ABORTED), DISPOSITION_HOLD);
    assert_int_equal(pass("alice@example.org", "AAAAA2", OUTCOME_NOT_APPLIED), DISPOSITION_HOLD);
    assert_int_equal(held_count(house.store), 0);
    assert_false(digest_load(house.store, NOTICE_HELD, &bytes, &digest));
    /* Without a queue id nobody could find it again. */
    assert_int_equal(pass("alice@example.org", "", OUTCOME_ANSWERED), DISPOSITION_HOLD);
    assert_int_equal(held_count(house.store), 0);
    buffer_free(&bytes);
}

static void caps(void **state)
{
    struct job *job;

    (void)state;
    assert_int_equal(pass("alice@example.org", "AAAAA1", OUTCOME_ANSWERED), DISPOSITION_HOLD);
    assert_int_equal(pass("alice@example.org", "AAAAA2", OUTCOME_ANSWERED), DISPOSITION_HOLD);
    job = drive("alice@example.org", "AAAAA3", TWO_FROM "\nhello\n");
    assert_int_equal(job->verdict.disposition, DISPOSITION_DEFER);
    assert_string_equal(job->verdict.reply.code, "451");
    assert_string_equal(job->verdict.reply.enhanced, "4.7.1");
    assert_string_equal(job->verdict.reply.text,
                        "from-multiple: this message would be held, and 2 messages of the same "
                        "sender are held already; try again later or tell the postmaster");
    assert_null(job->verdict.edits.first);
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    assert_true(has_log("hold: mail of alice@example.org is deferred instead of held: 2 messages"));
    assert_true(has_log("verdict=defer class=submission user=alice@example.org"));
    assert_int_equal(pass("bob@example.org", "AAAAA4", OUTCOME_ANSWERED), DISPOSITION_HOLD);
    assert_int_equal(pass("carol@example.org", "AAAAA5", OUTCOME_ANSWERED), DISPOSITION_DEFER);
    assert_true(has_log("and 3 messages are held already"));
    assert_true(held_remove(house.store, SPAN("AAAAA1")));
    assert_int_equal(pass("alice@example.org", "AAAAA6", OUTCOME_ANSWERED), DISPOSITION_HOLD);
}

static void handed_over(void **state)
{
    (void)state;
    assert_int_equal(pass(NULL, "AAAAA1", OUTCOME_ANSWERED), DISPOSITION_HOLD);
    assert_int_equal(pass(NULL, "AAAAA2", OUTCOME_ANSWERED), DISPOSITION_HOLD);
    assert_int_equal(pass(NULL, "AAAAA3", OUTCOME_ANSWERED), DISPOSITION_DEFER);
    assert_int_equal(held_count(house.store), 2);
}

/* The word of a mail of ours that was just handed to sendmail(1). */
static void make_token(char token[40])
{
    char heard[REQUEST_MAX + 1];
    const char *field;
    ssize_t size;
    int ends[2];
    struct notices *notices;
    struct notice notice = { .kind = NOTICE_LIMIT_NEAR, .text = SPAN("near") };

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    notices = notices_new(house.store, house.world.clock, house.world.log, ends[1]);
    notice_send(notices, house.site->config, &notice);
    notices_mail_due(notices, house.site->config, SPAN("mx.example.org"));
    size = recv(ends[0], heard, REQUEST_MAX, MSG_DONTWAIT);
    assert_true(size > 0);
    heard[size] = '\0';
    field = strstr(heard, NOTICE_FIELD ": ");
    assert_non_null(field);
    snprintf(token, 40, "%.32s", field + sizeof(NOTICE_FIELD) + 1);
    notices_free(&notices);
    close(ends[0]);
    close(ends[1]);
}

static enum disposition pass_ours(const char *token, const char *id)
{
    char message[600];
    struct job *job;
    enum disposition disposition;

    snprintf(message, sizeof(message), "%s%s: %s\nAuto-Submitted: auto-generated\n\nhello\n",
             TWO_FROM, NOTICE_FIELD, token);
    job = drive(NULL, id, message);
    disposition = job->verdict.disposition;
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    return disposition;
}

static void ours_is_not_held(void **state)
{
    char token[40];

    (void)state;
    make_token(token);
    assert_int_equal(pass_ours("00000000000000000000000000000000", "AAAAA1"), DISPOSITION_HOLD);
    assert_int_equal(pass_ours(token, "AAAAA2"), DISPOSITION_ACCEPT);
    assert_int_equal(pass_ours(token, "AAAAA3"), DISPOSITION_HOLD); /* it was good once */
    assert_int_equal(held_count(house.store), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_noted, house_make, house_drop),
        cmocka_unit_test_setup_teardown(what_did_not_come_to_it, house_make, house_drop),
        cmocka_unit_test_setup_teardown(caps, house_make, house_drop),
        cmocka_unit_test_setup_teardown(handed_over, house_make, house_drop),
        cmocka_unit_test_setup_teardown(ours_is_not_held, house_make, house_drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
