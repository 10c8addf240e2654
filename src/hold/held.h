/*
 * held: what we know of each message that lies in the mail server's quarantine because of us, in
 * the table STORE_HELD, by queue id; and how many there are, of each principal and of all.
 *
 * A record and the counts change in one transaction, so the caps hold however many messages come at
 * once. It is there before the mail server hears of the hold: one that did not come to it is taken
 * back. What leaves the quarantine behind our back is noticed by `egressctl hold`; else a record
 * ends HELD_LIFE_S after it was last seen there.
 */
#ifndef EM_HOLD_HELD_H
#define EM_HOLD_HELD_H

#include <stdbool.h>
#include <stdint.h>

#include "hold/queue_id.h"
#include "hold/settings.h"
#include "state/store.h"
#include "util/span.h"

#define HELD_LIFE_S (5 * INT64_C(86400)) /* as long as mail servers commonly keep mail */
#define HELD_CHARGE_MAX 4096             /* bytes */

/* Texts point into what it was read from. */
struct held {
    struct span queue_id;
    int64_t held_s, seen_s; /* when it was held; when it was last seen in the quarantine */
    uint64_t recipients, size_bytes;
    struct span mail_class;
    struct span principal;
    struct span finding; /* what decided */
    struct span reason;  /* as the mail server was told */
    struct span sender, message_id;
    struct span charge; /* to be given back when it is deleted; any bytes; empty: nothing */
};

enum held_answer {
    HELD_DONE,
    HELD_PRINCIPAL_FULL, /* hold.per_principal is reached, nothing was noted */
    HELD_TOTAL_FULL,
    HELD_UNKNOWN /* the store failed */
};

/* One that is held already is noted anew. */
enum held_answer held_add(struct store *store, const struct hold_settings *caps,
                          const struct held *held);
/* Notes what it was charged; false: it is not held, or the store failed. */
bool held_set_charge(struct store *store, struct span queue_id, struct span charge);
/* It is in the quarantine at this moment. */
bool held_seen(struct store *store, struct span queue_id, int64_t now_s);
/* It is not held any more: taken back, released, or gone. True also where it was not. */
bool held_remove(struct store *store, struct span queue_id);
/* The same for one that was deleted: its charge is to be given back, by the daemon. */
bool held_delete(struct store *store, struct span queue_id);
/* Reads into *bytes, which the record points into. */
enum store_result held_get(struct store *store, struct span queue_id, struct buffer *bytes,
                           struct held *held_r);

/* In the order of queue ids; `each` returns false to end it. */
typedef bool held_each(const struct held *held, void *context);
bool held_walk(struct store *store, held_each *each, void *context);
uint64_t held_count(struct store *store);
uint64_t held_count_of(struct store *store, struct span mail_class, struct span principal);

/* Charges of deleted messages, each until held_given_back(). */
typedef bool held_charge_each(struct span queue_id, struct span charge, void *context);
bool held_walk_charges(struct store *store, held_charge_each *each, void *context);
bool held_given_back(struct store *store, struct span queue_id);

/* Ends records that were not seen for too long, at most `most`; how many it were. */
unsigned held_expire(struct store *store, int64_t now_s, unsigned most);

#endif
