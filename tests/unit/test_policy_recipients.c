/*
 * Recipients one by one, as an MTA tells of them: who is asked about, who is refused, and what that
 * leaves of the message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "dns/scripted.h"
#include "tests/support/house.h"

static const char enforce[] = "socket = \"unix:/run/x.sock\"; mode = \"enforce\";"
                              "outgoing = { internal = [ \"inside.example\" ]; };";
static const char script[] = "good.example MX 10 mx.good.example\n"
                             "null.example MX 0 .\n"
                             "inside.example MX 0 .\n"
                             "late.example MX 0 .\n"
                             "late.example LATE\n";

struct talk {
    struct house house;
    struct milter milter;
    struct connection *connection;
    struct fake_mta mta;
};

static void talk_open(struct talk *talk, const char *config)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    memset(talk, 0, sizeof(*talk));
    house_open(&talk->house, config);
    house_script_dns(&talk->house, script);
    talk->milter.holder = site_holder_new(site_ref(talk->house.site));
    talk->milter.world = &talk->house.world;
    talk->milter.mta = &fake_mta_calls;
    talk->connection = connection_new(&talk->milter, true);
    assert_non_null(talk->connection);
    fake_mta_set(&talk->mta, "j", "mx.example.org");
    fake_mta_set(&talk->mta, "v", "Postfix 3.7.11");
    fake_mta_set(&talk->mta, "i", "4Xk1");
    fake_mta_set(&talk->mta, "{auth_authen}", "alice@example.org");
    inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
    on_connect(talk->connection, "client", (struct sockaddr *)&address);
    on_helo(talk->connection, "laptop");
}

static void talk_close(struct talk *talk)
{
    connection_free(&talk->connection);
    site_holder_free(&talk->milter.holder);
    assert_int_equal(talk->milter.open_messages, 0);
    fake_mta_free(&talk->mta);
    house_close(&talk->house);
}

static void say_mail(struct talk *talk)
{
    char path[] = "<alice@example.org>";
    char *argv[] = { path, NULL };
    on_mail(talk->connection, &talk->mta, argv);
}

static enum answer say_rcpt(struct talk *talk, const char *path, const char *mailer,
                            const char *host)
{
    char *argv[] = { (char *)(uintptr_t)path, NULL };
    fake_mta_set(&talk->mta, "{rcpt_mailer}", mailer);
    fake_mta_set(&talk->mta, "{rcpt_host}", host);
    return on_recipient(talk->connection, &talk->mta, argv);
}

static enum answer say_rest(struct talk *talk)
{
    on_header(talk->connection, &talk->mta, "From", " alice@example.org");
    on_headers_end(talk->connection, &talk->mta);
    on_body(talk->connection, "hi\r\n", 4);
    return on_message_end(talk->connection, &talk->mta);
}

static void assert_logged(const struct talk *talk, const char *text)
{
    if (strstr(buffer_text(&talk->house.log), text) == NULL) {
        fail_msg("no \"%s\" in %s", text, buffer_text(&talk->house.log));
    }
}

static void only_what_the_mta_looks_up_is_asked(void **state)
{
    static const struct {
        const char *path, *mailer, *host;
        unsigned questions;
    } cases[] = {
        { "<a@good.example>", "smtp", "good.example", 1 },
        { "<a@good.example>", "esmtp", "good.example.", 1 },
        { "<a@GOOD.example>", "smtp", "Good.Example", 1 },
        { "<a@nowhere.example>", "smtp", "nowhere.example", 3 },
        { "<a@good.example>", "smtp", "[192.0.2.9]:25", 0 },
        { "<a@good.example>", "smtp", "relay.example.net", 0 },
        { "<a@good.example>", "smtp", "good.example:2525", 0 },
        { "<a@good.example>", "smtp", "", 0 },
        { "<a@good.example>", "slow", "good.example", 0 },
        { "<a@good.example>", "relay", "good.example", 0 },
        { "<a@good.example>", "local", "good.example", 0 },
        { "<a@good.example>", "", "good.example", 0 },
        { "<a@inside.example>", "smtp", "inside.example", 0 },
        { "<a@[192.0.2.1]>", "smtp", "[192.0.2.1]", 0 },
        { "<a@[IPv6:2001:db8::1]>", "smtp", "[IPv6:2001:db8::1]", 0 },
        { "<a@host>", "smtp", "host", 0 },
        { "<postmaster>", "smtp", "mx.example.org", 0 },
        { "<>", "smtp", "", 0 },
    };
    struct talk talk;
    (void)state;
    talk_open(&talk, enforce);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say_mail(&talk);
        unsigned before = dns_scripted_count(talk.house.world.resolver);
        assert_int_equal(say_rcpt(&talk, cases[i].path, cases[i].mailer, cases[i].host),
                         ANSWER_CONTINUE);
        unsigned asked = dns_scripted_count(talk.house.world.resolver) - before;
        if (asked != cases[i].questions) {
            fail_msg("%s by %s to %s: %u questions", cases[i].path, cases[i].mailer, cases[i].host,
                     asked);
        }
        on_abort(talk.connection);
    }
    talk_close(&talk);
}

static void a_domain_is_asked_once(void **state)
{
    struct talk talk;
    (void)state;
    talk_open(&talk, enforce);
    say_mail(&talk);
    unsigned before = dns_scripted_count(talk.house.world.resolver);
    for (int i = 0; i < 50; i++) {
        say_rcpt(&talk, "<a@good.example>", "smtp", "good.example");
    }
    assert_int_equal(dns_scripted_count(talk.house.world.resolver) - before, 1);
    talk_close(&talk);
}

static void questions_of_a_message_are_bounded(void **state)
{
    struct talk talk;
    char path[40], host[32];
    (void)state;
    talk_open(&talk, enforce);
    say_mail(&talk);
    unsigned before = dns_scripted_count(talk.house.world.resolver);
    for (int i = 0; i < 1000; i++) {
        snprintf(host, sizeof(host), "n%d.good.example", i);
        snprintf(path, sizeof(path), "<a@%s>", host);
        say_rcpt(&talk, path, "smtp", host);
    }
    assert_int_equal(dns_scripted_count(talk.house.world.resolver) - before, 300);
    talk_close(&talk);
}

static void who_is_refused_is_no_part_of_the_message(void **state)
{
    struct talk talk;
    (void)state;
    talk_open(&talk, enforce);
    say_mail(&talk);
    assert_int_equal(say_rcpt(&talk, "<a@good.example>", "smtp", "good.example"), ANSWER_CONTINUE);
    assert_int_equal(say_rcpt(&talk, "<b@null.example>", "smtp", "null.example"), ANSWER_REJECT);
    assert_int_equal(say_rcpt(&talk, "<c@good.example>", "smtp", "good.example"), ANSWER_CONTINUE);
    assert_int_equal(say_rcpt(&talk, "<d@null.example>", "smtp", "null.example"), ANSWER_REJECT);
    assert_non_null(strstr(buffer_text(&talk.mta.calls), "556 5.1.10 recipient-null-mx: null"));
    assert_int_equal(say_rest(&talk), ANSWER_CONTINUE);
    assert_logged(&talk, "verdict=accept class=submission user=alice@example.org "
                         "rules=recipient-null-mx:reject");
    assert_logged(&talk, "rcpts=2 external=2 refused=2 to=good.example:2 ");
    assert_logged(&talk, "by=- ");
    talk_close(&talk);
}

static void nobody_left_is_a_reject(void **state)
{
    struct talk talk;
    (void)state;
    talk_open(&talk, enforce);
    say_mail(&talk);
    assert_int_equal(say_rcpt(&talk, "<b@null.example>", "smtp", "null.example"), ANSWER_REJECT);
    on_abort(talk.connection);
    assert_logged(&talk, "4Xk1: verdict=reject class=submission user=alice@example.org ");
    assert_logged(&talk, "rcpts=0 external=0 refused=1 ");
    assert_logged(&talk, "by=recipient-null-mx reply=\"556 5.1.10 ");
    talk_close(&talk);
}

/* Somebody was left, but the client went. */
static void given_up_is_aborted(void **state)
{
    struct talk talk;
    (void)state;
    talk_open(&talk, enforce);
    say_mail(&talk);
    say_rcpt(&talk, "<b@null.example>", "smtp", "null.example");
    say_rcpt(&talk, "<a@good.example>", "smtp", "good.example");
    on_abort(talk.connection);
    assert_logged(&talk, "verdict=aborted ");
    assert_logged(&talk, "rcpts=1 external=1 refused=1 ");
    talk_close(&talk);
}

static void a_session_goes_on_after_a_refusal(void **state)
{
    struct talk talk;
    (void)state;
    talk_open(&talk, enforce);
    say_mail(&talk);
    say_rcpt(&talk, "<b@null.example>", "smtp", "null.example");
    on_abort(talk.connection);
    buffer_clear(&talk.house.log);
    say_mail(&talk);
    assert_int_equal(say_rcpt(&talk, "<a@good.example>", "smtp", "good.example"), ANSWER_CONTINUE);
    assert_int_equal(say_rest(&talk), ANSWER_CONTINUE);
    assert_logged(&talk, "verdict=accept ");
    assert_null(strstr(buffer_text(&talk.house.log), "refused="));
    assert_null(strstr(buffer_text(&talk.house.log), "recipient-null-mx"));
    talk_close(&talk);
}

/* What found no place is not judged, and nobody is taken away in its place. */
static void over_the_ceiling_nobody_is_refused(void **state)
{
    struct talk talk;
    char path[200];
    (void)state;
    talk_open(&talk, "socket = \"unix:/run/x.sock\"; mode = \"enforce\"; "
                     "ceilings = { message = \"64K\"; };");
    say_mail(&talk);
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof(path), "<%060d@good.example>", i);
        assert_int_equal(say_rcpt(&talk, path, "smtp", "good.example"), ANSWER_CONTINUE);
    }
    assert_int_equal(say_rcpt(&talk, "<b@null.example>", "smtp", "null.example"), ANSWER_CONTINUE);
    assert_int_equal(say_rest(&talk), ANSWER_REJECT);
    assert_logged(&talk, "by=message-ceiling ");
    assert_logged(&talk, "rcpts=1001 ");
    talk_close(&talk);
}

static void late_answers_are_waited_for_once(void **state)
{
    struct talk talk;
    (void)state;
    talk_open(&talk, enforce);
    say_mail(&talk);
    assert_int_equal(say_rcpt(&talk, "<b@late.example>", "smtp", "late.example"), ANSWER_CONTINUE);
    assert_int_equal(say_rest(&talk), ANSWER_REJECT);
    assert_logged(&talk, "rcpts=1 external=1 to=late.example:1 ");
    talk_close(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_mta_looks_up_is_asked),
        cmocka_unit_test(a_domain_is_asked_once),
        cmocka_unit_test(questions_of_a_message_are_bounded),
        cmocka_unit_test(who_is_refused_is_no_part_of_the_message),
        cmocka_unit_test(nobody_left_is_a_reject),
        cmocka_unit_test(given_up_is_aborted),
        cmocka_unit_test(a_session_goes_on_after_a_refusal),
        cmocka_unit_test(over_the_ceiling_nobody_is_refused),
        cmocka_unit_test(late_answers_are_waited_for_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
