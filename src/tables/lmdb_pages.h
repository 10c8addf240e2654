/*
 * lmdb_pages: the rows in the bytes of an LMDB file (data version 1, as LMDB 0.9 writes it).
 */
#ifndef EM_TABLES_LMDB_PAGES_H
#define EM_TABLES_LMDB_PAGES_H

#include <stdbool.h>

#include "util/error.h"
#include "util/span.h"

/* Handed each row as stored; both texts lie in the file. False ends the walk: it has filled the
 * error itself. */
typedef bool (*lmdb_row_fn)(void *context, struct span key, struct span value);

/*
 * Walks the main database of the newest snapshot, in its order. `file` is the whole file. False
 * with *error (without a file name) for whatever is not as a database without duplicates has to be;
 * rows handed out before are then worth nothing.
 */
bool lmdb_pages_walk(struct span file, lmdb_row_fn row, void *context, struct error *error);

#endif
