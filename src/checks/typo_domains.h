/*
 * typo_domains: misspellings of mailbox providers' domains that people make daily, as data.
 */
#ifndef EM_CHECKS_TYPO_DOMAINS_H
#define EM_CHECKS_TYPO_DOMAINS_H

#include <stddef.h>

#include "util/span.h"

struct typo_domain {
    const char *domain, *meant; /* lower case, A-labels */
};

/* In the order of domains. */
extern const struct typo_domain typo_domains[];
extern const size_t typo_domain_count;

/* The domain that was meant; NULL: `domain` (lower case, A-labels) is none of these. */
const char *typo_domain_meant(struct span domain);

#endif
