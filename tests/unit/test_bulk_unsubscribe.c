/*
 * unsubscribe: which URIs a List-Unsubscribe offers, and what both fields together come to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bulk/unsubscribe.h"

static const struct {
    const char *value;
    struct unsubscribe_uris uris; /* https, http, mailto, others */
} values[] = {
    { "", { 0, 0, 0, 0 } },
    { " <https://example.org/u>", { 1, 0, 0, 0 } },
    { " <HTTPS://example.org/u>", { 1, 0, 0, 0 } },
    { " <mailto:u@example.org>, <https://example.org/u>", { 1, 0, 1, 0 } },
    { "<mailto:u@example.org>,\n\t<http://example.org/u>", { 0, 1, 1, 0 } },
    { "<https://example.org/u>,<https://example.net/u>", { 2, 0, 0, 0 } },
    { "<ftp://example.org/u.txt>", { 0, 0, 0, 1 } },
    /* blanks in the brackets are none (RFC 2369 2) */
    { "< ht\n tps://example.org/u >", { 1, 0, 0, 0 } },
    { "<\thttps:\n\t//example.org/u>", { 1, 0, 0, 0 } },
    /* comments */
    { "(or <http://example.org/old>) <https://example.org/u>", { 1, 0, 0, 0 } },
    { "(a (b) <http://x/> \\) c) <https://example.org/u>", { 1, 0, 0, 0 } },
    { "<https://example.org/u(1)>", { 1, 0, 0, 0 } },
    /* one that never ends is none */
    { "(see <https://example.org/u>", { 1, 0, 0, 0 } },
    { ":-( <https://example.org/a>, (<http://example.org/b>", { 1, 1, 0, 0 } },
    /* nothing in brackets */
    { "https://example.org/u", { 0, 0, 0, 0 } },
    { "<https://example.org/u", { 0, 0, 0, 0 } },
    { "<>", { 0, 0, 0, 0 } },
    { "< >", { 0, 0, 0, 0 } },
    { "<https://>", { 0, 0, 0, 1 } },
    { "<https>", { 0, 0, 0, 1 } },
    { "\\", { 0, 0, 0, 0 } },
    { "(\\", { 0, 0, 0, 0 } },
    { ")", { 0, 0, 0, 0 } },
    { "<<https://example.org/u>>", { 0, 0, 0, 1 } },
};

static void uris_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct unsubscribe_uris uris;
        unsubscribe_read(span_of(values[i].value), &uris);
        if (memcmp(&uris, &values[i].uris, sizeof(uris)) != 0) {
            fail_msg("%s: https %zu, http %zu, mailto %zu, others %zu", values[i].value, uris.https,
                     uris.http, uris.mailto, uris.others);
        }
    }
}

/* Ten times the size takes about ten times as long, whatever is in it. */
static void hostile_values_end(void **state)
{
    static const char *const pieces[] = { "(", "<", "()", "<>", "\\", "(<", ")<https://x>" };
    const size_t size = 4 * 1024 * 1024;
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        struct unsubscribe_uris uris;
        for (size_t i = 0; i < size; i++) {
            text[i] = pieces[p][i % strlen(pieces[p])];
        }
        unsubscribe_read((struct span){ text, size }, &uris);
        assert_true(uris.http == 0);
    }
    free(text);
}

#define FIELD "List-Unsubscribe"
#define POST "List-Unsubscribe-Post"
#define CLICK " List-Unsubscribe=One-Click"

static const struct {
    const char *fields[3][2];
    enum one_click one_click;
} both[] = {
    { { { "Subject", " x" } }, ONE_CLICK_NO_FIELD },
    { { { POST, CLICK } }, ONE_CLICK_NO_FIELD },
    { { { FIELD, " <https://x/u>" }, { POST, CLICK } }, ONE_CLICK_OFFERED },
    { { { "list-UNSUBSCRIBE", " <https://x/u>" }, { POST, "\n list-unsubscribe=ONE-click " } },
      ONE_CLICK_OFFERED },
    { { { FIELD, " <mailto:a@x>, <https://x/u>" }, { POST, CLICK } }, ONE_CLICK_OFFERED },
    { { { FIELD, " <https://x/u>" } }, ONE_CLICK_NO_POST },
    { { { FIELD, " <https://x/u>" }, { POST, " One-Click" } }, ONE_CLICK_OTHER_POST },
    { { { FIELD, " <https://x/u>" }, { POST, CLICK ", x=y" } }, ONE_CLICK_OTHER_POST },
    { { { FIELD, " <mailto:a@x>" }, { POST, CLICK } }, ONE_CLICK_MAIL_ONLY },
    { { { FIELD, " <http://x/u>" }, { POST, CLICK } }, ONE_CLICK_HTTP },
    { { { FIELD, " <http://x/u>, <https://x/u>" }, { POST, CLICK } }, ONE_CLICK_SEVERAL_URIS },
    { { { FIELD, " https://x/u" }, { POST, CLICK } }, ONE_CLICK_NO_URI },
    { { { FIELD, " <https://x/u>" }, { FIELD, " <mailto:a@x>" }, { POST, CLICK } },
      ONE_CLICK_SEVERAL_FIELDS },
    { { { FIELD, " <https://x/u>" }, { POST, CLICK }, { POST, CLICK } }, ONE_CLICK_SEVERAL_FIELDS },
};

static void fields_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        struct arena *arena = arena_new(1 << 16);
        struct header_list headers;
        header_list_init(&headers, true);
        for (size_t f = 0; f < 3 && both[i].fields[f][0] != NULL; f++) {
            assert_true(header_list_add(&headers, arena, span_of(both[i].fields[f][0]),
                                        span_of(both[i].fields[f][1])));
        }
        enum one_click one_click = one_click_of(&headers);
        if (one_click != both[i].one_click) {
            fail_msg("row %zu: %s", i, one_click_missing(one_click));
        }
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_are_counted),
        cmocka_unit_test(hostile_values_end),
        cmocka_unit_test(fields_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
