/*
 * The milter room against an MTA in the same process: what is asked of the MTA, in which order, and
 * what is logged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "log/counter.h"
#include "tests/support/house.h"

static const char config_enforce[] = "socket = \"unix:/run/x.sock\"; mode = \"enforce\";";

struct talk {
    struct house house;
    struct milter milter;
    struct connection *connection;
    struct fake_mta mta;
};

static void talk_open(struct talk *talk, const char *config, const char *client)
{
    memset(talk, 0, sizeof(*talk));
    house_open(&talk->house, config);
    talk->milter.holder = site_holder_new(site_ref(talk->house.site));
    talk->milter.world = &talk->house.world;
    talk->milter.mta = &fake_mta_calls;
    talk->connection = connection_new(&talk->milter, true);
    assert_non_null(talk->connection);
    fake_mta_set(&talk->mta, "j", "mx.example.org");
    fake_mta_set(&talk->mta, "v", "Postfix 3.7.11");
    fake_mta_set(&talk->mta, "i", "4Xk1");
    fake_mta_set(&talk->mta, "{daemon_name}", "SUBMISSION");
    fake_mta_set(&talk->mta, "{rcpt_mailer}", "smtp");
    struct sockaddr_in address = { .sin_family = AF_INET };
    inet_pton(AF_INET, client, &address.sin_addr);
    assert_int_equal(on_connect(talk->connection, "client", (struct sockaddr *)&address),
                     ANSWER_CONTINUE);
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

static enum answer say_mail(struct talk *talk, const char *path)
{
    char *argv[] = { (char *)(uintptr_t)path, NULL };
    return on_mail(talk->connection, &talk->mta, argv);
}

static enum answer say_rcpt(struct talk *talk, const char *path)
{
    char *argv[] = { (char *)(uintptr_t)path, NULL };
    return on_recipient(talk->connection, &talk->mta, argv);
}

/* A message without Date and Message-ID, or with `header` too. */
static enum answer say_message(struct talk *talk, const char *name, const char *value)
{
    say_mail(talk, "<alice@example.org>");
    say_rcpt(talk, "<bob@example.net>");
    if (name != NULL) {
        on_header(talk->connection, &talk->mta, name, value);
    }
    on_header(talk->connection, &talk->mta, "Subject", " hello");
    on_headers_end(talk->connection, &talk->mta);
    on_body(talk->connection, "hi\r\n", 4);
    return on_message_end(talk->connection, &talk->mta);
}

/* Sendmail writes bytes of a login that AUTH= would not take as "+2B". */
static void logins_of_sendmail_are_decoded(void **state)
{
    static const struct {
        const char *version, *told, *login;
    } cases[] = {
        { "8.17.1.9", "alice@example.org", "user=alice@example.org " },
        { "8.17.1.9", "j+C3+B6rg@example.org", "user=j\\xc3\\xb6rg@example.org " },
        { "8.17.1.9", "alice+2Bphone@example.org", "login=alice+phone@example.org " },
        { "8.17.1.9", "alice+2bphone@example.org", "login=alice+2bphone@example.org " },
        { "8.17.1.9", "alice+00@example.org", "login=alice+00@example.org " },
        { "8.17.1.9", "alice+", "user=alice " },
        { "Postfix 3.7.11", "alice+2B@example.org", "login=alice+2B@example.org " },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct talk talk;
        talk_open(&talk, config_enforce, "192.0.2.1");
        fake_mta_set(&talk.mta, "v", cases[i].version);
        fake_mta_set(&talk.mta, "{auth_authen}", cases[i].told);
        say_message(&talk, "From", " alice@example.org");
        on_abort(talk.connection);
        const char *log = buffer_text(&talk.house.log);
        if (strstr(log, cases[i].login) == NULL) {
            fail_msg("%s: no %s in %s", cases[i].told, cases[i].login, log);
        }
        talk_close(&talk);
    }
}

static void repairs_are_appended(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, config_enforce, "192.0.2.1");
    fake_mta_set(&talk.mta, "{auth_authen}", "Alice@Example.ORG");
    fake_mta_set(&talk.mta, "i", "4Xk2");
    assert_int_equal(say_message(&talk, "From", " alice@example.org"), ANSWER_CONTINUE);
    const char *calls = buffer_text(&talk.mta.calls);
    assert_non_null(strstr(calls, "append Date: Sun, 1 Mar 2026 12:00:00 +0000\n"));
    assert_non_null(strstr(calls, "append Message-ID: <"));
    const char *line = buffer_text(&talk.house.log);
    assert_non_null(strstr(line, "4Xk2: verdict=accept class=submission user=alice@example.org "
                                 "rules=date-missing:repair,message-id-missing:repair "
                                 "signed=none reason=no-key rcpts=1 external=1 to=example.net:1"));
    assert_non_null(strstr(line, "login=Alice@Example.ORG"));
    talk_close(&talk);
}

static void refusal_carries_its_reason(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, config_enforce, "192.0.2.1");
    fake_mta_set(&talk.mta, "{auth_authen}", "alice@example.org");
    assert_int_equal(say_message(&talk, NULL, NULL), ANSWER_REJECT);
    assert_string_equal(buffer_text(&talk.mta.calls),
                        "reply 550 5.7.1 from-missing: the message has no From field; add one From "
                        "field with your address\n");
    assert_non_null(
        strstr(buffer_text(&talk.house.log), "by=from-missing reply=\"550 5.7.1 from-missing: "));
    talk_close(&talk);
}

/* A message whose recipients are this one and two that the MTA refuses. */
static enum answer say_with_refused(struct talk *talk, const char *sender)
{
    say_mail(talk, sender);
    fake_mta_set(&talk->mta, "{rcpt_mailer}", "error");
    assert_int_equal(say_rcpt(talk, "<wrong@example.net>"), ANSWER_CONTINUE);
    assert_int_equal(say_rcpt(talk, "<worse@example.net>"), ANSWER_CONTINUE);
    fake_mta_set(&talk->mta, "{rcpt_mailer}", "smtp");
    say_rcpt(talk, "<bob@example.net>");
    on_header(talk->connection, &talk->mta, "Message-ID", " <1@example.org>");
    on_header(talk->connection, &talk->mta, "From", " alice@example.org");
    on_headers_end(talk->connection, &talk->mta);
    return on_message_end(talk->connection, &talk->mta);
}

/* Also of a message that was given up, and of one that is refused for another reason. */
static void recipients_the_mta_refuses_count(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk,
              "socket = \"unix:/run/x.sock\"; mode = \"enforce\"; limits = ( { name = \"wrong\"; "
              "count = \"failed-recipients\"; plan = \"basic\"; max = 6; per = \"1h\"; } ); "
              "plans = { default = \"basic\"; };",
              "192.0.2.1");
    house_script_used(&talk.house, "");
    talk.connection->sees_refused = true;
    fake_mta_set(&talk.mta, "{auth_authen}", "alice@example.org");
    say_mail(&talk, "<alice@example.org>");
    fake_mta_set(&talk.mta, "{rcpt_mailer}", "error");
    say_rcpt(&talk, "<wrong@example.net>");
    on_abort(talk.connection);
    assert_int_equal(say_with_refused(&talk, "<boss@example.org>"), ANSWER_REJECT);
    for (int i = 0; i < 2; i++) { /* the same message: charged at first, and the same again */
        assert_int_equal(say_with_refused(&talk, "<alice@example.org>"), ANSWER_CONTINUE);
    }
    assert_int_equal(say_message(&talk, "From", " alice@example.org"), ANSWER_TEMPFAIL);
    const char *log = buffer_text(&talk.house.log);
    assert_non_null(strstr(log, "by=sender-not-owned"));
    assert_non_null(strstr(log, "verdict=aborted class=submission user=alice@example.org "
                                "limits=wrong:1/6 "));
    assert_non_null(strstr(log, "limits=wrong:5/6,default:1/500 "));
    assert_non_null(strstr(log, "limits=wrong:7/6,default:1/500 "));
    assert_non_null(strstr(log,
                           "reply=\"451 4.7.1 limit-exceeded: limit wrong: the mail server has "
                           "refused 7 recipients in 1 hour, at most 6 may be wrong"));
    talk_close(&talk);
}

static void refused_edit_defers(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, config_enforce, "192.0.2.1");
    fake_mta_set(&talk.mta, "{auth_authen}", "alice@example.org");
    talk.mta.refuses_edits = true;
    assert_int_equal(say_message(&talk, "From", " alice@example.org"), ANSWER_TEMPFAIL);
    assert_non_null(strstr(buffer_text(&talk.mta.calls), "reply 451 4.3.2 "));
    assert_non_null(strstr(buffer_text(&talk.house.log), "verdict=defer"));
    talk_close(&talk);
}

static void inbound_is_untouched(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, config_enforce, "192.0.2.1");
    assert_int_equal(say_message(&talk, NULL, NULL), ANSWER_CONTINUE);
    assert_string_equal(buffer_text(&talk.mta.calls), "");
    assert_string_equal(buffer_text(&talk.house.log), "");
    say_mail(&talk, "<x@example.net>");
    on_headers_end(talk.connection, &talk.mta);
    assert_int_equal(on_body(talk.connection, "hi\r\n", 4), ANSWER_SKIP);
    talk_close(&talk);
}

static void observe_changes_nothing(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, "socket = \"unix:/run/x.sock\";", "192.0.2.1");
    fake_mta_set(&talk.mta, "{auth_authen}", "alice@example.org");
    assert_int_equal(say_message(&talk, NULL, NULL), ANSWER_CONTINUE);
    assert_string_equal(buffer_text(&talk.mta.calls), "");
    assert_non_null(strstr(buffer_text(&talk.house.log), "verdict=accept would=reject"));
    talk_close(&talk);
}

static void each_message_ends_once(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, config_enforce, "192.0.2.1");
    fake_mta_set(&talk.mta, "{auth_authen}", "alice@example.org");
    say_mail(&talk, "<a@example.org>");
    say_mail(&talk, "<b@example.org>"); /* no abort between: the first is over all the same */
    on_abort(talk.connection);
    on_abort(talk.connection);
    say_mail(&talk, "<c@example.org>");
    connection_free(&talk.connection); /* close within a message */
    const char *log = buffer_text(&talk.house.log);
    size_t lines = 0;
    for (const char *c = log; (c = strstr(c, "verdict=aborted")) != NULL; c++) {
        lines++;
    }
    assert_int_equal(lines, 3);
    talk_close(&talk);
}

static void a_session_lost_in_the_header_is_explained(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, config_enforce, "192.0.2.1");
    fake_mta_set(&talk.mta, "{auth_authen}", "alice@example.org");
    say_message(&talk, "From", " alice@example.org");
    say_mail(&talk, "<a@example.org>");
    on_abort(talk.connection);
    connection_free(&talk.connection);
    assert_null(strstr(buffer_text(&talk.house.log), "within the header"));
    talk.connection = connection_new(&talk.milter, true);
    say_mail(&talk, "<a@example.org>");
    on_header(talk.connection, &talk.mta, "Subject", " hello");
    connection_free(&talk.connection);
    assert_non_null(strstr(buffer_text(&talk.house.log), "within the header"));
    talk_close(&talk);
}

static void draining_refuses_new_messages(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, config_enforce, "192.0.2.1");
    atomic_store(&talk.milter.is_draining, true);
    assert_int_equal(say_mail(&talk, "<a@example.org>"), ANSWER_TEMPFAIL);
    assert_non_null(strstr(buffer_text(&talk.mta.calls), "reply 451 4.3.2 "));
    talk_close(&talk);
}

/* sendmail(1): nobody reads a reply, so a refusal for a sender that is not ours is a hold. */
static void local_refusal_is_held(void **state)
{
    (void)state;
    struct talk talk;
    talk_open(&talk, config_enforce, "127.0.0.1");
    say_mail(&talk, "www-data@elsewhere.example");
    say_rcpt(&talk, "bob@example.net");
    on_header(talk.connection, &talk.mta, "Subject", " hello");
    on_headers_end(talk.connection, &talk.mta);
    assert_int_equal(on_message_end(talk.connection, &talk.mta), ANSWER_CONTINUE);
    assert_non_null(strstr(buffer_text(&talk.mta.calls), "quarantine from-missing: "));
    assert_non_null(strstr(buffer_text(&talk.house.log), "verdict=hold class=local"));
    talk_close(&talk);
}

/* The third of two connections is refused in observe mode too, those before it are not, and it is
 * served once there is room. */
static void connections_are_bounded(void **state)
{
    static const char config[] = "socket = \"unix:/run/x.sock\"; mode = \"observe\"; "
                                 "ceilings = { connections = 2; };";
    char *argv[] = { (char[]){ "<alice@example.org>" }, NULL };
    struct talk talk;
    (void)state;
    talk_open(&talk, config, "127.0.0.1");
    struct connection *second = connection_new(&talk.milter, true);
    struct connection *third = connection_new(&talk.milter, true);
    assert_int_equal(on_connect(second, "client", NULL), ANSWER_CONTINUE);
    assert_int_equal(on_connect(third, "client", NULL), ANSWER_CONTINUE);
    int64_t refused = counter_get(COUNTER_OVERLOAD);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(on_mail(third, &talk.mta, argv), ANSWER_TEMPFAIL);
    }
    assert_string_equal(
        buffer_text(&talk.mta.calls),
        "reply 451 4.3.2 overload: too many connections at once; try again later\n"
        "reply 451 4.3.2 overload: too many connections at once; try again later\n"
        "reply 451 4.3.2 overload: too many connections at once; try again later\n");
    assert_int_equal(counter_get(COUNTER_OVERLOAD) - refused, 3);
    assert_non_null(strstr(buffer_text(&talk.house.log), "since the last such line: 1\n"));
    assert_null(strstr(strchr(buffer_text(&talk.house.log), '\n'), "such line"));
    talk.house.clock.now_ns += UINT64_C(61000000000);
    assert_int_equal(on_mail(third, &talk.mta, argv), ANSWER_TEMPFAIL);
    assert_non_null(strstr(buffer_text(&talk.house.log), "since the last such line: 3\n"));
    assert_int_equal(on_mail(second, &talk.mta, argv), ANSWER_CONTINUE);
    assert_int_equal(on_mail(talk.connection, &talk.mta, argv), ANSWER_CONTINUE);
    connection_free(&second);
    assert_int_equal(on_mail(third, &talk.mta, argv), ANSWER_CONTINUE);
    connection_free(&third);
    talk_close(&talk);
}

/* The message may be all right, and what found no place may have been its login; that is our
 * trouble, and a passing one. */
static void no_memory_defers(void **state)
{
    static char value[60000];
    struct talk talk;
    (void)state;
    talk_open(&talk, config_enforce, "192.0.2.1");
    talk.house.world.memory = &talk.milter.memory;
    say_mail(&talk, "<stranger@example.net>"); /* inbound by all that is known of it */
    size_t limit = atomic_load(&talk.milter.memory.limit_bytes);
    atomic_fetch_add(&talk.milter.memory.taken_bytes, limit);
    memset(value, 'x', sizeof(value) - 1);
    say_rcpt(&talk, "<bob@example.net>");
    on_header(talk.connection, &talk.mta, "X-Long", value);
    on_headers_end(talk.connection, &talk.mta);
    assert_int_equal(on_message_end(talk.connection, &talk.mta), ANSWER_TEMPFAIL);
    assert_non_null(strstr(buffer_text(&talk.mta.calls), "reply 451 4.3.2 overload: "));
    atomic_fetch_sub(&talk.milter.memory.taken_bytes, limit);
    talk_close(&talk);
}

/* With the memory of all messages taken, what is under way is deferred and nothing begins. */
static void memory_is_bounded(void **state)
{
    static const char config[] = "socket = \"unix:/run/x.sock\"; mode = \"observe\"; "
                                 "ceilings = { total = \"16M\"; };";
    static char value[60000];
    struct talk talk;
    (void)state;
    talk_open(&talk, config, "127.0.0.1");
    talk.house.world.memory = &talk.milter.memory;
    fake_mta_set(&talk.mta, "{auth_authen}", "alice");
    memset(value, 'x', sizeof(value) - 1);
    assert_int_equal(say_mail(&talk, "<alice@example.org>"), ANSWER_CONTINUE);
    say_rcpt(&talk, "<bob@example.net>");
    size_t others = (size_t)16 * 1024 * 1024 - atomic_load(&talk.milter.memory.taken_bytes) - 1000;
    atomic_fetch_add(&talk.milter.memory.taken_bytes, others);
    on_header(talk.connection, &talk.mta, "X-Long", value);
    on_headers_end(talk.connection, &talk.mta);
    assert_int_equal(on_message_end(talk.connection, &talk.mta), ANSWER_TEMPFAIL);
    assert_string_equal(buffer_text(&talk.mta.calls),
                        "reply 451 4.3.2 overload: no memory is left beside other messages; "
                        "try again later\n");
    assert_non_null(strstr(buffer_text(&talk.house.log), "verdict=defer"));
    assert_int_equal(say_mail(&talk, "<alice@example.org>"), ANSWER_TEMPFAIL);
    assert_non_null(strstr(buffer_text(&talk.mta.calls), "overload: too much mail at once; "));
    atomic_fetch_sub(&talk.milter.memory.taken_bytes, others);
    assert_int_equal(atomic_load(&talk.milter.memory.taken_bytes), 0);
    assert_int_equal(say_mail(&talk, "<alice@example.org>"), ANSWER_CONTINUE);
    talk_close(&talk);
}

static void facts_are_cut(void **state)
{
    static char name[5000];
    struct talk talk;
    (void)state;
    memset(name, 'h', sizeof(name) - 1);
    talk_open(&talk, config_enforce, "127.0.0.1");
    on_helo(talk.connection, name);
    assert_int_equal(talk.connection->session.helo.size, 512);
    talk_close(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logins_of_sendmail_are_decoded),
        cmocka_unit_test(repairs_are_appended),
        cmocka_unit_test(refusal_carries_its_reason),
        cmocka_unit_test(recipients_the_mta_refuses_count),
        cmocka_unit_test(refused_edit_defers),
        cmocka_unit_test(inbound_is_untouched),
        cmocka_unit_test(observe_changes_nothing),
        cmocka_unit_test(each_message_ends_once),
        cmocka_unit_test(a_session_lost_in_the_header_is_explained),
        cmocka_unit_test(draining_refuses_new_messages),
        cmocka_unit_test(local_refusal_is_held),
        cmocka_unit_test(connections_are_bounded),
        cmocka_unit_test(no_memory_defers),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(facts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
