/*
 * token: the words of a configuration text, as libconfig's own scanner divides them, but strict
 * where that one is silent: a number too large, a comment or a text that never ends, a unit outside
 * quotes.
 */
#ifndef EM_CONFIG_TOKEN_PRIVATE_H
#define EM_CONFIG_TOKEN_PRIVATE_H

#include <stdbool.h>

#include "util/error.h"
#include "util/span.h"

enum token_type {
    TOKEN_END,
    TOKEN_MARK, /* one of = : ; , { } [ ] ( ) */
    TOKEN_NAME,
    TOKEN_TEXT, /* with its quotes */
    TOKEN_BOOL,
    TOKEN_INT,   /* decimal or hexadecimal, 32 bits */
    TOKEN_INT64, /* the same with suffix L */
    TOKEN_FLOAT
};

struct token {
    enum token_type type;
    struct span text; /* as written */
    unsigned line;    /* where it begins */
    /* TOKEN_INT, TOKEN_INT64: beyond the range; the least value of either type counts as beyond. */
    bool is_out_of_range;
};

struct token_reader {
    struct span rest;
    unsigned line; /* of the first byte of rest; begin with 1 */
};

/*
 * Takes the next token. False: this is no token; then token_r->line tells where and *error why.
 * The text must hold no NUL byte.
 */
bool token_read(struct token_reader *reader, struct token *token_r, struct error *error);
/* Is it this mark? */
bool token_is(const struct token *token, char mark);

#endif
