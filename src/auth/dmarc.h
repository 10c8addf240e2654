/*
 * dmarc: the policy that holds for a From domain, and which identifiers are aligned with it (RFC
 * 9989). libopendmarc reads records and applies p, sp to a verdict; where a record stands, what an
 * organization is, and alignment are worked out here, because the library's answers give false
 * passes. Never waits: see dns/questions.h.
 */
#ifndef EM_AUTH_DMARC_H
#define EM_AUTH_DMARC_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/questions.h"
#include "util/arena.h"
#include "util/span.h"

enum dmarc_state {
    DMARC_NONE, /* no record applies */
    DMARC_PUBLISHED,
    DMARC_UNKNOWN,  /* DNS could not be asked */
    DMARC_DEFECTIVE /* a record that receivers read as none, or differently: `why` tells */
};

enum dmarc_action { DMARC_ACTION_NONE, DMARC_ACTION_QUARANTINE, DMARC_ACTION_REJECT };

struct dmarc_policy {
    enum dmarc_state state;
    struct span domain;       /* where the record stands */
    struct span record;       /* as published; absent without one */
    struct span organization; /* of the From domain; absent: DNS cannot tell */
    bool is_strict_dkim, is_strict_spf;
    enum dmarc_action p;      /* as published */
    enum dmarc_action action; /* what applies to this From domain: p, sp or np, and t */
    bool is_testing;          /* t=y: receivers apply one step less */
    const char *why;          /* one line for an administrator, or NULL: nothing to say */
    const char *difference;   /* where receivers that go by the public suffix list decide otherwise;
                                 NULL: nowhere, or nobody can say */
    unsigned queries;
    uint32_t ttl_s;
};

/* The record for a From domain (A-labels): 4.10 of the RFC, at most 8 queries. False: answers are
 * under way. */
bool dmarc_discover(struct span from_domain, struct dns_questions *questions, struct arena *arena,
                    struct dmarc_policy *policy_r);

enum dmarc_alignment { DMARC_NOT_ALIGNED, DMARC_ALIGNED, DMARC_ALIGNMENT_UNKNOWN };

/* Is an authenticated domain (A-labels) aligned with the From domain: equal, or of one
 * organization where relaxed is enough? False: answers are under way. */
bool dmarc_align(const struct dmarc_policy *policy, struct span from_domain,
                 struct span authenticated, bool is_strict, struct dns_questions *questions,
                 enum dmarc_alignment *alignment_r);
const char *dmarc_action_name(enum dmarc_action action); /* "quarantine" */

#endif
