/*
 * spf: what a receiver will conclude about one client address and one domain (RFC 7208).
 *
 * Our own walker reads every record before libspf2 sees one: its syntax, the ten look-ups summed
 * over includes and redirects (4.6.4), the two void ones, what crashes the library. libspf2 then
 * judges normalised records over a closed set of answers; where the two cannot both be right the
 * walker decides. Never waits: see dns/questions.h.
 */
#ifndef EM_AUTH_SPF_H
#define EM_AUTH_SPF_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/questions.h"
#include "util/arena.h"
#include "util/ip.h"
#include "util/span.h"

/* RFC 7208 2.6. */
enum spf_says {
    SPF_SAYS_NONE,
    SPF_SAYS_NEUTRAL,
    SPF_SAYS_PASS,
    SPF_SAYS_FAIL,
    SPF_SAYS_SOFTFAIL,
    SPF_SAYS_TEMPERROR,
    SPF_SAYS_PERMERROR
};

struct spf_query {
    struct ip client;   /* the address a receiver will see */
    struct span domain; /* A-labels: of the envelope sender, or HELO where that is null */
    struct span sender; /* local@domain; absent: postmaster@domain */
    struct span helo;   /* absent: not known; what depends on it is ambiguous */
};

/* What one answer asks at most. */
#define SPF_QUESTIONS_MAX 150

struct spf_answer {
    enum spf_says says;
    struct span record;  /* the domain's own, as published; absent: none */
    const char *why;     /* one line for an administrator: the term that decided ("-all"), the error
                            and where it stands ("12 look-ups, 10 are allowed: include:a.example"),
                            what was not answered; never NULL */
    unsigned lookups;    /* terms that ask DNS, of 10 */
    unsigned voids;      /* of them without an answer, of 2 */
    uint32_t ttl_s;      /* for how long this holds, by the records that were used */
    bool is_personal;    /* a macro makes it depend on the sender's address or on HELO */
    bool is_unambiguous; /* false: receivers differ here, `why` tells */
};

/* False: answers are under way. Texts are the arena's; absent memory is TEMPERROR. */
bool spf_ask(const struct spf_query *query, struct dns_questions *questions, struct arena *arena,
             struct spf_answer *answer_r);
const char *spf_says_name(enum spf_says says); /* "pass", as in RFC 7208 2.6 */

#endif
