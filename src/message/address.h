/*
 * address: envelope paths (RFC 5321 4.1.2, 6531) and address lists of header fields (RFC 5322 3.4,
 * 6532, 6854).
 *
 * Strict about what it understands, loud about the rest: whatever two receivers could read
 * differently is a defect bit. It never invents: a list that does not parse has the mailboxes seen
 * so far and ADDRESS_BROKEN.
 */
#ifndef EM_MESSAGE_ADDRESS_H
#define EM_MESSAGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/span.h"

enum address_defect {
    ADDRESS_BROKEN =
        1 << 0, /* no valid list: trailing junk, unbalanced quotes, brackets or comments */
    ADDRESS_EMPTY = 1 << 1,      /* nothing but white space and comments */
    ADDRESS_NO_DOMAIN = 1 << 2,  /* a mailbox without "@domain" */
    ADDRESS_BAD_DOMAIN = 1 << 3, /* not a domain name, nor an address literal */
    ADDRESS_GROUP = 1 << 4,      /* group syntax (RFC 6854 allows it in From) */
    ADDRESS_ROUTE = 1 << 5,      /* obsolete source route */
    ADDRESS_OBSOLETE =
        1 << 6, /* other obs- syntax: CFWS around dots, null members, phrase with bare dots aside */
    ADDRESS_COMMENT = 1 << 7,         /* a comment within an address */
    ADDRESS_QUOTED_LOCAL = 1 << 8,    /* quoted local part */
    ADDRESS_ENCODED_WORD = 1 << 9,    /* =?...?= inside an addr-spec */
    ADDRESS_SEVERAL_ANGLES = 1 << 10, /* more than one <...> in one mailbox */
    ADDRESS_CONTROL = 1 << 11,        /* NUL or another control byte */
    ADDRESS_8BIT = 1 << 12,           /* non-ASCII outside SMTPUTF8's valid UTF-8: invalid UTF-8 */
    ADDRESS_UTF8 = 1 << 13,           /* valid non-ASCII UTF-8 (no defect under SMTPUTF8) */
    ADDRESS_LONG = 1 << 14            /* local part over 64 or domain over 253 octets */
};

struct address {
    struct span display; /* display name: quotes and escapes removed, encoded words as they stand;
                            may be absent */
    struct span local;   /* local part with quotes and escapes removed */
    struct span domain;  /* lower case, A-labels, no final dot (util/domain.h); "[192.0.2.1]" for a
                            literal; else as written */
    struct span
        text; /* local@domain, the local part quoted again where it must be; "" for the null path */
    unsigned defects; /* enum address_defect of this mailbox */
};

struct address_list {
    const struct address *at;
    size_t count;     /* mailboxes, those in groups included */
    unsigned defects; /* union, and those of the list itself */
};

/*
 * An envelope path as an MTA hands it over: "<a@b>", "a@b", "<>", "" (null), "<@route:a@b>",
 * "<postmaster>". Null path: text is "" (not absent), no defects. Never fails but by memory
 * (false): what it cannot read is ADDRESS_BROKEN with text = the input between the brackets.
 */
bool address_parse_path(struct span path, struct arena *arena, struct address *address_r);
/* The value of From, Sender, To, ... (raw, folds allowed). False only when the arena is exhausted.
 */
bool address_parse_list(struct span value, struct arena *arena, struct address_list *list_r);
/*
 * The address that stands for a sender when mail is counted: VERP, BATV (prvs=), SRS0/SRS1 undone,
 * +extension
 * (`delimiter`, may be empty) dropped, local part lower-cased. .at == NULL: arena exhausted. Null
 * path gives "".
 */
struct span address_reduce(const struct address *address, struct span delimiter,
                           struct arena *arena);

#endif
