/*
 * Lines of log files: every form of time and tag, whose line it is, and that the fields of a
 * message come back as they were written, whatever a client wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "finding/logline.h"
#include "finding/logread.h"

#define NOW_S 1795905180 /* 2026-11-28 22:33:00 */

static struct clock_fixed fixed;
static struct log_message message;

static int setup(void **state)
{
    (void)state;
    clock_fixed_init(&fixed, NOW_S);
    return 0;
}

/* --- what stands before the text ---------------------------------------------------------------
 */

struct head_case {
    const char *line;
    int64_t time_s;      /* -1: none */
    const char *program; /* NULL: absent */
    const char *text;
};

static const struct head_case heads[] = {
    { "Nov 28 22:33:00 host egress-milter[123]: x y", NOW_S, "egress-milter", "x y" },
    { "Nov  8 22:33:00 host egress-milter[1]: x", NOW_S - 20 * 86400, "egress-milter", "x" },
    { "Nov 28 22:33:00.123456 host egress-milter[1]: x", NOW_S, "egress-milter", "x" },
    { "Nov 28 22:33:00 host egress-milter: x", NOW_S, "egress-milter", "x" },
    { "Nov 28 22:33:00 egress-milter[1]: x", NOW_S, "egress-milter", "x" },
    { "Nov 28 22:33:00 host mail.info egress-milter[1]: x", NOW_S, "egress-milter", "x" },
    { "Nov 28 22:33:00 host <2.6> egress-milter[1]: x", NOW_S, "egress-milter", "x" },
    { "Nov 28 22:33:00 host postfix/smtpd[9]: a egress-milter[1]: x", NOW_S, "postfix/smtpd",
      "a egress-milter[1]: x" },
    { "Nov 28 22:33:00 host CROND: egress-milter[1]: x", NOW_S, "CROND", "egress-milter[1]: x" },
    { "<22>Nov 28 22:33:00 host egress-milter[123]: x y", NOW_S, "egress-milter", "x y" },
    { "<2222>Nov 28 22:33:00 host egress-milter[123]: x", -1, NULL,
      "<2222>Nov 28 22:33:00 host egress-milter[123]: x" },
    /* no tag within three words, or nothing behind it: somebody's line */
    { "Nov 28 22:33:00 a b c egress-milter[1]: x", NOW_S, "", "a b c egress-milter[1]: x" },
    { "Nov 28 22:33:00 host message", NOW_S, "", "host message" },
    { "Nov 28 22:33:00  egress-milter[1]: x", NOW_S, "", " egress-milter[1]: x" },
    /* the year: not after now, but for a day */
    { "Nov 29 22:00:00 h p: x", NOW_S + 86400 - 1980, "p", "x" },
    { "Nov 29 23:00:00 h p: x", NOW_S - 364 * 86400 + 1620, "p", "x" },
    { "Dec 31 23:59:59 h p: x", 1767225599, "p", "x" },
    { "Jan  1 00:00:00 h p: x", 1767225600, "p", "x" },
    { "Feb 29 00:00:00 h p: x", 1709164800, "p", "x" },
    { "2026-11-28T22:33:00.123456+00:00 host egress-milter[123]: x", NOW_S, "egress-milter", "x" },
    { "2026-11-28T22:33:00+00:00 host egress-milter[123]: x", NOW_S, "egress-milter", "x" },
    { "2026-11-28T23:33:00+0100 host egress-milter[123]: x", NOW_S, "egress-milter", "x" },
    { "2026-11-28T18:03:00,5-04:30 host egress-milter[123]: x", NOW_S, "egress-milter", "x" },
    { "2026-11-28T22:33:00Z host egress-milter[123]: x", NOW_S, "egress-milter", "x" },
    { "2026-11-28T22:33:00 host egress-milter[123]: x", NOW_S, "egress-milter", "x" },
    { "2038-01-19T03:14:08Z h p: x", 2147483648, "p", "x" },
    /* by stderr, and by stderr through the journal */
    { "egress-milter: info: x", -1, "egress-milter", "x" },
    { "egress-milter: notice: x", -1, "egress-milter", "x" },
    { "Nov 28 22:33:00 host egress-milter[1]: egress-milter: warning: x", NOW_S, "egress-milter",
      "x" },
    { "Nov 28 22:33:00 host other[1]: egress-milter: info: x", NOW_S, "other",
      "egress-milter: info: x" },
    { "egress-milter: hello: x", -1, NULL, "egress-milter: hello: x" },
    /* no time we know */
    { "x", -1, NULL, "x" },
    { "", -1, NULL, "" },
    { "Nov 28 22:33:00", -1, NULL, "Nov 28 22:33:00" },
    { "Nov 31 22:33:00 h p: x", -1, NULL, "Nov 31 22:33:00 h p: x" },
    { "Nov 28 24:33:00 h p: x", -1, NULL, "Nov 28 24:33:00 h p: x" },
    { "Nov 28 22:60:00 h p: x", -1, NULL, "Nov 28 22:60:00 h p: x" },
    { "nov 28 22:33:00 h p: x", -1, NULL, "nov 28 22:33:00 h p: x" },
    { "Now 28 22:33:00 h p: x", -1, NULL, "Now 28 22:33:00 h p: x" },
    { "2026-11-31T22:33:00Z h p: x", -1, NULL, "2026-11-31T22:33:00Z h p: x" },
    { "2026-11-28T22:33:00+1 h p: x", -1, NULL, "2026-11-28T22:33:00+1 h p: x" },
    { "2026-11-28T22:33:00+24:00 h p: x", -1, NULL, "2026-11-28T22:33:00+24:00 h p: x" },
    { "2026-11-28T22:33:00Zh p: x", -1, NULL, "2026-11-28T22:33:00Zh p: x" },
    { "-- Boot 0123456789abcdef --", -1, NULL, "-- Boot 0123456789abcdef --" },
};

static void test_heads(void **state)
{
    struct logread one;

    (void)state;
    logread_init(&one, &fixed.clock);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct logread fresh;
        struct log_entry entry, again;

        print_message("%s\n", heads[i].line);
        logread_init(&fresh, &fixed.clock);
        logread_entry(&fresh, span_of(heads[i].line), &entry);
        assert_int_equal(entry.has_time, heads[i].time_s >= 0);
        if (entry.has_time)
            assert_int_equal(entry.time_s, heads[i].time_s);
        assert_int_equal(entry.program.at != NULL, heads[i].program != NULL);
        assert_true(span_is_equal(entry.program, span_of(heads[i].program)));
        assert_true(span_is_equal(entry.text, span_of(heads[i].text)));
        logread_entry(&one, span_of(heads[i].line), &again); /* what it kept changes nothing */
        assert_int_equal(again.has_time, entry.has_time);
        assert_int_equal(again.time_s, entry.time_s);
    }
}

static const struct {
    const char *line, *host, *process;
} hosts[] = {
    { "Nov 28 22:33:00 mx1 egress-milter[123]: x", "mx1", "123" },
    { "Nov 28 22:33:00 mx1 mail.info egress-milter[1]: x", "mx1", "1" },
    { "Nov 28 22:33:00 <mail.info> mx1 egress-milter[1]: x", "mx1", "1" },
    { "Nov 28 22:33:00 mx1 <2.6> egress-milter[1]: x", "mx1", "1" },
    { "Nov 28 22:33:00 egress-milter[1]: x", "", "1" },
    { "Nov 28 22:33:00 mx1 egress-milter: x", "mx1", "" },
    { "Nov 28 22:33:00 mx1 egress-milter[1: x", "mx1", "" },
    { "Nov 28 22:33:00 mx1 nobody", "", "" },
};

static void test_hosts(void **state)
{
    struct logread reader;

    (void)state;
    logread_init(&reader, &fixed.clock);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct log_entry entry;

        print_message("%s\n", hosts[i].line);
        logread_entry(&reader, span_of(hosts[i].line), &entry);
        assert_true(span_is_equal(entry.host, span_of(hosts[i].host)));
        assert_true(span_is_equal(entry.process, span_of(hosts[i].process)));
    }
}

/* Two hours east of Greenwich. */
static int32_t east(const struct clock *clock, int64_t wall_s)
{
    (void)clock;
    (void)wall_s;
    return 7200;
}

static void test_local_time(void **state)
{
    static const char *const lines[] = {
        "Nov 29 00:33:00 h p: x",
        "2026-11-29T00:33:00 h p: x",
        "2026-11-28T22:33:00+00:00 h p: x",
        "2026-11-29T00:33:00.0+02:00 h p: x",
    };
    struct logread reader;

    (void)state;
    fixed.clock.utc_offset_s = east;
    logread_init(&reader, &fixed.clock);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct log_entry entry;

        print_message("%s\n", lines[i]);
        logread_entry(&reader, span_of(lines[i]), &entry);
        assert_true(entry.has_time);
        assert_int_equal(entry.time_s, NOW_S);
    }
}

/* --- whose line it is ----------------------------------------------------------------------------
 */

#define LINE "4Xk2: verdict=accept class=submission user=alice@example.org rcpts=1 by=-"
#define TIME "Nov 28 22:33:00 host "

struct whose_case {
    const char *line;
    bool is_ours;
};

static const struct whose_case whose[] = {
    { LINE, true },
    { TIME "egress-milter[1]: " LINE, true },
    { "egress-milter: info: " LINE, true },
    { TIME "egress-milter[1]: egress-milter: notice: " LINE, true },
    { TIME "egress-milter[1]: started", false },
    { TIME "egress-milter[1]: a word before: verdict=accept class=submission", false },
    { TIME "egress-milter[1]: 4Xk2: verdict=accept", false }, /* no class: not a whole one */
    { TIME "egress-milter[1]: 4Xk2: class=submission verdict=accept", false },
    { TIME "egress-milter[1]: 4Xk2 verdict=accept class=submission", false },
    { TIME "egress-milter[1]: : verdict=accept class=submission", false },
    { TIME "egress-milter[1]: a:b: verdict=accept class=submission", false },
    /* what others log of clients who know our form */
    { TIME "postfix/smtpd[1]: " LINE, false },
    { TIME "egress-milterx[1]: " LINE, false },
    { TIME "x-egress-milter[1]: " LINE, false },
    { TIME "postfix/smtpd[1]: warning: egress-milter[1]: " LINE, false },
    { TIME "dovecot: egress-milter: info: " LINE, false },
    { TIME LINE, false },
    { "x " LINE, false },
    { " " LINE, false },
    { "", false },
};

static void test_whose(void **state)
{
    struct logread reader;

    (void)state;
    logread_init(&reader, &fixed.clock);
    for (size_t i = 0; i < sizeof(whose) / sizeof(whose[0]); i++) {
        struct log_entry entry;

        print_message("%s\n", whose[i].line);
        logread_entry(&reader, span_of(whose[i].line), &entry);
        assert_int_equal(logread_message(&entry, &message), whose[i].is_ours);
        if (whose[i].is_ours)
            assert_true(span_is_equal(message.user, SPAN("alice@example.org")));
    }
}

/* --- the fields ----------------------------------------------------------------------------------
 */

static bool read_text(const char *text)
{
    struct log_entry entry = { .text = span_of(text) };

    return logread_message(&entry, &message);
}

/* NULL: absent. */
static void assert_span(struct span value, const char *expected)
{
    assert_int_equal(value.at == NULL, expected == NULL);
    if (!span_is_equal(value, span_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_ARG(value), expected);
}

static void test_fields(void **state)
{
    (void)state;
    assert_true(read_text(
        "4Xk2: verdict=accept would=reject class=submission user=alice@example.org ticket=valid "
        "rules=date-missing:repair,sender-not-owned:reject+2 signed=none reason=observe rcpts=3 "
        "external=2 to=gmail.com:2,[IPv6\\x3a2001\\x3adb8\\x3a\\x3a1]:1,a+b:7+12 size=10234 "
        "client=192.0.2.25 daemon=SUBMISSION tls=TLSv1.3 by=sender-not-owned "
        "reply=\"550 5.7.1 x: by=- from=<b@c> hfrom=b@c\" t_ms=1.4 helo=laptop login=ALICE "
        "from=<a\\x20b@example.org> hfrom=\\\\x msgid=<a1@example.org>"));
    assert_span(message.id, "4Xk2");
    assert_span(message.verdict, "accept");
    assert_span(message.would, "reject");
    assert_span(message.mail_class, "submission");
    assert_span(message.user, "alice@example.org");
    assert_int_equal(message.rule_count, 2);
    assert_int_equal(message.rules_left_out, 2);
    assert_span(message.rules[0].finding, "date-missing");
    assert_span(message.rules[0].action, "repair");
    assert_span(message.rules[1].finding, "sender-not-owned");
    assert_span(message.rules[1].action, "reject");
    assert_int_equal(message.recipients, 3);
    assert_int_equal(message.external, 2);
    assert_int_equal(message.to_count, 3);
    assert_int_equal(message.to_left_out, 12);
    assert_span(message.to[0].domain, "gmail.com");
    assert_int_equal(message.to[0].count, 2);
    assert_span(message.to[1].domain, "[IPv6:2001:db8::1]");
    assert_int_equal(message.to[1].count, 1);
    assert_span(message.to[2].domain, "a+b");
    assert_int_equal(message.to[2].count, 7);
    assert_int_equal(message.size_bytes, 10234);
    assert_span(message.client, "192.0.2.25");
    assert_span(message.daemon, "SUBMISSION");
    assert_span(message.by, "sender-not-owned");
    assert_span(message.login, "ALICE");
    assert_span(message.from, "a b@example.org");
    assert_span(message.header_from, "\\\\x");
    assert_span(message.message_id, "<a1@example.org>");
}

struct value_case {
    const char *fields; /* behind "1: verdict=accept class=submission " */
    const char *user, *by, *from, *hfrom;
    uint64_t rcpts;
};

static const struct value_case values[] = {
    { "user=a by=- from=<> hfrom=b", "a", "", "", "b", 0 },
    { "user=- by=x", "", "x", NULL, NULL, 0 },
    { "", NULL, NULL, NULL, NULL, 0 },
    /* the first counts, and fields only in their order */
    { "user=a user=b by=x by=y from=<a> from=<b> hfrom=c hfrom=d", "a", "x", "a", "c", 0 },
    { "rcpts=5 rcpts=6", NULL, NULL, NULL, NULL, 5 },
    { "by=x user=a", NULL, "x", NULL, NULL, 0 },
    /* what a client wrote is one word; what it escapes stays where it stands */
    { "user=a\\x20by\\x3dx from=<b\\x20hfrom\\x3dc> hfrom=d", "a by=x", NULL, "b hfrom=c", "d", 0 },
    { "reply=\"550 user=z\" hfrom=d", NULL, NULL, NULL, "d", 0 },
    { "reply=\"550 from=<z> hfrom=z", NULL, NULL, NULL, NULL, 0 }, /* a quote that never ends */
    { "reply=\"a\"hfrom=z: hfrom=d", NULL, NULL, NULL, "d", 0 },
    /* other keys that hold ours */
    { "xuser=a user2=b hfrom=c", NULL, NULL, NULL, "c", 0 },
    { "from=alice hfrom=c", NULL, NULL, NULL, "c", 0 }, /* no brackets */
    { "from=<alice", NULL, NULL, NULL, NULL, 0 },
    { "rcpts=x1", NULL, NULL, NULL, NULL, 0 },
    { "rcpts=-1", NULL, NULL, NULL, NULL, 0 },
    { "rcpts=18446744073709551615", NULL, NULL, NULL, NULL, UINT64_MAX },
    { "rcpts=18446744073709551616", NULL, NULL, NULL, NULL, 0 },
    { "hfrom=a~", NULL, NULL, NULL, "a~", 0 }, /* short: nobody cut it */
    { "hfrom=\\x4", NULL, NULL, NULL, "\\x4", 0 },
    { "user=", "", NULL, NULL, NULL, 0 },
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char text[256];

        print_message("%s\n", values[i].fields);
        snprintf(text, sizeof(text), "1: verdict=accept class=submission %s", values[i].fields);
        assert_true(read_text(text));
        assert_span(message.user, values[i].user);
        assert_span(message.by, values[i].by);
        assert_span(message.from, values[i].from);
        assert_span(message.header_from, values[i].hfrom);
        assert_int_equal(message.recipients, values[i].rcpts);
    }
}

static void test_lists(void **state)
{
    char text[LOG_LINE_MAX + 1] = "1: verdict=accept class=submission rules=";

    (void)state;
    for (size_t i = 0; i < 100; i++)
        strcat(text, i == 0 ? "a:b" : ",a:b");
    strcat(text, "+7 hfrom=x");
    assert_true(read_text(text));
    assert_int_equal(message.rule_count, LOG_LIST_MAX);
    assert_int_equal(message.rules_left_out, 100 - LOG_LIST_MAX + 7);
    assert_span(message.header_from, "x");
    assert_true(read_text("1: verdict=accept class=submission rules=+3 to=+4"));
    assert_int_equal(message.rule_count, 0);
    assert_int_equal(message.rules_left_out, 3);
    assert_int_equal(message.to_count, 0);
    assert_int_equal(message.to_left_out, 4);
    assert_true(read_text("1: verdict=accept class=submission rules=x"));
    assert_int_equal(message.rule_count, 1);
    assert_span(message.rules[0].finding, "x");
    assert_span(message.rules[0].action, "");
}

/* --- there and back ------------------------------------------------------------------------------
 */

static struct arena *arena;

/* Written by logline_write(), read as a line of a file. */
static void write_and_read(const struct logline *line)
{
    static char text[LOG_LINE_MAX + 64]; /* the message points into it */
    struct log_fields fields;
    struct logread reader;
    struct log_entry entry;

    logline_write(line, &fields);
    snprintf(text, sizeof(text), TIME "egress-milter[1]: %.*s", (int)fields.size, fields.text);
    logread_init(&reader, &fixed.clock);
    logread_entry(&reader, span_of(text), &entry);
    assert_int_equal(entry.time_s, NOW_S);
    assert_true(logread_message(&entry, &message));
}

static void test_round_trip(void **state)
{
    static const char hostile[] = "a\" verdict=accept by=x\r\n\\x20\0\xff=,:+3";
    struct span value = { hostile, sizeof(hostile) - 1 };
    const struct span to[] = { SPAN("a,b=\"c:1"), SPAN("x.example:23") };
    struct finding_list findings;
    struct logline line = { .queue_id = SPAN("4Xk2"),
                            .verdict = "reject",
                            .would = "hold",
                            .mail_class = "submission",
                            .user = value,
                            .findings = &findings,
                            .recipients = 3,
                            .external = 2,
                            .to = to,
                            .to_count = 2,
                            .size_bytes = 77,
                            .client = value,
                            .daemon = value,
                            .by = "from-missing",
                            .reply = hostile,
                            .helo = value,
                            .login = value,
                            .from = span_of(hostile), /* "%.*s" would end at the NUL */
                            .header_from = value,
                            .message_id = value };

    (void)state;
    arena = arena_new((size_t)1 << 20);
    finding_list_init(&findings, arena);
    finding_add(&findings, FINDING_DATE_MISSING, NULL, "x")->action = ACTION_REPAIR;
    finding_add(&findings, FINDING_FROM_MISSING, NULL, "x")->action = ACTION_REJECT;
    write_and_read(&line);
    assert_span(message.id, "4Xk2");
    assert_span(message.verdict, "reject");
    assert_span(message.would, "hold");
    assert_true(span_is_equal(message.user, value));
    assert_true(span_is_equal(message.client, value));
    assert_true(span_is_equal(message.daemon, value));
    assert_span(message.by, "from-missing");
    assert_true(span_is_equal(message.login, value));
    assert_span(message.from, hostile);
    assert_true(span_is_equal(message.header_from, value));
    assert_true(span_is_equal(message.message_id, value));
    assert_int_equal(message.rule_count, 2);
    assert_span(message.rules[1].finding, "from-missing");
    assert_span(message.rules[1].action, "reject");
    assert_int_equal(message.to_count, 2);
    assert_span(message.to[0].domain, "a,b=\"c");
    assert_int_equal(message.to[0].count, 1);
    assert_int_equal(message.to[1].count, 23);
    assert_int_equal(message.recipients, 3);
    assert_int_equal(message.external, 2);
    assert_int_equal(message.size_bytes, 77);
    arena_free(&arena);
}

/* A line that is full lacks what did not fit; it never has half of an address. */
static void test_cut_lines(void **state)
{
    char big[1200];
    struct finding_list findings;
    unsigned whole = 0, absent = 0;

    (void)state;
    arena = arena_new((size_t)1 << 20);
    finding_list_init(&findings, arena);
    memset(big, 'x', sizeof(big));
    for (size_t size = 0; size < sizeof(big); size++) {
        struct logline line = { .verdict = "accept",
                                .mail_class = "submission",
                                .user = SPAN("alice@example.org"),
                                .findings = &findings,
                                .helo = { big, size },
                                .from = SPAN("alice@example.org"),
                                .header_from = SPAN("al\"ice@example.org"),
                                .message_id = SPAN("<a1@example.org>") };

        write_and_read(&line);
        assert_span(message.user, "alice@example.org");
        if (message.from.at != NULL)
            assert_span(message.from, "alice@example.org");
        if (message.header_from.at != NULL)
            assert_span(message.header_from, "al\"ice@example.org");
        if (message.message_id.at != NULL)
            assert_span(message.message_id, "<a1@example.org>");
        whole += message.message_id.at != NULL;
        absent += message.from.at == NULL;
    }
    assert_true(whole > 700);
    assert_true(absent > 200);
    arena_free(&arena);
}

/* Longer than we write: no line of ours, and no room is needed for it. */
static void test_long_lines(void **state)
{
    char text[LOG_LINE_MAX + 100] = LINE " hfrom=";
    size_t size = strlen(text);

    (void)state;
    memset(text + size, 'a', sizeof(text) - size);
    text[LOG_LINE_MAX] = '\0';
    assert_true(read_text(text));
    text[LOG_LINE_MAX] = 'a';
    text[LOG_LINE_MAX + 1] = '\0';
    assert_false(read_text(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_heads, setup),
        cmocka_unit_test_setup(test_hosts, setup),
        cmocka_unit_test_setup(test_local_time, setup),
        cmocka_unit_test_setup(test_whose, setup),
        cmocka_unit_test_setup(test_fields, setup),
        cmocka_unit_test_setup(test_values, setup),
        cmocka_unit_test_setup(test_lists, setup),
        cmocka_unit_test_setup(test_round_trip, setup),
        cmocka_unit_test_setup(test_cut_lines, setup),
        cmocka_unit_test_setup(test_long_lines, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
