/*
 * spf_private: what the files of SPF share. Not for other rooms.
 *
 * A walk goes over the records in the way of RFC 7208 4 for one client. Where an answer is under
 * way it goes on behind it as if the term did not match, only to send more questions on their way;
 * its verdict is then worth nothing and it is made again from the beginning. What a finished walk
 * leaves (visits, steps, answers) is what libspf2 is asked about.
 */
#ifndef EM_AUTH_SPF_PRIVATE_H
#define EM_AUTH_SPF_PRIVATE_H

#include "auth/spf.h"
#include "auth/spf_name.h"
#include "auth/spf_record.h"

/* 4.6.4 */
#define SPF_LOOKUPS_MAX 10
#define SPF_VOIDS_MAX 2
#define SPF_NAMES_MAX 10 /* of an MX or a PTR answer */

/* One term as the walk went over it. */
struct spf_step {
    struct span
        name; /* whom it asks about: lower case, macros expanded, any byte; absent: nobody */
    bool is_reached, has_matched;
    bool is_decided; /* nobody else may be asked: libspf2 is known to see it in another way */
};

/* One record that was evaluated. */
struct spf_visit {
    struct spf_visit *older;
    const struct spf_visit *parent; /* whose include or redirect led here; NULL: the first */
    struct span domain;
    struct spf_record record;
    struct spf_step *steps; /* record.count */
};

struct spf_known {
    struct spf_known *older;
    struct span name;
    enum dns_type type;
    const struct dns_answer *answer;
};

struct spf_walk {
    const struct spf_query *query;
    struct dns_questions *questions;
    struct arena *arena; /* of this walk alone */
    struct spf_visit *visits;
    struct spf_known *known;
    const struct span *validated; /* names of the client that lead back to it (5.5) */
    size_t validated_count;
    unsigned validated_voids;
    bool is_validated, has_doubtful_names;
    struct span text; /* the first record */
    unsigned lookups, voids;
    unsigned inner_voids;    /* those of hosts behind mx and ptr, which some receivers count, too */
    unsigned idle_redirects; /* of records that were read, but not followed */
    uint32_t letters;        /* macros of all terms that were reached */
    uint32_t ttl_s;
    const char *why;
    const char *difference; /* where receivers differ; NULL: nowhere */
    bool is_starved;
};

enum spf_match { SPF_MATCH_NO, SPF_MATCH_YES, SPF_MATCH_PENDING, SPF_MATCH_ERROR };

/* False: answers are under way. walk_r->visits are the newest first. With is_starved, memory was
 * out: the verdict is TEMPERROR. */
bool spf_walk(const struct spf_query *query, struct dns_questions *questions, struct arena *arena,
              struct spf_walk *walk_r, enum spf_says *says_r);

/* The answer, which is kept among the known ones; NULL: under way (or memory: is_starved). */
const struct dns_answer *spf_walk_ask(struct spf_walk *walk, struct span name, enum dns_type type);
/* Says why, and with which verdict; always SPF_MATCH_ERROR. */
enum spf_match spf_walk_fail(struct spf_walk *walk, enum spf_says says, enum spf_says *says_r,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));
enum spf_match spf_walk_fail_unknown(struct spf_walk *walk, struct span name, enum dns_type type,
                                     const struct dns_answer *answer, enum spf_says *says_r);

/*
 * spf_match.c: does a term but include and redirect match the client? steps[] of it is filled.
 * ERROR: *says_r and walk->why tell.
 */
enum spf_match spf_match_term(struct spf_walk *walk, const struct spf_visit *visit, size_t index,
                              enum spf_says *says_r);
/* The name a term asks about into its step. PENDING: %{p} needs answers; ERROR: memory. */
enum spf_match spf_expand_term(struct spf_walk *walk, const struct spf_visit *visit, size_t index);

/*
 * spf_library.c: what libspf2 makes of the records a walk has visited, normalised and with the
 * answers it has seen. False: it was not asked, since it would not be (loopback passes with it), or
 * could not be (record too long for it, memory).
 */
bool spf_library_judge(const struct spf_walk *walk, enum spf_says *says_r);

#endif
