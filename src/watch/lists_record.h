/*
 * lists_record: what the store has of DNS lists (lists/board.h), for the watch that keeps it and
 * for whoever shows it.
 */
#ifndef EM_WATCH_LISTS_RECORD_H
#define EM_WATCH_LISTS_RECORD_H

#include "lists/board.h"
#include "state/store.h"
#include "util/buffer.h"
#include "util/json.h"

#define LISTS_TEST_EVERY_S 3600
#define LISTS_TEST_SOON_S 600          /* again, where the last test failed */
#define LISTS_STALE_S (2 * 3600 + 600) /* nobody tested for so long: not tested */

#define LISTS_KEY_MAX 300
struct span lists_key(const struct list_zone *zone, char room[static LISTS_KEY_MAX]);
/* All zero where nothing is known, or it cannot be read. */
void lists_health_get(struct store *store, const struct list_zone *zone,
                      struct list_health *health_r);
/* The state to go by at this time: a test of long ago proves nothing. */
enum list_state lists_state_at(const struct list_health *health, int64_t now_s);

/* Appends a table of all lists of a configuration, or what is said where there are none. */
void lists_status_text(const struct list_zones *zones, struct store *store, int64_t now_s,
                       struct buffer *out);
/* Appends the member "lists", an array. */
void lists_status_json(const struct list_zones *zones, struct store *store, int64_t now_s,
                       struct json *json);

#endif
