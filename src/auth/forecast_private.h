/*
 * forecast_private: the parts of forecast.h: what is remembered, SPF over an egress, and the line
 * for a person.
 */
#ifndef EM_AUTH_FORECAST_PRIVATE_H
#define EM_AUTH_FORECAST_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/dmarc_private.h"
#include "auth/forecast.h"
#include "util/arena.h"
#include "util/span.h"

/* --- forecast_memory.c: keys to values, both octets --- */

#define FORECAST_KEY_MAX 1024   /* octets */
#define FORECAST_VALUE_MAX 8192 /* likewise; what is larger is not kept */
#define FORECAST_KEPT_MIN_S 5u
#define FORECAST_KEPT_MAX_S 3600u
#define FORECAST_FAILURE_S 3u /* what DNS could not tell */

/* Copies the value into the arena. False: it is not there, or there is no room for it. */
bool forecast_memory_get(struct forecast_memory *memory, struct span key, struct arena *arena,
                         struct span *value_r);
void forecast_memory_put(struct forecast_memory *memory, struct span key, struct span value,
                         uint32_t ttl_s, bool is_failure);
/* Octets that stand for others in a key, the same for as long as the memory lives. */
uint64_t forecast_memory_digest(const struct forecast_memory *memory, struct span octets);

/* --- forecast_kept.c: answers, kept between messages --- */

struct forecast_spf_answer {
    enum forecast_spf spf;
    bool is_mixed;
    bool is_personal;   /* it is of this sender alone */
    bool is_certain;    /* receivers do not differ */
    bool is_failure;    /* of DNS */
    struct span record; /* may be absent */
    const char *why, *failing;
    uint32_t ttl_s;
};

/* What an SPF answer depends on. */
struct forecast_spf_key {
    struct span domain, sender, helo;
    const struct ip *addresses;
    size_t address_count;
};

/* memory NULL: nothing is there, nothing is kept. */
bool forecast_kept_spf(struct forecast_memory *memory, const struct forecast_spf_key *key,
                       struct arena *arena, struct forecast_spf_answer *answer_r);
void forecast_keep_spf(struct forecast_memory *memory, const struct forecast_spf_key *key,
                       const struct forecast_spf_answer *answer);
bool forecast_kept_policy(struct forecast_memory *memory, struct span from_domain,
                          struct arena *arena, struct dmarc_policy *policy_r);
void forecast_keep_policy(struct forecast_memory *memory, struct span from_domain,
                          const struct dmarc_policy *policy);
bool forecast_kept_alignment(struct forecast_memory *memory, struct span from_domain,
                             struct span authenticated, struct arena *arena,
                             struct dmarc_aligned *aligned_r);
void forecast_keep_alignment(struct forecast_memory *memory, struct span from_domain,
                             struct span authenticated, const struct dmarc_aligned *aligned);

/* --- forecast_spf.c --- */

/* SPF from each address; `questions` as elsewhere. False: answers are under way. */
bool forecast_spf_ask(const struct forecast_spf_key *key, struct dns_questions *questions,
                      struct arena *arena, struct forecast_spf_answer *answer_r);

/* --- forecast_why.c --- */

/* What the verdict was reached from, beyond struct forecast. */
struct forecast_grounds {
    bool is_spf_certain;
    bool is_spf_by_list, is_dkim_by_list; /* one organization by the public suffix list */
};
/* Could an aligned SPF domain still pass somewhere? */
static inline bool forecast_spf_may_pass(const struct forecast *forecast,
                                         const struct forecast_grounds *grounds)
{
    return forecast->spf == FORECAST_SPF_PASS || forecast->spf == FORECAST_SPF_UNKNOWN ||
           !grounds->is_spf_certain;
}
/* The line of struct forecast; NULL: nothing to say. */
const char *forecast_why(const struct forecast_query *query, const struct forecast *forecast,
                         const struct forecast_grounds *grounds, struct arena *arena);

#endif
