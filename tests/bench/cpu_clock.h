/*
 * cpu_clock: time as benches measure it: of a clock of the system, or of the CPU this process used.
 */
#ifndef TESTS_BENCH_CPU_CLOCK_H
#define TESTS_BENCH_CPU_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline double clock_us(clockid_t clock)
{
    return (double)clock_ns(clock) / 1e3;
}

static inline double clock_s(clockid_t clock)
{
    return (double)clock_ns(clock) / 1e9;
}

static inline uint64_t cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static inline double cpu_us(void)
{
    return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

static inline double cpu_s(void)
{
    return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
