/*
 * siphash: SipHash-2-4, the keyed hash of Aumasson and Bernstein (2012) for tables that strangers
 * fill.
 */
#ifndef EM_UTIL_SIPHASH_H
#define EM_UTIL_SIPHASH_H

#include <stdint.h>

#include "util/span.h"

/* The key as two little-endian words. Whoever does not know it cannot foresee the result. */
uint64_t siphash(const uint64_t key[static 2], struct span text);

#endif
