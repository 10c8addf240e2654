/*
 * ledger_time: the ledger's time over restarts of the machine.
 *
 * While the machine runs its own clock counts, which no one can set. What passed while it was off
 * is taken from the wall clock, if that says anything sensible: a wall clock behind counts as no
 * time, so that windows end later and never sooner; one that is far ahead by mistake can only make
 * what was used forgotten once.
 */
#include <string.h>

#include "limits/ledger_private.h"
#include "util/varint.h"

enum { TIME_LAYOUT = 1, OFF_MAX_S = 400 * 86400 };

#define TIME_KEY SPAN(LEDGER_OWN_MARK "time")

/* What was the case when the row was written. */
struct kept {
    uint64_t boot, boot_ms, ledger_ms;
    uint64_t wall_s;
};

struct moment {
    struct ledger *ledger;
    uint64_t boot, boot_ms, wall_s;
};

static struct moment moment_of(struct ledger *ledger)
{
    struct moment now = { .ledger = ledger };
    int64_t wall_s = clock_wall_s(ledger->clock);
    now.boot_ms = ledger->clock->boot_ns(ledger->clock, &now.boot) / 1000000;
    now.wall_s = wall_s > 0 ? (uint64_t)wall_s : 0;
    return now;
}

static bool read_kept(struct span from, struct kept *kept_r)
{
    uint64_t layout;
    return varint_take(&from, &layout) && layout == TIME_LAYOUT &&
           varint_take(&from, &kept_r->boot) && varint_take(&from, &kept_r->boot_ms) &&
           varint_take(&from, &kept_r->ledger_ms) && varint_take(&from, &kept_r->wall_s);
}

static void write_kept(const struct moment *now, struct buffer *value)
{
    buffer_clear(value);
    varint_put(value, TIME_LAYOUT);
    varint_put(value, now->boot);
    varint_put(value, now->boot_ms);
    varint_put(value, now->boot_ms + now->ledger->offset_ms);
    varint_put(value, now->wall_s);
}

static uint64_t passed_ms(const struct kept *kept, const struct moment *now)
{
    if (kept->boot == now->boot && now->boot_ms >= kept->boot_ms) {
        return now->boot_ms - kept->boot_ms;
    }
    uint64_t off_s = now->wall_s > kept->wall_s ? now->wall_s - kept->wall_s : 0;
    return (off_s < OFF_MAX_S ? off_s : OFF_MAX_S) * 1000;
}

/* The first process of a start decides, and all others follow it. */
static bool begin(struct buffer *value, bool is_found, void *context)
{
    struct moment *now = context;
    struct kept kept;
    if (is_found && read_kept(buffer_span(value), &kept)) {
        now->ledger->offset_ms = kept.ledger_ms + passed_ms(&kept, now) - now->boot_ms;
        if (kept.boot == now->boot) {
            return false;
        }
    } else {
        now->ledger->offset_ms = 0;
    }
    write_kept(now, value);
    return true;
}

bool ledger_time_begin(struct ledger *ledger)
{
    struct moment now = moment_of(ledger);
    return store_update(ledger->store, STORE_LIMITS, TIME_KEY, STORE_SOON, begin, &now);
}

bool ledger_keep_time(struct ledger *ledger)
{
    struct moment now = moment_of(ledger);
    struct buffer value = { 0 };
    write_kept(&now, &value);
    bool is_kept = !buffer_has_failed(&value) && store_put(ledger->store, STORE_LIMITS, TIME_KEY,
                                                           buffer_span(&value), STORE_SOON);
    buffer_free(&value);
    return is_kept;
}

uint64_t ledger_now_ms(const struct ledger *ledger)
{
    return ledger->clock->boot_ns(ledger->clock, NULL) / 1000000 + ledger->offset_ms;
}
