/*
 * tally: counts by pairs of texts (an address and a login, a finding and a user), in bounded
 * memory.
 *
 * What a log names is chosen by whoever sends mail, so there is a most that is kept: from then on
 * new pairs are only counted, pairs that are there go on. Whoever prints totals says so.
 */
#ifndef EM_CTL_TALLY_H
#define EM_CTL_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "util/span.h"

struct tally;

struct tally_row {
    struct span first, second; /* filled by tally_rows() */
    uint64_t messages, recipients;
    uint64_t reject, hold, defer;
    int64_t first_s, last_s;            /* last_s -1: never dated */
    uint64_t longest_ms;                /* the longest wait; for whoever counts such */
    uint64_t bytes, delivered, bounced; /* for whoever counts such */
};

/* About 200 MB with addresses of usual length. */
#define TALLY_ROWS_MAX ((size_t)1 << 20)
#define TALLY_TEXT_MAX ((size_t)128 << 20) /* octets of all pairs together */

/* NULL: out of memory. */
struct tally *tally_new(size_t rows_max);
/* Clears the pointer; NULL is fine. */
void tally_free(struct tally **tally);
/* The row of a pair, made where it is new. NULL: no room for another one, which is counted. */
struct tally_row *tally_row(struct tally *tally, struct span first, struct span second);
/* How often there was no room. */
uint64_t tally_left_out(const struct tally *tally);
/*
 * All rows, sorted by `compare` (as for qsort, over struct tally_row *), with their texts filled.
 * Rows and texts are the tally's, the array is the caller's to free. NULL: there are none, or no
 * memory; *count_r tells which. No row may be added any more.
 */
struct tally_row **tally_rows(struct tally *tally, int (*compare)(const void *, const void *),
                              size_t *count_r);
/* Byte by byte, shorter first: -1, 0 or 1. */
int tally_compare_text(struct span a, struct span b);

#endif
