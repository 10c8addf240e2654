/*
 * history: what happened to a principal lately: steps that his behaviour led to with their reasons,
 * suspicious messages with their queue ids, suspensions and releases. It is the evidence that a
 * person needs to decide, in the table STORE_HISTORY; each node keeps its own.
 */
#ifndef EM_BEHAVIOUR_HISTORY_H
#define EM_BEHAVIOUR_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "state/store.h"
#include "util/span.h"

enum {
    HISTORY_PER_PRINCIPAL = 64, /* the oldest go */
    HISTORY_KEEP_S = 90 * 86400
};

enum history_kind {
    HISTORY_MESSAGE, /* one that was unusual */
    HISTORY_NOTICE,  /* the next four are steps, struct ladder's names */
    HISTORY_THROTTLE,
    HISTORY_HOLD,
    HISTORY_SUSPEND,
    HISTORY_RELEASE,
    HISTORY_OVER, /* behaviour is as usual again */
    HISTORY_KIND_COUNT
};
/* "message", "notice", "throttle", "hold", "suspend", "release", "over". */
const char *history_kind_name(enum history_kind kind);

struct history_entry {
    char principal[256];
    int64_t at_ms; /* wall time */
    enum history_kind kind;
    char by[64];       /* "behaviour", or a user's name */
    char queue_id[64]; /* of the message that led to it; "": none */
    char text[600];    /* one line */
};

/* False: the principal's name is too long, or the store takes nothing. Two of one principal in one
 * millisecond are two. */
bool history_add(struct store *store, const struct history_entry *entry);
/* Oldest first. `each` returns false to end it, and does not write. */
typedef bool history_each(const struct history_entry *entry, void *context);
bool history_walk(struct store *store, struct span principal, history_each *each, void *context);
/* Removes what is too old, looking at `most` records from where *place_io says (a buffer of the
 * caller's, empty at first and when the end was reached). How many went. */
unsigned history_expire(struct store *store, int64_t wall_s, unsigned most,
                        struct buffer *place_io);

#endif
