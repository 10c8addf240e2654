/*
 * reputation: which DNS lists list our own addresses and domains, as the store knows it.
 *
 * Only what is listed has a record, under "reputation/ZONE/NAME". A listing is told when it is
 * first seen, which may be at the very first look: unlike a record that changed it is always news.
 */
#ifndef EM_WATCH_REPUTATION_H
#define EM_WATCH_REPUTATION_H

#include "state/store.h"
#include "util/buffer.h"
#include "util/json.h"

#define REPUTATION_KEY_PREFIX "reputation/"
#define REPUTATION_TEXT_MAX 300 /* octets of what the zone says in TXT, escaped */
#define REPUTATION_MEANS_MAX 120
#define REPUTATION_PAGE_MAX 200
#define REPUTATION_LINES_MAX 50 /* of status */
#define REPUTATION_HEALTH_MAX 5

struct reputation_record {
    int64_t since_s, looked_s; /* wall time */
    char code[16];
    char means[REPUTATION_MEANS_MAX], page[REPUTATION_PAGE_MAX], text[REPUTATION_TEXT_MAX];
};

/* Appends / reads the kept form, which carries a layout number. False: not one of ours. */
void reputation_record_write(const struct reputation_record *record, struct buffer *out);
bool reputation_record_read(struct span bytes, struct reputation_record *record_r);
/* Cuts a key into zone and name; false: it is none. */
bool reputation_key_read(struct span key, struct span *zone_r, struct span *name_r);

/* Appends a section of the listings there are; nothing where there are none. */
void reputation_status_text(struct store *store, struct buffer *out);
/* Appends the member "reputation", an array. */
void reputation_status_json(struct store *store, struct json *json);
/* Calls for each of the first; returns how many listings there are in all. */
typedef void reputation_listing(struct span line, void *context);
size_t reputation_status_listed(struct store *store, reputation_listing *call, void *context);

#endif
