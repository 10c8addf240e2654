/*
 * domains_list: what of ours is looked at, by the configuration: the domains we sign for and those
 * of egress pools, the addresses mail leaves from, and the names these greet as.
 *
 * A domain is each entry of `domains` but "*", the d= it signs with unless that is another's
 * (third_party), and each domain of an egress pool. What is listed is copied: no snapshot is held.
 */
#ifndef EM_WATCH_DOMAINS_LIST_H
#define EM_WATCH_DOMAINS_LIST_H

#include <stddef.h>

#include "site/site.h"
#include "state/store.h"
#include "util/error.h"
#include "watch/domains_look.h"

struct domains_thing {
    enum domains_kind kind;
    struct domains_subject subject; /* PTR: .domain is the address as text */
    uint64_t due_ns;                /* clock_mono; for whoever walks the list */
    bool is_pressing;               /* likewise: before the others */
};

struct domains_list;

/* site NULL: an empty one. NULL: out of memory. */
struct domains_list *domains_list_new(const struct site *site);
void domains_list_free(struct domains_list **list);
size_t domains_list_count(const struct domains_list *list);
/* index < count. Those of one domain follow each other. */
struct domains_thing *domains_list_at(struct domains_list *list, size_t index);

/* Where a thing is kept in STORE_WATCH: "own/spf/example.org". */
#define DOMAINS_KEY_PREFIX "own/"
struct span domains_key(const struct domains_thing *thing, char out[static STORE_KEY_MAX]);
/* The kind and name of a key; false: it is none of ours. */
bool domains_key_read(struct span key, enum domains_kind *kind_r, struct span *name_r);
/* Removes from the store what is not on the list any more, some thousand at a time. */
void domains_list_prune(const struct domains_list *list, struct store *store);

#endif
