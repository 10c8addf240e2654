/*
 * volume: the daybooks of all organizations, in the table STORE_BULK, shared by all processes of
 * the house: a message is noted in one transaction. Where the store is full, organizations that are
 * not in it yet share one daybook.
 *
 * It is one node's: what other nodes of a fleet send is not in it.
 */
#ifndef EM_BULK_VOLUME_H
#define EM_BULK_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "bulk/daybook.h"
#include "state/store.h"
#include "util/domain.h"

enum { VOLUME_KEY_MAX = 2 + DOMAIN_MAX }; /* octets */

/* What a message adds. */
struct volume_entry {
    struct span organization; /* A-labels, lower case */
    uint64_t recipients[BULK_PROVIDER_COUNT];
    bool is_list;
    enum bulk_answer answers[BULK_RULE_COUNT]; /* of rules that are counted */
};

enum volume_level {
    VOLUME_CALM,
    VOLUME_NEAR, /* told once a day */
    VOLUME_BULK  /* told once for good */
};

/* What has come of it, to be told. */
struct volume_reach {
    enum volume_level level[BULK_PROVIDER_COUNT];
    uint64_t recipients[BULK_PROVIDER_COUNT]; /* in 24 hours, these included */
};

/* `threshold`: from how many recipients on it is a bulk sender, > 0. now_ms is the ledger's time
 * (limits/ledger.h). False: not noted, the store failed. */
bool volume_note(struct store *store, const struct volume_entry *entry, uint64_t threshold,
                 uint64_t now_ms, int64_t wall_s, struct volume_reach *reach_r);
/* The daybook of an organization, advanced; empty where there is none. False: nobody can say. */
bool volume_get(struct store *store, struct span organization, uint64_t now_ms,
                struct daybook *daybook_r);
/* Removes daybooks that hold nothing any more, some at a time; by a timer, in one thread. */
void volume_tidy(struct store *store, uint64_t now_ms);

#endif
