/*
 * table: a map from text to text that an administrator keeps outside the configuration.
 *
 *     file:/path                      Postfix source format, postmap(1)
 *     lmdb:/path                      /path.lmdb as written by `postmap lmdb:/path`
 *     socketmap:unix:/path:NAME       a server that speaks Postfix's protocol, socketmap_table(5)
 *     socketmap:inet:HOST:PORT:NAME
 *
 * The first two are local: read whole when opened, unchanging afterwards, asked without a system
 * call. A socketmap is asked when a question comes, so it may have no answer: that is
 * TABLE_UNAVAILABLE, and never the same as an answer that there is nothing.
 *
 * Keys are folded to ASCII lower case. An empty key is in no table. Safe for all threads; what a
 * table learns meanwhile (answers, the state of a server) is behind its own locks.
 */
#ifndef EM_TABLES_TABLE_H
#define EM_TABLES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/span.h"

struct table;

enum table_result {
    TABLE_FOUND,
    TABLE_ABSENT,      /* the table answered: there is no such key */
    TABLE_UNAVAILABLE, /* nobody knows */
};

struct table_answer {
    enum table_result result;
    struct span value; /* FOUND: in the arena given, a NUL behind it; else .at == NULL */
    const char *why; /* UNAVAILABLE: one line for a person, in that arena or constant; else NULL */
};

/* For socketmaps; local tables need none. 0 and NULL: the default. */
struct table_options {
    unsigned deadline_ms;      /* of a call: connecting, writing and reading together; 1000 */
    unsigned cache_s;          /* how long an answer counts, a third of it when absent; 30 */
    bool no_cache;             /* every question goes to the server */
    const struct clock *clock; /* for how long answers count, and pauses; outlives the table; the
     system's. Deadlines are always of real time. */
};

/* Can this version open such a spec? For config rows; looks at the text alone. False with *error.
 */
bool table_accepts(const char *spec, struct error *error);
/* The same for rows whose table is asked where nobody may wait: file and lmdb alone. */
bool table_accepts_local(const char *spec, struct error *error);

/*
 * NULL with *error naming the file, the line and what is wrong (a key twice is an error, naming
 * both lines), or the host that has no address. Reads files and, for a host by name, asks the
 * resolver: it may take a while. A socketmap is not connected to, so that its server may start
 * later.
 */
struct table *table_open(const char *spec, const struct table_options *options,
                         struct error *error);
/* A table that is TABLE_UNAVAILABLE whatever is asked, because of `why`: for a file that went bad
 * where there is no good copy. It is stale as long as the file is there, which may have been
 * mended. Both texts are copied. NULL: out of memory. */
struct table *table_broken(const char *spec, const char *why);
/* `why` of table_broken(); NULL for all others. Lives as long as the table. */
const char *table_trouble(const struct table *table);
/* Nobody asks any more. Clears the pointer; NULL is fine. */
void table_free(struct table **table);

/* May wait, up to its deadline, if table_waits() and else not. An exhausted arena is UNAVAILABLE.
 */
struct table_answer table_ask(struct table *table, struct span key, struct arena *arena);
/*
 * answers_r[i] to keys[i]. A socketmap is asked all at once over one connection and within one
 * deadline; an answer that came is kept where a later one did not.
 */
void table_ask_several(struct table *table, const struct span *keys, size_t count,
                       struct table_answer *answers_r, struct arena *arena);

/* Does asking touch a socket? The caller then brackets it with waits_begin() and waits_end(). */
bool table_waits(const struct table *table);
/* Has the file behind it changed since it was read? A system call. False for a socketmap, and while
 * the file is gone: what was read of it stays good. */
bool table_is_stale(const struct table *table);
/* A number for the file that is there now; 0: none is. Another file, or other content, has another
 * one. A system call. */
uint64_t table_mark(const struct table *table);
/* The spec it was opened with; for complaints. */
const char *table_spec(const struct table *table);

/* Can all rows be walked? file and lmdb. */
bool table_is_walkable(const struct table *table);
/* Rows in the order of the file: start with *position_io = 0; false at the end, and at once where
 * nothing can be walked. Both texts are the table's; keys are folded. */
bool table_next(const struct table *table, size_t *position_io, struct span *key_r,
                struct span *value_r);
/* How many rows; 0 where they cannot be walked. */
size_t table_count(const struct table *table);

#endif
