/*
 * ledger: what the ledger wants done by timer: what is out of every window goes, of the daybooks of
 * organizations too, and its time is kept for the next start of the machine.
 */
#include "watch/watch_private.h"

#include <stdlib.h>

#include "bulk/volume.h"
#include "limits/ledger.h"

#define TIDY_MS 1000
#define KEEP_NS UINT64_C(60000000000)

struct housekeeping {
    uint64_t kept_ns;
};

static void *housekeeping_begin(struct watch *watch)
{
    struct housekeeping *house = calloc(1, sizeof(*house));
    if (house != NULL) {
        house->kept_ns = clock_mono_ns(watch_setup_of(watch)->clock);
    }
    return house;
}

static unsigned housekeeping_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct housekeeping *house = state;
    uint64_t now_ns = clock_mono_ns(setup->clock);
    (void)is_hurried;
    if (setup->books.ledger == NULL) {
        return KEEP_NS / 1000000;
    }
    ledger_tidy(setup->books.ledger);
    if (now_ns - house->kept_ns >= KEEP_NS) {
        ledger_keep_time(setup->books.ledger);
        volume_tidy(setup->store, ledger_now_ms(setup->books.ledger));
        house->kept_ns = now_ns;
    }
    return TIDY_MS;
}

const struct watch_job watch_ledger_job = { .name = "ledger",
                                            .begin = housekeeping_begin,
                                            .end = free,
                                            .run = housekeeping_run,
                                            .is_for_leader = true };
