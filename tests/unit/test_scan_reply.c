/*
 * What clamd says, and where it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "scan/clamd_place.h"
#include "scan/clamd_reply.h"

#define BYTES(literal)                                                                             \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void replies(void **state)
{
    static const struct {
        struct span bytes;
        enum clamd_status status;
        const char *text;
    } cases[] = {
        { BYTES("stream: OK\0"), CLAMD_CLEAN, NULL },
        { BYTES("stream: OK\0more"), CLAMD_CLEAN, NULL },
        { BYTES("stream: Eicar-Test FOUND\0"), CLAMD_FOUND, "Eicar-Test" },
        { BYTES("stream: Two Words FOUND\0"), CLAMD_FOUND, "Two Words" },
        { BYTES("stream: OK FOUND\0"), CLAMD_FOUND, "OK" },
        { BYTES("INSTREAM size limit exceeded. ERROR\0"), CLAMD_TOO_LARGE,
          "INSTREAM size limit exceeded." },
        { BYTES("stream: Can't allocate memory ERROR\0"), CLAMD_ERROR, "Can't allocate memory" },
        { BYTES("COMMAND READ TIMED OUT ERROR\0"), CLAMD_ERROR, "COMMAND READ TIMED OUT" },
        { BYTES("PONG\0"), CLAMD_GARBAGE, NULL },
        { BYTES(""), CLAMD_MORE, NULL },
        { BYTES("stream: OK"), CLAMD_MORE, NULL },
        { BYTES("stream: OK\n"), CLAMD_MORE, NULL },
        { BYTES("\0"), CLAMD_GARBAGE, NULL },
        { BYTES("OK\0"), CLAMD_GARBAGE, NULL },
        { BYTES("stream: \0"), CLAMD_GARBAGE, NULL },
        { BYTES("stream:  FOUND\0"), CLAMD_GARBAGE, NULL },
        { BYTES("Eicar-Test FOUND\0"), CLAMD_GARBAGE, NULL },
        { BYTES("stream: ok\0"), CLAMD_GARBAGE, NULL },
        { BYTES("stream: OK\n\0"), CLAMD_GARBAGE, NULL },
        { BYTES("UNKNOWN COMMAND\0"), CLAMD_GARBAGE, NULL },
        { BYTES(" ERROR\0"), CLAMD_GARBAGE, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span text;
        assert_int_equal(clamd_reply_parse(cases[i].bytes, &text), cases[i].status);
        if (cases[i].text == NULL) {
            assert_null(text.at);
        } else {
            assert_true(span_is_equal(text, span_of(cases[i].text)));
        }
    }
}

static void endless(void **state)
{
    (void)state;
    char bytes[CLAMD_REPLY_MAX + 100];
    struct span text;
    memset(bytes, 'x', sizeof(bytes));
    assert_int_equal(clamd_reply_parse((struct span){ bytes, CLAMD_REPLY_MAX - 1 }, &text),
                     CLAMD_MORE);
    assert_int_equal(clamd_reply_parse((struct span){ bytes, CLAMD_REPLY_MAX }, &text),
                     CLAMD_GARBAGE);
    bytes[CLAMD_REPLY_MAX] = '\0';
    assert_int_equal(clamd_reply_parse((struct span){ bytes, sizeof(bytes) }, &text),
                     CLAMD_GARBAGE);
}

static void mild_names(void **state)
{
    static const struct {
        const char *name;
        bool is_mild;
    } cases[] = {
        { "Heuristics.Encrypted.Zip", true },
        { "Heuristics.Limits.Exceeded.MaxFileSize", true },
        { "heuristics.OLE2.ContainsMacros", true },
        { "PUA.Win.Packer.Upx", true },
        { "Win.Test.EICAR_HDB-1", false },
        { "Local.Test.UNOFFICIAL", false },
        { "Heuristics", false },
        { "Puah.Worm", false },
        { "", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(clamd_name_is_mild(span_of(cases[i].name)), cases[i].is_mild);
    }
}

static void places(void **state)
{
    static const struct {
        const char *spec;
        bool is_good;
    } cases[] = {
        { "unix:/run/clamav/clamd.ctl", true },
        { "inet:3310@127.0.0.1", true },
        { "inet:3310@::1", true },
        { "inet:3310@[::1]", true },
        { "inet:3310@scanner.example.org", true },
        { "unix:clamd.ctl", false },
        { "unix:/", false },
        { "/run/clamav/clamd.ctl", false },
        { "inet:3310", false },
        { "inet:@127.0.0.1", false },
        { "inet:0@127.0.0.1", false },
        { "inet:65536@127.0.0.1", false },
        { "inet:clamd@127.0.0.1", false },
        { "inet:127.0.0.1:3310", false },
        { "inet:3310@", false },
        { "inet:3310@a b", false },
        { "tcp:3310@127.0.0.1", false },
        { "", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = { "" };
        assert_int_equal(clamd_place_accepts(cases[i].spec, &error), cases[i].is_good);
        assert_int_equal(error.text[0] == '\0', cases[i].is_good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(replies), cmocka_unit_test(endless),
                                        cmocka_unit_test(mild_names), cmocka_unit_test(places) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
