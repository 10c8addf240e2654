/*
 * domains_private: what the files that build the table of signing domains share. Not for other
 * rooms.
 */
#ifndef EM_DKIM_DOMAINS_PRIVATE_H
#define EM_DKIM_DOMAINS_PRIVATE_H

#include "dkim/domains.h"
#include "util/hash_table.h"

/* As written in the configuration. */
struct key_settings {
    const char *selector;
    const char *file;
    bool is_path; /* file is a path already, no template */
    struct config_place place;
};

struct domain_settings {
    const char *name;
    const char *d;
    bool subdomains;
    bool third_party;
    struct config_list keys; /* struct key_settings */
    int on_failure;          /* enum dkim_on_failure */
    bool is_degraded;        /* no keys, and that is a fault of files already complained of */
    struct config_place place;
};

struct domains_settings {
    struct config_list list; /* struct domain_settings */
    const char *folder;      /* "dir:/path", NULL with a list */
};

/* What became of one key file. */
struct loaded_key {
    const char *path;
    struct dkim_key *key; /* NULL: fault says why */
    const char *fault, *warning;
};

struct dkim_domains {
    struct arena *arena;
    struct dkim_domain *all;
    size_t count, room;
    struct hash_table *by_name;    /* A-label name to struct dkim_domain */
    struct hash_table *by_record;  /* domains_record_name to struct loaded_key, fixed d only */
    struct hash_table *by_path;    /* each file is read once: path to struct loaded_key */
    const struct dkim_domain *any; /* the entry "*" */
    const char *folder;            /* of "dir:", without the prefix */
    uint64_t fingerprint;          /* of that folder when it was read */
};

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

/* domains_keys.c: the keys of settings into entry; the result as with domains_add. */
bool domains_add_keys(struct dkim_domains *domains, const struct domain_settings *settings,
                      struct dkim_domain *entry, const char *setting, struct config_report *report);
void domains_drop_keys(struct dkim_domains *domains);

/* domains_find.c: "selector._domainkey.d" in the one form everything compares; false when it is no
 * name. */
#define DOMAIN_RECORD_ROOM 600
bool domains_record_name(struct span selector, struct span d, char out[static DOMAIN_RECORD_ROOM]);

/* domains_folder.c: every PATH/DOMAIN/SELECTOR.pem as entries. */
bool domains_read_folder(struct dkim_domains *domains, const struct config_place *place,
                         struct config_report *report);
/* Changes with every file added, removed or written. */
uint64_t domains_fingerprint(const char *folder);

#endif
