/*
 * maillog_join: whose mail a delivery was. Each case is a piece of a log, and what comes of it, one
 * outcome a line: principal, class, recipient, status, cause.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>

#include "feedback/maillog_join.h"
#include "util/buffer.h"

#define NOW_S 1795905180 /* 2026-11-28 22:33:00 */
#define LIFETIME_S (6 * 86400)

static struct clock_fixed fixed;
static struct logread reader;
static struct maillog_join *join;
static struct buffer told;

static void take(void *context, const struct maillog_outcome *outcome)
{
    (void)context;
    buffer_printf(&told, "%.*s %u ", SPAN_ARG(outcome->principal), outcome->class);
    buffer_add_span(&told, outcome->recipient.size > 0 ? outcome->recipient : SPAN("*"));
    buffer_printf(&told, " %.*s", SPAN_ARG(outcome->dsn));
    if (outcome->class != 2) {
        buffer_printf(&told, " %s", cause_name(outcome->found.cause));
    }
    buffer_add_text(&told, outcome->is_inside ? " inside" : "");
    buffer_add_text(&told, outcome->is_relayed ? " relayed" : "");
    buffer_add_char(&told, '\n');
}

static int begin(size_t capacity)
{
    clock_fixed_init(&fixed, NOW_S);
    logread_init(&reader, &fixed.clock);
    join = maillog_join_new(capacity, LIFETIME_S, take, NULL);
    return join == NULL;
}

static int setup(void **state)
{
    (void)state;
    return begin(1000);
}

static int teardown(void **state)
{
    (void)state;
    maillog_join_free(&join);
    buffer_free(&told);
    return 0;
}

/* "HH:MM:SS HOST TAG: TEXT", on the day before, until NULL. */
static void feed(const char *first, ...)
{
    va_list lines;
    va_start(lines, first);
    for (const char *line = first; line != NULL; line = va_arg(lines, const char *)) {
        struct buffer bytes = BUFFER_EMPTY;
        buffer_printf(&bytes, "Nov 27 %s", line);
        maillog_join_line(join, &reader, NULL, buffer_span(&bytes));
        buffer_free(&bytes);
    }
    va_end(lines);
}

static void assert_told(const char *wanted)
{
    if (strcmp(buffer_text(&told), wanted) != 0) {
        print_message("told:\n%swanted:\n%s", buffer_text(&told), wanted);
        fail();
    }
    buffer_clear(&told);
}

static const struct maillog_join_counts *counts(void)
{
    return maillog_join_counts(join);
}

#define OURS(time, id, user, from)                                                                 \
    time " mx1 egress-milter[9]: " id ": verdict=accept class=submission user=" user               \
         " rcpts=1 external=1 size=10 by=- from=<" from "> msgid=<m1@example.org>"
#define FROM(time, id, from, count)                                                                \
    time " mx1 postfix/qmgr[7]: " id ": from=<" from ">, size=10, nrcpt=" count " (queue active)"
#define SENT(time, id, to)                                                                         \
    time " mx1 postfix/smtp[8]: " id ": to=<" to                                                   \
         ">, relay=mx.example.com[192.0.2.1]:25, delay=1, "                                        \
         "delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"
#define BOUNCED(time, id, to)                                                                      \
    time " mx1 postfix/smtp[8]: " id ": to=<" to                                                   \
         ">, relay=mx.example.com[192.0.2.1]:25, delay=1, "                                        \
         "delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] said: 550 "    \
         "5.1.1 No such user (in reply to RCPT TO command))"
#define DEFERRED(time, id, to)                                                                     \
    time " mx1 postfix/smtp[8]: " id ": to=<" to ">, relay=none, delay=1, delays=0/0/0/1, "        \
         "dsn=4.4.1, status=deferred (connect to mx.example.com[192.0.2.1]:25: Connection timed "  \
         "out)"
#define REMOVED(time, id) time " mx1 postfix/qmgr[7]: " id ": removed"

static void test_usual(void **state)
{
    (void)state;
    feed("10:00:00 mx1 postfix/submission/smtpd[1]: 3B5D41F7A: client=pc[192.0.2.25], "
         "sasl_method=PLAIN, sasl_username=alice",
         "10:00:00 mx1 postfix/cleanup[2]: 3B5D41F7A: message-id=<m1@example.org>",
         OURS("10:00:01", "3B5D41F7A", "alice@example.org", "alice@example.org"),
         FROM("10:00:01", "3B5D41F7A", "alice@example.org", "3"),
         SENT("10:00:02", "3B5D41F7A", "b@example.com"),
         BOUNCED("10:00:02", "3B5D41F7A", "c@example.com"),
         DEFERRED("10:00:32", "3B5D41F7A", "d@example.com"), NULL);
    assert_told("alice@example.org 2 b@example.com 2.0.0\n"
                "alice@example.org 5 c@example.com 5.1.1 recipient-unknown\n"
                "alice@example.org 4 d@example.com 4.4.1 network-timeout\n");
    assert_int_equal(maillog_join_size(join), 1);
    feed(FROM("11:00:00", "3B5D41F7A", "alice@example.org", "3"),
         SENT("11:00:02", "3B5D41F7A", "d@example.com"), REMOVED("11:00:02", "3B5D41F7A"), NULL);
    assert_told("alice@example.org 2 d@example.com 2.0.0\n");
    assert_int_equal(maillog_join_size(join), 0);
    assert_int_equal(counts()->messages, 1);
    assert_int_equal(counts()->attributed, 4);
    assert_int_equal(counts()->unattributed + counts()->ambiguous + counts()->reused, 0);
}

/* Mail of others, what was refused, and inbound mail. */
static void test_not_ours(void **state)
{
    (void)state;
    feed(
        FROM("10:00:00", "AAAAA11111", "x@example.com", "1"),
        SENT("10:00:01", "AAAAA11111", "b@example.com"),
        "10:00:02 mx1 egress-milter[9]: BBBBB11111: verdict=reject class=submission user=a rcpts=1 "
        "by=x from=<a@example.org>",
        "10:00:02 mx1 egress-milter[9]: CCCCC11111: verdict=accept class=inbound rcpts=1 by=- "
        "from=<a@example.org>",
        "10:00:02 mx1 egress-milter[9]: NOQUEUE: verdict=accept class=submission user=a rcpts=1 "
        "by=- from=<a@example.org>",
        SENT("10:00:03", "BBBBB11111", "b@example.com"),
        SENT("10:00:03", "CCCCC11111", "b@example.com"), NULL);
    assert_told("");
    assert_int_equal(counts()->messages, 0);
    assert_int_equal(counts()->unattributed, 3);
}

/* The same id on another host is another message. */
static void test_hosts(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         "10:00:01 mx2 postfix/smtp[8]: 3B5D41F7A: to=<b@example.com>, relay=none, dsn=5.1.1, "
         "status=bounced (no)",
         NULL);
    assert_told("");
    assert_int_equal(counts()->unattributed, 1);
}

static void test_expired(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         FROM("10:00:00", "3B5D41F7A", "alice@example.org", "1"),
         DEFERRED("10:00:01", "3B5D41F7A", "b@example.com"),
         "15:00:00 mx1 postfix/qmgr[7]: 3B5D41F7A: from=<alice@example.org>, status=expired, "
         "returned to sender",
         "15:00:00 mx1 postfix/bounce[5]: 3B5D41F7A: sender non-delivery notification: 9C5D41F7A",
         REMOVED("15:00:00", "3B5D41F7A"), NULL);
    assert_told("alice 4 b@example.com 4.4.1 network-timeout\nalice 5 * 4.4.7 expired\n");
    assert_int_equal(maillog_join_size(join), 1); /* for a line that comes late */
    feed(FROM("15:01:00", "9C5D41F7A", "", "1"), NULL);
    assert_int_equal(maillog_join_size(join), 0);
}

/* --- ids that are used again ----------------------------------------------------------------- */

static void test_reused(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         FROM("10:00:00", "3B5D41F7A", "alice@example.org", "1"),
         SENT("10:00:01", "3B5D41F7A", "b@example.com"), REMOVED("10:00:01", "3B5D41F7A"),
         FROM("12:00:00", "3B5D41F7A", "", "1"), BOUNCED("12:00:01", "3B5D41F7A", "x@example.com"),
         OURS("13:00:00", "3B5D41F7A", "bob", "bob@example.org"),
         FROM("13:00:00", "3B5D41F7A", "bob@example.org", "1"),
         SENT("13:00:01", "3B5D41F7A", "c@example.com"), NULL);
    assert_told("alice 2 b@example.com 2.0.0\nbob 2 c@example.com 2.0.0\n");
    assert_int_equal(counts()->unattributed, 1);
    assert_int_equal(counts()->reused, 0);
}

/* Of two files one may be read first: what was told of the id before our line was of another. */
static void test_older_lines(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         BOUNCED("08:00:00", "3B5D41F7A", "b@example.com"), REMOVED("08:00:00", "3B5D41F7A"),
         SENT("09:59:59", "3B5D41F7A", "c@example.com"), NULL);
    assert_told("alice 2 c@example.com 2.0.0\n");
    assert_int_equal(counts()->unattributed, 1);
    assert_int_equal(maillog_join_size(join), 1);
}

/* Its removal was lost: the next message begins, each time told in another way. */
static void test_reused_in_a_gap(void **state)
{
    static const char *const births[] = {
        "12:00:00 mx1 postfix/smtpd[1]: 3B5D41F7A: client=pc[192.0.2.25]",
        "12:00:00 mx1 postfix/pickup[1]: 3B5D41F7A: uid=0 from=<root>",
        "12:00:00 mx1 postfix/cleanup[1]: 3B5D41F7A: message-id=<x@y>",
        FROM("12:00:00", "3B5D41F7A", "other@example.com", "1"),
    };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        teardown(NULL);
        assert_int_equal(setup(NULL), 0);
        feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
             FROM("10:00:00", "3B5D41F7A", "alice@example.org", "1"), births[i],
             BOUNCED("12:00:01", "3B5D41F7A", "x@example.com"), NULL);
        assert_told("");
        assert_int_equal(counts()->reused, 1);
        assert_int_equal(counts()->unattributed, 1);
    }
}

static void test_lifetime(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"), NULL);
    maillog_join_line(
        join, &reader, NULL,
        SPAN("2026-12-03T10:00:00Z mx1 postfix/smtp[8]: 3B5D41F7A: "
             "to=<b@example.com>, relay=none, delay=1, dsn=4.4.1, status=deferred (x)"));
    assert_told("alice 4 b@example.com 4.4.1 network-timeout\n");
    maillog_join_line(
        join, &reader, NULL,
        SPAN("2026-12-03T10:00:01Z mx1 postfix/smtp[8]: 3B5D41F7A: "
             "to=<b@example.com>, relay=none, delay=1, dsn=4.4.1, status=deferred (x)"));
    assert_told("");
    assert_int_equal(counts()->outlived, 1);
    assert_int_equal(counts()->unattributed, 1);
}

/* --- senders --------------------------------------------------------------------------------- */

static void test_rewritten_sender(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@pc.example.org"),
         FROM("10:00:01", "3B5D41F7A", "SRS0=x=alice@example.org", "1"),
         SENT("10:00:01", "3B5D41F7A", "b@example.com"), NULL);
    assert_told("alice 2 b@example.com 2.0.0\n");
    /* Held, and the queue manager took it up much later: only the sender tells. */
    feed(OURS("11:00:00", "AAAAA11111", "alice", "alice@example.org"),
         FROM("19:00:01", "AAAAA11111", "Alice@Example.org", "1"),
         SENT("19:00:01", "AAAAA11111", "b@example.com"),
         OURS("19:10:00", "BBBBB11111", "alice", "alice@example.org"),
         FROM("20:00:01", "BBBBB11111", "other@example.org", "1"),
         SENT("20:00:01", "BBBBB11111", "b@example.com"), NULL);
    assert_told("alice 2 b@example.com 2.0.0\n");
    assert_int_equal(counts()->ambiguous, 1);
}

static void test_redacted(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "*@example.org", "*@example.org"),
         SENT("10:00:01", "3B5D41F7A", "b@example.com"), NULL);
    assert_told(" 2 b@example.com 2.0.0\n");
}

/* --- several mail servers on one host -------------------------------------------------------- */

#define OTHER_FROM(time, id, from)                                                                 \
    time " mx1 postfix-in/qmgr[7]: " id ": from=<" from ">, size=10, nrcpt=1 (queue active)"
#define OTHER_SENT(time, id, to)                                                                   \
    time " mx1 postfix-in/smtp[8]: " id ": to=<" to ">, relay=none, delay=1, dsn=2.0.0, "          \
         "status=sent (ok)"

static void test_two_servers(void **state)
{
    (void)state;
    feed(OTHER_FROM("09:00:00", "11111FFFFF", "x@example.com"),
         FROM("09:00:00", "22222FFFFF", "y@example.com", "1"),
         /* the sender tells */
         OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         OTHER_FROM("10:00:00", "3B5D41F7A", "x@example.com"),
         OTHER_SENT("10:00:01", "3B5D41F7A", "c@example.com"),
         FROM("10:00:01", "3B5D41F7A", "alice@example.org", "1"),
         SENT("10:00:02", "3B5D41F7A", "b@example.com"),
         OTHER_SENT("10:00:02", "3B5D41F7A", "d@example.com"), NULL);
    assert_told("alice 2 b@example.com 2.0.0\n");
    assert_int_equal(counts()->ambiguous, 1);    /* before it was told */
    assert_int_equal(counts()->unattributed, 1); /* after it */
    /* and here he does not */
    feed(OURS("11:00:00", "AAAAA11111", "alice", "alice@example.org"),
         OTHER_FROM("11:00:00", "AAAAA11111", "alice@example.org"),
         FROM("11:00:01", "AAAAA11111", "alice@example.org", "1"),
         SENT("11:00:02", "AAAAA11111", "b@example.com"),
         OTHER_SENT("11:00:02", "AAAAA11111", "d@example.com"), NULL);
    assert_told("");
    assert_int_equal(counts()->ambiguous, 2);
}

/* "-o syslog_name=slow" of a transport is no mail server. */
static void test_named_transport(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         FROM("10:00:00", "3B5D41F7A", "alice@example.org", "1"),
         "10:00:01 mx1 postfix-slow/smtp[8]: 3B5D41F7A: to=<b@example.com>, relay=none, delay=1, "
         "dsn=2.0.0, status=sent (ok)",
         NULL);
    assert_told("alice 2 b@example.com 2.0.0\n");
    /* With two mail servers nobody knows whose it is. */
    feed(OTHER_FROM("10:00:02", "11111FFFFF", "x@example.com"),
         "10:00:03 mx1 postfix-slow/smtp[8]: 3B5D41F7A: to=<c@example.com>, relay=none, delay=1, "
         "dsn=2.0.0, status=sent (ok)",
         NULL);
    assert_told("");
    assert_int_equal(counts()->ambiguous, 1);
}

/* --- hops ------------------------------------------------------------------------------------ */

#define HOP(time, id, relay, next)                                                                 \
    time " mx1 postfix/smtp[8]: " id ": to=<b@example.com>, relay=" relay                          \
         ":10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as " next  \
         ")"

static void test_content_filter(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         FROM("10:00:00", "3B5D41F7A", "alice@example.org", "1"),
         "10:00:01 mx1 postfix/smtpd[1]: 9C5D41F7A: client=localhost[127.0.0.1]",
         FROM("10:00:01", "9C5D41F7A", "alice@example.org", "1"),
         HOP("10:00:01", "3B5D41F7A", "127.0.0.1[127.0.0.1]", "9C5D41F7A"),
         REMOVED("10:00:01", "3B5D41F7A"), BOUNCED("10:00:02", "9C5D41F7A", "b@example.com"),
         REMOVED("10:00:02", "9C5D41F7A"), NULL);
    assert_told("alice 5 b@example.com 5.1.1 recipient-unknown\n");
    assert_int_equal(counts()->followed, 1);
    /* The other id has a line of ours of its own, by the listener behind the filter. */
    feed(OURS("11:00:00", "AAAAA11111", "alice", "alice@example.org"),
         FROM("11:00:00", "AAAAA11111", "alice@example.org", "1"),
         OURS("11:00:01", "BBBBB11111", "alice@example.org", "alice@example.org"),
         FROM("11:00:01", "BBBBB11111", "alice@example.org", "1"),
         HOP("11:00:01", "AAAAA11111", "localhost[::1]", "BBBBB11111"),
         SENT("11:00:02", "BBBBB11111", "b@example.com"), NULL);
    assert_told("alice@example.org 2 b@example.com 2.0.0\n");
}

/* A receiver that names an id of ours says nothing about it. */
static void test_hostile_receiver(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         FROM("10:00:00", "3B5D41F7A", "alice@example.org", "1"),
         HOP("10:00:01", "3B5D41F7A", "mx.example.com[192.0.2.1]", "9C5D41F7A"),
         BOUNCED("10:00:02", "9C5D41F7A", "b@example.com"), NULL);
    assert_told("alice 2 b@example.com 2.0.0\n");
    assert_int_equal(counts()->unattributed, 1);
}

static void test_relay(void **state)
{
    (void)state;
    feed(OURS("10:00:00", "3B5D41F7A", "alice", "alice@example.org"),
         FROM("10:00:00", "3B5D41F7A", "alice@example.org", "1"),
         HOP("10:00:01", "3B5D41F7A", "smart.example.org[10.0.0.5]", "9C5D41F7A"),
         "10:00:02 mx1 postfix/lmtp[8]: 3B5D41F7A: to=<d@example.org>, "
         "relay=mail[private/dovecot-lmtp], delay=1, dsn=2.0.0, status=sent (250 ok)",
         NULL);
    assert_told("alice 2 b@example.com 2.0.0 relayed\nalice 2 d@example.org 2.0.0 inside\n");
}

/* --- Sendmail -------------------------------------------------------------------------------- */

static void test_sendmail(void **state)
{
    (void)state;
    feed("10:00:00 mx1 sm-mta[1]: 5ASMX0aB012345: from=<alice@example.org>, size=10, class=0, "
         "nrcpts=3, msgid=<m1@example.org>, proto=ESMTPA, daemon=MSA, relay=pc [192.0.2.25]",
         OURS("10:00:00", "5ASMX0aB012345", "alice", "alice@example.org"),
         "10:00:01 mx1 sm-mta[2]: 5ASMX0aB012345: to=<b@example.com>,<c@example.com>, "
         "delay=00:00:01, xdelay=00:00:01, mailer=esmtp, relay=mx.example.com. [192.0.2.1], "
         "dsn=2.0.0, stat=Sent (ok)",
         "10:00:01 mx1 sm-mta[2]: 5ASMX0aB012345: to=<d@example.com>, delay=00:00:01, "
         "mailer=esmtp, relay=mx.example.com. [192.0.2.1], dsn=4.0.0, stat=Deferred: x",
         "20:00:01 mx1 sm-mta[2]: 5ASMX0aB012345: 5ASMX0aC012345: return to sender: Cannot send "
         "message for 5 days",
         NULL);
    assert_told("alice 2 b@example.com 2.0.0\nalice 2 c@example.com 2.0.0\n"
                "alice 4 d@example.com 4.0.0 unknown\nalice 5 * 4.4.7 expired\n");
}

/* --- bounds ---------------------------------------------------------------------------------- */

static void test_lines_twice(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        feed("10:00:00 mx1 postfix/smtpd[1]: 3B5D41F7A: client=pc[192.0.2.25]",
             "10:00:00 mx1 postfix/cleanup[2]: 3B5D41F7A: message-id=<m1@example.org>",
             OURS("10:00:01", "3B5D41F7A", "alice", "alice@example.org"),
             FROM("10:00:01", "3B5D41F7A", "alice@example.org", "2"),
             SENT("10:00:02", "3B5D41F7A", "b@example.com"),
             SENT("10:00:02", "3B5D41F7A", "c@example.com"), REMOVED("10:00:02", "3B5D41F7A"),
             NULL);
        assert_told(i == 0 ? "alice 2 b@example.com 2.0.0\nalice 2 c@example.com 2.0.0\n" : "");
    }
    assert_int_equal(counts()->duplicates, 2);
}

static void test_full(void **state)
{
    (void)state;
    maillog_join_free(&join);
    assert_int_equal(begin(2), 0);
    feed(OURS("10:00:00", "AAAAA11111", "alice", "alice@example.org"),
         OURS("10:00:01", "BBBBB11111", "bob", "bob@example.org"),
         OURS("10:00:02", "CCCCC11111", "carol", "carol@example.org"),
         SENT("10:00:03", "AAAAA11111", "b@example.com"),
         SENT("10:00:03", "BBBBB11111", "b@example.com"),
         SENT("10:00:03", "CCCCC11111", "b@example.com"), NULL);
    assert_told("bob 2 b@example.com 2.0.0\ncarol 2 b@example.com 2.0.0\n");
    assert_int_equal(counts()->evicted, 1);
    /* A hop needs room, too, and its own entry may be what gives way. */
    feed(OURS("10:00:04", "DDDDD11111", "dave", "dave@example.org"),
         HOP("10:00:05", "CCCCC11111", "127.0.0.1[127.0.0.1]", "EEEEE11111"),
         SENT("10:00:06", "EEEEE11111", "b@example.com"), NULL);
    assert_told("carol 2 b@example.com 2.0.0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_usual, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hosts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expired, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reused_in_a_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_older_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lifetime, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rewritten_sender, setup, teardown),
        cmocka_unit_test_setup_teardown(test_redacted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_servers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_named_transport, setup, teardown),
        cmocka_unit_test_setup_teardown(test_content_filter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile_receiver, setup, teardown),
        cmocka_unit_test_setup_teardown(test_relay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sendmail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
