/*
 * load: the inner shape of a configuration, shared by the files that load and print it.
 *
 * Loading goes in three steps. source.c makes each file a tree. bind.c hangs every setting of every
 * tree under the row it belongs to, so that lists of several files come together. fill.c turns what
 * hangs under a row into the member of the struct, defaults where nothing hangs.
 */
#ifndef EM_CONFIG_LOAD_PRIVATE_H
#define EM_CONFIG_LOAD_PRIVATE_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/source_private.h"
#include "util/arena.h"
#include "util/buffer.h"

/* A setting as it was found in a tree. */
struct found {
    const struct source *source;
    config_setting_t *node;
    struct found *next;
};

struct found_list {
    struct found *first, *last;
    size_t count;
};

/* A struct being filled: of a table, or an entry of a list. */
struct record {
    const struct config_row *rows;
    size_t row_count;
    char *at;                    /* the struct */
    struct config_place place;   /* of the group; of the main file for a table without one */
    struct config_place *places; /* of each row; file NULL: not set */
    /* Of each row: for a CONFIG_LIST or CONFIG_GROUP the records of its entries, else NULL. NULL:
     * no such row. */
    struct record **entries;
    struct found_list *found; /* of each row; only while loading */
};

struct config {
    struct arena *arena; /* holds everything here */
    const struct config_table **tables;
    struct record *records; /* of each table */
    size_t table_count;
    struct buffer kept; /* what was read, see kept_private.h */
};

/* The way from the top to a setting, for complaints: domains[2].name. */
struct setting_name {
    const struct setting_name *parent;
    const char *name; /* NULL: entry `index` of the parent */
    size_t index;
};

struct loader {
    struct config *config;
    struct config_report *report;
    struct arena *scratch; /* until all is filled */
    bool is_whole;         /* every file could be parsed, so what is missing is missing */
    bool out_of_memory;
};

/* --- load.c --- */
/* Zeroed; NULL marks the loader. */
void *loader_array(struct loader *loader, struct arena *arena, size_t count, size_t size);
void loader_complain(struct loader *loader, struct config_place place,
                     const struct setting_name *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Prepares a record over `at`. False: memory is out. */
bool record_init(struct loader *loader, struct record *record_r, const struct config_row *rows,
                 void *at, struct config_place place);
/* The member of a row. */
void *record_member(const struct record *record, const struct config_row *row);
/* The first component of the table's path below the group `path` ("": the top level); empty when
 * the table does not lie below it. */
struct span table_child(struct span path, const struct config_table *table);

/* --- bind.c --- */
/* Hangs the settings of a file, or of an entry of a list, under their rows; reports those that have
 * none, stand twice, or are of the wrong type. */
void bind_source(struct loader *loader, const struct source *source);
void bind_entry(struct loader *loader, struct record *record, const struct source *source,
                config_setting_t *group, const struct setting_name *name);

/* --- fill.c --- */
/* `name` may be NULL: the top level. */
void fill_record(struct loader *loader, struct record *record, const struct setting_name *name);

/* --- value.c --- */
/* What a row takes, for people: "a text in quotes". */
void value_describe(const struct config_row *row, struct buffer *out);
/* What a node is: "a number". */
const char *value_kind(const config_setting_t *node);
/* The default, or zero, -1, NULL. */
void value_default(struct loader *loader, const struct record *record, const struct config_row *row,
                   const struct setting_name *name);
/* A row of one value; the member keeps its default when the value is refused. */
void value_fill(struct loader *loader, const struct record *record, const struct config_row *row,
                const struct found *found, const struct setting_name *name);
/* One text, checked as the row wants it; NULL: reported. */
const char *value_text(struct loader *loader, const struct config_row *row,
                       const struct found *found, const struct setting_name *name);

#endif
