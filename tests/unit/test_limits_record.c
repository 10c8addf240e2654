/*
 * record: what an account has used goes to octets and comes back; octets that are none, or of
 * another layout, are an empty record.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "limits/record.h"
#include "util/varint.h"

#define HOUR_MS UINT64_C(3600000)
#define NOW_MS (1000 * HOUR_MS)

static const struct limit_meter hour = { LIMIT_RECIPIENTS, LIMIT_TO_EXTERNAL, 3600 };
static const struct limit_meter day = { LIMIT_RECIPIENTS, LIMIT_TO_EXTERNAL, 86400 };
static const struct limit_meter inside = { LIMIT_RECIPIENTS, LIMIT_TO_INTERNAL, 3600 };
static const struct limit_meter messages = { LIMIT_MESSAGES, LIMIT_TO_EXTERNAL, 3600 };
static const struct limit_meter last = { LIMIT_FAILED_RECIPIENTS, LIMIT_TO_ALL, UINT32_MAX };

/* Records are large; one at a time is used, and one to compare it with. */
static struct record record, again;

static void use(struct limit_meter meter, uint64_t now_ms, uint64_t amount)
{
    struct record_meter *at = record_take(&record, meter, now_ms);
    assert_non_null(at);
    window_charge(&at->window, amount);
}

static void write_and_read(uint64_t now_ms)
{
    struct buffer out = BUFFER_EMPTY;
    record_write(&record, now_ms, &out);
    assert_false(buffer_has_failed(&out));
    memset(&again, 0x55, sizeof(again));
    assert_true(record_read(buffer_span(&out), &again));
    buffer_free(&out);
}

static void test_round_trip(void **state)
{
    (void)state;
    memset(&record, 0, sizeof(record));
    use(hour, NOW_MS, 12);
    use(day, NOW_MS, 4000);
    use(inside, NOW_MS, WINDOW_AMOUNT_MAX);
    use(last, NOW_MS, 1);
    record_find(&record, hour)->paid_off_ns = UINT64_MAX;
    record_find(&record, day)->told = CHARGE_NEAR;
    record_find(&record, day)->told_until_ms = NOW_MS + 24 * HOUR_MS;
    record_find(&record, last)->told = CHARGE_FULL;
    record_find(&record, last)->told_until_ms = UINT64_MAX;
    record_advance(&record, NOW_MS);
    window_charge(&record.attempts, 3);
    write_and_read(NOW_MS);
    assert_int_equal(again.count, 4);
    assert_memory_equal(&again.attempts, &record.attempts, sizeof(record.attempts));
    for (size_t i = 0; i < record.count; i++) {
        const struct record_meter *before = &record.meters[i];
        const struct record_meter *after = record_find(&again, before->meter);
        assert_non_null(after);
        assert_memory_equal(&after->window, &before->window, sizeof(before->window));
        assert_true(after->paid_off_ns == before->paid_off_ns);
        assert_int_equal(after->told, before->told);
        assert_true(after->told_until_ms == before->told_until_ms);
    }
}

static void fill_window(struct window *window)
{
    window->newest = UINT64_MAX;
    for (size_t i = 0; i < WINDOW_SLOTS; i++) {
        window->used[i] = WINDOW_AMOUNT_MAX;
    }
}

/* What is foreseen for a record is reached, and not passed. */
static void test_largest(void **state)
{
    static const uint32_t times[] = { UINT32_MAX, UINT32_MAX - 1, UINT32_MAX - 2 };
    struct buffer out = BUFFER_EMPTY;
    (void)state;
    for (size_t count = 0; count <= 3; count++) {
        record = (struct record){ .count = count };
        fill_window(&record.attempts);
        for (size_t i = 0; i < count; i++) {
            struct record_meter *at = &record.meters[i];
            at->meter = (struct limit_meter){ last.count, last.to, times[i] };
            at->paid_off_ns = at->told_until_ms = UINT64_MAX;
            at->told = CHARGE_FULL;
            fill_window(&at->window);
        }
        record_write(&record, NOW_MS, &out);
        assert_int_equal(out.size, RECORD_OCTETS_MAX(count));
    }
    buffer_free(&out);
}

/* Meters differ by each of their parts. */
static void test_find_and_take(void **state)
{
    (void)state;
    memset(&record, 0, sizeof(record));
    assert_null(record_find(&record, hour));
    use(hour, NOW_MS, 1);
    assert_null(record_find(&record, day));
    assert_null(record_find(&record, inside));
    assert_null(record_find(&record, messages));
    use(day, NOW_MS, 2);
    use(inside, NOW_MS, 3);
    use(messages, NOW_MS, 4);
    use(hour, NOW_MS, 5);
    assert_int_equal(record.count, 4);
    assert_int_equal(window_sum(&record_find(&record, hour)->window), 6);
    assert_int_equal(window_sum(&record_find(&record, inside)->window), 3);
    for (uint32_t i = 4; i < RECORD_METERS_MAX; i++) {
        assert_non_null(record_take(&record, (struct limit_meter){ 0, 0, 60 + i }, NOW_MS));
    }
    assert_null(record_take(&record, (struct limit_meter){ 0, 0, 59 }, NOW_MS));
    assert_non_null(record_take(&record, messages, NOW_MS));
    assert_int_equal(record.count, RECORD_METERS_MAX);
}

/* What says nothing any more is not written. */
static void test_what_is_left_out(void **state)
{
    struct buffer out = BUFFER_EMPTY;
    (void)state;
    memset(&record, 0, sizeof(record));
    assert_true(record_is_empty(&record));
    use(hour, NOW_MS, 1);
    use(day, NOW_MS, 1);
    assert_false(record_is_empty(&record));
    record_take(&record, messages, NOW_MS);
    write_and_read(NOW_MS);
    assert_int_equal(again.count, 2);

    record_advance(&record, NOW_MS + 2 * HOUR_MS);
    write_and_read(NOW_MS + 2 * HOUR_MS);
    assert_int_equal(again.count, 1);
    assert_null(record_find(&again, hour));
    assert_int_equal(window_sum(&record_find(&again, day)->window), 1);

    /* What was told of an empty window is kept as long as it holds, or it would be told again. */
    record_find(&record, hour)->told = CHARGE_NEAR;
    record_find(&record, hour)->told_until_ms = NOW_MS + 3 * HOUR_MS;
    record_advance(&record, NOW_MS + 3 * HOUR_MS - 1);
    write_and_read(NOW_MS + 3 * HOUR_MS - 1);
    assert_int_equal(again.count, 2);
    assert_int_equal(record_find(&again, hour)->told, CHARGE_NEAR);
    record_advance(&record, NOW_MS + 3 * HOUR_MS);
    write_and_read(NOW_MS + 3 * HOUR_MS);
    assert_int_equal(again.count, 1);
    /* And of one in use it is forgotten then. */
    record_find(&record, day)->told = CHARGE_FULL;
    record_find(&record, day)->told_until_ms = NOW_MS + 4 * HOUR_MS;
    write_and_read(NOW_MS + 4 * HOUR_MS);
    assert_int_equal(record_find(&again, day)->told, CHARGE_CALM);
    record_advance(&record, NOW_MS + 4 * HOUR_MS);
    assert_int_equal(record_find(&record, day)->told, CHARGE_CALM);

    record_advance(&record, NOW_MS + 30 * HOUR_MS);
    assert_true(record_is_empty(&record));
    window_charge(&record.attempts, 1);
    assert_false(record_is_empty(&record));
    record_advance(&record, NOW_MS + 32 * HOUR_MS);
    assert_true(record_is_empty(&record));
    record_write(&record, NOW_MS + 32 * HOUR_MS, &out);
    assert_true(record_read(buffer_span(&out), &again));
    assert_int_equal(again.count, 0);
    buffer_free(&out);
}

/* --- foreign octets -------------------------------------------------------------------------- */

static void put_window(struct buffer *out, uint64_t newest, uint64_t amount)
{
    struct window window = { .newest = newest };
    window.used[newest % WINDOW_SLOTS] = amount;
    window_write(&window, out);
}

/* An entry as record_write() makes it, of any numbers. */
static void put_meter(struct buffer *out, uint64_t kind, uint64_t per_s, uint64_t told)
{
    varint_put(out, kind);
    varint_put(out, per_s);
    put_window(out, 12, 7);
    varint_put(out, 0);
    varint_put(out, told);
    if (told != CHARGE_CALM) {
        varint_put(out, 99);
    }
}

static void begin(struct buffer *out, uint64_t layout)
{
    buffer_clear(out);
    varint_put(out, layout);
    put_window(out, 12, 1);
}

static bool reads(const struct buffer *octets)
{
    memset(&again, 0x55, sizeof(again));
    bool is_read = record_read(buffer_span(octets), &again);
    if (!is_read) {
        assert_int_equal(again.count, 0);
        assert_int_equal(window_sum(&again.attempts), 0);
    }
    return is_read;
}

static void test_foreign(void **state)
{
    static const struct {
        uint64_t layout, kind, per_s, told;
        bool is_good;
    } cases[] = {
        { 1, 0, 60, CHARGE_CALM, true },
        { 1, 17, UINT32_MAX, CHARGE_FULL, true },
        { 0, 0, 60, 0, false },
        { 2, 0, 60, 0, false },
        { UINT64_MAX, 0, 60, 0, false },
        { 1, 18, 60, 0, false },
        { 1, UINT64_MAX, 60, 0, false },
        { 1, 0, 0, 0, false },
        { 1, 0, UINT64_C(1) << 32, 0, false },
        { 1, 0, 60, CHARGE_FULL + 1, false },
        { 1, 0, 60, 256, false },
    };
    struct buffer out = BUFFER_EMPTY;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&out, cases[i].layout);
        put_meter(&out, 2, 60, 0); /* a good one before it */
        put_meter(&out, cases[i].kind, cases[i].per_s, cases[i].told);
        if (reads(&out) != cases[i].is_good) {
            fail_msg("case %zu", i);
        }
    }
    buffer_clear(&out);
    assert_false(reads(&out)); /* nothing at all */
    begin(&out, 1);
    assert_true(reads(&out));
    for (uint32_t i = 0; i < RECORD_METERS_MAX; i++) {
        put_meter(&out, 0, 60 + i, 0);
    }
    assert_true(reads(&out));
    assert_int_equal(again.count, RECORD_METERS_MAX);
    put_meter(&out, 1, 60, 0);
    assert_false(reads(&out));
    buffer_free(&out);
}

/* Cut anywhere it is none, but where an entry ends. */
static void test_cut(void **state)
{
    struct buffer out = BUFFER_EMPTY, cut = BUFFER_EMPTY;
    size_t ends[3];
    (void)state;
    begin(&out, 1);
    ends[0] = out.size;
    put_meter(&out, 3, 3600, CHARGE_NEAR);
    ends[1] = out.size;
    put_meter(&out, 0, 86400, CHARGE_CALM);
    ends[2] = out.size;
    for (size_t size = 0; size <= out.size; size++) {
        buffer_clear(&cut);
        buffer_add(&cut, out.at, size);
        bool is_whole = size == ends[0] || size == ends[1] || size == ends[2];
        if (reads(&cut) != is_whole) {
            fail_msg("%zu octets", size);
        }
    }
    buffer_add_char(&cut, '\0');
    assert_false(reads(&cut));
    buffer_free(&out);
    buffer_free(&cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_largest),
        cmocka_unit_test(test_find_and_take), cmocka_unit_test(test_what_is_left_out),
        cmocka_unit_test(test_foreign),       cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
