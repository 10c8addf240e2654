/*
 * What a socketmap server says, byte by byte: no reply before its last byte, and none that is not
 * one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tables/socketmap_reply.h"

static void whole(void **state)
{
    static const struct {
        struct span received;
        enum socketmap_status status;
        const char *text;
        size_t used;
    } cases[] = {
        { { "5:OK ab,", 8 }, SOCKETMAP_OK, "ab", 8 },
        { { "3:OK ,", 6 }, SOCKETMAP_OK, "", 6 },
        { { "8:OK  a, b,5:", 13 }, SOCKETMAP_OK, " a, b", 11 },
        { { "9:NOTFOUND ,", 12 }, SOCKETMAP_NOTFOUND, "", 12 },
        { { "8:NOTFOUND,", 11 }, SOCKETMAP_NOTFOUND, "", 11 },
        { { "9:TEMP down,x", 13 }, SOCKETMAP_TEMP, "down", 12 },
        { { "4:PERM,", 7 }, SOCKETMAP_PERM, "", 7 },
        { { "12:TIMEOUT slow,", 16 }, SOCKETMAP_TIMEOUT, "slow", 16 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct socketmap_reply reply;
        assert_int_equal(socketmap_reply_parse(cases[i].received, &reply), cases[i].status);
        assert_true(span_is_equal(reply.text, span_of(cases[i].text)));
        assert_int_equal(reply.used, cases[i].used);
        for (size_t size = 0; size < cases[i].used; size++) {
            assert_int_equal(socketmap_reply_parse(span_first(cases[i].received, size), &reply),
                             SOCKETMAP_MORE);
            assert_int_equal(reply.used, 0);
        }
    }
}

static void garbage(void **state)
{
    static const struct span cases[] = {
        { "x", 1 },
        { ":", 1 },
        { " 5:OK ab,", 9 },
        { "05:OK ab,", 9 },
        { "00", 2 },
        { "-1:", 3 },
        { "5;OK ab,", 8 },
        { "5:OK abc", 8 },
        { "2:OK,", 5 },
        { "0:,", 3 },
        { "1: ,", 4 },
        { "5:ok ab,", 8 },
        { "3:YES,", 6 },
        { "6:OK a\0b,", 9 },
        { "100001", 6 },
        { "999999999999", 12 },
        { "HTTP/1.1 400 Bad Request\r\n", 26 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct socketmap_reply reply;
        assert_int_equal(socketmap_reply_parse(cases[i], &reply), SOCKETMAP_GARBAGE);
    }
}

static void largest(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_EMPTY;
    struct socketmap_reply reply;
    char *value = malloc(SOCKETMAP_REPLY_MAX);
    memset(value, 'v', SOCKETMAP_REPLY_MAX);
    buffer_add_text(&bytes, "100000:OK ");
    buffer_add(&bytes, value, SOCKETMAP_REPLY_MAX - 3);
    assert_int_equal(socketmap_reply_parse(buffer_span(&bytes), &reply), SOCKETMAP_MORE);
    buffer_add_char(&bytes, ',');
    assert_int_equal(socketmap_reply_parse(buffer_span(&bytes), &reply), SOCKETMAP_OK);
    assert_int_equal(reply.text.size, SOCKETMAP_REPLY_MAX - 3);
    assert_int_equal(reply.used, bytes.size);
    buffer_free(&bytes);
    free(value);
}

static void requests(void **state)
{
    (void)state;
    struct buffer bytes = BUFFER_EMPTY;
    socketmap_request_write(&bytes, SPAN("owners"), SPAN("a b@c"));
    socketmap_request_write(&bytes, SPAN("m"), SPAN("k"));
    assert_string_equal(buffer_text(&bytes), "12:owners a b@c,3:m k,");
    buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(whole), cmocka_unit_test(garbage),
                                        cmocka_unit_test(largest), cmocka_unit_test(requests) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
