/* The null filter: libmilter with callbacks that do nothing, negotiated as told. */
#ifndef TESTS_BENCH_FLOOR_FILTER_H
#define TESTS_BENCH_FLOOR_FILTER_H

#include <stdint.h>

#define FLOOR_STAGES 7

struct floor_filter {
    const char *socket;
    unsigned long actions;
    unsigned long steps;
    const char *list[FLOOR_STAGES]; /* macro names by SMFIM_ stage; NULL: the MTA's own */
    uint64_t burn_ns;               /* thread CPU time used up at end of message */
    unsigned inserts;               /* header fields inserted after that, as a signer does */
};

/* Serves until TERM. Returns an exit status. */
int floor_filter_run(const struct floor_filter *filter);

#endif
