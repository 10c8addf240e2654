/*
 * notice: a line in the log, a hook at once, mail in digests: not more often than it may be,
 * nothing lost in between, nothing in it that a stranger could shape. Our own mail is known once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notice/digest.h"
#include "notice/notice.h"
#include "notice/request.h"
#include "tests/support/house.h"

#define BASE "socket = \"unix:/tmp/x.sock\";\n"
#define MAIL                                                                                       \
    "notices = { admin = [ \"root@example.org\", \"boss@example.org\" ]; from = "                  \
    "\"guard@example.org\"; };\n"
#define HOOK "hooks = { limit-near = [ \"/usr/local/sbin/near\", \"-x\" ]; };\n"

struct office {
    struct house house;
    struct store *store;
    struct notices *notices;
    int ends[2];
    char heard[REQUEST_MAX + 1]; /* the last request */
    struct request request;
};

static struct office *office_open(const char *config)
{
    struct office *office = calloc(1, sizeof(*office));

    house_open(&office->house, config);
    office->store = store_in_memory();
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, office->ends), 0);
    office->notices = notices_new(office->store, &office->house.clock.clock, &office->house.sink,
                                  office->ends[1]);
    assert_non_null(office->notices);
    return office;
}

static void office_close(struct office *office)
{
    notices_free(&office->notices);
    store_close(&office->store);
    house_close(&office->house);
    close(office->ends[0]);
    close(office->ends[1]);
    free(office);
}

static void send_one(struct office *office, enum notice_kind kind, const char *text)
{
    struct notice_fact facts[] = { { "user", SPAN("alice@example.org") } };
    struct notice notice = { .kind = kind, .text = span_of(text), .facts = facts, .fact_count = 1 };

    notice_send(office->notices, office->house.site->config, &notice);
}

static void mail_after(struct office *office, int64_t seconds)
{
    office->house.clock.now_s += seconds;
    notices_mail_due(office->notices, office->house.site->config, SPAN("mx.example.org"));
}

/* The next request; false: there is none. */
static bool hear(struct office *office)
{
    ssize_t size = recv(office->ends[0], office->heard, REQUEST_MAX, MSG_DONTWAIT);

    if (size <= 0) {
        return false;
    }
    office->heard[size] = '\0';
    assert_true(request_read((struct span){ office->heard, (size_t)size }, &office->request));
    return true;
}

static void the_log_always(void **state)
{
    struct office *office = office_open(BASE);

    (void)state;
    send_one(office, NOTICE_LIMIT_NEAR, "alice has 400 of 500\nforged");
    assert_string_equal(buffer_text(&office->house.log),
                        "notice limit-near: alice has 400 of 500\\x0aforged\n");
    mail_after(office, 3600);
    assert_false(hear(office));
    office_close(office);
}

static void a_hook_at_once(void **state)
{
    struct office *office = office_open(BASE HOOK);

    (void)state;
    send_one(office, NOTICE_LIMIT_REACHED, "no hook for this");
    assert_false(hear(office));
    send_one(office, NOTICE_LIMIT_NEAR, "near");
    assert_true(hear(office));
    assert_true(span_is_equal(office->request.command, SPAN("limit-near")));
    assert_true(span_is_equal(office->request.facts[0], SPAN("EGRESS_NOTICE=limit-near")));
    assert_true(span_is_equal(office->request.facts[1], SPAN("EGRESS_TEXT=near")));
    assert_true(span_is_equal(office->request.facts[2], SPAN("EGRESS_USER=alice@example.org")));
    office_close(office);
}

static void a_storm_of_hooks_is_capped(void **state)
{
    struct office *office = office_open(BASE HOOK);
    unsigned run = 0;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        send_one(office, NOTICE_LIMIT_NEAR, "near");
        run += hear(office);
    }
    assert_int_equal(run, 60);
    assert_null(strstr(buffer_text(&office->house.log), "was not run"));
    office->house.clock.now_ns += UINT64_C(60000000000);
    send_one(office, NOTICE_LIMIT_NEAR, "near");
    assert_true(hear(office));
    assert_non_null(
        strstr(buffer_text(&office->house.log), "was not run for 40 notices: there were more"));
    office_close(office);
}

static void nobody_listens(void **state)
{
    struct office *office = office_open(BASE MAIL HOOK);
    unsigned full = 0;

    (void)state;
    /* The socket fills up; nothing waits, and mail is not lost by it. */
    for (unsigned i = 0; i < 40000 && full == 0; i++) {
        full = send(office->ends[1], "egress-run 1\nmail\n\n", 19, MSG_DONTWAIT) < 0;
    }
    assert_int_equal(full, 1);
    send_one(office, NOTICE_LIMIT_NEAR, "near");
    assert_non_null(strstr(buffer_text(&office->house.log), "cannot be run now"));
    mail_after(office, 5);
    while (hear(office)) {
        assert_int_equal(office->request.input.size, 0);
    }
    mail_after(office, 5);
    assert_true(hear(office));
    assert_non_null(strstr(office->request.input.at, "  near\n"));
    office_close(office);
}

static void has(const struct office *office, const char *piece)
{
    if (strstr(office->request.input.at, piece) == NULL) {
        fail_msg("\"%s\" is missing in: %s", piece, office->request.input.at);
    }
}

static void the_mail(void **state)
{
    struct office *office = office_open(BASE MAIL);

    (void)state;
    send_one(office, NOTICE_LIMIT_REACHED, "alice\nSubject: forged\xc3\xa4");
    mail_after(office, 5);
    assert_true(hear(office));
    assert_true(span_is_equal(office->request.command, SPAN(REQUEST_MAIL)));
    has(office, "From: egress-milter <guard@example.org>\n"
                "To: root@example.org,\n boss@example.org\n"
                "Subject: egress-milter: limit reached\n"
                "Date: Sun, 1 Mar 2026 12:00:05 +0000\nMessage-ID: <");
    has(office, "@mx.example.org>\nAuto-Submitted: auto-generated\n");
    has(office, "alice\\x0aSubject: forged\\xc3\\xa4\n");
    for (size_t i = 0; i < office->request.input.size; i++) {
        char c = office->request.input.at[i];
        assert_true(c == '\n' || (c >= 0x20 && c < 0x7f));
    }
    office_close(office);
}

static unsigned mails_within(struct office *office, int64_t seconds, int64_t step)
{
    unsigned mails = 0;

    for (int64_t i = 0; i < seconds; i += step) {
        mail_after(office, step);
        while (hear(office)) {
            mails++;
        }
    }
    return mails;
}

static void many_are_one_mail(void **state)
{
    struct office *office = office_open(BASE MAIL);

    (void)state;
    send_one(office, NOTICE_LIMIT_REACHED, "first");
    assert_int_equal(mails_within(office, 5, 5), 1);
    for (unsigned i = 0; i < 250; i++) {
        send_one(office, NOTICE_LIMIT_REACHED, i == 0 ? "second" : i < 249 ? "more" : "last");
    }
    assert_int_equal(mails_within(office, 50, 5), 0); /* a minute between two */
    mail_after(office, 15);
    assert_true(hear(office));
    has(office, "Subject: egress-milter: limit reached (250)\n");
    has(office, "  second\n");
    has(office, "... and 150 more; the log has them all\n");
    assert_null(strstr(office->request.input.at, "first"));
    assert_null(strstr(office->request.input.at, "last\n"));
    assert_int_equal(mails_within(office, 600, 60), 0);
    office_close(office);
}

static void so_many_in_an_hour(void **state)
{
    struct office *office = office_open(BASE MAIL);
    unsigned mails = 0;

    (void)state;
    for (unsigned minute = 0; minute < 60; minute++) {
        send_one(office, NOTICE_LIMIT_REACHED, "again");
        mails += mails_within(office, 60, 5);
    }
    assert_int_equal(mails, 12);
    assert_int_equal(mails_within(office, 120, 5), 1); /* what was kept back, in the next hour */
    office_close(office);
}

static void held_mail_each_quarter(void **state)
{
    struct office *office = office_open(BASE MAIL);
    unsigned mails = 0;

    (void)state;
    for (unsigned minute = 0; minute < 60; minute++) {
        send_one(office, NOTICE_HELD, "alice");
        mails += mails_within(office, 60, 5);
    }
    assert_int_equal(mails, 4);
    assert_int_equal(office->house.log.size, 0); /* each has a line of its own already */
    office_close(office);
}

static void ours_is_known_once(void **state)
{
    struct office *office = office_open(BASE MAIL);
    const char *field;
    struct span token;

    (void)state;
    send_one(office, NOTICE_HELD, "alice");
    mail_after(office, 5);
    assert_true(hear(office));
    field = strstr(office->request.input.at, "\n" NOTICE_FIELD ": ");
    assert_non_null(field);
    token = span_first(span_of(field + sizeof(NOTICE_FIELD) + 2), 32);
    assert_true(notice_is_own(office->notices, token));
    assert_false(notice_is_own(office->notices, span_first(token, 31)));
    assert_false(notice_is_own(office->notices, SPAN("00000000000000000000000000000000")));
    assert_false(notice_is_own(office->notices, SPAN("../../../../../../../../../../../")));
    notice_spend(office->notices, token);
    assert_false(notice_is_own(office->notices, token));

    send_one(office, NOTICE_HELD, "bob");
    mail_after(office, 900);
    assert_true(hear(office));
    token = span_first(
        span_of(strstr(office->request.input.at, NOTICE_FIELD ": ") + sizeof(NOTICE_FIELD) + 1),
        32);
    assert_true(notice_is_own(office->notices, token));
    office->house.clock.now_s += 4 * 3600 + 1;
    assert_false(notice_is_own(office->notices, token));
    office_close(office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_always),
        cmocka_unit_test(a_hook_at_once),
        cmocka_unit_test(a_storm_of_hooks_is_capped),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(the_mail),
        cmocka_unit_test(many_are_one_mail),
        cmocka_unit_test(so_many_in_an_hour),
        cmocka_unit_test(held_mail_each_quarter),
        cmocka_unit_test(ours_is_known_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
