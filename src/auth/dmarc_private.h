/*
 * dmarc_private: the parts of dmarc.h: what a record says, what libopendmarc makes of it, and the
 * walk up the DNS tree.
 */
#ifndef EM_AUTH_DMARC_PRIVATE_H
#define EM_AUTH_DMARC_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/dmarc.h"
#include "dns/questions.h"
#include "util/arena.h"
#include "util/span.h"

/* --- dmarc_tags.c: a record, as RFC 9989 reads it (4.7, 4.8) --- */

#define DMARC_RECORD_MAX 4096 /* octets; a longer one is trouble */

enum dmarc_tag_state { DMARC_TAG_ABSENT, DMARC_TAG_BAD, DMARC_TAG_GOOD };

/* p, sp or np. */
struct dmarc_request {
    enum dmarc_tag_state state;
    enum dmarc_action action; /* NONE unless it is good */
};

enum dmarc_psd { DMARC_PSD_UNTOLD, DMARC_PSD_NO, DMARC_PSD_YES };

struct dmarc_record {
    struct dmarc_request p, sp, np;
    bool is_strict_dkim, is_strict_spf;
    bool is_testing;
    bool has_rua; /* with an address that a report could go to */
    enum dmarc_psd psd;
    const char *trouble; /* why receivers read it as none, or differently; NULL: they do not */
    const char *note;    /* what is wrong without consequence by the RFC; NULL: nothing */
};

/* False: no DMARC record; others stand at the same name, and say nothing. */
bool dmarc_record_read(struct span text, struct dmarc_record *record_r);

/* --- dmarc_library.c: libopendmarc, in a context of its own each time --- */

/* Compares its reading with ours, and notes in `record` where the two differ. */
void dmarc_library_compare(struct span text, struct dmarc_record *record);

enum dmarc_library_says {
    DMARC_LIBRARY_CANNOT, /* it does not take the record, or memory is out */
    DMARC_LIBRARY_PASSES,
    DMARC_LIBRARY_NONE,
    DMARC_LIBRARY_QUARANTINE,
    DMARC_LIBRARY_REJECT
};
/*
 * What it applies to mail of `from_domain`, by a record that stands there, or at `organization`
 * (absent: it stands there). The verdict on alignment is handed in.
 */
enum dmarc_library_says dmarc_library_apply(struct span text, struct span from_domain,
                                            struct span organization, bool is_aligned);

/* --- dmarc_walk.c: the DNS tree walk (4.10) --- */

#define DMARC_WALK_MAX 8

struct dmarc_step {
    struct span domain; /* the end of the name the walk began with */
    const struct dns_answer *answer;
    unsigned count;     /* DMARC records that stand there */
    struct span record; /* the one; absent: none, or several */
    struct dmarc_record tags;
};

struct dmarc_walk {
    struct dmarc_step steps[DMARC_WALK_MAX]; /* from the longest name to the shortest */
    size_t asked;                            /* of them */
    size_t count;                            /* up to the one where the walk ends */
    const struct dmarc_step *psd;            /* it ended at a public suffix; NULL: it did not */
    const struct dmarc_step *failed;         /* the first that DNS could not tell; NULL: none */
    struct span organization;                /* absent: DNS could not tell */
    uint32_t ttl_s;
};

/* `domain` in A-labels without final dot. False: answers are under way. Points into `domain`,
 * `questions` and itself. */
bool dmarc_walk(struct span domain, struct dns_questions *questions, struct dmarc_walk *walk_r);
/* The step at that name; NULL: none was asked. */
const struct dmarc_step *dmarc_walk_step(const struct dmarc_walk *walk, struct span domain);

/* --- dmarc_difference.c --- */

/* As struct dmarc_policy has it. */
const char *dmarc_difference(const struct dmarc_walk *walk, const struct dmarc_policy *policy,
                             struct arena *arena);

/* --- dmarc_align.c --- */

struct dmarc_aligned {
    enum dmarc_alignment alignment;
    bool is_by_list; /* the public suffix list makes them one organization */
    uint32_t ttl_s;
};
/* dmarc_align() for the relaxed mode, and what else is worth keeping. */
bool dmarc_align_relaxed(const struct dmarc_policy *policy, struct span from_domain,
                         struct span authenticated, struct dns_questions *questions,
                         struct dmarc_aligned *aligned_r);

#endif
