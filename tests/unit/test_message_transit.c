/*
 * transit: each risk where it is, and none where it is not; the field that has it.
 */
#include "test_message_support.h"

#include <stdio.h>

#include "message/builder.h"
#include "message/transit.h"

static void scan(void *context, const void *bytes, size_t size)
{
    body_scan_feed(context, bytes, size);
}

static struct transit read_file(struct span file, struct message *message, struct arena *arena)
{
    struct body_scan body;
    struct transit transit;

    body_scan_init(&body);
    header_list_init(&message->headers, true);
    assert_true(message_read(file, arena, &message->headers, scan, &body));
    message->body = *body_scan_finish(&body);
    transit_read(message, &transit);
    return transit;
}

struct story {
    struct span file;
    unsigned risks;
    const char
        *field; /* the name of the first one with the (single) risk; NULL: it is the body's */
};

static void check_stories(struct arena *arena, const struct story *cases, size_t count,
                          const struct envelope *envelope)
{
    for (size_t i = 0; i < count; i++) {
        struct message message = { .envelope = *envelope };
        struct transit transit = read_file(cases[i].file, &message, arena);
        const struct header_field *field;

        if (transit.risks != cases[i].risks)
            fail_msg("%.*s: risks %#x, wanted %#x", SPAN_ARG(cases[i].file), transit.risks,
                     cases[i].risks);
        if (transit.risks == 0)
            continue;
        field = transit_field(&transit, transit.risks);
        check_span("field", field != NULL ? field->name : (struct span){ NULL, 0 }, cases[i].field);
    }
}

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void test_octets(void **state)
{
    static const struct envelope plain;
    static const struct story cases[] = {
        { TEXT("From: a@b\n\nx\n"), 0, NULL },
        { TEXT("From: a@b\n\n\xe4\n"), TRANSIT_8BIT, NULL },
        { TEXT("From: a@b\nSubject: \xe4\n\nx\n"), TRANSIT_8BIT, "Subject" },
        { TEXT("From: a@b\nX: y\nX-Z: \xe4\n\n\xe4\n"), TRANSIT_8BIT, "X-Z" },
        { TEXT("From: a@b\n\nx\ry\n"), TRANSIT_BARE_NEWLINE, NULL },
        { TEXT("From: a@b\nSubject: x\ry\n\n"), TRANSIT_BARE_NEWLINE, "Subject" },
        { TEXT("From: a@b\n\nx\0y\n"), TRANSIT_NUL, NULL },
        { TEXT("From: a@b\nTo: c@d\nX: y\0\n\n"), TRANSIT_NUL, "X" },
    };

    check_stories(*state, cases, COUNT(cases), &plain);
}

static void test_8bit_announced(void **state)
{
    static const struct envelope utf8 = { .smtputf8 = true }, mime = { .body_8bitmime = true };
    static const struct story with_utf8[] = {
        { TEXT("From: a@b\nSubject: \xc3\xa4\n\nx\n"), 0, NULL },
        { TEXT("From: a@b\n\n\xe4\n"), TRANSIT_8BIT, NULL },
    };
    static const struct story with_mime[] = {
        { TEXT("From: a@b\nSubject: \xc3\xa4\n\nx\n"), TRANSIT_8BIT, "Subject" },
        { TEXT("From: a@b\n\n\xe4\n"), 0, NULL },
    };

    check_stories(*state, with_utf8, COUNT(with_utf8), &utf8);
    check_stories(*state, with_mime, COUNT(with_mime), &mime);
}

static void test_long_lines(void **state)
{
    static const struct {
        const char *before;
        size_t size;
        const char *field;
        bool is_long;
    } cases[] = {
        { "From: a@b\nSubject: ", 998 - 9, NULL, false },
        { "From: a@b\nSubject: ", 999 - 9, "Subject", true },
        { "From: a@b\n\n", 998, NULL, false },
        { "From: a@b\n\n", 999, NULL, true },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[2048] = "";
        struct message message = { .is_over_ceiling = false };
        struct transit transit;
        const struct header_field *field;

        strcpy(text, cases[i].before);
        memset(text + strlen(text), 'x', cases[i].size);
        strcat(text, "\n");
        transit = read_file(span_of(text), &message, *state);
        assert_int_equal(transit.risks, cases[i].is_long ? TRANSIT_LONG_LINE : 0);
        field = transit_field(&transit, TRANSIT_LONG_LINE);
        check_span("field", field != NULL ? field->name : (struct span){ NULL, 0 }, cases[i].field);
    }
}

static void test_folding(void **state)
{
    static const struct envelope plain;
    static const struct story cases[] = {
        { TEXT("Subject: a\n b\n\tc\n\n"), 0, NULL },
        { TEXT("Subject: a\n \n c\n\n"), TRANSIT_FOLDING, "Subject" },
        { TEXT("Subject: a\n \t\n\n"), TRANSIT_FOLDING, "Subject" },
        { TEXT("Subject:\n a\n\n"), TRANSIT_FOLDING, "Subject" },
        { TEXT("Subject: \n a\n\n"), TRANSIT_FOLDING, "Subject" },
        { TEXT("Date: x\nSubject: a \n b\n\n"), TRANSIT_FOLDING, "Subject" },
        { TEXT("Subject: a\t\n b\nTo: c \n d\n\n"), TRANSIT_FOLDING, "Subject" },
        { TEXT("Subject: a \n\n"), 0, NULL },
        { TEXT("Subject:\n\n"), 0, NULL },
        /* never signed */
        { TEXT("Received:\n a \n b\nX-Odd:\n a\nDKIM-Signature:\n v=1\n\n"), 0, NULL },
    };

    check_stories(*state, cases, COUNT(cases), &plain);
}

static void test_requote(void **state)
{
    static const struct {
        const char *value;
        bool is_rewritten;
    } cases[] = {
        { "a@b", false },
        { "a.b@c.d", false },
        { "<a.b@c.d>", false },
        { "Alice Example <a@b.c>", false },
        { "\"Dr. Alice\" <a@b.c>", false },
        { "Dr. Alice <a@b.c>", true },
        { "Alice O'Brien <a@b.c>", true },
        { "\"Alice O'Brien\" <a@b.c>", false },
        { "a@b <a@b.c>", true },
        { "Alice [x] <a@b.c>", true },
        { "Alice: x <a@b.c>", false },
        { "Alice \\x <a@b.c>", true },
        { "Alice \"x\" B. <a@b.c>", true },
        { "Alice (Dr. x, y) <a@b.c>", false },
        { "Alice (x <a@b.c>", false }, /* a comment that never closes */
        { "=?utf-8?q?D=2E?= <a@b.c>", false },
        { "Alice<a@b.c>", false },
        { "a@b.c (Alice)", false },
        { "a@b.c(Alice)", true },
        { "(Alice) a@b.c", false },
        { "(Alice)a@b.c", true },
        { "(Alice)<a@b.c>", false },
        { "a@b, c@d", false },
        { "a@b,\n c@d", false },
        { "a@b,c@d", true },
        { "a@b , c@d", true },
        { "a@b,, c@d", true },
        { "a@b, , c@d", true },
        { "a@b,", true },
        { ", a@b", true },
        { "\"a, b\" <a@b>, \"c,d\" <c@d>", false },
        { "O'x <a@b>", true },
        { "Alice <a@b>, o'brien@c", false },
        { "Alice <a@b>, B. <c@d>", true },
        { "< a@b>", true },
        { "<a@b (x)>", true },
        { "<\"a b\"@c>", false },
        { "undisclosed-recipients:;", false },
        { "", false },
        { "\"open", false },
        { "a\\", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char file[256];
        struct message message = { .is_over_ceiling = false };
        struct transit transit;

        snprintf(file, sizeof(file), "X: y\nReply-To: %s\n\n", cases[i].value);
        transit = read_file(span_of(file), &message, *state);
        if (transit.risks != (cases[i].is_rewritten ? TRANSIT_REQUOTE : 0))
            fail_msg("%s: risks %#x", cases[i].value, transit.risks);
        if (cases[i].is_rewritten)
            assert_ptr_equal(transit_field(&transit, TRANSIT_REQUOTE), &message.headers.fields[1]);
    }
}

static void test_requoted_fields(void **state)
{
    static const struct envelope plain;
    static const struct story cases[] = {
        { TEXT("From: A. <a@b>\n\n"), TRANSIT_REQUOTE, "From" },
        { TEXT("Sender: A. <a@b>\n\n"), TRANSIT_REQUOTE, "Sender" },
        { TEXT("To: A. <a@b>\n\n"), TRANSIT_REQUOTE, "To" },
        { TEXT("CC: A. <a@b>\n\n"), TRANSIT_REQUOTE, "CC" },
        { TEXT("Resent-From: A. <a@b>\n\n"), TRANSIT_REQUOTE, "Resent-From" },
        { TEXT("Resent-Sender: A. <a@b>\n\n"), TRANSIT_REQUOTE, "Resent-Sender" },
        { TEXT("Resent-To: A. <a@b>\n\n"), TRANSIT_REQUOTE, "Resent-To" },
        { TEXT("Resent-Cc: A. <a@b>\n\n"), TRANSIT_REQUOTE, "Resent-Cc" },
        { TEXT("Subject: A. <a@b>\nX: A. <a@b>\nList-Post: A. <a@b>\n\n"), 0, NULL },
        { TEXT("Subject: x\nTo: a <b@c>\nCc: A. <a@b>\nReply-To: A. <a@b>\n\n"), TRANSIT_REQUOTE,
          "Cc" },
    };

    check_stories(*state, cases, COUNT(cases), &plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_octets, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_8bit_announced, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_long_lines, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_folding, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_requote, arena_setup, arena_teardown),
        cmocka_unit_test_setup_teardown(test_requoted_fields, arena_setup, arena_teardown),
    };

    return cmocka_run_group_tests_name("message/transit", tests, NULL, NULL);
}
