/*
 * settings: what the rows of `lists` fill.
 */
#ifndef EM_LISTS_SETTINGS_H
#define EM_LISTS_SETTINGS_H

#include "lists/zone.h"

#define LIST_ZONES_MAX 64
#define LIST_CODES_MAX 64 /* of one zone */

struct list_code_settings {
    const char *code; /* "127.0.1.4", or "127.0.1.102-127.0.1.106"; NULL: `bit` */
    int64_t bit;      /* 0: `code` */
    const char *means;
    bool certain, policy;
};

struct list_settings {
    const char *zone;
    struct config_place place;
    int kind;                /* enum list_kind; -1: as known */
    struct config_texts use; /* list_use_names */
    struct config_list codes;
    struct config_texts errors;
    int rule; /* index into list_rule_names; -1: by use */
    const char *key_file;
    const char *removal;
    int level; /* enum list_level; -1: as known */
};

struct lists_settings {
    struct config_list rows; /* struct list_settings */
};

/* The findings that a listing can become, ended by NULL; in the order of list_rule_findings. */
extern const char *const list_rule_names[];
extern const int list_rule_findings[];

/* "127.0.1.4", "127.0.1.102-127.0.1.106". False: neither, or not of 127.0.0.0/8. */
bool list_code_read(struct span text, struct list_code *code_r);
/* Bits of enum list_use; names that are none are left out. */
unsigned list_uses_read(const struct config_texts *texts);

#endif
