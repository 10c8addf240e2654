/*
 * cache: buckets of chains, and one list in the order of coming. Who leaves is looked for at its
 * old end; what was asked for meanwhile gets a second round (the clock algorithm). The hash is
 * keyed, so that nobody can aim at a bucket.
 */
#include "dns/cache_private.h"

#include "util/siphash.h"

void dns_cache_init(struct dns_cache *cache)
{
    clock_system.random(&clock_system, cache->seed, sizeof(cache->seed));
}

uint64_t dns_cache_hash(const struct dns_cache *cache, struct span name, enum dns_type type,
                        enum dns_way way)
{
    /* Types and ways are few: no reason to hash them with the same care. */
    return siphash(cache->seed, name) + (uint64_t)type * 0x9e3779b97f4a7c15u + (uint64_t)way;
}

static struct dns_question **bucket_of(struct dns_cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (DNS_CACHE_BUCKETS - 1)];
}

static bool is_over(const struct dns_question *question, uint64_t now_ns)
{
    return atomic_load(&question->answer) != NULL && now_ns >= question->until_ns;
}

struct dns_question *dns_cache_find(struct dns_cache *cache, uint64_t hash, struct span name,
                                    enum dns_type type, enum dns_way way, uint64_t now_ns)
{
    struct dns_question *at = *bucket_of(cache, hash);
    while (at != NULL && !(at->hash == hash && at->type == type && at->way == way &&
                           span_is_equal((struct span){ at->name, at->name_size }, name))) {
        at = at->chain;
    }
    if (at != NULL && is_over(at, now_ns)) {
        dns_cache_remove(cache, at);
        return NULL;
    }
    if (at != NULL) {
        at->was_hit = true;
    }
    return at;
}

static void list_append(struct dns_cache *cache, struct dns_question *question)
{
    question->older = cache->newest;
    question->newer = NULL;
    if (cache->newest != NULL) {
        cache->newest->newer = question;
    } else {
        cache->oldest = question;
    }
    cache->newest = question;
}

static void list_remove(struct dns_cache *cache, struct dns_question *question)
{
    if (question->older != NULL) {
        question->older->newer = question->newer;
    } else {
        cache->oldest = question->newer;
    }
    if (question->newer != NULL) {
        question->newer->older = question->older;
    } else {
        cache->newest = question->older;
    }
}

/* Each that stays is spared once at most, so this ends; what is under way always stays. */
static void make_room(struct dns_cache *cache)
{
    size_t looks = 2 * cache->count;
    while ((cache->count > DNS_CACHE_ENTRIES || cache->bytes > DNS_CACHE_BYTES) && looks-- > 0) {
        struct dns_question *question = cache->oldest;
        if (question->was_hit || atomic_load(&question->answer) == NULL) {
            question->was_hit = false;
            list_remove(cache, question);
            list_append(cache, question);
        } else {
            dns_cache_remove(cache, question);
        }
    }
}

void dns_cache_add(struct dns_cache *cache, struct dns_question *question)
{
    struct dns_question **bucket = bucket_of(cache, question->hash);
    question->chain = *bucket;
    *bucket = dns_question_ref(question);
    question->bytes = sizeof(*question) + question->name_size;
    list_append(cache, question);
    cache->count++;
    cache->bytes += question->bytes;
    make_room(cache);
}

void dns_cache_settle(struct dns_cache *cache, struct dns_question *question,
                      const struct dns_answer *answer)
{
    size_t more = dns_answer_size(answer);
    if (question->bytes > 0) {
        question->bytes += more;
        cache->bytes += more;
        make_room(cache);
    }
}

void dns_cache_remove(struct dns_cache *cache, struct dns_question *question)
{
    if (question->bytes == 0) {
        return;
    }
    struct dns_question **link = bucket_of(cache, question->hash);
    while (*link != question) {
        link = &(*link)->chain;
    }
    *link = question->chain;
    list_remove(cache, question);
    cache->count--;
    cache->bytes -= question->bytes;
    question->bytes = 0;
    dns_question_unref(question);
}

void dns_cache_forget_answers(struct dns_cache *cache)
{
    struct dns_question *next;
    for (struct dns_question *at = cache->oldest; at != NULL; at = next) {
        next = at->newer;
        if (atomic_load(&at->answer) != NULL) {
            dns_cache_remove(cache, at);
        }
    }
}

void dns_cache_clear(struct dns_cache *cache)
{
    while (cache->oldest != NULL) {
        dns_cache_remove(cache, cache->oldest);
    }
}
