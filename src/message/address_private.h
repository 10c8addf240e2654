/*
 * address_private: what the files about addresses share: tokens, texts made of tokens, and the last
 * step from local part and domain to a struct address.
 */
#ifndef EM_MESSAGE_ADDRESS_PRIVATE_H
#define EM_MESSAGE_ADDRESS_PRIVATE_H

#include <stdbool.h>

#include "message/address.h"
#include "util/arena.h"
#include "util/span.h"

enum token_kind {
    TOKEN_END,
    TOKEN_ATOM,    /* a run of atext (RFC 5322 3.2.3) or non-ASCII octets */
    TOKEN_QUOTED,  /* a quoted string with its quotes */
    TOKEN_LITERAL, /* a domain literal with its brackets */
    TOKEN_DOT,
    TOKEN_AT,
    TOKEN_COMMA,
    TOKEN_SEMICOLON,
    TOKEN_COLON,
    TOKEN_OPEN,  /* < */
    TOKEN_CLOSE, /* > */
    TOKEN_JUNK   /* anything that has no place outside quotes; the rest after an unclosed quote */
};

struct token {
    enum token_kind kind;
    struct span text;
    struct span comment; /* the last comment before it with its parentheses, or absent */
    bool after_space;    /* white space or a comment is before it */
};

struct lexer {
    const char *at, *end;
    unsigned defects;                    /* of what was read so far; the caller may clear it */
    bool has_quoted_fold, has_quoted_at; /* in any quoted string or comment so far */
};

void lexer_init(struct lexer *lexer, struct span text);
/* Comments (RFC 5322 3.2.2) and white space are skipped; folds are LF + WSP. */
void lexer_next(struct lexer *lexer, struct token *token_r);

/* RFC 5322 3.2.3, and any octet above 127 (RFC 6532 3.2). */
bool is_atext(char c);
/* ADDRESS_UTF8 or ADDRESS_8BIT, or 0 where all is ASCII. */
unsigned text_defects(struct span text);
/*
 * The tokens of `raw` as plain text: quotes, escapes and folds removed, comments left out, a gap
 * between tokens made one blank or (is_phrase false) nothing. .at == NULL: arena exhausted.
 */
struct span text_of_tokens(struct span raw, bool is_phrase, struct arena *arena);
/* The inside of a comment or quoted string, escapes and folds removed. .at == NULL as above. */
struct span text_of_quoted(struct span quoted, struct arena *arena);

/*
 * Fills domain, text and their defects from address_io->local and `domain` (without comments and
 * white space; absent: there was none). False: arena exhausted.
 */
bool address_finish(struct address *address_io, struct span domain, struct arena *arena);
/* `local` quoted where RFC 5321 4.1.2 demands it, "@", domain; no "@" when domain is absent. */
struct span address_text(struct span local, struct span domain, struct arena *arena);

#endif
