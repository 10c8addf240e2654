/*
 * maillog_record: what is kept of a followed log, in STORE_MAILLOG under its name: how far it was
 * read, what came of it, and why it cannot be read now.
 */
#ifndef EM_WATCH_MAILLOG_RECORD_H
#define EM_WATCH_MAILLOG_RECORD_H

#include "feedback/maillog_source.h"
#include "state/store.h"

enum { MAILLOG_TROUBLE_MAX = 300 };

struct maillog_record {
    char place[MAILLOG_SOURCE_PLACE_MAX]; /* "": none */
    int64_t since_s;                      /* wall time: since when the numbers count, */
    int64_t bad_s;                        /* and since when it cannot be read; 0: it can */
    uint64_t lines;
    uint64_t attributed, unattributed, ambiguous; /* recipients in lines of delivery */
    uint64_t gaps;                                /* places where lines are missing */
    char trouble[MAILLOG_TROUBLE_MAX];            /* "": none */
};

/* STORE_ABSENT also where it is damaged, or a later version's. */
enum store_result maillog_record_get(struct store *store, const char *path,
                                     struct maillog_record *record_r);
bool maillog_record_put(struct store *store, const char *path, const struct maillog_record *record);

#endif
