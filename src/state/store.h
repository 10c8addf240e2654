/*
 * store: what outlives a process: small records under names, in tables, kept by LMDB in the state
 * directory and shared by all processes of the house, egressctl too.
 *
 * A kill -9 of anything loses nothing. What is put durably is on disk on return; the rest reaches
 * it within a second (store_sync, called by a timer). Values carry a layout number of their room's.
 * Where the directory cannot be used, the store works from memory, loses everything at the end of
 * the process, and says why: nothing that needs a store stops for want of one. Thread safe.
 */
#ifndef EM_STATE_STORE_H
#define EM_STATE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/span.h"

struct store;

#define STORE_KEY_MAX 480 /* octets */
/* What lies in the directory: the store, and all files, as literals with commas between. */
#define STORE_FILE_NAME "store.mdb"
#define STORE_FILE_NAMES STORE_FILE_NAME, "store.mdb-lock", "store.checkpoint", "store.broken"

enum store_table { STORE_KEYS, STORE_WATCH, STORE_TABLE_COUNT };

/* The store in `directory`; both made when not there. NULL only without memory; a directory that
 * cannot be used gives a store in memory, see store_trouble(). One for the process: LMDB forbids a
 * second, and its use across fork(). Root works in another user's directory as that user. */
struct store *store_open(const char *directory);
/* For programs that only look: NULL with *error where there is none or it cannot be read. */
struct store *store_open_to_read(const char *directory, struct error *error);
/* One in memory, for tests. */
struct store *store_in_memory(void);
void store_close(struct store **store);
/* True: what is put may be lost (memory, full), or something was (it was found damaged); one line
 * with the remedy. */
bool store_trouble(struct store *store, struct error *trouble_r);

enum store_result { STORE_FOUND, STORE_ABSENT, STORE_FAILED };
/* Appends the value. */
enum store_result store_get(struct store *store, enum store_table table, struct span key,
                            struct buffer *value_r);
enum store_durability { STORE_SOON, STORE_DURABLE };
bool store_put(struct store *store, enum store_table table, struct span key, struct span value,
               enum store_durability durability);
/* True also where there was nothing. */
bool store_remove(struct store *store, enum store_table table, struct span key);
/*
 * Reads, changes and writes in one transaction, so that no other process comes between: `change`
 * finds the value (empty when absent) and alters it, or returns false to leave all as it was.
 */
typedef bool store_change(struct buffer *value_io, bool is_found, void *context);
bool store_update(struct store *store, enum store_table table, struct span key,
                  enum store_durability durability, store_change *change, void *context);
/* Every record whose key begins with `prefix`, in order of keys; `each` returns false to end it.
 * Not within a change. */
typedef bool store_each(struct span key, struct span value, void *context);
bool store_walk(struct store *store, enum store_table table, struct span prefix, store_each *each,
                void *context);
/* Everything put so far is on disk. */
bool store_sync(struct store *store);
/* Copies what is there beside it; the copy takes over where the original is found damaged. Nothing
 * happens while nothing has changed. May take a tenth of a second. */
bool store_checkpoint(struct store *store);
/* Do other processes see what this one puts? Not where it works from memory. */
bool store_is_shared(const struct store *store);
/* Grows with every change by any process: nothing has changed while it stays. */
uint64_t store_version(const struct store *store);
/* Could a store be kept there, by the effective user? False with *error, one line with the remedy.
 * Changes nothing. */
bool store_is_usable(const char *directory, struct error *error);

#endif
