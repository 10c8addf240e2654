/*
 * pace: a leaky bucket, told as a time.
 */
#include "limits/pace.h"

#define NS_PER_MS UINT64_C(1000000)
#define TIME_MAX_NS (UINT64_MAX / 2)

__extension__ typedef unsigned __int128 wide;

static uint64_t least(wide a, uint64_t b)
{
    return a < b ? (uint64_t)a : b;
}

/* What an amount weighs. One unit is rounded up to a whole nanosecond and all are made of such
 * units, so that `burst` single ones are the burst. */
static uint64_t weight_ns(const struct pace_rule *rule, uint64_t amount)
{
    wide unit_ns = ((wide)rule->per_ms * NS_PER_MS + rule->max - 1) / rule->max;
    return least(unit_ns > TIME_MAX_NS ? TIME_MAX_NS : unit_ns * amount, TIME_MAX_NS);
}

static uint64_t begin_ns(uint64_t paid_off_ns, uint64_t now_ms)
{
    uint64_t now_ns = least((wide)now_ms * NS_PER_MS, TIME_MAX_NS);
    return paid_off_ns > now_ns ? paid_off_ns : now_ns;
}

uint64_t pace_fits_in_ms(const struct pace_rule *rule, uint64_t paid_off_ns, uint64_t now_ms,
                         uint64_t amount)
{
    if (amount > rule->burst) {
        return PACE_NEVER;
    }
    uint64_t now_ns = begin_ns(0, now_ms);
    wide end_ns = (wide)begin_ns(paid_off_ns, now_ms) + weight_ns(rule, amount);
    wide latest_ns = (wide)now_ns + weight_ns(rule, rule->burst);
    return end_ns <= latest_ns ? 0 : (uint64_t)((end_ns - latest_ns + NS_PER_MS - 1) / NS_PER_MS);
}

uint64_t pace_charge(const struct pace_rule *rule, uint64_t paid_off_ns, uint64_t now_ms,
                     uint64_t amount)
{
    wide window_ns = (wide)rule->per_ms * NS_PER_MS, burst_ns = weight_ns(rule, rule->burst);
    wide latest_ns = begin_ns(0, now_ms) + (burst_ns > window_ns ? burst_ns : window_ns);
    wide end_ns = (wide)begin_ns(paid_off_ns, now_ms) + weight_ns(rule, amount);
    return least(end_ns < latest_ns ? end_ns : latest_ns, TIME_MAX_NS);
}

uint64_t pace_give_back(const struct pace_rule *rule, uint64_t paid_off_ns, uint64_t amount)
{
    uint64_t weight = weight_ns(rule, amount);
    return weight < paid_off_ns ? paid_off_ns - weight : 0;
}
