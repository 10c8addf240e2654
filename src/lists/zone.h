/*
 * zone: the DNS lists (RFC 5782) of a configuration, ready to be asked: what each lists, what it is
 * asked about, and what each of its codes means. Immutable; part of the snapshot.
 *
 * What an answer means is said code by code: whatever a zone's table does not name is a fault of
 * the zone, never a listing.
 */
#ifndef EM_LISTS_ZONE_H
#define EM_LISTS_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "finding/finding.h"
#include "util/hash_table.h"
#include "util/span.h"

enum list_kind { LIST_OF_ADDRESSES, LIST_OF_DOMAINS };

/* What a zone is asked about. */
enum list_use {
    LIST_USE_CLIENT,        /* the address a login sends from */
    LIST_USE_LINKS,         /* hosts of links */
    LIST_USE_SENDER_DOMAIN, /* of the envelope sender and of From */
    LIST_USE_OWN,           /* addresses mail leaves from and domains of ours, by timer */
    LIST_USE_COUNT
};
extern const char *const list_use_names[]; /* as in the configuration, ended by NULL */

enum list_level {
    LIST_LEVEL_HOST,        /* the whole name is asked for */
    LIST_LEVEL_ORGANIZATION /* what lies right below a public suffix */
};

/* One meaning: of a range of codes, or of all 127.0.0.x that have a bit. */
struct list_code {
    uint32_t first, last; /* 127.0.1.4 is 0x7f000104; both inclusive */
    uint8_t bit;          /* 0: the range counts */
    const char *means;
    bool is_certain; /* phishing, malware: no decent mail names such a place */
    bool is_policy;  /* says what an address is (dynamic, no mail server), not what it did: nothing
                        against the client of a login */
};

struct list_zone {
    const char *name; /* A-labels; in logs and findings */
    const char
        *suffix;     /* what the question ends in: the name, a key before it; never to be shown */
    const char *key; /* NULL without; likewise */
    enum list_kind kind;
    enum list_level level;
    unsigned uses; /* 1u << enum list_use */
    const struct list_code *codes;
    size_t code_count;
    const struct list_code *errors; /* what it says to those it does not answer */
    size_t error_count;
    /* Test entries: of the first it says that it is listed, of the second that it is not; a name,
     * or the labels of an address in its order in the question. */
    const char *listed_point, *clean_point;
    const char *removal; /* page where a listing can be ended; NULL: not known */
    int rule;            /* enum finding_id that all its listings become; -1: by use */
};

/* What is set for all lists. */
struct listing_settings {
    struct config_texts never; /* domains of links that are not asked about */
    int64_t lookups;           /* for one message, at most */
    int64_t own_every_s;       /* 0: never */
};

struct list_zones {
    const struct list_zone *at;
    size_t count;
    const struct listing_settings *settings;
    const struct hash_table *never; /* domains, A-labels */
};

/*
 * Of a configuration whose rows were accepted; reads the keys. NULL with an error in the report: a
 * key that cannot be read, or memory is out. `config` outlives it.
 */
struct list_zones *list_zones_build(const struct config *config, struct config_report *report);
void list_zones_free(struct list_zones **zones); /* wipes the keys */
/* Is one of them used for that? */
bool list_zones_use(const struct list_zones *zones, enum list_use use);
/* Is this domain, or one it lies below, never to be asked about? */
bool list_zones_never(const struct list_zones *zones, struct span domain);
/* NULL: none of that name, in any case. */
const struct list_zone *list_zones_find(const struct list_zones *zones, struct span name);

extern const struct config_table lists_table;    /* path "": `lists` */
extern const struct config_table listings_table; /* path "listings" */

#endif
