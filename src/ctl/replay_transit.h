/*
 * replay_transit: the messages of Postfix that are under way in a log, in the order they came,
 * found by their queue id. So many at once and no more.
 */
#ifndef EM_CTL_REPLAY_TRANSIT_H
#define EM_CTL_REPLAY_TRANSIT_H

#include <stdbool.h>
#include <stdint.h>

#include "finding/finding.h"
#include "util/span.h"

enum {
    TRANSIT_PLACES = 1 << 15, /* about 20 MB */
    TRANSIT_USER_MAX = 320,
    TRANSIT_DOMAIN_MAX = 256,
    TRANSIT_ID_ROOM = 24
};

struct transit {
    char queue_id[TRANSIT_ID_ROOM];
    uint32_t next; /* in its bucket: a place, counted from 1; 0: the last */
    bool is_ours;  /* a line of ours tells of it */
    bool is_queued, is_done;
    int64_t time_s; /* when it was handed in */
    enum mail_class mail_class;
    char user[TRANSIT_USER_MAX], domain[TRANSIT_DOMAIN_MAX];
    size_t user_size, domain_size;
    const char *network; /* NULL: none */
    uint64_t recipients, internal, size_bytes;
};

struct transits;

/* NULL: no memory. */
struct transits *transits_new(void);
void transits_free(struct transits **transits);
bool transits_are_full(const struct transits *transits);
/* All zero but its id. Not where they are full. */
struct transit *transits_add(struct transits *transits, struct span queue_id);
/* The latest of this id, since ids come again; NULL: none. */
struct transit *transits_find(struct transits *transits, struct span queue_id);
/* The one that came first; NULL: none. */
struct transit *transits_oldest(struct transits *transits);
void transits_drop_oldest(struct transits *transits);

#endif
