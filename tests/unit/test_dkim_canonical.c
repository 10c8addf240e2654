/*
 * canonical forms: what the RFC gives as examples, and the cases it leaves to its grammar (RFC 6376
 * 3.4): bare CR and LF, lines of white space, a body without a final line end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dkim/base64.h"
#include "dkim/hash.h"
#include "test_dkim_plain.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void check_text(const char *what, struct span seen, struct span wanted)
{
    if (!span_is_equal(seen, wanted)) {
        fail_msg("%s: saw \"%.*s\", wanted \"%.*s\"", what, SPAN_ARG(seen), SPAN_ARG(wanted));
    }
}

static struct plain run_body(enum canonical form, struct span body)
{
    struct plain out = { .at = NULL };
    struct canonical_body stream;
    canonical_body_init(&stream, form, plain_sink, &out);
    canonical_body_feed(&stream, body.at, body.size);
    canonical_body_finish(&stream);
    assert_int_equal(stream.emitted, out.size);
    return out;
}

static const struct {
    struct span body, simple, relaxed;
} bodies[] = {
    { SPAN(""), SPAN("\r\n"), SPAN("") },
    { SPAN("\r\n"), SPAN("\r\n"), SPAN("") },
    { SPAN("\r\n\r\n\r\n"), SPAN("\r\n"), SPAN("") },
    { SPAN(" C \r\nD \t E\r\n\r\n\r\n"), SPAN(" C \r\nD \t E\r\n"), SPAN(" C\r\nD E\r\n") },
    { SPAN("a"), SPAN("a\r\n"), SPAN("a\r\n") },
    { SPAN("a\r\n"), SPAN("a\r\n"), SPAN("a\r\n") },
    { SPAN("a\r\n\r\nb"), SPAN("a\r\n\r\nb\r\n"), SPAN("a\r\n\r\nb\r\n") },
    { SPAN("a \t"), SPAN("a \t\r\n"), SPAN("a\r\n") },
    { SPAN(" \t \r\n"), SPAN(" \t \r\n"), SPAN("") },
    { SPAN("a\r\n \r\n\t\r\n"), SPAN("a\r\n \r\n\t\r\n"), SPAN("a\r\n") },
    { SPAN("a\r\n \r\nb\r\n"), SPAN("a\r\n \r\nb\r\n"), SPAN("a\r\n\r\nb\r\n") },
    { SPAN("\r\na\r\n"), SPAN("\r\na\r\n"), SPAN("\r\na\r\n") },
    { SPAN("\t\ta"), SPAN("\t\ta\r\n"), SPAN(" a\r\n") },
    /* a bare CR or LF is data, also where white space stands before it */
    { SPAN("a\n\n"), SPAN("a\n\n\r\n"), SPAN("a\n\n\r\n") },
    { SPAN("a\r"), SPAN("a\r\r\n"), SPAN("a\r\r\n") },
    { SPAN("a \r"), SPAN("a \r\r\n"), SPAN("a \r\r\n") },
    { SPAN("a \rb\r\n"), SPAN("a \rb\r\n"), SPAN("a \rb\r\n") },
    { SPAN("a \nb\r\n"), SPAN("a \nb\r\n"), SPAN("a \nb\r\n") },
    { SPAN("a\r\r\n\r\n"), SPAN("a\r\r\n"), SPAN("a\r\r\n") },
    { SPAN("a\n\r\n"), SPAN("a\n\r\n"), SPAN("a\n\r\n") },
    { SPAN("\r \r\n"), SPAN("\r \r\n"), SPAN("\r\r\n") },
    { SPAN("\n"), SPAN("\n\r\n"), SPAN("\n\r\n") },
    /* other bytes are no white space */
    { SPAN("a\v\f \0\r\n"), SPAN("a\v\f \0\r\n"), SPAN("a\v\f \0\r\n") },
    { SPAN("\xa0 \xff\r\n"), SPAN("\xa0 \xff\r\n"), SPAN("\xa0 \xff\r\n") },
};

static void test_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct plain simple = run_body(CANONICAL_SIMPLE, bodies[i].body);
        struct plain relaxed = run_body(CANONICAL_RELAXED, bodies[i].body);
        check_text("simple", plain_span(&simple), bodies[i].simple);
        check_text("relaxed", plain_span(&relaxed), bodies[i].relaxed);
        plain_free(&simple);
        plain_free(&relaxed);
    }
}

static void test_empty_body_hashes(void **state)
{
    static const char *const wanted[] = {
        [CANONICAL_SIMPLE] = "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=",
        [CANONICAL_RELAXED] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    };
    (void)state;
    struct dkim_body_hash *hash = dkim_body_hash_new(3);
    assert_non_null(hash);
    assert_null(dkim_body_hash_digest(hash, CANONICAL_SIMPLE)); /* not finished */
    assert_true(dkim_body_hash_finish(hash));
    for (enum canonical form = CANONICAL_SIMPLE; form <= CANONICAL_RELAXED; form++) {
        char text[BASE64_SIZE(DKIM_DIGEST_SIZE)];
        base64_encode(dkim_body_hash_digest(hash, form), DKIM_DIGEST_SIZE, text);
        check_text("hash", (struct span){ text, sizeof(text) }, span_of(wanted[form]));
    }
    assert_int_equal(dkim_body_hash_length(hash, CANONICAL_SIMPLE), 2);
    assert_int_equal(dkim_body_hash_length(hash, CANONICAL_RELAXED), 0);
    dkim_body_hash_free(&hash);
    assert_null(hash);
}

/* Only what was asked for is there; a hash of nothing takes input all the same. */
static void test_forms_asked_for(void **state)
{
    (void)state;
    for (unsigned forms = 0; forms < 4; forms++) {
        struct dkim_body_hash *hash = dkim_body_hash_new(forms);
        assert_non_null(hash);
        dkim_body_hash_feed(hash, "a\r\n", 3);
        assert_true(dkim_body_hash_finish(hash));
        assert_int_equal(dkim_body_hash_digest(hash, CANONICAL_SIMPLE) != NULL, forms & 1);
        assert_int_equal(dkim_body_hash_digest(hash, CANONICAL_RELAXED) != NULL, forms >> 1);
        dkim_body_hash_free(&hash);
    }
}

static const struct {
    struct span name, value, simple, relaxed;
} fields[] = {
    /* 3.4.5; the second field's blank before the colon is dropped by every MTA */
    { SPAN("A"), SPAN(" X"), SPAN("A: X"), SPAN("a:X") },
    { SPAN("B"), SPAN(" Y\t\n\tZ  "), SPAN("B: Y\t\r\n\tZ  "), SPAN("b:Y Z") },
    { SPAN("SUBJect"), SPAN(" AbC"), SPAN("SUBJect: AbC"), SPAN("subject:AbC") },
    { SPAN("X"), SPAN(""), SPAN("X:"), SPAN("x:") },
    { SPAN("X"), SPAN("  \t "), SPAN("X:  \t "), SPAN("x:") },
    { SPAN("X"), SPAN("a"), SPAN("X:a"), SPAN("x:a") },
    { SPAN("X"), SPAN("\n a\n\tb"), SPAN("X:\r\n a\r\n\tb"), SPAN("x:a b") },
    { SPAN("X"), SPAN(" a \n \n b"), SPAN("X: a \r\n \r\n b"), SPAN("x:a b") },
    { SPAN("X"), SPAN(" a\n "), SPAN("X: a\r\n "), SPAN("x:a") },
    { SPAN("X"), SPAN(" a \r b"), SPAN("X: a \r b"), SPAN("x:a \r b") },
    { SPAN("X"), SPAN(" a\x01\0b \x7f"), SPAN("X: a\x01\0b \x7f"), SPAN("x:a\x01\0b \x7f") },
    { SPAN("X"), SPAN(" \xc3\x84 \xff"), SPAN("X: \xc3\x84 \xff"), SPAN("x:\xc3\x84 \xff") },
};

static void test_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fields); i++) {
        for (enum canonical form = CANONICAL_SIMPLE; form <= CANONICAL_RELAXED; form++) {
            struct plain seen = { .at = NULL };
            struct span wanted = form == CANONICAL_SIMPLE ? fields[i].simple : fields[i].relaxed;
            canonical_header(form, fields[i].name, fields[i].value, true, plain_sink, &seen);
            check_text("last field", plain_span(&seen), wanted);
            canonical_header(form, fields[i].name, fields[i].value, false, plain_sink, &seen);
            assert_int_equal(seen.size, 2 * wanted.size + 2);
            assert_memory_equal(seen.at + seen.size - 2, "\r\n", 2);
            plain_free(&seen);
        }
    }
}

/* Random values, long enough for every buffer and block inside to be passed. */
static void test_fields_plainly(void **state)
{
    static const char letters[] = "aaaaaaaaaaaaaa  \t\n\r\x01\x80";
    static char value[4000];
    (void)state;
    srand(6376);
    for (int round = 0; round < 3000; round++) {
        size_t size = (size_t)rand() % (round % 50 == 0 ? sizeof(value) : 90);
        size_t kinds = round % 2 == 0 ? sizeof(letters) - 1 : 16;
        for (size_t i = 0; i < size; i++) {
            value[i] = letters[(size_t)rand() % kinds];
        }
        struct plain copy = { .at = NULL };
        plain_add(&copy, value, size);
        for (enum canonical form = CANONICAL_SIMPLE; form <= CANONICAL_RELAXED; form++) {
            struct plain seen = { .at = NULL };
            struct plain wanted = plain_header(form, SPAN("X-Name"), plain_span(&copy));
            canonical_header(form, SPAN("X-Name"), plain_span(&copy), true, plain_sink, &seen);
            check_text("random value", plain_span(&seen), plain_span(&wanted));
            plain_free(&seen);
            plain_free(&wanted);
        }
        plain_free(&copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),          cmocka_unit_test(test_empty_body_hashes),
        cmocka_unit_test(test_forms_asked_for), cmocka_unit_test(test_fields),
        cmocka_unit_test(test_fields_plainly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
