/*
 * level: logarithms and powers of two in fixed point.
 *
 * Between two powers log2(1 + f) is taken as f + 0.344 f (1 - f), which is off by 0.008 at most.
 */
#include "behaviour/level.h"

#define BEND 88 /* 0.344 of LEVEL_ONE */
#define STEPS 32

static uint32_t bend(uint32_t part)
{
    return part * (LEVEL_ONE - part) * BEND / (LEVEL_ONE * LEVEL_ONE);
}

uint32_t level_of(uint64_t count)
{
    uint64_t number = count < UINT64_MAX ? count + 1 : count;
    unsigned whole = 63 - (unsigned)__builtin_clzll(number);
    uint64_t rest = number - (UINT64_C(1) << whole);
    uint32_t part = (uint32_t)(whole >= 8 ? rest >> (whole - 8) : rest << (8 - whole));
    return whole * LEVEL_ONE + part + bend(part);
}

uint64_t level_count(uint32_t level)
{
    uint32_t whole = level / LEVEL_ONE, part = level % LEVEL_ONE;
    if (whole > 54) {
        return UINT64_C(1) << 55;
    }
    uint64_t number = (UINT64_C(1) << whole) * (LEVEL_ONE + part - bend(part));
    return (number + LEVEL_ONE / 2) / LEVEL_ONE - 1;
}

/* 2^-(i/32) of LEVEL_FADE_ONE. */
static const uint32_t fades[STEPS + 1] = {
    65536, 64132, 62757, 61413, 60097, 58809, 57549, 56316, 55109, 53928, 52773,
    51642, 50535, 49452, 48393, 47356, 46341, 45348, 44376, 43425, 42495, 41584,
    40693, 39821, 38968, 38133, 37316, 36516, 35734, 34968, 34219, 33486, 32768,
};

uint32_t level_fade(uint64_t passed_ms, uint64_t half_life_ms)
{
    uint64_t halves = passed_ms / half_life_ms;
    if (halves >= 32) {
        return 0;
    }
    uint64_t rest = passed_ms % half_life_ms * STEPS;
    uint64_t step = rest / half_life_ms, within = rest % half_life_ms;
    uint64_t drop = (uint64_t)(fades[step] - fades[step + 1]) * within / half_life_ms;
    return (uint32_t)((fades[step] - drop) >> halves);
}

uint64_t level_part(uint64_t value, uint32_t part)
{
    uint64_t high = value / LEVEL_FADE_ONE, low = value % LEVEL_FADE_ONE;
    return high * part + (low * part + LEVEL_FADE_ONE / 2) / LEVEL_FADE_ONE;
}

uint32_t level_root(uint64_t square)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1) {
        if ((root | bit) * (root | bit) <= square) {
            root |= bit;
        }
    }
    return (uint32_t)root;
}
