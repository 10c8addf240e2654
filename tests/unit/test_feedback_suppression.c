/*
 * suppression: put, found for whose mail it is, run out, removed, walked in pieces, never more than
 * the bound; and that no bytes in the table do any harm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feedback/suppression.h"
#include "tests/support/empty_store.h"

#define NOW_S INT64_C(1795478400)
#define DAY_S INT64_C(86400)
#define BOB SPAN("bob@away.example")
#define OURS SPAN("example.org")

static const struct suppression_settings settings = {
    .after = 2, .apart_s = DAY_S, .keep_s = 90 * DAY_S, .max = 1000
};
static struct suppression a_suppression(const char *address, const char *domain)
{
    struct suppression suppression = { .source = SUPPRESSED_BY_COMMAND,
                                       .set_s = NOW_S,
                                       .until_s = NOW_S + 60 };
    snprintf(suppression.address, sizeof(suppression.address), "%s", address);
    snprintf(suppression.domain, sizeof(suppression.domain), "%s", domain);
    snprintf(suppression.by, sizeof(suppression.by), "root");
    snprintf(suppression.code, sizeof(suppression.code), "5.1.1");
    snprintf(suppression.because, sizeof(suppression.because), "no such user: \"bob\"");
    return suppression;
}

static void put(const char *address, const char *domain)
{
    struct suppression suppression = a_suppression(address, domain);
    assert_int_equal(suppression_put(store, &settings, &suppression), SUPPRESSION_DONE);
}

static bool is_suppressed(struct span address, struct span sender_domain, int64_t wall_s)
{
    struct suppression found;
    return suppression_find(store, address, sender_domain, wall_s, &found);
}

/* --- addresses ------------------------------------------------------------------------------- */

static const struct {
    const char *address;
    const char *form; /* NULL: none */
} addresses[] = {
    { "bob@away.example", "bob@away.example" },
    { "Bob.Miller+x@AWAY.Example", "bob.miller+x@away.example" },
    { "bob@away.example.", "bob@away.example" },
    { "\"a@b\"@away.example", "\"a@b\"@away.example" },
    { "bob", NULL },
    { "@away.example", NULL },
    { "bob@", NULL },
    { "bob@[192.0.2.1]", NULL },
    { "bob@a..b", NULL },
    { "", NULL },
};

static void test_addresses(void **state)
{
    char form[SUPPRESSION_ADDRESS_MAX], text[400];
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        bool is_one = suppression_address(span_of(addresses[i].address), form);
        if (is_one != (addresses[i].form != NULL) ||
            (is_one && strcmp(form, addresses[i].form) != 0)) {
            fail_msg("%s", addresses[i].address);
        }
    }
    assert_false(suppression_address((struct span){ "a\0b@c.example", 13 }, form));
    memset(text, 'a', sizeof(text));
    memcpy(text + 187, "@b.example", 10); /* 197, and then as long as it can be, and longer */
    assert_true(suppression_address((struct span){ text, 197 }, form));
    memset(text + 187, 'a', 2);
    memcpy(text + 189, "@b.example", 10);
    assert_true(suppression_address((struct span){ text, 199 }, form));
    memcpy(text + 189, "a@b.example", 11);
    assert_false(suppression_address((struct span){ text, 200 }, form));
}

/* --- looking up ------------------------------------------------------------------------------ */

static void test_put_and_find(void **state)
{
    struct suppression wanted = a_suppression("bob@away.example", "*"), found;
    (void)state;
    assert_int_equal(suppression_put(store, &settings, &wanted), SUPPRESSION_DONE);
    memset(&found, 0xff, sizeof(found));
    assert_true(suppression_find(store, SPAN("BOB@Away.Example"), OURS, NOW_S, &found));
    assert_string_equal(found.address, wanted.address);
    assert_string_equal(found.domain, "*");
    assert_false(found.is_watched);
    assert_int_equal(found.source, SUPPRESSED_BY_COMMAND);
    assert_int_equal(found.set_s, NOW_S);
    assert_int_equal(found.until_s, NOW_S + 60);
    assert_string_equal(found.by, "root");
    assert_string_equal(found.code, "5.1.1");
    assert_string_equal(found.because, wanted.because);
    assert_false(is_suppressed(SPAN("bobby@away.example"), OURS, NOW_S));
    assert_false(is_suppressed(SPAN("bob@away.example.com"), OURS, NOW_S));
    assert_false(is_suppressed(SPAN("bob"), OURS, NOW_S));
}

static const struct {
    const char *of, *sender; /* NULL: a null sender */
    bool is_for;
} domains[] = {
    { "*", "example.org", true },
    { "*", NULL, true },
    { "example.org", "example.org", true },
    { "example.org", "news.example.org", true },
    { "example.org", NULL, false },
    { "news.example.org", "example.org", false },
    { "example.org", "notexample.org", false },
    { "example.org", "example.net", false },
};

static void test_whose_mail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        unsigned count;
        put("bob@away.example", domains[i].of);
        if (is_suppressed(BOB, span_of(domains[i].sender), NOW_S) != domains[i].is_for) {
            fail_msg("%s, mail of %s", domains[i].of,
                     domains[i].sender != NULL ? domains[i].sender : "<>");
        }
        assert_int_equal(suppression_remove(store, BOB, span_of(domains[i].of), &count),
                         SUPPRESSION_DONE);
    }
}

/* The one that is over stands first. */
static void test_time(void **state)
{
    struct suppression other = a_suppression("bob@away.example", "example.org");
    (void)state;
    put("bob@away.example", "*");
    assert_true(is_suppressed(BOB, OURS, NOW_S + 59));
    assert_false(is_suppressed(BOB, OURS, NOW_S + 60));
    other.until_s = 0;
    assert_int_equal(suppression_put(store, &settings, &other), SUPPRESSION_DONE);
    assert_true(is_suppressed(BOB, OURS, NOW_S + 100 * DAY_S));
    assert_false(is_suppressed(BOB, SPAN("example.net"), NOW_S + 100 * DAY_S));
}

/* --- removing -------------------------------------------------------------------------------- */

static void test_remove(void **state)
{
    unsigned count;
    (void)state;
    put("bob@away.example", "*");
    put("bob@away.example", "example.org");
    put("bob@away.example", "example.net");
    put("bobby@away.example", "*");
    assert_int_equal(suppression_remove(store, BOB, SPAN("example.com"), &count),
                     SUPPRESSION_ABSENT);
    assert_int_equal(suppression_remove(store, SPAN("Bob@AWAY.example"), OURS, &count),
                     SUPPRESSION_DONE);
    assert_int_equal(count, 1);
    assert_int_equal(suppression_remove(store, BOB, span_of(NULL), &count), SUPPRESSION_DONE);
    assert_int_equal(count, 2);
    assert_int_equal(suppression_remove(store, BOB, span_of(NULL), &count), SUPPRESSION_ABSENT);
    assert_int_equal(suppression_remove(store, SPAN("no address"), span_of(NULL), &count),
                     SUPPRESSION_ABSENT);
    assert_int_equal(suppression_count(store), 1);
}

static void test_expire(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        struct suppression suppression = a_suppression("", "*");
        snprintf(suppression.address, sizeof(suppression.address), "u%d@away.example", i);
        suppression.until_s = i % 10 == 0 ? 0 : NOW_S + i;
        assert_int_equal(suppression_put(store, &settings, &suppression), SUPPRESSION_DONE);
    }
    assert_int_equal(suppression_expire(store, NOW_S, 50), 0);
    assert_int_equal(suppression_expire(store, NOW_S + 9, 50), 9);
    assert_int_equal(suppression_expire(store, NOW_S + DAY_S, 50), 50);
    assert_int_equal(suppression_expire(store, NOW_S + DAY_S, 50), 31);
    assert_int_equal(suppression_expire(store, NOW_S + DAY_S, 50), 0);
    assert_int_equal(suppression_count(store), 10);
}

/* --- bounds ---------------------------------------------------------------------------------- */

static void test_full(void **state)
{
    struct suppression_settings few = settings;
    struct suppression suppression = a_suppression("new@away.example", "*");
    (void)state;
    few.max = 2;
    put("a@away.example", "*");
    put("b@away.example", "*");
    assert_int_equal(suppression_put(store, &few, &suppression), SUPPRESSION_FULL);
    assert_false(is_suppressed(SPAN("new@away.example"), OURS, NOW_S));
    assert_true(is_suppressed(SPAN("a@away.example"), OURS, NOW_S)); /* nothing was pushed out */
    suppression = a_suppression("a@away.example", "*");
    suppression.until_s = 0;
    assert_int_equal(suppression_put(store, &few, &suppression), SUPPRESSION_DONE);
    assert_true(is_suppressed(SPAN("a@away.example"), OURS, NOW_S + DAY_S));
}

static void test_full_store(void **state)
{
    struct suppression suppression = a_suppression("b@away.example", "*");
    (void)state;
    put("a@away.example", "*");
    store_limit(store, 1);
    assert_int_equal(suppression_put(store, &settings, &suppression), SUPPRESSION_FULL);
    assert_true(is_suppressed(SPAN("a@away.example"), OURS, NOW_S));
}

/* --- walking --------------------------------------------------------------------------------- */

struct page {
    char last[SUPPRESSION_KEY_MAX];
    size_t last_size;
    unsigned count, total;
};

static bool take(const struct suppression *suppression, void *context)
{
    struct page *page = context;
    page->last_size = suppression_key(suppression, page->last).size;
    page->total++;
    return ++page->count < 7;
}

static void test_walk_in_pages(void **state)
{
    struct page page = { .total = 0 };
    (void)state;
    for (int i = 0; i < 50; i++) {
        char address[40];
        snprintf(address, sizeof(address), "u%d@away.example", i / 2);
        put(address, i % 2 == 0 ? "*" : "example.org");
    }
    do {
        page.count = 0;
        assert_true(
            suppression_walk(store, (struct span){ page.last, page.last_size }, take, &page));
    } while (page.count == 7);
    assert_int_equal(page.total, 50);
}

/* --- octets ---------------------------------------------------------------------------------- */

static bool measure(struct span key, struct span value, void *context)
{
    size_t *sizes = context;
    sizes[0] = key.size;
    sizes[1] = value.size;
    return true;
}

static void fill(char *text, size_t room)
{
    memset(text, 'x', room - 1);
    text[room - 1] = '\0';
}

/* What a site with as many as possible is foreseen to need. */
static void test_largest(void **state)
{
    struct suppression suppression = { .is_watched = true,
                                       .set_s = INT64_MAX,
                                       .until_s = INT64_MAX,
                                       .bounced_s = INT64_MAX,
                                       .bounces = UINT32_MAX,
                                       .bounced_message = UINT64_MAX };
    size_t sizes[2] = { 0, 0 };
    (void)state;
    fill(suppression.address, sizeof(suppression.address));
    fill(suppression.domain, sizeof(suppression.domain));
    fill(suppression.by, sizeof(suppression.by));
    fill(suppression.code, sizeof(suppression.code));
    fill(suppression.because, sizeof(suppression.because));
    assert_int_equal(suppression_put(store, &settings, &suppression), SUPPRESSION_DONE);
    assert_true(store_walk(store, STORE_SUPPRESSED, SPAN(""), measure, sizes));
    assert_in_range(sizes[0], SUPPRESSION_KEY_MAX - 1, SUPPRESSION_KEY_MAX);
    assert_in_range(sizes[1], SUPPRESSION_OCTETS_MAX - 16, SUPPRESSION_OCTETS_MAX);
}

/* --- foreign bytes --------------------------------------------------------------------------- */

#define STRANGE(text)                                                                              \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct {
    const char *value;
    size_t size;
} strange[] = {
    STRANGE(""),
    STRANGE("2 0 2 1 0 0 0 0 a\0b\0c"), /* a newer layout */
    STRANGE("1 2 2 1 0 0 0 0 a\0b\0c"),
    STRANGE("1 0 3 1 0 0 0 0 a\0b\0c"),
    STRANGE("1 0 2 -1 0 0 0 0 a\0b\0c"),
    STRANGE("1 0 2 99999999999999999999 0 0 0 0 a\0b\0c"),
    STRANGE("1 0 2 1 0 0 4294967296 0 a\0b\0c"),
    STRANGE("1 0 2 1 0 0 0 0 a\0b"),
    STRANGE("1 0 2 1 0 0 0 0 a"),
    STRANGE("1 0 2 1 0 0 0 0"),
    STRANGE("1  0 2 1 0 0 0 0 a\0b\0c"),
    STRANGE("1 0 2 1 0 0 0 0 a\0bbbbbbbbbbbbbbbb\0c"),
};

static void test_strange_values(void **state)
{
    struct page page = { .total = 0 };
    (void)state;
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        assert_true(store_put(store, STORE_SUPPRESSED, SPAN("bob@away.example\0*"),
                              (struct span){ strange[i].value, strange[i].size }, STORE_SOON));
        if (is_suppressed(BOB, OURS, NOW_S)) {
            fail_msg("number %zu", i);
        }
    }
    assert_true(suppression_walk(store, span_of(NULL), take, &page));
    assert_int_equal(page.total, 0);
    put("bob@away.example", "*"); /* it can be put anew */
    assert_true(is_suppressed(BOB, OURS, NOW_S));
}

/* --- what it costs --------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* At RCPT, so with room below 20 microseconds; what the figure is on a disk, bench/ tells. */
static void test_is_cheap(void **state)
{
    enum { LOOKS = 20000 };
    char directory[] = "/tmp/test_suppression.XXXXXX", command[64];
    struct suppression_settings many = settings;
    struct store *memory = store;
    unsigned hits = 0;
    (void)state;
    assert_non_null(mkdtemp(directory));
    store = store_open(directory);
    assert_non_null(store);
    assert_true(store_is_shared(store)); /* it is on disk */
    many.max = 100000;
    for (int i = 0; i < 5000; i++) {
        char address[40];
        snprintf(address, sizeof(address), "u%d@away.example", i);
        struct suppression_delivery delivery = { .address = span_of(address),
                                                 .domain = OURS,
                                                 .message = SPAN("m"),
                                                 .at_s = NOW_S,
                                                 .code = SPAN("5.1.1") };
        assert_int_equal(suppression_note_bounce(store, &many, &delivery), SUPPRESSION_WATCHED);
    }
    struct suppression one = a_suppression("u17@away.example", "*");
    assert_int_equal(suppression_put(store, &many, &one), SUPPRESSION_DONE);
    double began = seconds_now();
    for (int i = 0; i < LOOKS; i++) {
        char address[40];
        snprintf(address, sizeof(address), "u%d@away.example", i % 10000);
        hits += is_suppressed(span_of(address), OURS, NOW_S);
    }
    double each_us = (seconds_now() - began) / LOOKS * 1e6;
    print_message("a look costs %.2f us\n", each_us);
    assert_int_equal(hits, 2);
    store_close(&store);
    store = memory;
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    assert_int_equal(system(command), 0);
    assert_true(each_us < 400); /* sanitizers and a loaded machine */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, store_make, store_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_addresses), TEST(test_put_and_find),   TEST(test_whose_mail),
        TEST(test_time),      TEST(test_remove),         TEST(test_expire),
        TEST(test_full),      TEST(test_full_store),     TEST(test_walk_in_pages),
        TEST(test_largest),   TEST(test_strange_values), TEST(test_is_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
