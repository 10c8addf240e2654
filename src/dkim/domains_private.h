/*
 * domains_private: what the files that build the table of signing domains share. Not for other
 * rooms.
 */
#ifndef EM_DKIM_DOMAINS_PRIVATE_H
#define EM_DKIM_DOMAINS_PRIVATE_H

#include "dkim/domains.h"
#include "dkim/key_stamp.h"
#include "util/hash_table.h"

/* As written in the configuration. */
struct key_settings {
    const char *selector;
    const char *file;
    bool is_path;     /* file is a path already, no template */
    bool is_row;      /* of a table that others write: whatever is wrong degrades the entry only */
    struct span text; /* the key itself, with `file` as its name; absent: it lies in the file */
    struct config_place place;
};

struct domain_settings {
    const char *name;
    const char *d;
    bool subdomains;
    bool third_party;
    struct config_list keys; /* struct key_settings */
    int on_failure;          /* enum dkim_on_failure */
    int on_unpublished;      /* likewise */
    bool is_degraded;        /* no keys, and that is a fault of files already complained of */
    struct config_place place;
};

struct domains_settings {
    struct config_list list; /* struct domain_settings */
    const char *source;      /* "dir:/path" or "opendkim:...", NULL with a list */
};

/* What became of one key file. */
struct loaded_key {
    const char *path;
    struct dkim_key *key; /* NULL: fault says why */
    const char *fault, *warning;
    bool is_text;           /* it stands in a table: there is no file */
    struct key_stamp stamp; /* before it was read */
};

/* A path beside the files of keys whose change makes the table stale. */
struct watched_path {
    const char *path;
    struct key_stamp stamp;
    const struct watched_path *next;
};

struct opendkim;

struct dkim_domains {
    struct arena *arena;
    struct dkim_domain **all;
    size_t count, room;
    struct hash_table *by_name;    /* A-label name to struct dkim_domain */
    struct hash_table *by_record;  /* domains_record_name to struct loaded_key, fixed d only */
    struct hash_table *by_path;    /* each file is read once: path to struct loaded_key */
    const struct dkim_domain *any; /* the entry "*" */
    const char *folder;            /* of "dir:", without the prefix */
    uint64_t fingerprint;          /* of that folder when it was read */
    struct opendkim *opendkim;     /* of "opendkim:", else NULL */
    const struct watched_path *watched;
    const struct dkim_domains *previous; /* while building: whose keys may be the same; or NULL */
};

/* One without entries; NULL: out of memory, complained of. */
struct dkim_domains *domains_new(struct config_report *report);
/* A new entry, all zero, in the list of all; NULL: out of memory. */
struct dkim_domain *domains_new_entry(struct dkim_domains *domains);
/* Relaxed alignment as far as it can be told without a public suffix list: one is the other or lies
 * below it. */
bool domains_is_aligned(const char *d, const char *name);

/*
 * One more entry from settings in memory (`keys` may be the arena's). setting: "domains[3]". False:
 * an error was complained of, or memory is out (complained of too).
 */
bool domains_add(struct dkim_domains *domains, const struct domain_settings *settings,
                 const char *setting, struct config_report *report);

/* True for "*". */
bool domains_is_any(const char *name);
/* Complains of it; always false. */
bool domains_out_of_memory(struct config_report *report);

/* domains_settings.c: RFC 6376 3.1: sub-domains as host names have them, dots between. U-labels are
 * fine (RFC 8616). */
bool domains_selector_is_valid(const char *selector);

/* domains_keys.c: the keys of settings into entry, beside those it has; the result as with
 * domains_add. */
bool domains_add_keys(struct dkim_domains *domains, const struct domain_settings *settings,
                      struct dkim_domain *entry, const char *setting, struct config_report *report);
void domains_drop_keys(struct dkim_domains *domains);

/* domains_watch.c: has to be said before what is there is read. `path` outlives the table. False:
 * memory is out. */
bool domains_watch(struct dkim_domains *domains, const char *path);
/* Is any file of a key, or a watched path, another one than it was, and a number for all of them
 * now. What is gone is not stale. A system call for each. */
bool domains_watched_are_stale(const struct dkim_domains *domains);
uint64_t domains_watched_mark(const struct dkim_domains *domains);

/* domains_find.c: "selector._domainkey.d" in the one form everything compares; false when it is no
 * name. */
#define DOMAIN_RECORD_ROOM 600
bool domains_record_name(struct span selector, struct span d, char out[static DOMAIN_RECORD_ROOM]);

/* domains_folder.c: every PATH/DOMAIN/SELECTOR.pem as entries. */
bool domains_read_folder(struct dkim_domains *domains, const struct config_place *place,
                         struct config_report *report);
/* Changes with every file added, removed or written. */
uint64_t domains_fingerprint(const char *folder);

/* domains_opendkim.c: the rows of OpenDKIM's tables as entries. `is_kept`: a table that cannot be
 * read does not end it; all mail then waits as its entry wants. */
bool domains_read_opendkim(struct dkim_domains *domains, const char *source, bool is_kept,
                           const struct config_place *place, struct config_report *report);
void domains_drop_opendkim(struct opendkim **opendkim);
bool domains_opendkim_is_stale(const struct opendkim *opendkim);
bool domains_opendkim_is_settled(const struct opendkim *opendkim); /* nobody seems to be writing */
uint64_t domains_opendkim_mark(const struct opendkim *opendkim);

/* domains_opendkim_find.c: what the functions of domains.h say where such tables are. */
size_t domains_opendkim_find(const struct opendkim *opendkim, struct span local, struct span domain,
                             const struct dkim_domain **found_r, size_t room);
const struct dkim_domain *domains_opendkim_find_any(const struct opendkim *opendkim,
                                                    struct span domain);
bool domains_opendkim_has(const struct opendkim *opendkim, struct span domain);

#endif
