/*
 * keys_follow: what follows from a look: the record in the store moves on, signing learns of it,
 * the log is told; keys whose successor is proven retire, and what has retired long enough is done.
 */
#include "watch/keys_private.h"

#include <stdio.h>
#include <string.h>

#define ORPHANS_EVERY_S 60

struct advance {
    struct key_claim claim;
    const struct key_view *view;
    const struct key_rules *rules;
    enum key_event event;
};

/* Without the zone's own servers two looks of the resolver have to do, as far apart. */
static bool counts(const struct advance *advance, const struct key_record *record)
{
    const struct key_view *view = advance->view;
    if (view->is_at_zone || !view->has_zone_failed) {
        return view->is_at_zone;
    }
    return record->state != KEY_PUBLISHED || view->published.seen != KEY_SEEN_GOOD ||
           advance->claim.now_s - record->since_s >= advance->rules->lost_after_s;
}

static bool take_step(struct key_record *record_io, bool is_found, void *context)
{
    struct advance *advance = context;
    const struct dkim_published *published = &advance->view->published;
    enum key_seen seen = published->seen;
    bool is_claimed = keys_claim(record_io, is_found, &advance->claim);
    /* Beside another key record ours may be all a domain has; nothing becomes better by it. */
    if (published->is_ambiguous && seen == KEY_SEEN_GOOD && record_io->state < KEY_ACTIVE) {
        seen = KEY_SEEN_UNFIT;
    }
    advance->event = key_advance(record_io, seen, counts(advance, record_io), advance->rules,
                                 advance->claim.now_s);
    if (seen != KEY_SEEN_CANNOT) {
        record_io->is_testing = published->is_testing;
        record_io->is_subdomain_bound = published->is_subdomain_bound;
    }
    return is_claimed || seen != KEY_SEEN_CANNOT;
}

bool keys_take_view(struct watch *watch, const struct keys *keys, struct key_look *look,
                    const struct key_view *view, struct key_record *record_r)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct advance step = { .claim = { look, clock_wall_s(setup->clock) },
                            .view = view,
                            .rules = &keys->rules,
                            .event = KEY_EVENT_NONE };
    key_record_update(setup->store, look->name, STORE_SOON, take_step, &step);
    keys_show(watch, look, record_r);
    keys_tell_event(watch, look, step.event, record_r, view);
    keys_tell_view(watch, look, record_r, view);
    return step.event != KEY_EVENT_NONE;
}

struct retirement {
    const struct key_rules *rules;
    int64_t now_s;
    bool is_done;
};

static bool retire(struct key_record *record_io, bool is_found, void *context)
{
    struct retirement *retirement = context;
    char reason[sizeof(record_io->reason)];
    retirement->is_done =
        is_found && record_io->state == KEY_ACTIVE && record_io->replaced_by[0] != '\0';
    if (retirement->is_done) {
        snprintf(reason, sizeof(reason), "%s took over", record_io->replaced_by);
        key_retire(record_io, retirement->rules, retirement->now_s, reason);
    }
    return retirement->is_done;
}

static bool has_proven_successor(struct watch *watch, const struct key_look *look,
                                 const struct key_record *record)
{
    struct key_record successor;
    char name[KEY_NAME_ROOM];
    const char *middle =
        memmem(look->name.at, look->name.size, KEY_NAME_MIDDLE, sizeof(KEY_NAME_MIDDLE) - 1);
    if (record->state != KEY_ACTIVE || record->replaced_by[0] == '\0' || middle == NULL) {
        return false;
    }
    size_t before = (size_t)(middle - look->name.at) + sizeof(KEY_NAME_MIDDLE) - 1;
    return key_name(span_of(record->replaced_by), span_from(look->name, before), name) &&
           key_proofs_get(watch_setup_of(watch)->proofs, span_of(name), &successor) &&
           successor.state == KEY_ACTIVE && !successor.is_lost;
}

bool keys_hand_over(struct watch *watch, struct keys *keys)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct key_record record;
    bool has_any = false;
    for (size_t i = 0; i < keys->count; i++) {
        struct key_look *look = keys->all[i];
        if (!key_proofs_get(setup->proofs, look->name, &record) ||
            !has_proven_successor(watch, look, &record)) {
            continue;
        }
        struct retirement step = { &keys->rules, clock_wall_s(setup->clock), false };
        if (key_record_update(setup->store, look->name, STORE_SOON, retire, &step) &&
            step.is_done) {
            keys_show(watch, look, &record);
            keys_tell_event(watch, look, KEY_EVENT_RETIRING, &record, NULL);
            has_any = true;
        }
    }
    return has_any;
}

static bool end_orphan(struct key_record *record_io, bool is_found, void *context)
{
    struct advance *advance = context;
    advance->event = is_found ? key_advance(record_io, KEY_SEEN_NOTHING, false, advance->rules,
                                            advance->claim.now_s)
                              : KEY_EVENT_NONE;
    return advance->event == KEY_EVENT_REVOKED;
}

void keys_end_orphans(struct watch *watch, struct keys *keys)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    int64_t now_s = clock_wall_s(setup->clock);
    struct key_record record;
    struct span name;
    bool has_record;
    size_t position = 0;
    if (now_s - keys->orphans_s < ORPHANS_EVERY_S) {
        return;
    }
    keys->orphans_s = now_s;
    while (key_proofs_next(setup->proofs, &position, &name, &has_record)) {
        if (!has_record || hash_table_get(keys->by_name, name) != NULL ||
            !key_proofs_get(setup->proofs, name, &record) || record.state != KEY_RETIRING ||
            record.retire_s == 0 || record.retire_s > now_s) {
            continue;
        }
        struct advance step = { .claim = { NULL, now_s }, .rules = &keys->rules };
        if (key_record_update(setup->store, name, STORE_SOON, end_orphan, &step) &&
            step.event == KEY_EVENT_REVOKED) {
            keys_tell_revoked(watch, name);
        }
    }
}
