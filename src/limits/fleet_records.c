/*
 * fleet_records: what all nodes agree on, and who runs what must run once.
 *
 * A value lies there behind a '+'; one that was removed is "-" for thirty days, so that every node
 * learns of it.
 */
#include "limits/fleet_private.h"

#include <stdio.h>

#define REMOVED_S (30 * 86400)
#define WALK_PART "200"
#define KIND_MAX 40

static const struct span removed = SPAN("-");

static void add_kind_key(struct fleet_keys *keys, const struct fleet *fleet, const char *what,
                         const char *kind)
{
    char name[KIND_MAX];
    snprintf(name, sizeof(name), "%s:", what);
    fleet_keys_add(keys, fleet, name, span_of(kind));
}

/* The count of all changes, the values, their versions, and when they end. */
static bool kind_keys(struct fleet_keys *keys, const struct fleet *fleet, const char *kind)
{
    *keys = (struct fleet_keys){ .count = 0 };
    fleet_keys_add(keys, fleet, "records", SPAN(""));
    add_kind_key(keys, fleet, "r", kind);
    add_kind_key(keys, fleet, "v", kind);
    add_kind_key(keys, fleet, "x", kind);
    return fleet_keys_close(keys);
}

/* What a script says that ends in 1 where it was done. Ends the keys. */
static enum fleet_answer was_done(struct fleet *fleet, enum fleet_script script,
                                  struct fleet_keys *keys, bool is_complete,
                                  const struct span *arguments, size_t argument_count)
{
    struct redis_reply reply = { .reason = REDIS_FINE };
    enum fleet_answer answer = FLEET_AWAY;
    if (is_complete && fleet_call(fleet, script, keys, arguments, argument_count, FLEET_PATIENT_MS,
                                  &reply) == REDIS_ANSWERED) {
        answer = reply.count == 1 && span_is_equal(reply.words[0], SPAN("1")) ? FLEET_DONE
                                                                              : FLEET_ABSENT;
    }
    redis_reply_free(&reply);
    fleet_keys_free(keys);
    return answer;
}

/* `on` is when it is done: "always", "absent" (where there is no record), or a version: where it
 * has not changed behind that. */
static enum fleet_answer put(struct fleet *fleet, const char *kind, struct span key,
                             struct span stored, int64_t ttl_s, const char *on)
{
    struct fleet_keys keys;
    char ttl[24], epoch[24];
    uint64_t random;
    fleet->clock->random(fleet->clock, &random, sizeof(random));
    snprintf(ttl, sizeof(ttl), "%lld", (long long)ttl_s);
    snprintf(epoch, sizeof(epoch), "%llu", (unsigned long long)(random | 1));
    struct span arguments[] = { key, stored, span_of(ttl), span_of(on), span_of(epoch) };
    bool is_complete = kind_keys(&keys, fleet, kind);
    return was_done(fleet, FLEET_PUT, &keys, is_complete, arguments, 5);
}

static enum fleet_answer put_value(struct fleet *fleet, const char *kind, struct span key,
                                   struct span value, int64_t ttl_s, const char *on)
{
    struct buffer stored = BUFFER_EMPTY;
    enum fleet_answer answer = FLEET_AWAY;
    buffer_add_char(&stored, '+');
    buffer_add_span(&stored, value);
    if (!buffer_has_failed(&stored) && key.size + value.size <= FLEET_RECORD_MAX) {
        answer = put(fleet, kind, key, buffer_span(&stored), ttl_s, on);
    }
    buffer_free(&stored);
    return answer;
}

enum fleet_answer fleet_record_put(struct fleet *fleet, const char *kind, struct span key,
                                   struct span value, int64_t ttl_s)
{
    return put_value(fleet, kind, key, value, ttl_s, "always");
}

enum fleet_answer fleet_record_offer(struct fleet *fleet, const char *kind, struct span key,
                                     struct span value, int64_t ttl_s)
{
    return put_value(fleet, kind, key, value, ttl_s, "absent");
}

enum fleet_answer fleet_record_remove(struct fleet *fleet, const char *kind, struct span key)
{
    return put(fleet, kind, key, removed, REMOVED_S, "always");
}

enum fleet_answer fleet_record_replace(struct fleet *fleet, const char *kind, struct span key,
                                       struct span value, int64_t ttl_s,
                                       const struct fleet_position *seen)
{
    char on[24];
    snprintf(on, sizeof(on), "%llu", (unsigned long long)seen->version);
    return value.at != NULL ? put_value(fleet, kind, key, value, ttl_s, on)
                            : put(fleet, kind, key, removed, REMOVED_S, on);
}

enum fleet_answer fleet_record_get(struct fleet *fleet, const char *kind, struct span key,
                                   struct buffer *value_r)
{
    struct fleet_keys keys = { .count = 0 };
    struct redis_reply reply = { .reason = REDIS_FINE };
    enum fleet_answer answer = FLEET_AWAY;
    add_kind_key(&keys, fleet, "r", kind);
    if (fleet_keys_close(&keys) &&
        fleet_call(fleet, FLEET_GET, &keys, &key, 1, FLEET_PATIENT_MS, &reply) == REDIS_ANSWERED) {
        struct span stored = reply.count == 1 ? reply.words[0] : SPAN("");
        answer = stored.size > 0 && stored.at[0] == '+' ? FLEET_DONE : FLEET_ABSENT;
        if (answer == FLEET_DONE) {
            buffer_add_span(value_r, span_from(stored, 1));
        }
    }
    redis_reply_free(&reply);
    fleet_keys_free(&keys);
    return answer;
}

/* --- changes --------------------------------------------------------------------------------- */

static bool read_number(struct span word, uint64_t *number_r)
{
    return fleet_number(&word, number_r) && word.size == 0;
}

/* Epoch, then key, version and value of each. False: `each` ends it, or there is no more. */
static bool take_changes(const struct redis_reply *reply, struct fleet_position *position_io,
                         fleet_each *each, void *context)
{
    if (reply->count == 0 || !read_number(reply->words[0], &position_io->epoch)) {
        return false;
    }
    for (size_t i = 1; i + 2 < reply->count; i += 3) {
        struct fleet_record record = { .key = reply->words[i] };
        struct span stored = reply->words[i + 2];
        if (!read_number(reply->words[i + 1], &record.version)) {
            return false;
        }
        if (stored.size > 0 && stored.at[0] == '+') {
            record.value = span_from(stored, 1);
        }
        if (!each(&record, context)) {
            return false;
        }
        position_io->version = record.version;
    }
    return reply->count > 1;
}

static enum fleet_answer walk_part(struct fleet *fleet, const struct fleet_keys *keys,
                                   struct fleet_position *position_io, fleet_each *each,
                                   void *context, bool *has_more_r)
{
    struct redis_reply reply = { .reason = REDIS_FINE };
    char since[24], epoch[24];
    snprintf(since, sizeof(since), "%llu", (unsigned long long)position_io->version);
    snprintf(epoch, sizeof(epoch), "%llu", (unsigned long long)position_io->epoch);
    struct span arguments[] = { span_of(since), span_of(epoch), SPAN(WALK_PART) };
    enum fleet_answer answer = FLEET_AWAY;
    *has_more_r = false;
    if (fleet_call(fleet, FLEET_WALK, keys, arguments, 3, FLEET_PATIENT_MS, &reply) ==
        REDIS_ANSWERED) {
        answer = FLEET_DONE;
        if (reply.count == 1 && span_is_equal(reply.words[0], SPAN("again"))) {
            *position_io = (struct fleet_position){ .epoch = 0 };
            answer = FLEET_AGAIN;
        } else {
            *has_more_r = take_changes(&reply, position_io, each, context);
        }
    }
    redis_reply_free(&reply);
    return answer;
}

enum fleet_answer fleet_record_walk(struct fleet *fleet, const char *kind,
                                    struct fleet_position *position_io, fleet_each *each,
                                    void *context)
{
    struct fleet_keys keys;
    enum fleet_answer answer = FLEET_AWAY;
    bool has_more = kind_keys(&keys, fleet, kind);
    while (has_more) {
        answer = walk_part(fleet, &keys, position_io, each, context, &has_more);
    }
    fleet_keys_free(&keys);
    return answer;
}

/* --- leases ---------------------------------------------------------------------------------- */

static enum fleet_answer ask_lease(struct fleet *fleet, const char *name, uint64_t ttl_ms)
{
    struct fleet_keys keys = { .count = 0 };
    char ttl[24];
    snprintf(ttl, sizeof(ttl), "%llu", (unsigned long long)ttl_ms);
    struct span arguments[] = { span_of(redis_node(fleet->redis)), span_of(ttl) };
    fleet_keys_add(&keys, fleet, "l:", span_of(name));
    return was_done(fleet, FLEET_LEASE, &keys, fleet_keys_close(&keys), arguments, 2);
}

enum fleet_answer fleet_lease(struct fleet *fleet, const char *name, uint64_t ttl_ms)
{
    return ask_lease(fleet, name, ttl_ms > 0 ? ttl_ms : 1);
}

void fleet_unlease(struct fleet *fleet, const char *name)
{
    ask_lease(fleet, name, 0);
}
