/*
 * address: lists as header fields hold them: which mailboxes are seen, their texts, names and
 * defects. Forged senders first of all.
 */
#include "test_message_support.h"

#include <stdlib.h>

#include "message/address.h"

#define MAILBOXES_MAX 4

struct mailbox {
    const char *text, *display;
    unsigned defects;
};

struct list_case {
    struct span value;
    unsigned defects;
    struct mailbox mailboxes[MAILBOXES_MAX]; /* up to the first without text */
};

#define VALUE(literal)                                                                             \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define BROKEN ADDRESS_BROKEN

static void check_list(const struct list_case *wanted, struct arena *arena)
{
    struct address_list list;
    size_t count = 0;

    assert_true(address_parse_list(wanted->value, arena, &list));
    if (list.defects != wanted->defects)
        fail_msg("\"%.*s\": list has defects %#x, wanted %#x", SPAN_ARG(wanted->value),
                 list.defects, wanted->defects);
    while (count < MAILBOXES_MAX && wanted->mailboxes[count].text != NULL)
        count++;
    if (list.count != count)
        fail_msg("\"%.*s\": %zu mailboxes", SPAN_ARG(wanted->value), list.count);
    for (size_t i = 0; i < count; i++) {
        const struct mailbox *mailbox = &wanted->mailboxes[i];

        check_span(wanted->value.at, list.at[i].text, mailbox->text);
        check_span(wanted->value.at, list.at[i].display, mailbox->display);
        if (list.at[i].defects != mailbox->defects)
            fail_msg("\"%.*s\": %s has defects %#x, wanted %#x", SPAN_ARG(wanted->value),
                     mailbox->text, list.at[i].defects, mailbox->defects);
    }
}

static void check_lists(const struct list_case *cases, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++)
        check_list(&cases[i], arena);
}

static void test_ordinary(void **state)
{
    static const struct list_case cases[] = {
        { VALUE(" alice@example.org"), 0, { { "alice@example.org", NULL, 0 } } },
        { VALUE("alice@example.org\n"), 0, { { "alice@example.org", NULL, 0 } } },
        { VALUE(" Alice <alice@Example.ORG>"), 0, { { "alice@example.org", "Alice", 0 } } },
        { VALUE(" \"Alice \\\"A\\\" B.\"\n <alice@example.org>"),
          0,
          { { "alice@example.org", "Alice \"A\" B.", 0 } } },
        { VALUE(" Alice  B.\n\tC. <a@b.example>"), 0, { { "a@b.example", "Alice B. C.", 0 } } },
        { VALUE("a@b.example, B <c@d.example>,\n e@f.example"),
          0,
          { { "a@b.example", NULL, 0 }, { "c@d.example", "B", 0 }, { "e@f.example", NULL, 0 } } },
        { VALUE("<a@b.example>"), 0, { { "a@b.example", NULL, 0 } } },
        { VALUE("< a@b.example\n >"), 0, { { "a@b.example", NULL, 0 } } },
        { VALUE("\"\" <a@b.example>"), 0, { { "a@b.example", "", 0 } } },
        { VALUE("a@b.example (Alice (the \\) first))"),
          0,
          { { "a@b.example", "Alice (the ) first)", 0 } } },
        { VALUE("(note) Al (x) ice <a@b.example> (y)"), 0, { { "a@b.example", "Al ice", 0 } } },
        { VALUE("=?utf-8?q?A=2C_B?= <a@b.example>"),
          0,
          { { "a@b.example", "=?utf-8?q?A=2C_B?=", 0 } } },
        { VALUE("\"ceo@example.org\" <a@b.example>"),
          0,
          { { "a@b.example", "ceo@example.org", 0 } } },
        { VALUE("\"Last, First; x: <y\" <a@b.example>"),
          0,
          { { "a@b.example", "Last, First; x: <y", 0 } } },
        { VALUE("a@[192.0.2.1]"), 0, { { "a@[192.0.2.1]", NULL, 0 } } },
        { VALUE("a@[ipv6:2001:DB8::1]"), 0, { { "a@[IPv6:2001:db8::1]", NULL, 0 } } },
        { VALUE("!#$%&'*+-/=?^_`{|}~@b.example"),
          0,
          { { "!#$%&'*+-/=?^_`{|}~@b.example", NULL, 0 } } },
    };

    check_lists(cases, COUNT(cases), *state);
}

static void test_forged_senders(void **state)
{
    static const struct list_case cases[] = {
        /* two mailboxes, one of them for the eye */
        { VALUE("<first@attack.example>, <admin@legit.example>"),
          0,
          { { "first@attack.example", NULL, 0 }, { "admin@legit.example", NULL, 0 } } },
        { VALUE("=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?=,<second@attack.example>"),
          ADDRESS_NO_DOMAIN | ADDRESS_ENCODED_WORD,
          { { "=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?=", NULL,
              ADDRESS_NO_DOMAIN | ADDRESS_ENCODED_WORD },
            { "second@attack.example", NULL, 0 } } },
        { VALUE("<admin@legit.example>\\,<second@attack.example>"),
          BROKEN,
          { { "admin@legit.example", NULL, BROKEN }, { "second@attack.example", NULL, 0 } } },
        { VALUE("<@attack.example,@any.example:admin@legit.example>"),
          ADDRESS_ROUTE,
          { { "admin@legit.example", NULL, ADDRESS_ROUTE } } },
        { VALUE("<a@attack.example>admin@legit.example"),
          BROKEN,
          { { "a@attack.example", NULL, BROKEN }, { "admin@legit.example", NULL, BROKEN } } },
        { VALUE("<a@attack.example> <admin@legit.example>"),
          BROKEN | ADDRESS_SEVERAL_ANGLES,
          { { "a@attack.example", NULL, BROKEN | ADDRESS_SEVERAL_ANGLES },
            { "admin@legit.example", NULL, BROKEN | ADDRESS_SEVERAL_ANGLES } } },
        { VALUE("Name <<a@attack.example>>"),
          BROKEN | ADDRESS_SEVERAL_ANGLES,
          { { "a@attack.example", NULL, BROKEN | ADDRESS_SEVERAL_ANGLES } } },
        { VALUE("admin@legit.example <a@attack.example>"),
          BROKEN,
          { { "a@attack.example", "admin@legit.example", BROKEN } } },
        { VALUE("admin@legit.example a@attack.example"),
          BROKEN,
          { { "admin@legit.example", NULL, BROKEN }, { "a@attack.example", NULL, BROKEN } } },
        { VALUE("\"<admin@legit.example>\" <a@attack.example>"),
          ADDRESS_HIDDEN_ANGLE,
          { { "a@attack.example", "<admin@legit.example>", ADDRESS_HIDDEN_ANGLE } } },
        { VALUE("a@attack.example (<admin@legit.example>)"),
          ADDRESS_HIDDEN_ANGLE,
          { { "a@attack.example", "<admin@legit.example>", ADDRESS_HIDDEN_ANGLE } } },
        { VALUE("(<admin@legit.example>) a@attack.example"),
          ADDRESS_HIDDEN_ANGLE,
          { { "a@attack.example", NULL, ADDRESS_HIDDEN_ANGLE } } },
        { VALUE("<a@attack.example(<admin@legit.example>)>"),
          ADDRESS_HIDDEN_ANGLE | ADDRESS_COMMENT,
          { { "a@attack.example", NULL, ADDRESS_HIDDEN_ANGLE | ADDRESS_COMMENT } } },
        /* two mailboxes to readers that end a quoted string at a line end */
        { VALUE("\"a\n , admin@legit.example, b\" <a@attack.example>"),
          ADDRESS_FOLD,
          { { "a@attack.example", "a , admin@legit.example, b", ADDRESS_FOLD } } },
        { VALUE("\"a\n b\" <a@attack.example> (admin@legit.example)"),
          ADDRESS_FOLD,
          { { "a@attack.example", "a b", ADDRESS_FOLD } } },
        { VALUE("\"a\n b\" <a@attack.example>"), 0, { { "a@attack.example", "a b", 0 } } },
        { VALUE("\"a@x\"\n <a@attack.example>"), 0, { { "a@attack.example", "a@x", 0 } } },
        { VALUE("admin@legit.example\0@attack.example"),
          BROKEN | ADDRESS_CONTROL,
          { { "admin@legit.example", NULL, BROKEN | ADDRESS_CONTROL } } },
        { VALUE("=?utf-8?q?=41?=@legit.example"),
          ADDRESS_ENCODED_WORD,
          { { "=?utf-8?q?=41?=@legit.example", NULL, ADDRESS_ENCODED_WORD } } },
        { VALUE("a@=?utf-8?q?=41?=.example"),
          ADDRESS_ENCODED_WORD | ADDRESS_BAD_DOMAIN,
          { { "a@=?utf-8?q?=41?=.example", NULL, ADDRESS_ENCODED_WORD | ADDRESS_BAD_DOMAIN } } },
        { VALUE("admin@legit.example\r<a@attack.example>"),
          BROKEN | ADDRESS_CONTROL,
          { { "a@attack.example", "admin@legit.example\r", BROKEN | ADDRESS_CONTROL } } },
        { VALUE("a:admin@legit.example, <b@attack.example>;"),
          ADDRESS_GROUP,
          { { "admin@legit.example", NULL, ADDRESS_GROUP },
            { "b@attack.example", NULL, ADDRESS_GROUP } } },
    };

    check_lists(cases, COUNT(cases), *state);
}

static void test_old_syntax(void **state)
{
    static const struct list_case cases[] = {
        { VALUE("A Group: a@b.example, C <c@d.example>;"),
          ADDRESS_GROUP,
          { { "a@b.example", NULL, ADDRESS_GROUP }, { "c@d.example", "C", ADDRESS_GROUP } } },
        { VALUE("undisclosed-recipients:;"), ADDRESS_GROUP, { { NULL, NULL, 0 } } },
        { VALUE("g: ;, a@b.example"), ADDRESS_GROUP, { { "a@b.example", NULL, 0 } } },
        { VALUE("g: a@b.example,;"),
          ADDRESS_GROUP | ADDRESS_OBSOLETE,
          { { "a@b.example", NULL, ADDRESS_GROUP } } },
        { VALUE(", a@b.example,,"), ADDRESS_OBSOLETE, { { "a@b.example", NULL, 0 } } },
        { VALUE("a . b @ c . example"),
          ADDRESS_OBSOLETE,
          { { "a.b@c.example", NULL, ADDRESS_OBSOLETE } } },
        { VALUE("a(x)@(y)c.example"),
          ADDRESS_OBSOLETE | ADDRESS_COMMENT,
          { { "a@c.example", NULL, ADDRESS_OBSOLETE | ADDRESS_COMMENT } } },
        { VALUE("<(x)a@c.example>"),
          ADDRESS_COMMENT,
          { { "a@c.example", NULL, ADDRESS_COMMENT } } },
        { VALUE("\"a\".b@c.example"),
          ADDRESS_QUOTED_LOCAL | ADDRESS_OBSOLETE,
          { { "a.b@c.example", NULL, ADDRESS_QUOTED_LOCAL | ADDRESS_OBSOLETE } } },
        { VALUE("\"a b\"@c.example"),
          ADDRESS_QUOTED_LOCAL,
          { { "\"a b\"@c.example", NULL, ADDRESS_QUOTED_LOCAL } } },
        { VALUE("\"a\\\\\\\"\"@c.example"),
          ADDRESS_QUOTED_LOCAL,
          { { "\"a\\\\\\\"\"@c.example", NULL, ADDRESS_QUOTED_LOCAL } } },
        { VALUE("\"a\tb\"@c.example"),
          ADDRESS_QUOTED_LOCAL | ADDRESS_CONTROL,
          { { "\"a\tb\"@c.example", NULL, ADDRESS_QUOTED_LOCAL | ADDRESS_CONTROL } } },
        { VALUE("\"a\n b\"@c.example"),
          ADDRESS_QUOTED_LOCAL,
          { { "\"a b\"@c.example", NULL, ADDRESS_QUOTED_LOCAL } } },
        { VALUE("\"\"@c.example"),
          ADDRESS_QUOTED_LOCAL,
          { { "\"\"@c.example", NULL, ADDRESS_QUOTED_LOCAL } } },
        { VALUE("\"plain\"@c.example"),
          ADDRESS_QUOTED_LOCAL,
          { { "plain@c.example", NULL, ADDRESS_QUOTED_LOCAL } } },
        { VALUE("a..b.@c.example"),
          ADDRESS_DOTS,
          { { "\"a..b.\"@c.example", NULL, ADDRESS_DOTS } } },
        { VALUE("root"), ADDRESS_NO_DOMAIN, { { "root", NULL, ADDRESS_NO_DOMAIN } } },
        { VALUE("root (Cron Daemon)"),
          ADDRESS_NO_DOMAIN,
          { { "root", "Cron Daemon", ADDRESS_NO_DOMAIN } } },
        { VALUE("Cron <root>"), ADDRESS_NO_DOMAIN, { { "root", "Cron", ADDRESS_NO_DOMAIN } } },
    };

    check_lists(cases, COUNT(cases), *state);
}

static void test_not_a_list(void **state)
{
    static const struct list_case cases[] = {
        { VALUE(""), ADDRESS_EMPTY, { { NULL, NULL, 0 } } },
        { VALUE(" \n\t(only (a comment))"), ADDRESS_EMPTY, { { NULL, NULL, 0 } } },
        { VALUE("(unclosed"), ADDRESS_EMPTY | BROKEN, { { NULL, NULL, 0 } } },
        { VALUE(",,"), ADDRESS_OBSOLETE | BROKEN, { { NULL, NULL, 0 } } },
        { VALUE("<>"), BROKEN, { { NULL, NULL, 0 } } },
        { VALUE("Alice B"), BROKEN, { { NULL, NULL, 0 } } },
        { VALUE("\"Alice <a@b.example>"), BROKEN | ADDRESS_HIDDEN_ANGLE, { { NULL, NULL, 0 } } },
        { VALUE("Alice <a@b.example"), BROKEN, { { "a@b.example", "Alice", BROKEN } } },
        { VALUE("Alice <a@b.example, c@d.example"),
          BROKEN,
          { { "a@b.example", "Alice", BROKEN }, { "c@d.example", NULL, 0 } } },
        { VALUE("a@b.example>"), BROKEN, { { "a@b.example", NULL, BROKEN } } },
        { VALUE("@b.example"), BROKEN, { { NULL, NULL, 0 } } },
        { VALUE("a@"), BROKEN | ADDRESS_NO_DOMAIN, { { "a", NULL, BROKEN | ADDRESS_NO_DOMAIN } } },
        { VALUE("a@b@c.example"), BROKEN, { { "a@b", NULL, BROKEN } } },
        { VALUE("a b@c.example"), BROKEN, { { "b@c.example", NULL, BROKEN } } },
        { VALUE("a@b.example;c@d.example"),
          BROKEN,
          { { "a@b.example", NULL, BROKEN }, { "c@d.example", NULL, BROKEN } } },
        { VALUE("g: a@b.example"),
          BROKEN | ADDRESS_GROUP,
          { { "a@b.example", NULL, BROKEN | ADDRESS_GROUP } } },
        { VALUE("g: h: a@b.example;"),
          BROKEN | ADDRESS_GROUP,
          { { "a@b.example", NULL, BROKEN | ADDRESS_GROUP } } },
        { VALUE("g: ; a@b.example"), BROKEN | ADDRESS_GROUP, { { "a@b.example", NULL, BROKEN } } },
        { VALUE(": a@b.example"), BROKEN, { { "a@b.example", NULL, BROKEN } } },
        { VALUE("Doe, John <a@b.example>"),
          ADDRESS_NO_DOMAIN,
          { { "Doe", NULL, ADDRESS_NO_DOMAIN }, { "a@b.example", "John", 0 } } },
        { VALUE("[x] Alice <a@b.example>"), BROKEN, { { "a@b.example", "[x] Alice", BROKEN } } },
        { VALUE(".Alice <a@b.example>"), BROKEN, { { "a@b.example", ".Alice", BROKEN } } },
        { VALUE("<mailto:a@b.example>"), BROKEN, { { "a@b.example", NULL, BROKEN } } },
        { VALUE("a@b.example\nc@d.example"),
          BROKEN | ADDRESS_CONTROL,
          { { "a@b.example", NULL, BROKEN | ADDRESS_CONTROL },
            { "c@d.example", NULL, BROKEN | ADDRESS_CONTROL } } },
        { VALUE("a\x7f"
                "b@c.example"),
          BROKEN | ADDRESS_CONTROL,
          { { "b@c.example", NULL, BROKEN | ADDRESS_CONTROL } } },
    };

    check_lists(cases, COUNT(cases), *state);
}

static void test_domains(void **state)
{
    static const struct list_case cases[] = {
        { VALUE("a@b.example."),
          ADDRESS_BAD_DOMAIN,
          { { "a@b.example", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@b..example"),
          ADDRESS_BAD_DOMAIN,
          { { "a@b..example", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@.example"), ADDRESS_BAD_DOMAIN, { { "a@.example", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@-b.example"),
          ADDRESS_BAD_DOMAIN,
          { { "a@-b.example", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@b-.example"),
          ADDRESS_BAD_DOMAIN,
          { { "a@b-.example", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@b.example-"),
          ADDRESS_BAD_DOMAIN,
          { { "a@b.example-", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@b/C.example"),
          ADDRESS_BAD_DOMAIN,
          { { "a@b/C.example", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@[x]"), ADDRESS_BAD_DOMAIN, { { "a@[x]", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@[2001:db8::1]"),
          ADDRESS_BAD_DOMAIN,
          { { "a@[2001:db8::1]", NULL, ADDRESS_BAD_DOMAIN } } },
        { VALUE("a@[192.0.2.1"),
          BROKEN | ADDRESS_NO_DOMAIN,
          { { "a", NULL, BROKEN | ADDRESS_NO_DOMAIN } } },
        { VALUE("a@b-c_d.example"), 0, { { "a@b-c_d.example", NULL, 0 } } },
        { VALUE("a@XN--BCHER-KVA.example"), 0, { { "a@xn--bcher-kva.example", NULL, 0 } } },
    };

    check_lists(cases, COUNT(cases), *state);
}

static void test_8bit(void **state)
{
    static const struct list_case cases[] = {
        { VALUE("J\xc3\xb6rg <a@b.example>"),
          ADDRESS_UTF8,
          { { "a@b.example", "J\xc3\xb6rg", ADDRESS_UTF8 } } },
        { VALUE("J\xf6rg <a@b.example>"),
          ADDRESS_8BIT,
          { { "a@b.example", "J\xf6rg", ADDRESS_8BIT } } },
        { VALUE("j\xc3\xb6rg@b.example"),
          ADDRESS_UTF8,
          { { "j\xc3\xb6rg@b.example", NULL, ADDRESS_UTF8 } } },
        { VALUE("a@b.example (\xed\xa0\x80)"),
          ADDRESS_8BIT,
          { { "a@b.example", "\xed\xa0\x80", ADDRESS_8BIT } } },
        { VALUE("\"\xf0\x9f\xa4\x96\" <a@b.example>"),
          ADDRESS_UTF8,
          { { "a@b.example", "\xf0\x9f\xa4\x96", ADDRESS_UTF8 } } },
        { VALUE("\xc3 <a@b.example>, \xc0\xaf <c@d.example>, \xf4\x90\x80\x80 <e@f.example>"),
          ADDRESS_8BIT,
          { { "a@b.example", "\xc3", ADDRESS_8BIT },
            { "c@d.example", "\xc0\xaf", ADDRESS_8BIT },
            { "e@f.example", "\xf4\x90\x80\x80", ADDRESS_8BIT } } },
#ifdef HAVE_IDN
        { VALUE("a@B\xc3\xbc"
                "cher.example"),
          ADDRESS_UTF8,
          { { "a@xn--bcher-kva.example", NULL, ADDRESS_UTF8 } } },
#else
        { VALUE("a@b\xc3\xbc"
                "cher.example"),
          ADDRESS_UTF8 | ADDRESS_BAD_DOMAIN,
          { { "a@b\xc3\xbc"
              "cher.example",
              NULL, ADDRESS_UTF8 | ADDRESS_BAD_DOMAIN } } },
#endif
    };

    check_lists(cases, COUNT(cases), *state);
}

/* The name keeps the NUL: it is not cut there, as C would. */
static void test_nul_in_a_comment(void **state)
{
    struct address_list list;

    assert_true(address_parse_list(SPAN("admin@legit.example(\0@attack.example)"), *state, &list));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.defects, ADDRESS_CONTROL);
    check_span("text", list.at[0].text, "admin@legit.example");
    assert_true(span_is_equal(list.at[0].display, SPAN("\0@attack.example")));
}

static void test_lengths(void **state)
{
    static const struct {
        size_t local, labels; /* octets; labels of 49 octets and a dot, then "org" */
        bool is_long;
    } cases[] = {
        { 64, 1, false }, { 65, 1, true }, { 10, 4, false }, { 52, 4, true },
        { 51, 4, false }, { 1, 5, false }, { 2, 5, true },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[512];
        size_t size = 0;
        struct address_list list;

        memset(text, 'a', sizeof(text));
        size += cases[i].local;
        text[size++] = '@';
        for (size_t j = 0; j < cases[i].labels; j++) {
            size += 49;
            text[size++] = '.';
        }
        text[size++] = 'o';
        text[size++] = 'r';
        assert_true(address_parse_list((struct span){ text, size }, *state, &list));
        assert_int_equal(list.count, 1);
        if (list.defects != (cases[i].is_long ? ADDRESS_LONG : 0))
            fail_msg("case %zu: defects %#x", i, list.defects);
    }
}

/* Whatever the ceiling: false and nothing worse, or the whole list. */
static void test_every_ceiling(void **state)
{
    const struct span value =
        SPAN("G: \"A b\" <a@b.example> (c), <\"d e\"@[192.0.2.1]>;, f@g.example");
    bool ever_failed = false;

    (void)state;
    for (size_t ceiling = 0; ceiling < 4000; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        struct address_list list;

        assert_non_null(arena);
        if (address_parse_list(value, arena, &list)) {
            assert_int_equal(list.count, 3);
            check_span("second", list.at[1].text, "\"d e\"@[192.0.2.1]");
        } else {
            ever_failed = true;
            assert_true(arena_is_exhausted(arena));
        }
        arena_free(&arena);
    }
    assert_true(ever_failed);
}

/* Long hostile values: a look that began again and again would not end here. */
static void test_hostile_values(void **state)
{
    static const char *const patterns[] = {
        "(", "<",  "\"", "\\\"", "[", "@",      ".",   "a.",   "<a@b>", "a@b ",
        ":", "a:", ";",  "a b ", ",", "\"a\" ", "(a)", "\xc3", "<@a,",  "=?",
    };
    enum { SIZE = 1 << 20 };
    char *value = malloc(SIZE);

    (void)state;
    assert_non_null(value);
    for (size_t i = 0; i < COUNT(patterns); i++) {
        struct arena *arena = arena_new((size_t)256 << 20);
        struct address_list list;
        size_t period = strlen(patterns[i]);

        assert_non_null(arena);
        for (size_t j = 0; j < SIZE; j++)
            value[j] = patterns[i][j % period];
        assert_true(address_parse_list((struct span){ value, SIZE }, arena, &list));
        if (period > 0 && list.defects == 0)
            fail_msg("\"%s\" without defects", patterns[i]);
        arena_free(&arena);
    }
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinary),       cmocka_unit_test(test_forged_senders),
        cmocka_unit_test(test_old_syntax),     cmocka_unit_test(test_not_a_list),
        cmocka_unit_test(test_domains),        cmocka_unit_test(test_8bit),
        cmocka_unit_test(test_lengths),        cmocka_unit_test(test_every_ceiling),
        cmocka_unit_test(test_hostile_values), cmocka_unit_test(test_nul_in_a_comment),
    };

    return cmocka_run_group_tests_name("message/address", tests, arena_setup, arena_teardown);
}
