/*
 * lmdb_pages: the rows in the bytes of an LMDB file (data version 1, as LMDB 0.9 writes it).
 */
#ifndef EM_STATE_LMDB_PAGES_H
#define EM_STATE_LMDB_PAGES_H

#include <stdbool.h>

#include "util/error.h"
#include "util/span.h"

/* Handed each row as stored; both texts are good until it returns. False ends the walk: it has
 * filled the error itself. */
typedef bool (*lmdb_row_fn)(void *context, struct span key, struct span value);

/*
 * Walks the main database of the newest snapshot, in its order. `file` is the whole file. False
 * with *error (without a file name) for whatever is not as a database without duplicates has to be;
 * rows handed out before are then worth nothing.
 */
bool lmdb_pages_walk(struct span file, lmdb_row_fn row, void *context, struct error *error);
/* How much of the file is in use, by its first LMDB_PAGES_HEAD bytes (or all it has); 0: it is no
 * database. */
#define LMDB_PAGES_HEAD 65536
size_t lmdb_pages_extent(struct span head);

/* A file that is read piece by piece. */
struct lmdb_source {
    size_t size; /* of what is in use, and there */
    /* False with *error: it could not be read. */
    bool (*read)(const struct lmdb_source *source, size_t at, char *bytes_r, size_t size,
                 struct error *error);
};
/*
 * The same walk, for a database that is to be written to by LMDB: everything that LMDB relies on is
 * looked at, so that what it would lose, mistake or die of is not there: the order of keys, how
 * pages are filled, how many of them there are, which are free.
 */
bool lmdb_pages_are_sound(const struct lmdb_source *source, lmdb_row_fn row, void *context,
                          struct error *error);

#endif
