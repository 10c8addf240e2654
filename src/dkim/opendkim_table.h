/*
 * opendkim_table: the text of OpenDKIM's KeyTable and SigningTable as rows (opendkim.conf(5),
 * "DATA SETS" of opendkim(8)): flat files ("file:") and files of patterns ("refile:").
 *
 * Nothing here touches the disk. Rows are in the order of the file; what several of them mean
 * together is for domains_opendkim*.c to say.
 */
#ifndef EM_DKIM_OPENDKIM_TABLE_H
#define EM_DKIM_OPENDKIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/error.h"
#include "util/span.h"

/* "opendkim:KEYTABLE,SIGNINGTABLE[,MultipleSignatures]", each table with or without "file:" or
 * "refile:" before its path. */
struct opendkim_spec {
    struct opendkim_source {
        struct span path; /* absolute */
        bool is_pattern;  /* "refile:" */
    } keys, signing;
    bool is_multiple; /* every row that matches signs, not only the first */
};

/* A line: KEY, blanks, VALUE; both end in a NUL. */
struct opendkim_row {
    struct span key, value;
    unsigned line;
};

struct opendkim_rows {
    struct opendkim_row *at;
    size_t count;
};

/* What a KeyTable's value says. */
struct opendkim_key {
    struct span domain; /* d=, or "%": the From domain */
    struct span selector;
    struct span file; /* a path, in which "%" is the domain; absent: the key itself is there */
    struct span text; /* PEM or base64 of DER; absent with a file */
};

#define OPENDKIM_ROWS_MAX 200000

/* False with *error: what is wrong and what is valid. Spans point into `text`. */
bool opendkim_spec_read(struct span text, struct opendkim_spec *spec_r, struct error *error);
/*
 * All rows. '#' begins a comment wherever it stands, as it does for OpenDKIM; blank lines count for
 * nothing. False with *error and *line_r (0: none): a key without a value, a NUL byte, more than
 * OPENDKIM_ROWS_MAX rows, no row at all, no memory.
 */
bool opendkim_rows_read(struct span text, struct arena *arena, struct opendkim_rows *rows_r,
                        unsigned *line_r, struct error *error);
/* DOMAIN:SELECTOR:KEY. A name of an algorithm behind a path is passed over: the key itself tells.
 * False with *error: a part is missing. */
bool opendkim_key_read(struct span value, struct opendkim_key *key_r, struct error *error);
/* NAME or NAME:SIGNER. False: no name. signer_r may be NULL. */
bool opendkim_name_read(struct span value, struct span *name_r, struct span *signer_r);

/* Does the text match a pattern, in which '*' stands for any text, also none, and every other byte
 * for itself? Both in lower case. */
bool opendkim_matches(struct span pattern, struct span text);
/* `text` with each "%" replaced; .at == NULL: no memory. */
struct span opendkim_fill(struct span text, struct span domain, struct arena *arena);

#endif
