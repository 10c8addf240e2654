/*
 * address: envelope paths (RFC 5321 4.1.2, 6531) and address lists of header fields (RFC 5322 3.4,
 * 6532, 6854).
 *
 * Strict about what it understands, loud about the rest: whatever two receivers could read
 * differently is a defect bit. It never invents. A list that does not parse is ADDRESS_BROKEN; it
 * then has every mailbox that can be made out, for a receiver may pick any of them, and may still
 * lack one: whoever asks whose mail this is must not trust a broken list to be complete.
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
    ADDRESS_BAD_DOMAIN = 1 << 3, /* no domain name or address literal; a dot or hyphen at an end */
    ADDRESS_GROUP = 1 << 4,      /* group syntax (RFC 6854 allows it in From) */
    ADDRESS_ROUTE = 1 << 5,      /* obsolete source route */
    ADDRESS_OBSOLETE =
        1 << 6, /* other obs- syntax: CFWS around dots, null members, phrase with bare dots aside */
    ADDRESS_COMMENT = 1 << 7,         /* a comment within an addr-spec or its angle brackets */
    ADDRESS_QUOTED_LOCAL = 1 << 8,    /* quoted local part */
    ADDRESS_ENCODED_WORD = 1 << 9,    /* =?...?= inside an addr-spec */
    ADDRESS_SEVERAL_ANGLES = 1 << 10, /* more than one <...> in one mailbox */
    ADDRESS_CONTROL = 1 << 11,        /* NUL or another control byte */
    ADDRESS_8BIT = 1 << 12,           /* non-ASCII outside SMTPUTF8's valid UTF-8: invalid UTF-8 */
    ADDRESS_UTF8 = 1 << 13,           /* valid non-ASCII UTF-8 (no defect under SMTPUTF8) */
    ADDRESS_LONG = 1 << 14, /* local part over 64, domain over 253, both over 254 octets */
    ADDRESS_HIDDEN_ANGLE =
        1 << 15, /* <...@...> in a quoted string or comment, where careless readers find it */
    ADDRESS_DOTS = 1 << 16, /* unquoted local part with a dot at an end or two in a row */
    /* a fold in a quoted string or comment of the list, and an "@" in one: readers that end either
     * at a line end (Python's email package) find another mailbox there */
    ADDRESS_FOLD = 1 << 17
};

/* Receivers may take such an address for another one, or for none. */
#define ADDRESS_DOUBTFUL                                                                           \
    (ADDRESS_BROKEN | ADDRESS_EMPTY | ADDRESS_NO_DOMAIN | ADDRESS_BAD_DOMAIN | ADDRESS_ROUTE |     \
     ADDRESS_COMMENT | ADDRESS_ENCODED_WORD | ADDRESS_SEVERAL_ANGLES | ADDRESS_CONTROL |           \
     ADDRESS_FOLD)

struct address {
    struct span display; /* display name, or without one the comment behind the address: quotes,
                            escapes and folds removed, encoded words as they stand; may be absent */
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
/*
 * The value of From, Sender, To, ... (raw, folds allowed). False only when the arena is exhausted.
 * Linear in the size of the value.
 */
bool address_parse_list(struct span value, struct arena *arena, struct address_list *list_r);
/*
 * The address that stands for a sender when mail is counted: SRS0/SRS1, BATV (prvs=) and VERP
 * undone, extension dropped, local part lower-cased (ASCII). `delimiter` is the set of octets that
 * begin an extension, as Postfix' recipient_delimiter; it may be empty. What VERP leaves nothing of
 * becomes "@domain". .at == NULL: arena exhausted. Null path gives "".
 */
struct span address_reduce(const struct address *address, struct span delimiter,
                           struct arena *arena);

#endif
