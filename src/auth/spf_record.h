/*
 * spf_record: one SPF record as text and as terms (RFC 7208 3, 4.5, 4.6, 5, 6, 12). Says of a
 * record that is wrong what is wrong with it, in words for the administrator of the domain.
 */
#ifndef EM_AUTH_SPF_RECORD_H
#define EM_AUTH_SPF_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"
#include "util/arena.h"
#include "util/ip.h"
#include "util/span.h"

/* What is longer, or has more macros, is not read: libraries at receivers fall over it. */
#define SPF_RECORD_MAX 4096
#define SPF_RECORD_MACROS_MAX 64

enum spf_kind {
    SPF_ALL,
    SPF_INCLUDE,
    SPF_A,
    SPF_MX,
    SPF_PTR,
    SPF_IP4,
    SPF_IP6,
    SPF_EXISTS,
    SPF_REDIRECT /* a modifier, but what it does is done in its turn: the last */
};

struct spf_term {
    enum spf_kind kind;
    char qualifier;     /* + - ~ ? */
    struct span text;   /* as written, but cut when long, and printable: for people */
    struct span target; /* the domain-spec, macros and all; absent: the record's own domain */
    struct ip address;  /* IP4, IP6 */
    uint8_t prefix[2];  /* IP4, A, MX: bits of IPv4 in [0]; IP6, A, MX: of IPv6 in [1] */
    uint32_t letters;   /* macros in target: bit 0 is 'a' */
};

struct spf_record {
    const char *fault; /* one line; NULL: the record is good, else only is_unread counts */
    bool is_unread;    /* the fault is not one of syntax: too long, too many macros */
    const struct spf_term *terms; /* mechanisms as they stand, then redirect */
    size_t count;
    bool has_all, has_redirect;
};

enum spf_selection { SPF_SELECTED, SPF_NO_RECORD, SPF_SEVERAL_RECORDS };

/* 4.5: the one record of version spf1 among the TXT records of a domain. */
enum spf_selection spf_record_select(const struct dns_answer *answer, struct span *text_r);

/* False: memory. Texts are the arena's, or spans of `text`, which is a record by its version. */
bool spf_record_parse(struct span text, struct arena *arena, struct spf_record *record_r);

/* Does a term of this kind ask DNS (4.6.4)? */
bool spf_kind_asks(enum spf_kind kind);

#endif
