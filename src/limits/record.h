/*
 * record: what one account has used, as one row of the store: a window for each meter, what was
 * paced, what was told, and how many messages were stopped in the last hour.
 */
#ifndef EM_LIMITS_RECORD_H
#define EM_LIMITS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/charge.h"
#include "limits/limit.h"
#include "limits/window.h"
#include "util/buffer.h"
#include "util/span.h"

enum {
    RECORD_LAYOUT = 1,
    RECORD_METERS_MAX = 48,
    RECORD_ATTEMPTS_PER_MS = 3600 * 1000,
    RECORD_OCTETS_TYPICAL = 160, /* three meters in use */
    /* Kind and length of a meter, its window, what was paced, what was told and until when. */
    RECORD_METER_OCTETS_MAX = 1 + 5 + WINDOW_OCTETS_MAX + 1 + 2 * VARINT_OCTETS_MAX
};
#define RECORD_OCTETS_MAX(meters) (1 + WINDOW_OCTETS_MAX + (meters)*RECORD_METER_OCTETS_MAX)

struct record_meter {
    struct limit_meter meter;
    struct window window;
    uint64_t paid_off_ns; /* limits/pace.h; 0: nothing was paced */
    uint8_t told;         /* enum charge_level, good until told_until_ms */
    uint64_t told_until_ms;
};

struct record {
    struct record_meter meters[RECORD_METERS_MAX];
    size_t count;
    struct window attempts; /* messages stopped here */
};

/* False: these octets are no record, or of another layout; *record_r is empty then. */
bool record_read(struct span octets, struct record *record_r);
/* Drops what is out of its window at now_ms. */
void record_advance(struct record *record, uint64_t now_ms);
/* Nothing is in any window. */
bool record_is_empty(const struct record *record);
/* Replaces what is in `out`; empty meters are left out. */
void record_write(const struct record *record, uint64_t now_ms, struct buffer *out);
/* NULL: not there. */
struct record_meter *record_find(struct record *record, struct limit_meter meter);
/* The same, made where it is not there, ready for a charge at now_ms; NULL: full. */
struct record_meter *record_take(struct record *record, struct limit_meter meter, uint64_t now_ms);

#endif
