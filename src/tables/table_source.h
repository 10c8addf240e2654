/*
 * table_source: the file behind a local table: its bytes as they were at one moment, and whether it
 * is another one by now.
 */
#ifndef EM_TABLES_TABLE_SOURCE_H
#define EM_TABLES_TABLE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "util/buffer.h"
#include "util/error.h"

/* By these a changed file is known. */
struct table_stamp {
    dev_t device;
    ino_t inode;
    off_t size_bytes;
    struct timespec modified, changed;
};

struct table_source {
    char *path; /* heap; NULL: there is none */
    struct table_stamp stamp;
};

/* Does the writer lock the file? Postfix does with indexed ones, by fcntl(). */
enum source_lock { SOURCE_FREE, SOURCE_LOCKED };

/*
 * Reads all of `path` into text_r (empty before; the caller frees it in every case) and fills
 * *source_r. A file that changes while it is read is read again, a few times. False with *error:
 * as file_read(), changed each time, or, of a SOURCE_LOCKED
 * one, held by its writer for longer than 200 ms.
 */
bool table_source_read(struct table_source *source_r, const char *path, size_t max_bytes,
                       enum source_lock lock, struct buffer *text_r, struct error *error);
/* Fills *source_r for a file that could not be read: it is stale as long as there is one, since it
 * may have been mended since. False: out of memory. */
bool table_source_watch(struct table_source *source_r, const char *path);
/* Is another file, or other content, at the path? False while there is none. */
bool table_source_is_stale(const struct table_source *source);
/* A number for what is at the path now; 0: nothing. */
uint64_t table_source_mark(const struct table_source *source);
void table_source_free(struct table_source *source);

#endif
