/*
 * fuzz_record: any octets as what the store has of an account. What is taken for a record is
 * written and read the same again, holds together when time goes on and more is charged, and is
 * never larger than it may be. What is not is an empty one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits/record.h"

/* A meter's numbers and the thirteen slots of its window, each ten octets at most. */
#define METER_OCTETS_MAX (10 * (4 + 2 + WINDOW_SLOTS + 1))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct record record, again;

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_record: %s\n", what);
        abort();
    }
}

static void write_and_read(uint64_t now_ms, struct buffer *out)
{
    record_write(&record, now_ms, out);
    demand(!buffer_has_failed(out), "no memory");
    demand(out->size <= (RECORD_METERS_MAX + 1) * METER_OCTETS_MAX, "more than it may be");
    demand(record_read(buffer_span(out), &again), "what was written is none");
}

/* At time 0 all that was told holds still. */
static void check_same(struct buffer *out)
{
    size_t kept = 0;
    record_advance(&record, 0);
    write_and_read(0, out);
    demand(memcmp(&record.attempts, &again.attempts, sizeof(record.attempts)) == 0,
           "other attempts");
    for (size_t i = 0; i < record.count; i++) {
        const struct record_meter *at = &record.meters[i], *after = &again.meters[kept];
        if (window_sum(&at->window) == 0 && at->told == CHARGE_CALM) {
            continue;
        }
        kept++;
        demand(limit_meter_is_equal(at->meter, after->meter) &&
                   memcmp(&at->window, &after->window, sizeof(at->window)) == 0 &&
                   at->paid_off_ns == after->paid_off_ns && at->told == after->told &&
                   at->told_until_ms == after->told_until_ms,
               "a meter reads in two ways");
    }
    demand(kept == again.count, "a meter more or less");
}

/* At times before, in and after what it holds. */
static void check_use(struct buffer *out)
{
    static const uint64_t times_ms[] = { 0, 1, 3600000, UINT64_C(1) << 41, UINT64_MAX };
    static const struct limit_meter meter = { LIMIT_RECIPIENTS, LIMIT_TO_ALL, 3600 };
    for (size_t i = 0; i < sizeof(times_ms) / sizeof(times_ms[0]); i++) {
        record_advance(&record, times_ms[i]);
        window_charge(&record.attempts, 1);
        struct record_meter *at = record_take(&record, meter, times_ms[i]);
        demand(at != NULL || record.count == RECORD_METERS_MAX, "there was room");
        if (at != NULL) {
            window_charge(&at->window, 5);
            demand(record_find(&record, meter) == at, "taken, and not there");
        }
        demand(!record_is_empty(&record), "charged, and empty");
        write_and_read(times_ms[i], out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer out = BUFFER_EMPTY;
    if (record_read((struct span){ size > 0 ? (const char *)data : "", size }, &record)) {
        demand(record.count <= RECORD_METERS_MAX, "more than there may be");
        check_same(&out);
        check_use(&out);
    } else {
        demand(record.count == 0 && record_is_empty(&record), "none, and not empty");
    }
    buffer_free(&out);
    return 0;
}
