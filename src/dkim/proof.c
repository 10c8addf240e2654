/*
 * proof: the rules of a key's states. Nothing here knows a clock, DNS or a disk.
 */
#include "dkim/proof.h"

#include <stdio.h>

static const char *const state_names[] = { [KEY_NEW] = "new",
                                           [KEY_PUBLISHED] = "published",
                                           [KEY_ACTIVE] = "active",
                                           [KEY_RETIRING] = "retiring",
                                           [KEY_REVOKED] = "revoked" };

static const char *const seen_names[] = {
    [KEY_SEEN_GOOD] = "our key",
    [KEY_SEEN_NOTHING] = "no key record",
    [KEY_SEEN_REVOKED] = "a revoked key",
    [KEY_SEEN_OTHER] = "another key",
    [KEY_SEEN_UNFIT] = "our key, with what keeps it from verifying",
    [KEY_SEEN_CANNOT] = "no answer",
};

const char *key_state_name(enum key_state state)
{
    return state_names[state];
}

const char *key_seen_name(enum key_seen seen)
{
    return seen_names[seen];
}

static void enter(struct key_record *record, enum key_state state, int64_t now_s,
                  const char *reason)
{
    record->state = state;
    record->since_s = now_s;
    snprintf(record->reason, sizeof(record->reason), "%s", reason);
}

static void forget_fault(struct key_record *record)
{
    record->bad = KEY_SEEN_GOOD;
    record->bad_since_s = 0;
    record->is_lost = false;
}

/* Its time as a retiring key is over, whatever is published. */
static bool is_done(const struct key_record *record, int64_t now_s)
{
    return record->state == KEY_RETIRING && record->retire_s != 0 && now_s >= record->retire_s;
}

static enum key_event see_good(struct key_record *record, bool is_at_zone, int64_t now_s)
{
    bool was_lost = record->is_lost;
    record->seen_good_s = now_s;
    if (record->state == KEY_NEW) {
        forget_fault(record);
        enter(record, KEY_PUBLISHED, now_s, "its record was seen");
        return KEY_EVENT_PUBLISHED;
    }
    if (!is_at_zone) {
        return KEY_EVENT_NONE; /* a cache may still have what the zone has no more */
    }
    forget_fault(record);
    if (record->state == KEY_PUBLISHED) {
        enter(record, KEY_ACTIVE, now_s, "its record was seen twice, at last in the zone itself");
        return KEY_EVENT_PROVEN;
    }
    if (was_lost) {
        snprintf(record->reason, sizeof(record->reason), "its record is back");
        return KEY_EVENT_BACK;
    }
    return KEY_EVENT_NONE;
}

/* The first of the looks that find this fault, or one more. */
static void note_fault(struct key_record *record, enum key_seen seen, int64_t now_s)
{
    if (record->bad_since_s == 0 || record->bad != seen) {
        record->bad = seen;
        record->bad_since_s = now_s;
    }
}

static enum key_event see_fault(struct key_record *record, enum key_seen seen, bool is_at_zone,
                                const struct key_rules *rules, int64_t now_s)
{
    if (record->state == KEY_NEW) {
        note_fault(record, seen, now_s);
        return KEY_EVENT_NONE;
    }
    if (!is_at_zone) {
        return KEY_EVENT_NONE;
    }
    note_fault(record, seen, now_s);
    if (record->state == KEY_PUBLISHED) {
        enter(record, KEY_NEW, now_s, "its record was seen and is gone");
        return KEY_EVENT_WITHDRAWN;
    }
    if (record->is_lost || now_s - record->bad_since_s < rules->lost_after_s) {
        return KEY_EVENT_NONE;
    }
    record->is_lost = true;
    snprintf(record->reason, sizeof(record->reason), "the zone has %s", key_seen_name(seen));
    return KEY_EVENT_LOST;
}

enum key_event key_advance(struct key_record *record, enum key_seen seen, bool is_at_zone,
                           const struct key_rules *rules, int64_t now_s)
{
    if (seen == KEY_SEEN_CANNOT || record->state == KEY_REVOKED) {
        return KEY_EVENT_NONE;
    }
    record->looked_s = now_s;
    if (is_done(record, now_s)) {
        enter(record, KEY_REVOKED, now_s, "no mail signed with it is under way any more");
        forget_fault(record);
        return KEY_EVENT_REVOKED;
    }
    return seen == KEY_SEEN_GOOD ? see_good(record, is_at_zone, now_s)
                                 : see_fault(record, seen, is_at_zone, rules, now_s);
}

void key_retire(struct key_record *record, const struct key_rules *rules, int64_t now_s,
                const char *reason)
{
    enter(record, KEY_RETIRING, now_s, reason);
    record->retire_s = now_s + rules->retire_after_s;
}
