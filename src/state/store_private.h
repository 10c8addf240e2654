/*
 * store_private: the two places a store can be: LMDB's file, and memory. Not for other rooms.
 *
 * Both know one flat space of keys; store.c puts a byte for the table in front. All writing is an
 * edit: within one transaction the value is shown and may be replaced or taken away.
 */
#ifndef EM_STATE_STORE_PRIVATE_H
#define EM_STATE_STORE_PRIVATE_H

#include <sys/types.h>

#include "state/store.h"

#define STORE_MAP_BYTES ((size_t)64 << 20) /* the file may grow to this; it is sparse */
#define STORE_INNER_KEY_MAX (STORE_KEY_MAX + 1)
#define STORE_FILE STORE_FILE_NAME
#define STORE_CHECKPOINT "store.checkpoint"
#define STORE_BROKEN "store.broken"

enum store_edit { STORE_EDIT_KEEP, STORE_EDIT_SET, STORE_EDIT_UNSET };
typedef enum store_edit store_edit_fn(struct buffer *value_io, bool is_found, void *context);

/* As store_open(), with a file that may grow to so much: for tests of what is full. */
struct store *store_open_sized(const char *directory, size_t map_bytes);

/* --- store_files.c --------------------------------------------------------------------------- */

/* The directory while a store is open in it: `fd` is locked, by all who have it open together. */
struct store_place {
    int fd;
    uid_t owner; /* of what is made in it, where root works in another's directory */
    gid_t group;
    bool is_others;
};
/*
 * Finds the directory and takes the lock. Who comes first looks at the whole file, and where it is
 * damaged sets it aside as STORE_BROKEN and puts the checkpoint in its place; whoever finds others
 * there knows that they did. False with *error: nothing can be kept there.
 */
bool store_place_open(const char *directory, bool to_read, struct store_place *place_r,
                      struct error *error);
void store_place_close(struct store_place *place);
/* May the effective user write there, or make it? Looks only. */
bool store_place_is_usable(const char *directory, struct error *error);
/* Root does nothing in another user's directory that this user could not do. */
void store_place_enter(const struct store_place *place);
void store_place_leave(const struct store_place *place);
/* Makes sure of room on the disk for what is written next: through a map it could not be refused.
 */
bool store_place_reserve(int file_fd, size_t used_bytes, size_t map_bytes, size_t *reserved_io,
                         struct error *error);
/* False with *error: `temporary` did not become `name`. The descriptor is closed. */
bool store_place_put(const struct store_place *place, int fd, const char *temporary,
                     const char *name, struct error *error);
/* An empty file of that name for writing; -1 with *error. */
int store_place_make(const struct store_place *place, const char *temporary, struct error *error);

/* --- store_lmdb.c ---------------------------------------------------------------------------- */

struct store_lmdb;
/* NULL with *error. Makes the file where there is none, unless it is to be read only. */
struct store_lmdb *store_lmdb_open(const char *directory, size_t map_bytes, bool to_read,
                                   struct error *error);
void store_lmdb_close(struct store_lmdb **lmdb);
enum store_result store_lmdb_get(struct store_lmdb *lmdb, struct span key, struct buffer *value_r,
                                 struct error *error);
bool store_lmdb_edit(struct store_lmdb *lmdb, struct span key, store_edit_fn *edit, void *context,
                     struct error *error);
/* `each` gets the whole keys. */
bool store_lmdb_walk(struct store_lmdb *lmdb, struct span prefix, store_each *each, void *context,
                     struct error *error);
bool store_lmdb_sync(struct store_lmdb *lmdb, struct error *error);
/* Grows with every write of any process. */
uint64_t store_lmdb_version(struct store_lmdb *lmdb);
/* A copy of what is there at this moment, into an open file. */
bool store_lmdb_copy(struct store_lmdb *lmdb, int fd, struct error *error);
/* The directory it lies in. */
const struct store_place *store_lmdb_place(const struct store_lmdb *lmdb);

/* --- store_memory.c -------------------------------------------------------------------------- */

struct store_memory;
struct store_memory *store_memory_new(size_t limit_bytes);
void store_memory_free(struct store_memory **memory);
enum store_result store_memory_get(struct store_memory *memory, struct span key,
                                   struct buffer *value_r);
/* False: it is full, or memory is out. */
bool store_memory_edit(struct store_memory *memory, struct span key, store_edit_fn *edit,
                       void *context);
bool store_memory_walk(struct store_memory *memory, struct span prefix, store_each *each,
                       void *context);
uint64_t store_memory_version(struct store_memory *memory);

#endif
