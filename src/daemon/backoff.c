/*
 * backoff: pure arithmetic; the times are handed in.
 */
#include "daemon/backoff.h"

unsigned backoff_died(struct backoff *backoff, uint64_t now_ms, uint64_t lived_ms)
{
    uint64_t oldest_ms;
    bool too_many;
    unsigned wait_ms = BACKOFF_FIRST_MS;

    if (lived_ms >= BACKOFF_CALM_MS)
        *backoff = (struct backoff){ .deaths = 0 };
    oldest_ms = backoff->died_ms[backoff->deaths % BACKOFF_BURST];
    too_many = backoff->deaths >= BACKOFF_BURST && now_ms - oldest_ms < BACKOFF_WINDOW_MS;
    backoff->died_ms[backoff->deaths++ % BACKOFF_BURST] = now_ms;
    /* One that never served is not helped by haste, but the first try may have been bad luck. */
    if (!too_many && backoff->pauses == 0 && (lived_ms > 0 || backoff->deaths == 1))
        return 0;
    for (unsigned i = 0; i < backoff->pauses && wait_ms < BACKOFF_LONGEST_MS; i++)
        wait_ms *= 2;
    backoff->pauses++;
    return wait_ms < BACKOFF_LONGEST_MS ? wait_ms : BACKOFF_LONGEST_MS;
}
