/*
 * proof_store: the records of keys in the store, by the name of their record in DNS,
 * "selector._domainkey.domain", lower case. The one place that reads and writes them.
 */
#ifndef EM_DKIM_PROOF_STORE_H
#define EM_DKIM_PROOF_STORE_H

#include <stdbool.h>

#include "dkim/proof.h"
#include "state/store.h"
#include "util/span.h"

#define KEY_NAME_ROOM 600
/* "selector._domainkey.d" in the form the store has; false: that is no name. */
bool key_name(struct span selector, struct span d, char out[static KEY_NAME_ROOM]);

/* STORE_FAILED also where what is kept cannot be read: by a newer version of ours. */
enum store_result key_record_load(struct store *store, struct span name,
                                  struct key_record *record_r);
bool key_record_save(struct store *store, struct span name, const struct key_record *record,
                     enum store_durability durability);
/*
 * Changes a record in one transaction, so that a watch and a command do not undo each other's work.
 * `change` gets what is kept (a new one, all zero, where there is none) and returns false to leave
 * it. False: it could not be written, or what is kept cannot be read.
 */
typedef bool key_record_change(struct key_record *record_io, bool is_found, void *context);
bool key_record_update(struct store *store, struct span name, enum store_durability durability,
                       key_record_change *change, void *context);
bool key_record_remove(struct store *store, struct span name);
/* All of them in order of their names; those that cannot be read are passed over. `each` returns
 * false to end it, and does not write. */
typedef bool key_record_each(struct span name, const struct key_record *record, void *context);
bool key_record_walk(struct store *store, key_record_each *each, void *context);

#endif
