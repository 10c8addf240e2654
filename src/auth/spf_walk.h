/*
 * spf_walk: all that stands under a domain's SPF record, whoever the client is: for the
 * administrator of the domain. spf.h answers for one client, and stops where that is decided; here
 * every include and redirect is followed.
 */
#ifndef EM_AUTH_SPF_WALK_H
#define EM_AUTH_SPF_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/questions.h"
#include "util/arena.h"
#include "util/span.h"

enum spf_weight {
    SPF_ADVICE,  /* works, could be better */
    SPF_WARNING, /* works not as it is meant, or not everywhere */
    SPF_FAULT    /* receivers end in permerror, at least for some clients */
};

struct spf_remark {
    enum spf_weight weight;
    const char *text; /* one line, with the term and whose record it is */
};

struct spf_review {
    bool is_known;      /* false: DNS did not answer all of it; `why_unknown` tells what */
    bool has_record;    /* one by its version, good or not */
    struct span record; /* as published */
    unsigned lookups;   /* of 10, when no term matches */
    unsigned voids;     /* of 2, at least: macros are not followed */
    uint32_t ttl_s;
    const struct spf_remark *remarks; /* faults first */
    size_t remark_count;
    const char *why_unknown;
};

/* What one review asks at most. */
#define SPF_REVIEW_QUESTIONS_MAX 300

/* False: answers are under way. Texts are the arena's. False in is_known with no remarks: memory.
 */
bool spf_review(struct span domain, struct dns_questions *questions, struct arena *arena,
                struct spf_review *review_r);

#endif
