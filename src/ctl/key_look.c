/*
 * key_look: each record is asked for at the servers of its own zone, which is what everybody sees
 * in the end, and by the usual way, which is what we can say where those are out of our reach.
 *
 * Some hundred questions are under way at a time: a long list must not fill the queue of whoever
 * answers.
 */
#include "ctl/key_look.h"

#define BATCH 200

static void ask(struct key_look *look, struct dns_resolver *resolver)
{
    struct span name = span_of(look->entry->name);

    look->zone = resolver != NULL ? dns_ask_zone(resolver, name, DNS_TXT) : NULL;
    look->cache = resolver != NULL ? dns_ask(resolver, name, DNS_TXT) : NULL;
}

static void collect(struct key_look *look, uint64_t deadline_ns)
{
    const struct dns_answer *answer = dns_collect(look->zone, deadline_ns);

    look->is_at_zone = dns_is_known(answer);
    if (!look->is_at_zone)
        answer = dns_collect(look->cache, deadline_ns);
    dkim_published_judge(answer, span_of(look->entry->name), look->entry->key, &look->published);
    dns_forget(&look->zone);
    dns_forget(&look->cache);
}

void key_look_all(struct key_look *looks, size_t count, struct dns_resolver *resolver,
                  uint64_t deadline_ns)
{
    for (size_t from = 0; from < count; from += BATCH) {
        size_t end = count - from < BATCH ? count : from + BATCH;

        for (size_t i = from; i < end; i++)
            ask(&looks[i], resolver);
        for (size_t i = from; i < end; i++)
            collect(&looks[i], deadline_ns);
    }
}
