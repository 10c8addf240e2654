/*
 * window: the ring of slots.
 */
#include "limits/window.h"

#include <string.h>

#include "util/varint.h"

#define SLOTS_WHOLE (WINDOW_SLOTS - 1)

/* Rounded up: twelve of them are never shorter than the window. */
static uint64_t slot_ms(uint64_t per_ms)
{
    uint64_t length_ms = per_ms / SLOTS_WHOLE + (per_ms % SLOTS_WHOLE > 0);
    return length_ms > 0 ? length_ms : 1;
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    return b > WINDOW_AMOUNT_MAX - a ? WINDOW_AMOUNT_MAX : a + b;
}

uint64_t window_slot(uint64_t now_ms, uint64_t per_ms)
{
    return now_ms / slot_ms(per_ms);
}

void window_advance(struct window *window, uint64_t now_ms, uint64_t per_ms)
{
    uint64_t slot = window_slot(now_ms, per_ms);
    if (slot <= window->newest) {
        return;
    }
    if (slot - window->newest >= WINDOW_SLOTS) {
        memset(window->used, 0, sizeof(window->used));
    } else {
        for (uint64_t n = window->newest + 1; n <= slot; n++) {
            window->used[n % WINDOW_SLOTS] = 0;
        }
    }
    window->newest = slot;
}

uint64_t window_sum(const struct window *window)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < WINDOW_SLOTS; i++) {
        sum = sum_of(sum, window->used[i]);
    }
    return sum;
}

uint64_t window_charge(struct window *window, uint64_t amount)
{
    uint64_t *used = &window->used[window->newest % WINDOW_SLOTS];
    *used = amount > WINDOW_AMOUNT_MAX ? WINDOW_AMOUNT_MAX : sum_of(*used, amount);
    return window->newest;
}

void window_give_back(struct window *window, uint64_t slot, uint64_t amount)
{
    if (slot > window->newest || window->newest - slot >= WINDOW_SLOTS) {
        return;
    }
    uint64_t *used = &window->used[slot % WINDOW_SLOTS];
    *used = amount < *used ? *used - amount : 0;
}

uint64_t window_fits_in_ms(const struct window *window, uint64_t now_ms, uint64_t per_ms,
                           uint64_t max, uint64_t amount)
{
    uint64_t left = window_sum(window);
    if (amount > max) {
        return WINDOW_NEVER;
    }
    if (left <= max - amount) {
        return 0;
    }
    uint64_t oldest = window->newest < SLOTS_WHOLE ? 0 : window->newest - SLOTS_WHOLE;
    uint64_t n = oldest;
    for (; n < window->newest && left > max - amount; n++) {
        uint64_t used = window->used[n % WINDOW_SLOTS];
        left = used < left ? left - used : 0;
    }
    /* Slot n - 1 is the last that has to go; if the newest has to go too, all are. */
    uint64_t last = left > max - amount ? window->newest : n - 1;
    uint64_t gone_ms = (last + WINDOW_SLOTS) * slot_ms(per_ms);
    return gone_ms > now_ms ? gone_ms - now_ms : 0;
}

/* --- octets ---------------------------------------------------------------------------------- */

/* The slots from the newest back; those that are empty at the end are left out. */
void window_write_slots(const struct window *window, struct buffer *out)
{
    unsigned count = WINDOW_SLOTS;
    while (count > 0 && (count - 1 > window->newest ||
                         window->used[(window->newest - (count - 1)) % WINDOW_SLOTS] == 0)) {
        count--;
    }
    varint_put(out, count);
    for (unsigned back = 0; back < count; back++) {
        varint_put(out, window->used[(window->newest - back) % WINDOW_SLOTS]);
    }
}

void window_write(const struct window *window, struct buffer *out)
{
    varint_put(out, window->newest);
    window_write_slots(window, out);
}

static bool read_slots(struct span *from, struct window *window_r)
{
    uint64_t count;
    if (!varint_take(from, &count) || count > WINDOW_SLOTS ||
        (count > 0 && count - 1 > window_r->newest)) {
        return false;
    }
    for (unsigned back = 0; back < count; back++) {
        uint64_t *used = &window_r->used[(window_r->newest - back) % WINDOW_SLOTS];
        if (!varint_take(from, used) || *used > WINDOW_AMOUNT_MAX) {
            return false;
        }
    }
    return true;
}

bool window_read_slots(struct span *from, uint64_t newest, struct window *window_r)
{
    *window_r = (struct window){ .newest = newest };
    if (!read_slots(from, window_r)) {
        *window_r = (struct window){ 0 };
        return false;
    }
    return true;
}

bool window_read(struct span *from, struct window *window_r)
{
    uint64_t newest;
    *window_r = (struct window){ 0 };
    return varint_take(from, &newest) && window_read_slots(from, newest, window_r);
}
