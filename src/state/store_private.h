/*
 * store_private: the two places a store can be: LMDB's file, and memory. Not for other rooms.
 *
 * Both know one flat space of keys; store.c puts a byte for the table in front. All writing is an
 * edit: within one transaction the values are shown and may be replaced or taken away.
 */
#ifndef EM_STATE_STORE_PRIVATE_H
#define EM_STATE_STORE_PRIVATE_H

#include <sys/types.h>

#include "state/store.h"

/* As far as the file can ever grow; addresses only. Where they are few, less is tried. */
#define STORE_MAP_BYTES (sizeof(size_t) > 4 ? (size_t)1 << 36 : (size_t)1 << 29)
#define STORE_MAP_LEAST_BYTES ((size_t)64 << 20)
#define STORE_INNER_KEY_MAX (STORE_KEY_MAX + 1)
/* No table begins with NUL: what is kept of the whole. */
#define STORE_LAYOUT_KEY SPAN("\0layout")
#define STORE_SUMS_KEY SPAN("\0tables")
#define STORE_HISTORY_KEY SPAN("\0history")
#define STORE_FILE STORE_FILE_NAME
#define STORE_CHECKPOINT "store.checkpoint"
#define STORE_BROKEN "store.broken"
#define STORE_LOST_NOTE "store.lost" /* something is missing, and the file does not say so yet */

/* The newest layout of records that this version reads and writes; it does all below, too. */
#define STORE_LAYOUT 1

struct store_opening {
    const char *directory;
    bool to_read;
    unsigned newest_layout;
};
/* As store_open(), with another layout: for tests of versions that do not exist yet. */
struct store *store_open_as(const struct store_opening *opening);

/* How an edit ended. */
enum store_edited { STORE_EDITED, STORE_EDIT_FULL /* by the limit */, STORE_EDIT_FAILED };

/* Until where edits go on when the limit is reached: those who mind it (store_is_full()) can still
 * put what they need for that, and what is there is changed in any case. */
static inline uint64_t store_hard_limit(uint64_t limit_bytes, bool has_new_rows)
{
    uint64_t more = limit_bytes / (has_new_rows ? 16 : 8);
    return limit_bytes < UINT64_MAX - more ? limit_bytes + more : UINT64_MAX;
}

/* --- store_seal.c ---------------------------------------------------------------------------- */

#define STORE_SEAL_BYTES sizeof(uint64_t)
/* Do values under this key, as stored, end in a seal? Those of older versions do not. */
bool store_seal_is_used(struct span inner_key);
uint64_t store_seal(struct span inner_key, struct span value);
/* Takes it off where there is one, unread. False: there is no room for one. */
bool store_seal_take(struct span inner_key, struct span *value_io);
/* Is it the seal of that? True also where none is used. */
bool store_seal_is_whole(struct span inner_key, struct span stored);

/* --- store_sums.c ---------------------------------------------------------------------------- */

/* What is kept of the tables beside their rows, by all who write them, in the same transaction.
 * Older versions of ours know only STORE_KEYS and STORE_WATCH, so nothing is kept of these. */
struct store_sums {
    struct {
        uint64_t count, version;
    } of[STORE_TABLE_COUNT];
};
bool store_sums_count(enum store_table table);
/* Do these edits change them? */
bool store_sums_are_touched(const struct store_row *rows, size_t count);
void store_sums_apply(struct store_sums *sums, const struct store_row *rows, size_t count);
/* As stored. Fewer tables than we know are those of an older version, more those of a newer one,
 * which store_sums_write() leaves as they are. */
void store_sums_read(struct store_sums *sums_r, struct span stored);
void store_sums_write(const struct store_sums *sums, struct buffer *stored_io);

/* --- store_files.c --------------------------------------------------------------------------- */

/* The directory while a store is open in it: `fd` is locked, by all who have it open together. */
struct store_place {
    int fd;
    uid_t owner; /* of what is made in it, where root works in another's directory */
    gid_t group;
    bool is_others;
    bool has_lost; /* what lay there, or a part of it, and the file does not say so yet */
};
/*
 * Finds the directory and takes the lock. Who comes first looks at the whole file, and where it is
 * damaged sets it aside as STORE_BROKEN and puts the checkpoint in its place; whoever finds others
 * there knows that they did. False with *error: nothing can be kept there.
 */
bool store_place_open(const char *directory, bool to_read, struct store_place *place_r,
                      struct error *error);
void store_place_close(struct store_place *place);
/* The file says now that something is missing. */
void store_place_forget_loss(const struct store_place *place);
/* Something is missing that should lie in there: whoever opens it is told. False: that cannot be
 * put down now. */
bool store_place_note_loss(const char *directory);
/* May the effective user write there, or make it? Looks only. */
bool store_place_is_usable(const char *directory, struct error *error);
/* Root does nothing in another user's directory that this user could not do. */
void store_place_enter(const struct store_place *place);
void store_place_leave(const struct store_place *place);
/* The file, made when not there; -1 with *error. */
int store_place_open_file(const struct store_place *place, bool to_read, struct error *error);
/* False with *error: `temporary` did not become `name`. The descriptor is closed. */
bool store_place_put(const struct store_place *place, int fd, const char *temporary,
                     const char *name, struct error *error);
/* An empty file of that name for writing; -1 with *error. */
int store_place_make(const struct store_place *place, const char *temporary, struct error *error);

/* --- store_lmdb*.c --------------------------------------------------------------------------- */

struct store_lmdb;
/* NULL with *error. Makes the file where there is none, unless it is to be read only. */
struct store_lmdb *store_lmdb_open(const struct store_opening *opening, struct error *error);
void store_lmdb_close(struct store_lmdb **lmdb);
enum store_result store_lmdb_get(struct store_lmdb *lmdb, struct span key, struct buffer *value_r,
                                 struct error *error);
/* Values are left to the caller, whatever came of it; *error is for STORE_EDIT_FAILED. */
enum store_edited store_lmdb_edit(struct store_lmdb *lmdb, struct store_row *rows, size_t count,
                                  store_change_rows *change, void *context, struct error *error);
/* As far as it may grow; and what of that is in use. */
void store_lmdb_limit(struct store_lmdb *lmdb, uint64_t limit_bytes);
uint64_t store_lmdb_used(const struct store_lmdb *lmdb);
/* False: it cannot be read. */
bool store_lmdb_history(struct store_lmdb *lmdb, bool *is_lost_r, int64_t *since_s_r);
/* The one in force. */
unsigned store_lmdb_layout(const struct store_lmdb *lmdb);
/* Raises it to ours when all who have the file open know that. False: it could not be done. */
bool store_lmdb_layout_raise(struct store_lmdb *lmdb, struct error *error);
bool store_lmdb_sums(struct store_lmdb *lmdb, struct store_sums *sums_r, struct error *error);
/* From the first key that is not below `from`, which begins with `prefix`; `each` gets the whole
 * keys. */
bool store_lmdb_walk(struct store_lmdb *lmdb, struct span from, struct span prefix,
                     store_each *each, void *context, struct error *error);
bool store_lmdb_sync(struct store_lmdb *lmdb, struct error *error);
/* Grows with every write of any process. */
uint64_t store_lmdb_version(struct store_lmdb *lmdb);
/* A copy of what is there at this moment, into an open file. */
bool store_lmdb_copy(struct store_lmdb *lmdb, int fd, struct error *error);
/* The directory it lies in. */
const struct store_place *store_lmdb_place(const struct store_lmdb *lmdb);

/* --- store_memory.c -------------------------------------------------------------------------- */

struct store_memory;
struct store_memory *store_memory_new(uint64_t limit_bytes);
void store_memory_free(struct store_memory **memory);
enum store_result store_memory_get(struct store_memory *memory, struct span key,
                                   struct buffer *value_r);
enum store_edited store_memory_edit(struct store_memory *memory, struct store_row *rows,
                                    size_t count, store_change_rows *change, void *context);
void store_memory_limit(struct store_memory *memory, uint64_t limit_bytes);
uint64_t store_memory_used(struct store_memory *memory);
void store_memory_sums(struct store_memory *memory, struct store_sums *sums_r);
bool store_memory_walk(struct store_memory *memory, struct span from, struct span prefix,
                       store_each *each, void *context);
uint64_t store_memory_version(struct store_memory *memory);

#endif
