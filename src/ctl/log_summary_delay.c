/*
 * log_summary_delay: delays in buckets: the first holds what took a millisecond at most, the last
 * whatever took longer than weeks. The figure told is the middle of a bucket.
 */
#include "ctl/log_summary.h"

/* Where bucket `i` ends, in milliseconds. */
static int64_t bucket_end(size_t i)
{
    int64_t end = 1;
    for (size_t k = 0; k < i; k++) {
        end += end / 4 > 0 ? end / 4 : 1;
    }
    return end;
}

void delays_add(struct delays *delays, int64_t delay_ms)
{
    int64_t end = 1;
    size_t i = 0;
    if (delay_ms < 0) {
        return;
    }
    while (delay_ms > end && i + 1 < DELAY_BUCKETS) {
        end += end / 4 > 0 ? end / 4 : 1;
        i++;
    }
    delays->buckets[i]++;
    delays->count++;
}

int64_t delays_percentile(const struct delays *delays, unsigned percent)
{
    uint64_t wanted = (delays->count * percent + 99) / 100, count = 0;
    for (size_t i = 0; i < DELAY_BUCKETS; i++) {
        count += delays->buckets[i];
        if (count >= wanted && count > 0) {
            return i == 0 ? 0 : (bucket_end(i - 1) + bucket_end(i) + 1) / 2;
        }
    }
    return 0;
}
