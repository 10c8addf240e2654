/*
 * domains_look: what one look at a record of ours shows: its text, in a form that changes only when
 * the record does, and what is wrong with it, in words for an administrator. One function and one
 * file per kind of record.
 *
 * Each works as everything that asks DNS does (dns/questions.h): false means that answers are under
 * way, and that it is worth asking again after a wait. What DNS could not tell is unknown: no text,
 * no fault. Texts are the arena's; a look that found no room in it is unknown as a whole.
 */
#ifndef EM_WATCH_DOMAINS_LOOK_H
#define EM_WATCH_DOMAINS_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/forecast.h"
#include "dns/questions.h"
#include "util/arena.h"
#include "util/hash_table.h"
#include "util/ip.h"
#include "util/span.h"

enum domains_kind {
    DOMAINS_SPF,   /* of a domain */
    DOMAINS_DMARC, /* of a domain */
    DOMAINS_MX,    /* of a domain */
    DOMAINS_PTR,   /* of an address that mail leaves from */
    DOMAINS_HELO,  /* of the name such an address gives itself */
    DOMAINS_KIND_COUNT
};
const char *domains_kind_name(enum domains_kind kind);  /* "spf": in keys and JSON */
const char *domains_kind_title(enum domains_kind kind); /* "SPF": for people */

enum domains_weight {
    DOMAINS_NOTE,  /* worth knowing; shown, never logged */
    DOMAINS_FAULT, /* to be mended */
    DOMAINS_GRAVE  /* mail fails for it at many receivers */
};

#define DOMAINS_FAULTS_MAX 12  /* of one look; the last then says how many more there are */
#define DOMAINS_TEXT_MAX 1500  /* octets of a record's text, cut or not */
#define DOMAINS_CODE_MAX 320   /* octets of a code, a name in it */
#define DOMAINS_REMARK_MAX 400 /* octets of a fault's text */

struct domains_fault {
    enum domains_weight weight;
    struct span code; /* "spf-address 198.51.100.7": as long as it is this, it is the same fault */
    struct span text; /* one printable line */
};

struct domains_look {
    bool is_text_known, are_faults_known;
    struct span text; /* printable; "" where there is no such record */
    struct domains_fault faults[DOMAINS_FAULTS_MAX];
    size_t fault_count;
    size_t more; /* faults that found no room */
};

/* What a domain (A-labels) is looked at for: the addresses its mail leaves from, of which there may
 * be none, and the domains that are looked at themselves, whose records are not told twice. */
struct domains_subject {
    struct span domain;
    const struct egress *egress;
    const struct hash_table *watched;
};
bool domains_look_spf(const struct domains_subject *subject, struct dns_questions *questions,
                      struct arena *arena, struct domains_look *look_r);
bool domains_look_dmarc(const struct domains_subject *subject, struct dns_questions *questions,
                        struct arena *arena, struct domains_look *look_r);
bool domains_look_mx(const struct domains_subject *subject, struct dns_questions *questions,
                     struct arena *arena, struct domains_look *look_r);
/* Does the address have a name, and does one of its names lead back to it? egress->addresses[0]. */
bool domains_look_ptr(const struct domains_subject *subject, struct dns_questions *questions,
                      struct arena *arena, struct domains_look *look_r);
/* Does the name lead to the addresses that give it, or they to it, and does SPF let them? */
bool domains_look_helo(const struct domains_subject *subject, struct dns_questions *questions,
                       struct arena *arena, struct domains_look *look_r);

#endif
