/*
 * level: counts on a scale of doublings, and what fades with time, in whole numbers, so that every
 * machine reckons the same.
 *
 * A level is log2(1 + count) times LEVEL_ONE: 0 for nothing, one LEVEL_ONE more for each doubling.
 * Counts of mail are skewed: what is unusual is a multiple, not a difference.
 */
#ifndef EM_BEHAVIOUR_LEVEL_H
#define EM_BEHAVIOUR_LEVEL_H

#include <stdint.h>

enum { LEVEL_ONE = 256 };
#define LEVEL_FADE_ONE 65536u

/* Right to 1/100 of a doubling. */
uint32_t level_of(uint64_t count);
/* The count of a level, rounded; for words. */
uint64_t level_count(uint32_t level);
/* How much is left of something after so long: LEVEL_FADE_ONE times 2^-(passed/half_life). */
uint32_t level_fade(uint64_t passed_ms, uint64_t half_life_ms);
/* value * part / LEVEL_FADE_ONE, rounded. */
uint64_t level_part(uint64_t value, uint32_t part);
/* The whole root. */
uint32_t level_root(uint64_t square);

#endif
