/*
 * opendkim_conf: opendkim.conf(5) and the data sets it names, as settings and items that know where
 * they stand. What a setting means is for the callers.
 */
#ifndef EM_CTL_OPENDKIM_CONF_H
#define EM_CTL_OPENDKIM_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/error.h"
#include "util/span.h"

struct opendkim_setting {
    const char *name, *value; /* the name as written; neither is empty */
    const char *file;
    unsigned line;
};

struct opendkim_conf {
    struct arena *arena;
    struct opendkim_setting *at;
    size_t count, room;
};

#define OPENDKIM_SETTINGS_MAX 10000

/* The settings of one text; `includes` opens files that "Include" names, five levels deep as
 * OpenDKIM does; without it they are settings like others. False with *error. */
bool opendkim_conf_parse(struct opendkim_conf *conf, const char *file, struct span text,
                         bool includes, struct error *error);
/* The same of a file. conf->arena is set by the caller, who frees it. */
bool opendkim_conf_read(struct opendkim_conf *conf, const char *path, struct error *error);
/* The one that counts, OpenDKIM's last of a name; NULL: none. */
const struct opendkim_setting *opendkim_conf_get(const struct opendkim_conf *conf,
                                                 const char *name);
/* T, Y and 1 at the beginning are true. */
bool opendkim_conf_is_true(const struct opendkim_conf *conf, const char *name);
/* An absolute path: as it stands, or under BaseDirectory. NULL: no memory. */
const char *opendkim_conf_path(const struct opendkim_conf *conf, struct span path);

/* Items of a data set of names: "a, b", "csl:a,b", "/path", "file:/path", "refile:/path". Each has
 * the item as its value, and the name of the setting. False with *error: another type, or a file
 * that cannot be read. */
bool opendkim_conf_items(const struct opendkim_conf *conf, const struct opendkim_setting *setting,
                         struct opendkim_conf *items_r, struct error *error);

#endif
