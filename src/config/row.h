/*
 * row: a setting is a row. Every room owns the rows of its settings and the struct they fill;
 * config knows none by name.
 */
#ifndef EM_CONFIG_ROW_H
#define EM_CONFIG_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct config;
struct config_report;

enum config_type {
    CONFIG_BOOL,     /* bool */
    CONFIG_TEXT,     /* const char *, NULL when absent without default; every text is UTF-8 without
                        control characters */
    CONFIG_INT,      /* int64_t, min..max */
    CONFIG_DURATION, /* int64_t seconds; "90s" "15m" "12h" "7d", or a bare integer of seconds;
                        min..max */
    CONFIG_MILLISECONDS, /* int64_t; "500ms" "2s" "15m", never a bare number; min..max */
    CONFIG_SIZE,         /* int64_t bytes; "64K" "10M" "1G", or a bare integer of bytes; min..max */
    CONFIG_CHOICE,       /* int: index into choices; -1 when absent without default */
    CONFIG_TEXTS,  /* struct config_texts; an array, a list, or a single string; several files'
                      lists are joined, a single string stands alone */
    CONFIG_LIST,   /* struct config_list of elements of `element_size`, each filled by `rows` */
    CONFIG_GROUP,  /* the same of one element, written as a group { }; empty when absent */
    CONFIG_PLANNED /* named by the contract, not landed: using it is an error that says so */
};

struct config_texts {
    const char *const *at;
    size_t count;
};

struct config_list {
    const void *at; /* array of `count` elements */
    size_t count;
};

/* Where something was set, for complaints; file NULL: nowhere, a default. */
struct config_place {
    const char *file;
    unsigned line;
};

struct config_row {
    const char *name;
    enum config_type type;
    size_t offset; /* of the member in the struct */
    /* Default, spelled as in the file without quotes ("[ a, b ]" for several CONFIG_TEXTS); NULL:
     * absent, zero (a number: `absent`). A value with a fault leaves the default standing for the
     * checks. */
    const char *fallback;
    int64_t min, max;           /* numbers; both 0: 0..INT64_MAX */
    const char *const *choices; /* CONFIG_CHOICE: NULL-terminated */
    /* CONFIG_LIST, CONFIG_GROUP: the rows of an element and its size; of a list the member whose
     * value names it (NULL: nameless). */
    const struct config_row *rows;
    size_t element_size;
    const char *key;
    bool required; /* in a list element or table: must be set; a CONFIG_TEXT that is not is "" when
                      checks run */
    /* CONFIG_TEXT and each of CONFIG_TEXTS: a check of the value's syntax; false with *error filled
     * refuses it; the value itself is put before what *error says. */
    bool (*accepts)(const char *value, struct error *error);
    /* One line for the manual and for `egressctl check`. */
    const char *brief;
    /* CONFIG_LIST, CONFIG_GROUP: offset of a struct config_place in the element, to be filled;
     * SIZE_MAX or 0: none wanted, so it cannot be the first member. */
    size_t place_offset;
    int64_t absent; /* numbers without default: what says that it was not set */
};

/*
 * A group of settings. path "" is the top level, "outgoing" a group in it. Several tables may share
 * a path; a name stands in one of them only, and is not also the name of a group there. Two rows of
 * one name in one table, of different node types, are alternatives ("domains": a string or a list).
 */
struct config_table {
    const char *path;
    const struct config_row *rows; /* ended by name == NULL */
    size_t size;                   /* of the struct that the rows fill */
    /* Looks across settings after all are filled, complaining through config_complain(). May be
     * NULL. */
    void (*check)(const struct config *config, const void *settings, struct config_report *report);
};

#define CONFIG_ROWS_END                                                                            \
    {                                                                                              \
        .name = NULL                                                                               \
    }

#endif
