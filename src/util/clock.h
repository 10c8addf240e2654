/*
 * clock: time and randomness as things handed in, so that tests are exact.
 */
#ifndef EM_UTIL_CLOCK_H
#define EM_UTIL_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
    int64_t (*wall_s)(const struct clock *clock);   /* seconds since 1970, UTC */
    uint64_t (*mono_ns)(const struct clock *clock); /* never goes back; no relation to the wall */
    int32_t (*utc_offset_s)(const struct clock *clock, int64_t wall_s); /* local time minus UTC */
    void (*random)(const struct clock *clock, void *bytes_r,
                   size_t size); /* unpredictable in the real one */
    /* Nanoseconds since the machine was started, sleep included, and a number that no other start
     * of it has. Never goes back while the number stays. */
    uint64_t (*boot_ns)(const struct clock *clock, uint64_t *boot_r /* NULL: not asked */);
};

/* The real thing. */
extern const struct clock clock_system;
/* Milliseconds until a moment of clock_system, rounded up; 0: it is past. */
int clock_left_ms(uint64_t deadline_ns);

/* A clock that stands still; embed or use directly. random() counts up from 0, one byte after the
 * other, and on with the next call. For one thread. */
struct clock_fixed {
    struct clock clock;
    int64_t now_s;
    uint64_t now_ns; /* boot_ns too */
    uint64_t boot;
    uint8_t next_random;
};
void clock_fixed_init(struct clock_fixed *fixed, int64_t now_s);

static inline int64_t clock_wall_s(const struct clock *clock)
{
    return clock->wall_s(clock);
}
/* Seconds since 1970 as the clock on the wall has them there, for a time in UTC. */
static inline int64_t clock_local_s(const struct clock *clock, int64_t wall_s)
{
    return wall_s + clock->utc_offset_s(clock, wall_s);
}
static inline uint64_t clock_mono_ns(const struct clock *clock)
{
    return clock->mono_ns(clock);
}

#endif
