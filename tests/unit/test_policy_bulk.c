/*
 * bulk: which messages count for the organization of their author, with whom, and what they keep of
 * the rules; and that somebody is told, once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bulk/volume.h"
#include "policy/drive.h"
#include "tests/support/house.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/x\"; mode = \"enforce\"; bulk = { threshold = 5; };\n"                       \
    "outgoing = { internal = [ \"example.org\", \"inside.example\" ];\n"                           \
    "  networks = ( { address = \"192.0.2.9\"; name = \"relay\"; kind = \"relay\"; } ); };\n"      \
    "senders = { unlisted = \"observe\"; };\n"                                                     \
    "rules = { from-multiple = \"reject\"; date-missing = \"hold\"; };\n"
#define HEAD(from) "From: " from "\nDate: Sun, 01 Mar 2026 11:59:00 +0000\n"
#define PLAIN HEAD("alice@example.org")
#define GMAIL SPAN("<bob@gmail.com>")

enum { B08 = 7, ONE_CLICK = 9 };

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

/* A message of its own each time, unless it has a Message-ID. */
static void pass(const char *message, const struct drive_recipient *recipients, size_t count,
                 enum outcome outcome)
{
    struct drive_input input = { .session = { .client = { .family = 4, .bytes = { 192, 0, 2, 1 } },
                                              .mta_version = SPAN("Postfix 3.7") },
                                 .login = SPAN("alice@example.org"),
                                 .sender = SPAN("<alice@example.org>"),
                                 .recipients = recipients,
                                 .recipient_count = count,
                                 .message = span_of(message) };
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    pipeline_finish(job, outcome);
    job_free(&job);
}

static void pass_to(const char *message, struct span recipient)
{
    const struct drive_recipient one = { .path = recipient, .mailer = SPAN("smtp") };
    pass(message, &one, 1, OUTCOME_ANSWERED);
}

static struct daybook counted(const char *organization)
{
    struct daybook daybook;
    assert_true(volume_get(house.store, span_of(organization),
                           ledger_now_ms(house.world.books.ledger), &daybook));
    return daybook;
}

static uint64_t messages(const char *organization)
{
    struct daybook daybook = counted(organization);
    return window_sum(&daybook.messages);
}

static void recipients_count_by_provider(void **state)
{
    static const struct drive_recipient recipients[] = {
        { .path = SPAN("<a@gmail.com>"), .mailer = SPAN("smtp") },
        { .path = SPAN("<b@GoogleMail.com>"), .mailer = SPAN("smtp") },
        { .path = SPAN("<c@yahoo.co.uk>"), .mailer = SPAN("smtp") },
        { .path = SPAN("<d@hotmail.com>"), .mailer = SPAN("smtp") },
        { .path = SPAN("<e@example.net>"), .mailer = SPAN("smtp") },
        { .path = SPAN("<f@inside.example>"), .mailer = SPAN("smtp") },
        { .path = SPAN("<g@sub.gmail.com>"), .mailer = SPAN("smtp") }
    };
    struct daybook daybook;
    (void)state;
    pass(PLAIN "\nx\n", recipients, sizeof(recipients) / sizeof(recipients[0]), OUTCOME_ANSWERED);
    daybook = counted("example.org");
    assert_int_equal(window_sum(&daybook.at[BULK_GOOGLE].recipients), 2);
    assert_int_equal(window_sum(&daybook.at[BULK_YAHOO].recipients), 1);
    assert_int_equal(window_sum(&daybook.at[BULK_MICROSOFT].recipients), 1);
    assert_int_equal(window_sum(&daybook.messages), 1);
}

static void subdomains_count_together(void **state)
{
    (void)state;
    pass_to(PLAIN "\nx\n", GMAIL);
    pass_to(HEAD("news@example.org") "\nx\n", GMAIL);
    assert_int_equal(messages("example.org"), 2);
}

/* Stopped, refused by the MTA, abandoned, inside, of others, without author. */
static void others_do_not_count(void **state)
{
    const struct drive_recipient one = { .path = GMAIL, .mailer = SPAN("smtp") };
    (void)state;
    pass_to("From: alice@example.org, b@example.org\nDate: Sun, 01 Mar 2026 11:59:00 +0000\n\nx\n",
            GMAIL);
    pass(PLAIN "\nx\n", &one, 1, OUTCOME_ABORTED);
    pass(PLAIN "\nx\n", &one, 1, OUTCOME_NOT_APPLIED);
    pass_to(PLAIN "\nx\n", SPAN("<bob@inside.example>"));
    pass_to(HEAD("somebody@other.example") "\nx\n", GMAIL);
    pass_to("Subject: x\n\nx\n", GMAIL);
    assert_int_equal(messages("example.org"), 0);
    assert_int_equal(messages("other.example"), 0);
    assert_int_equal(store_count(house.store, STORE_BULK), 0);
}

static void held_counts(void **state)
{
    (void)state;
    pass_to("From: alice@example.org\n\nx\n", GMAIL); /* without Date */
    assert_true(strstr(buffer_text(&house.log), "verdict=hold") != NULL);
    assert_int_equal(messages("example.org"), 1);
}

static void same_message_counts_once(void **state)
{
    (void)state;
    pass_to(PLAIN "Message-ID: <1@example.org>\n\nx\n", GMAIL);
    pass_to(PLAIN "Message-ID: <1@example.org>\n\nx\n", GMAIL);
    pass_to(PLAIN "Message-ID: <2@example.org>\n\nx\n", GMAIL);
    assert_int_equal(messages("example.org"), 2);
}

static void rules_are_counted(void **state)
{
    struct bulk_counts counts[BULK_RULE_COUNT];
    struct daybook daybook;
    (void)state;
    pass_to(PLAIN "List-Id: <l.example.org>\n\nx\n", GMAIL);
    pass_to(PLAIN "List-Id: <l.example.org>\nList-Unsubscribe: <https://example.org/u>\n"
                  "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nx\n",
            GMAIL);
    pass_to(PLAIN "References: <1@x>\nReferences: <2@x>\n\nx\n", GMAIL);
    daybook = counted("example.org");
    daybook_counts(&daybook, counts);
    assert_int_equal(counts[ONE_CLICK].judged, 2);
    assert_int_equal(counts[ONE_CLICK].failed, 1);
    assert_int_equal(counts[B08].judged, 3);
    assert_int_equal(counts[B08].failed, 1);
    assert_int_equal(counts[0].unknown, 3); /* nobody is asked, and nothing is signed here */
}

static unsigned told(const char *piece)
{
    unsigned count = 0;
    for (const char *at = buffer_text(&house.log); (at = strstr(at, piece)) != NULL; at++) {
        count++;
    }
    return count;
}

static void volume_is_told(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        pass_to(PLAIN "\nx\n", GMAIL);
    }
    assert_int_equal(told("bulk: "), 0);
    pass_to(PLAIN "\nx\n", GMAIL);
    assert_int_equal(told("bulk: example.org has sent to 4 recipients at Google in 24 hours; from "
                          "5 on it counts as a bulk sender there"),
                     1);
    for (int i = 0; i < 4; i++) {
        pass_to(PLAIN "\nx\n", GMAIL);
    }
    assert_int_equal(told("bulk: example.org has sent to 5 recipients at Google in 24 hours and "
                          "counts as a bulk sender there from now on"),
                     1);
    assert_int_equal(told("bulk: "), 2);
}

/* Nothing is kept: nothing is counted, and mail goes. */
static void without_ledger(void **state)
{
    (void)state;
    ledger_free(&house.world.books.ledger);
    pass_to(PLAIN "\nx\n", GMAIL);
    assert_int_equal(store_count(house.store, STORE_BULK), 0);
    assert_int_equal(told("verdict=accept"), 1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, house_make, house_drop)
    const struct CMUnitTest tests[] = {
        TEST(recipients_count_by_provider),
        TEST(subdomains_count_together),
        TEST(others_do_not_count),
        TEST(held_counts),
        TEST(same_message_counts_once),
        TEST(rules_are_counted),
        TEST(volume_is_told),
        TEST(without_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
