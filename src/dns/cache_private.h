/*
 * cache_private: questions by name and type, under way and answered; bounded in number and bytes.
 * What was not asked for since it was last considered leaves first. Not for two threads at once:
 * the resolver has a lock.
 */
#ifndef EM_DNS_CACHE_PRIVATE_H
#define EM_DNS_CACHE_PRIVATE_H

#include "dns/question_private.h"

#define DNS_CACHE_ENTRIES 16384
#define DNS_CACHE_BYTES ((size_t)16 << 20)
#define DNS_CACHE_BUCKETS 8192 /* a power of two */

struct dns_cache {
    uint64_t seed[2];
    struct dns_question *buckets[DNS_CACHE_BUCKETS];
    struct dns_question *oldest, *newest;
    size_t count, bytes;
};

void dns_cache_init(struct dns_cache *cache);
/* What is asked, as one number. */
uint64_t dns_cache_hash(const struct dns_cache *cache, struct span name, enum dns_type type,
                        enum dns_way way);
/* One that is under way, or whose answer holds at now_ns; NULL: none. No reference. */
struct dns_question *dns_cache_find(struct dns_cache *cache, uint64_t hash, struct span name,
                                    enum dns_type type, enum dns_way way, uint64_t now_ns);
/* Takes a reference; question->hash is set. An older one of the same is not in the cache. */
void dns_cache_add(struct dns_cache *cache, struct dns_question *question);
/* Its answer has come, and holds until question->until_ns. Others may leave for it. */
void dns_cache_settle(struct dns_cache *cache, struct dns_question *question,
                      const struct dns_answer *answer);
/* Gives its reference back, if it is there. */
void dns_cache_remove(struct dns_cache *cache, struct dns_question *question);
/* All that is answered; what is under way stays. */
void dns_cache_forget_answers(struct dns_cache *cache);
/* Everything. */
void dns_cache_clear(struct dns_cache *cache);

#endif
