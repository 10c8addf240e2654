/*
 * chunks: however a body is cut, the canonical bytes and their hash are those of the plain reading.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>

#include "dkim/hash.h"
#include "test_dkim_plain.h"

#define LETTERS "a \t\r\n"
#define LETTER_COUNT 5
#define EXHAUSTIVE_SIZE 6
#define SHORT_SIZE 24
#define LONG_SIZE 70000

/* Collects without heap; large enough for a short body in any form. */
struct short_text {
    size_t size;
    char at[2 * SHORT_SIZE + 8];
};

static void short_sink(void *context, const void *bytes, size_t size)
{
    struct short_text *text = context;
    assert_true(size <= sizeof(text->at) - text->size);
    memcpy(text->at + text->size, bytes, size);
    text->size += size;
}

static void check_cut(enum canonical form, struct span body, size_t one, size_t two,
                      struct span wanted)
{
    struct short_text seen = { .size = 0 };
    struct canonical_body stream;
    canonical_body_init(&stream, form, short_sink, &seen);
    canonical_body_feed(&stream, body.at, one);
    canonical_body_feed(&stream, body.at + one, two - one);
    canonical_body_feed(&stream, body.at + two, body.size - two);
    canonical_body_finish(&stream);
    if (seen.size != wanted.size || memcmp(seen.at, wanted.at, wanted.size) != 0) {
        for (size_t i = 0; i < body.size; i++) {
            print_error("%02x ", (unsigned char)body.at[i]);
        }
        fail_msg("form %d, %zu octets cut at %zu and %zu", (int)form, body.size, one, two);
    }
}

/* Two cuts anywhere, so one cut (the second at the end) and none are among them. */
static void check_all_cuts(struct span body)
{
    for (enum canonical form = CANONICAL_SIMPLE; form <= CANONICAL_RELAXED; form++) {
        struct plain wanted = plain_body(form, body);
        for (size_t one = 0; one <= body.size; one++) {
            for (size_t two = one; two <= body.size; two++) {
                check_cut(form, body, one, two, plain_span(&wanted));
            }
        }
        plain_free(&wanted);
    }
}

static void test_every_short_body(void **state)
{
    (void)state;
    size_t count = 1;
    for (size_t size = 0; size <= EXHAUSTIVE_SIZE; size++, count *= LETTER_COUNT) {
        for (size_t number = 0; number < count; number++) {
            char body[EXHAUSTIVE_SIZE];
            size_t rest = number;
            for (size_t i = 0; i < size; i++, rest /= LETTER_COUNT) {
                body[i] = LETTERS[rest % LETTER_COUNT];
            }
            check_all_cuts((struct span){ body, size });
        }
    }
}

static void test_every_cut_of_random_bodies(void **state)
{
    (void)state;
    srand(34);
    for (int round = 0; round < 2000; round++) {
        char body[SHORT_SIZE];
        size_t size = EXHAUSTIVE_SIZE + (size_t)rand() % (SHORT_SIZE - EXHAUSTIVE_SIZE + 1);
        for (size_t i = 0; i < size; i++) {
            body[i] = LETTERS[rand() % LETTER_COUNT];
        }
        check_all_cuts((struct span){ body, size });
    }
}

/* Feeds pieces of random size, each in memory of its own. */
static void feed_cut(struct dkim_body_hash *hash, struct span body, size_t largest)
{
    while (body.size > 0) {
        struct plain piece = { .at = NULL };
        struct span part = span_first(body, (size_t)rand() % largest + 1);
        plain_add(&piece, part.at, part.size);
        dkim_body_hash_feed(hash, piece.at, piece.size);
        plain_free(&piece);
        body = span_from(body, part.size);
    }
}

static void check_hash(struct span body, size_t largest)
{
    struct dkim_body_hash *hash = dkim_body_hash_new(3);
    assert_non_null(hash);
    feed_cut(hash, body, largest);
    assert_true(dkim_body_hash_finish(hash));
    for (enum canonical form = CANONICAL_SIMPLE; form <= CANONICAL_RELAXED; form++) {
        struct plain plain = plain_body(form, body);
        uint8_t wanted[DKIM_DIGEST_SIZE];
        struct span text = plain_span(&plain);
        assert_int_equal(EVP_Digest(text.at, text.size, wanted, NULL, EVP_sha256(), NULL), 1);
        assert_memory_equal(dkim_body_hash_digest(hash, form), wanted, sizeof(wanted));
        assert_int_equal(dkim_body_hash_length(hash, form), plain.size);
        plain_free(&plain);
    }
    dkim_body_hash_free(&hash);
}

/* One texture of a long body: letters drawn from `kinds`. */
static void check_texture(const char *kinds, size_t size)
{
    static char body[LONG_SIZE];
    static const size_t largest[] = { 3, 40, 700, 9000, LONG_SIZE };
    for (size_t i = 0; i < size; i++) {
        body[i] = kinds[(size_t)rand() % strlen(kinds)];
    }
    for (size_t i = 0; i < sizeof(largest) / sizeof(largest[0]); i++) {
        check_hash((struct span){ body, size }, largest[i]);
    }
}

static void test_long_bodies(void **state)
{
    static const char *const textures[] = {
        "a \t\r\n",
        "abcdefghijklmnopqrstuvwxyz \r\n",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz  ",
        "abcdefghijklmnopqrstuvwxyz",
        " \t",
        "\r\n",
    };
    (void)state;
    srand(44);
    for (size_t i = 0; i < sizeof(textures) / sizeof(textures[0]); i++) {
        for (int round = 0; round < 4; round++) {
            check_texture(textures[i], (size_t)rand() % 20000);
        }
    }
}

/* Clean stretches as long as the stream hands on in place, with one change among them. */
static void test_one_change_in_clean_text(void **state)
{
    static const char *const changes[] = { "\t", "  ", " \r\n", " \r", "\r\n\r\n", "x", " \n" };
    static const size_t places[] = { 0, 15, 16, 511, 512, 4095, 4096, 16383, 16384, 16385, 40000 };
    static char body[LONG_SIZE];
    (void)state;
    srand(54);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        for (size_t j = 0; j < sizeof(places) / sizeof(places[0]); j++) {
            memset(body, 'a', sizeof(body));
            memcpy(body + places[j], changes[i], strlen(changes[i]));
            check_hash((struct span){ body, 50000 }, LONG_SIZE);
            check_hash((struct span){ body, places[j] + strlen(changes[i]) }, 20000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_short_body),
        cmocka_unit_test(test_every_cut_of_random_bodies),
        cmocka_unit_test(test_long_bodies),
        cmocka_unit_test(test_one_change_in_clean_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
