/*
 * chance: numbers that look like chance, the same for the same seed on every machine.
 */
#ifndef EM_TESTS_SIM_CHANCE_H
#define EM_TESTS_SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_mix(uint64_t number)
{
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

/* SplitMix (Steele and others, 2014). */
static inline uint64_t chance_next(struct chance *chance)
{
    return chance_mix(chance->state += 0x9e3779b97f4a7c15);
}

static inline struct chance chance_of(uint64_t seed, uint64_t stream)
{
    return (struct chance){ chance_mix(chance_mix(seed + 1) + stream * 0x9e3779b97f4a7c15) };
}

static inline uint64_t chance_below(struct chance *chance, uint64_t limit)
{
    return chance_next(chance) % limit;
}

/* From low to high, both too. */
static inline uint32_t chance_from(struct chance *chance, uint32_t low, uint32_t high)
{
    return low + (uint32_t)chance_below(chance, high - low + 1);
}

/* So often in a thousand. */
static inline bool chance_happens(struct chance *chance, uint32_t permille)
{
    return chance_below(chance, 1000) < permille;
}

#endif
