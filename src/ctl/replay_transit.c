/*
 * replay_transit: a ring, and chains through it by the hash of queue ids. Those are the mail
 * server's own, not chosen by strangers, so any hash will do.
 */
#include "ctl/replay_transit.h"

#include <stdlib.h>

enum { BUCKETS = 1 << 12 };

struct transits {
    struct transit *places;
    size_t first, count;
    uint32_t buckets[BUCKETS]; /* the latest: a place, counted from 1 */
};

struct transits *transits_new(void)
{
    struct transits *transits = calloc(1, sizeof(*transits));

    if (transits != NULL) {
        transits->places = calloc(TRANSIT_PLACES, sizeof(*transits->places));
        if (transits->places == NULL) {
            transits_free(&transits);
        }
    }
    return transits;
}

void transits_free(struct transits **transits)
{
    if (*transits != NULL) {
        free((*transits)->places);
        free(*transits);
        *transits = NULL;
    }
}

static uint32_t *bucket_of(struct transits *transits, struct span queue_id)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < queue_id.size; i++) {
        hash = (hash ^ (unsigned char)queue_id.at[i]) * 16777619u;
    }
    return &transits->buckets[hash % BUCKETS];
}

bool transits_are_full(const struct transits *transits)
{
    return transits->count == TRANSIT_PLACES;
}

struct transit *transits_add(struct transits *transits, struct span queue_id)
{
    size_t place = (transits->first + transits->count++) % TRANSIT_PLACES;
    struct transit *transit = &transits->places[place];
    uint32_t *bucket;

    *transit = (struct transit){ .next = 0 };
    queue_id = span_first(queue_id, sizeof(transit->queue_id) - 1);
    memcpy(transit->queue_id, queue_id.at, queue_id.size);
    bucket = bucket_of(transits, queue_id);
    transit->next = *bucket;
    *bucket = (uint32_t)place + 1;
    return transit;
}

struct transit *transits_find(struct transits *transits, struct span queue_id)
{
    uint32_t at = *bucket_of(transits, queue_id);

    while (at != 0 && !span_is_equal(span_of(transits->places[at - 1].queue_id), queue_id)) {
        at = transits->places[at - 1].next;
    }
    return at != 0 ? &transits->places[at - 1] : NULL;
}

struct transit *transits_oldest(struct transits *transits)
{
    return transits->count > 0 ? &transits->places[transits->first] : NULL;
}

void transits_drop_oldest(struct transits *transits)
{
    struct transit *oldest = &transits->places[transits->first];
    uint32_t *link = bucket_of(transits, span_of(oldest->queue_id));

    while (*link != transits->first + 1) {
        link = &transits->places[*link - 1].next;
    }
    *link = oldest->next;
    transits->first = (transits->first + 1) % TRANSIT_PLACES;
    transits->count--;
}
