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
#define STORE_FILE_NAMES                                                                           \
    STORE_FILE_NAME, "store.mdb-lock", "store.checkpoint", "store.broken", "store.lost"

/* Numbers of the file: add, never change. */
enum store_table {
    STORE_KEYS,
    STORE_WATCH,
    STORE_LIMITS,     /* what was used, by account */
    STORE_CHARGES,    /* what was charged lately, by message */
    STORE_OVERRIDES,  /* values of limits that an administrator set */
    STORE_NOTICES,    /* what is to be told by mail */
    STORE_HELD,       /* what lies in the quarantine */
    STORE_MERGES,     /* charges that a fleet has to learn of (limits/fleet.h) */
    STORE_SUPPRESSED, /* addresses that mail is not to be sent to (feedback/suppression.h) */
    STORE_BULK,       /* what organizations send to large providers (bulk/volume.h) */
    STORE_SUSPENDED,  /* principals who may not send (behaviour/suspension.h) */
    STORE_HISTORY,    /* what happened to principals (behaviour/history.h) */
    STORE_PROFILES,   /* how principals behave (behaviour/book.h) */
    STORE_SENT,       /* messages that went out lately (feedback/sent.h) */
    STORE_POST,       /* what reports told (feedback/post.h) */
    STORE_MAILLOG,    /* how far logs of the mail server were read (watch/maillog_record.h) */
    STORE_TABLE_COUNT
};

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

/*
 * As many octets as records may take, wherever they are kept, in this process's eyes; no limit at
 * first. At the limit it is full, and store_trouble() says so. Records that are there can be
 * changed all the same, and there is room for a few more (a sixteenth of the limit), so whoever
 * asks store_is_full() before he adds one can put what he needs in place of it.
 */
void store_limit(struct store *store, uint64_t bytes);
bool store_is_full(const struct store *store);
uint64_t store_used(const struct store *store);    /* octets of the limit */
uint64_t store_ceiling(const struct store *store); /* the limit; UINT64_MAX: none */
/* What that many records take at most, with all around them, while none of them goes. */
uint64_t store_bytes_for(uint64_t records, uint64_t key_bytes, uint64_t value_bytes);

/* Is everything there that was put since the store began, *since_s_r (wall time; 0: not known)?
 * STORE_LOST: only what was put since then; it was damaged, or its file was lost, or memory stands
 * in for it. All processes that share it are told the same, those too that come when the directory
 * can be used again after a process put something in memory. */
enum store_history { STORE_WHOLE, STORE_LOST };
enum store_history store_history(const struct store *store, int64_t *since_s_r);

/*
 * Which layout records may be written in: 1, or a later one that is known to every process which
 * has the store open. It goes up (in store_sync()) when the last one that knows less has gone, and
 * whoever comes then and knows less works from memory. So a room that has a new layout reads all,
 * and writes the new one when this says so.
 */
unsigned store_layout(const struct store *store);

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
/*
 * The same with several rows, of any tables, none of them twice: all of what `change` wants, or
 * nothing. It finds the values, alters them where it likes, and says with `edit` what becomes of
 * each row.
 */
enum store_edit { STORE_EDIT_KEEP, STORE_EDIT_SET, STORE_EDIT_UNSET };
struct store_row {
    enum store_table table; /* these two are the caller's; all else is filled for `change`, and */
    struct span key;        /* freed afterwards */
    struct buffer value;    /* empty when absent */
    bool is_found;
    enum store_edit edit; /* STORE_EDIT_KEEP at first */
};
typedef void store_change_rows(struct store_row *rows, size_t count, void *context);
#define STORE_ROWS_MAX 64
bool store_update_rows(struct store *store, struct store_row *rows, size_t count,
                       enum store_durability durability, store_change_rows *change, void *context);
/* Every record whose key begins with `prefix`, in order of keys; `each` returns false to end it.
 * Not within a change. */
typedef bool store_each(struct span key, struct span value, void *context);
bool store_walk(struct store *store, enum store_table table, struct span prefix, store_each *each,
                void *context);
/* The same from the first key behind `after` to the end of the table. */
bool store_walk_after(struct store *store, enum store_table table, struct span after,
                      store_each *each, void *context);
/*
 * Removes records that are over, looking at `most` of them from where *place_io says: a buffer of
 * the caller's, empty at first, and again when the end was reached. Each is asked about once more
 * within the change that removes it. How many went.
 */
typedef bool store_is_over(struct span key, struct span value, void *context);
unsigned store_sweep(struct store *store, enum store_table table, store_is_over *is_over,
                     void *context, unsigned most, struct buffer *place_io);
/* How many records there are. Costs one look, in STORE_KEYS and STORE_WATCH a walk; 0 also where
 * it cannot be told. */
uint64_t store_count(struct store *store, enum store_table table);
/* Grows by one with every record that any process puts or removes in a table that the nodes of a
 * fleet share (STORE_OVERRIDES, STORE_SUPPRESSED, STORE_SUSPENDED); others have none (0). Costs one
 * look. */
uint64_t store_table_version(struct store *store, enum store_table table);
/* Everything put so far is on disk. */
bool store_sync(struct store *store);
/* Copies what is there beside it; the copy takes over where the original is found damaged. Nothing
 * happens while nothing has changed. A large one takes seconds; nothing waits for it. */
bool store_checkpoint(struct store *store);
/* Do other processes see what this one puts? Not where it works from memory. */
bool store_is_shared(const struct store *store);
/* Grows with every change by any process: nothing has changed while it stays. */
uint64_t store_version(const struct store *store);
/* Could a store be kept there, by the effective user? False with *error, one line with the remedy.
 * Changes nothing. */
bool store_is_usable(const char *directory, struct error *error);

#endif
