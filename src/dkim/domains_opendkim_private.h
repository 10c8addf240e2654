/*
 * domains_opendkim_private: what the files domains_opendkim*.c share: OpenDKIM's two tables, made
 * into entries and an index that finds them.
 */
#ifndef EM_DKIM_DOMAINS_OPENDKIM_PRIVATE_H
#define EM_DKIM_DOMAINS_OPENDKIM_PRIVATE_H

#include "dkim/domains_private.h"
#include "dkim/opendkim_table.h"
#include "tables/table_source.h"
#include "util/domain.h"

/* --- the index: written while building, then only read --------------------------------------- */

/* One row of the SigningTable. */
struct sender_row {
    struct span pattern; /* lower case, domains as A-labels */
    struct span domain;  /* pattern of the domains it speaks of: "example.org", "*.example.org" */
    unsigned line;
    const struct dkim_domain *entry;    /* what signs, or */
    const struct hash_table *by_domain; /* what signs for which From domain (struct dkim_domain) */
    const struct sender_row *next;      /* further down in the file, filed under the same name */
};

struct sender_list {
    struct sender_row *first, *last;
};

struct opendkim {
    struct table_source keys, signing;
    bool is_pattern;  /* the SigningTable is of type refile: */
    bool is_multiple; /* all rows that match sign */
    /* flat: each key; refile: each address without '*'. To struct sender_list. */
    struct hash_table *by_address;
    /* Rows that are no whole address, under the labels at the end of their domain that are no
     * pattern; "" where there are none. To struct sender_list. */
    struct hash_table *by_ending;
    struct hash_table *by_domain;   /* domains of whole addresses, to the first struct sender_row */
    const struct hash_table *named; /* made when a row needs it: see opendkim_named_keys() */
    struct owned_table {            /* tables that are found from rows, to be freed */
        struct hash_table *table;
        struct owned_table *next;
    } * owned;
    const struct dkim_domain *broken; /* the tables cannot be read: what all mail gets; else NULL */
};

/* --- building -------------------------------------------------------------------------------- */

/* One row of the KeyTable. */
struct key_row {
    struct span name;
    struct opendkim_key key;
    const char *fault; /* NULL: none seen yet */
    unsigned line;
    const struct hash_table *by_path; /* made when asked for: see opendkim_filled_keys() */
};

struct opendkim_builder {
    struct dkim_domains *domains;
    struct opendkim *opendkim;
    struct config_report *report;
    const struct config_place *place; /* of the setting that names the tables */
    enum config_severity severity;    /* of what is wrong with a whole table */
    const char *keys_path, *signing_path;
    struct key_row *keys;
    size_t key_count;
    struct hash_table *key_by_name; /* names without '*' */
    bool has_key_patterns;
    struct hash_table *seen; /* patterns, and with MultipleSignatures what they sign as, to what is
                                there already */
    struct {
        unsigned count, line;
    } signers; /* rows that name an identity (i=), and the first of them */
};

/* domains_opendkim_keys.c: the KeyTable. False: an error was complained of. */
bool opendkim_read_keys(struct opendkim_builder *builder, const struct opendkim_source *source,
                        struct span text);
/* NULL: there is no such name. */
struct key_row *opendkim_find_key(const struct opendkim_builder *builder, struct span name);
/*
 * The key of `row` into `entry`, whose d is set (NULL: "{from}"); `domain` stands for "%" in its
 * path. A fault of the row degrades the entry. False: memory is out.
 */
bool opendkim_add_key(struct opendkim_builder *builder, const struct key_row *row,
                      struct dkim_domain *entry, struct span domain);
/* A new entry for a From domain, with this key. NULL: memory is out. */
struct dkim_domain *opendkim_new_entry(struct opendkim_builder *builder, const struct key_row *row,
                                       const char *name, const char *d, const char *sender);

/* domains_opendkim_form.c: the key of a row. */
#define OPENDKIM_KEY_ROOM 1024 /* longer ones are no addresses */
struct opendkim_form {
    struct span pattern; /* folded */
    struct span domain;  /* pattern of its domains */
    const char *name;    /* of its entry: one domain, a parent, or "*" */
    bool is_one;         /* it speaks of exactly that domain */
};
/* `key` is shorter than OPENDKIM_KEY_ROOM. False: memory is out. */
bool opendkim_read_form(struct opendkim_builder *builder, struct span key,
                        struct opendkim_form *form_r);
/* A row that matches no address, whatever somebody thought; it is warned of, and passed over as by
 * OpenDKIM. */
bool opendkim_is_idle(struct opendkim_builder *builder, const struct opendkim_row *row,
                      const struct opendkim_form *form);

/*
 * domains_opendkim_template.c: entries that depend on the From domain, for rows whose pattern names
 * no one domain: of the key with the domain's own name ("%" in the SigningTable), and of a key
 * whose path has the domain in it. NULL: memory is out.
 */
const struct hash_table *opendkim_named_keys(struct opendkim_builder *builder);
const struct hash_table *opendkim_filled_keys(struct opendkim_builder *builder,
                                              struct key_row *row);

/* domains_opendkim_find.c: files a row whose pattern, domain and answer are set. False: memory. */
bool opendkim_file_row(struct opendkim *opendkim, struct arena *arena, struct sender_row *row);

/* domains_opendkim.c: reads a table's rows. False: a complaint was made, as severe as it is now. */
bool opendkim_read_rows(struct opendkim_builder *builder, struct span text, const char *path,
                        struct opendkim_rows *rows_r);
/* The tables out of two texts, for fuzzing; nothing of them is watched. */
bool domains_read_opendkim_texts(struct dkim_domains *domains, const struct opendkim_spec *spec,
                                 struct span keys, struct span signing,
                                 struct config_report *report);

/* Complains of a line of a table. */
#define opendkim_warn(builder, path, line, ...)                                                    \
    config_complain((builder)->report, CONFIG_WARNING, &(struct config_place){ (path), (line) },   \
                    NULL, __VA_ARGS__)

#endif
