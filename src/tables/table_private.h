/*
 * table_private: what the kinds of table share. Not for other rooms.
 */
#ifndef EM_TABLES_TABLE_PRIVATE_H
#define EM_TABLES_TABLE_PRIVATE_H

#include "tables/socketmap.h"
#include "tables/table.h"
#include "tables/table_rows.h"
#include "tables/table_source.h"

#define TABLE_LMDB_ENDING ".lmdb"

struct table {
    char *spec;
    struct table_rows *rows;    /* of a local table */
    struct table_source source; /* where they came from */
    struct socketmap *socketmap;
    char *why; /* of a broken one */
};

/*
 * Each fills the table it is handed from the rest of the spec behind the prefix. False with *error;
 * what is half filled then is table_free()'s.
 */
bool table_file_fill(struct table *table, const char *path, struct error *error);
/* The rows of a file's text; `path` is for complaints. False with *error. */
bool table_file_parse(struct table_rows *rows, struct span text, const char *path,
                      struct error *error);
bool table_lmdb_fill(struct table *table, const char *path, struct error *error);

#endif
