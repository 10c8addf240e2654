/*
 * domains_handful: looks at a handful of things, with one wait for all their questions, and brings
 * what was seen into store and log.
 */
#ifndef EM_WATCH_DOMAINS_HANDFUL_H
#define EM_WATCH_DOMAINS_HANDFUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/domains.h"
#include "watch/domains_list.h"

/* What was said of late. All zero is the beginning. */
struct domains_told {
    size_t first, first_faulty; /* seen for the first time, not summed up yet */
    int64_t hour;               /* of wall time, to which these belong: */
    unsigned lines;             /* about faults */
    bool is_full;               /* others found no line */
};

/* has_told_r[i]: DNS could tell about things[i]. count at most DOMAINS_AT_ONCE. */
void domains_handful(const struct domains_setup *setup, struct domains_told *told,
                     struct domains_thing *const *things, size_t count, bool *has_told_r);
/* When nothing is left that was never tried: one line about what was seen for the first time. */
void domains_told_first(struct domains_told *told, struct log_sink *log);
/* When the store says that this was last looked at, wall time; 0: never. */
int64_t domains_looked_s(struct store *store, const struct domains_thing *thing);

#endif
