/*
 * sent, report_learner and outcome: a report about mail of ours reaches whoever learns from it, one
 * that names no message of ours, or not him who got it, does not; and what became of mail is told
 * of its principal.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "behaviour/book.h"
#include "feedback/post.h"
#include "log/counter.h"
#include "policy/drive.h"
#include "policy/outcome.h"
#include "policy/report_learner.h"
#include "tests/support/house.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/x\"; mode = \"enforce\";\n"                                                  \
    "limits = ( { name = \"failed\"; count = \"failed-recipients\"; max = 3; per = \"1d\"; } );\n"
#define ACCOUNT SPAN("principal/submission/alice@example.org")

static struct house house;

static int open_house(void **state)
{
    (void)state;
    house_open(&house, CONFIG);
    house_script_used(&house, "");
    house.world.reports =
        report_learner_new(house.store, house.world.books.ledger, &house.clock.clock, &house.sink);
    return house.world.reports != NULL ? 0 : -1;
}

static int close_house(void **state)
{
    (void)state;
    free(house.world.reports);
    house.world.reports = NULL;
    house_close(&house);
    return 0;
}

static void drive(const char *login, const char *sender, const char *recipient, const char *message)
{
    struct drive_recipient to = { span_of(recipient), SPAN("smtp"), SPAN("") };
    struct drive_input input = { .session = { .mta_version = SPAN("Postfix 3.7.11") },
                                 .login = span_of(login),
                                 .sender = span_of(sender),
                                 .recipients = &to,
                                 .recipient_count = 1,
                                 .queue_id = SPAN("4Xk2vR"),
                                 .message = span_of(message) };
    assert_true(ip_parse(SPAN("192.0.2.1"), &input.session.client));
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    assert_int_equal(job->verdict.disposition, DISPOSITION_ACCEPT);
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
}

static void send_one(void)
{
    drive("alice@example.org", "<alice@example.org>", "bob@away.example",
          "From: alice@example.org\nDate: Sun, 01 Mar 2026 11:59:00 +0000\n"
          "Message-ID: <one@example.org>\n\ntext\n");
}

static void bounce(const char *message_id, const char *recipient)
{
    char message[2000];
    snprintf(message, sizeof(message),
             "From: MAILER-DAEMON@mx.away.example\nTo: alice@example.org\n"
             "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
             "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"
             "--b\n\nIt did not work.\n\n--b\nContent-Type: message/delivery-status\n\n"
             "Reporting-MTA: dns; mx.away.example\n\n"
             "Final-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\n"
             "Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n"
             "--b\nContent-Type: text/rfc822-headers\n\nFrom: alice@example.org\n"
             "Message-ID: <%s>\n\n--b--\n",
             recipient, message_id);
    drive("", "<>", "alice@example.org", message);
}

/* As qmail writes it; no code anywhere. */
static void bounce_in_words(const char *message_id, const char *recipient)
{
    char message[2000];
    snprintf(message, sizeof(message),
             "From: MAILER-DAEMON@mx.away.example\nTo: alice@example.org\n"
             "Subject: failure notice\n\nHi. This is the qmail-send program at mx.away.example.\n\n"
             "<%s>:\nSorry, no mailbox here by that name.\n\n"
             "--- Below this line is a copy of the message.\n\n"
             "From: alice@example.org\nMessage-ID: <%s>\n\ntext\n",
             recipient, message_id);
    drive("", "<>", "alice@example.org", message);
}

static void complain(const char *message_id)
{
    char message[2000];
    snprintf(message, sizeof(message),
             "From: feedback@provider.example\nTo: abuse@example.org\nMIME-Version: 1.0\n"
             "Subject: complaint\n"
             "Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\n\n"
             "--b\n\nThis is a complaint.\n\n--b\nContent-Type: message/feedback-report\n\n"
             "Feedback-Type: abuse\nUser-Agent: loop/1\nVersion: 1\n\n"
             "--b\nContent-Type: message/rfc822\n\nFrom: alice@example.org\n"
             "Message-ID: <%s>\n\ntext\n--b--\n",
             message_id);
    drive("", "<feedback@provider.example>", "abuse@example.org", message);
}

static void learn(void *context, const struct maillog_outcome *outcome, bool is_complaint)
{
    const struct outcome_house told = { .site = house.site,
                                        .clock = &house.clock.clock,
                                        .store = house.store,
                                        .books = &house.world.books,
                                        .notices = house.world.notices };
    unsigned *count = context;
    outcome_learn(&told, outcome, is_complaint);
    assert_true(span_is_equal(outcome->principal, SPAN("alice@example.org")));
    assert_true(span_is_equal(outcome->message_id, SPAN("one@example.org")));
    *count += is_complaint ? 100 : 1;
}

static unsigned learnt(void)
{
    unsigned count = 0;
    (void)post_each(house.store, 100, learn, &count);
    return count;
}

static void test_ours(void **state)
{
    struct profile profile;
    (void)state;
    send_one();
    assert_int_equal(learnt(), 0);
    bounce("one@example.org", "Bob@AWAY.example");
    assert_int_equal(learnt(), 1);
    complain("one@example.org");
    assert_int_equal(learnt(), 100);
    assert_true(book_read(house.store, ACCOUNT, &profile));
    assert_true(profile.quick.of[OUTCOME_DEAD] > 0);
    assert_true(profile.quick.of[OUTCOME_COMPLAINT] > 0);
    assert_int_equal(profile.quick.of[OUTCOME_POLICY], 0);
}

static void test_words(void **state)
{
    struct profile profile;
    (void)state;
    send_one();
    bounce_in_words("other@example.org", "bob@away.example");
    assert_int_equal(learnt(), 0);
    bounce_in_words("one@example.org", "bob@away.example");
    assert_int_equal(learnt(), 1);
    assert_true(book_read(house.store, ACCOUNT, &profile));
    assert_true(profile.quick.of[OUTCOME_DEAD] > 0);
}

static void test_not_ours(void **state)
{
    (void)state;
    int64_t foreign = counter_get(COUNTER_REPORTS_FOREIGN);
    send_one();
    bounce("other@example.org", "bob@away.example"); /* no such message */
    bounce("one@example.org", "carol@away.example"); /* it did not go to her */
    complain("other@example.org");
    assert_int_equal(learnt(), 0);
    assert_int_equal(counter_get(COUNTER_REPORTS_FOREIGN) - foreign, 3);
    house.clock.now_s += 8 * 86400; /* too long ago */
    bounce("one@example.org", "bob@away.example");
    assert_int_equal(learnt(), 0);
}

/* What a mail server's log tells counts towards a limit of failed recipients. */
static void test_failed_limit(void **state)
{
    (void)state;
    send_one();
    for (int i = 0; i < 3; i++) {
        bounce("one@example.org", "bob@away.example");
        house.clock.now_s++;
        assert_int_equal(learnt(), 1);
    }
    buffer_clear(&house.log);
    send_one();
    assert_non_null(strstr(buffer_text(&house.log), "limits=failed:3/3"));
}

static void refuse(const char *login, const char *client, uint64_t times)
{
    const struct outcome_house told = { .site = house.site,
                                        .clock = &house.clock.clock,
                                        .store = house.store,
                                        .books = &house.world.books };
    outcome_login_failed(&told, span_of(login), span_of(client), times);
}

static bool count_row(struct span key, struct span value, void *context)
{
    unsigned *count = context;
    (void)key;
    (void)value;
    ++*count;
    return true;
}

/* As it was typed, a failed login is his whose login it is; names that nobody has leave no row. */
static void test_failed_logins(void **state)
{
    struct profile profile;
    uint32_t count, networks;
    unsigned before = 0, after = 0;
    (void)state;
    send_one();
    store_walk(house.store, STORE_PROFILES, SPAN(""), count_row, &before);
    refuse("alice@example.org", "198.51.100.7", 3);
    refuse("ALICE@Example.ORG", "2001:db8::7", 4);
    refuse("alice@example.org", "unknown", 1);
    refuse("", "198.51.100.7", 5);
    refuse("nobody@example.org", "198.51.100.7", 5);
    store_walk(house.store, STORE_PROFILES, SPAN(""), count_row, &after);
    assert_int_equal(after, before);
    assert_true(book_read(house.store, ACCOUNT, &profile));
    profile_guesses(&profile, &count, &networks);
    assert_int_equal(count, 8);
    assert_int_equal(networks, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ours, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_words, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_not_ours, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_failed_limit, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_failed_logins, open_house, close_house),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
