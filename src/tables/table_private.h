/*
 * table_private: what the kinds of table share. Not for other rooms.
 */
#ifndef EM_TABLES_TABLE_PRIVATE_H
#define EM_TABLES_TABLE_PRIVATE_H

#include "tables/table.h"
#include "util/hash_table.h"

#define TABLE_KEY_MAX 512                 /* octets of a key: an address of RFC 5321 fits */
#define TABLE_FILE_MAX (64 * 1024 * 1024) /* bytes of a file table */

struct table {
    struct hash_table *rows; /* folded key to a heap string */
};

struct table *table_file_open(const char *path, struct error *error);

#endif
