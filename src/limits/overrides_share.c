/*
 * overrides_share: what the fleet has is taken first, then what was changed here is told.
 *
 * Below "fleet/override/" in STORE_WATCH lies, under the key of each override, the value both had
 * last; "fleet/overrides-read" is how far the fleet's changes were read.
 */
#include "limits/overrides_share.h"

#include <stdlib.h>
#include <string.h>

#include "limits/overrides.h"

#define KIND "override"
#define AGREED SPAN("fleet/override/")
#define POSITION_KEY SPAN("fleet/overrides-read")
#define PART 32 /* records in one go */

static void agreed_key(struct span key, struct buffer *out)
{
    buffer_add_span(out, AGREED);
    buffer_add_span(out, key);
}

/* --- how far it was read --------------------------------------------------------------------- */

static void load_position(struct override_share *share)
{
    struct buffer octets = BUFFER_EMPTY;
    if (store_get(share->store, STORE_WATCH, POSITION_KEY, &octets) == STORE_FOUND &&
        octets.size == sizeof(share->position)) {
        memcpy(&share->position, octets.at, sizeof(share->position));
    }
    buffer_free(&octets);
    share->has_position = true;
}

static void keep_position(struct override_share *share, const struct fleet_position *position)
{
    struct span octets = { (const char *)position, sizeof(*position) };
    if (position->epoch != share->position.epoch || position->version != share->position.version) {
        share->position = *position;
        store_put(share->store, STORE_WATCH, POSITION_KEY, octets, STORE_SOON);
    }
}

/* --- taking ---------------------------------------------------------------------------------- */

struct taking {
    struct override_share *share;
    struct override_shared *shared;
    struct span key, value; /* absent: it was removed */
    bool is_taken;
};

static bool is_row(const struct store_row *row, struct span value)
{
    return row->is_found == (value.at != NULL) &&
           (value.at == NULL || span_is_equal(buffer_span(&row->value), value));
}

static void set_row(struct store_row *row, struct span value)
{
    row->edit = value.at == NULL ? STORE_EDIT_UNSET : STORE_EDIT_SET;
    buffer_clear(&row->value);
    buffer_add_span(&row->value, value);
}

static bool is_later(const struct taking *taking, const struct store_row *here)
{
    struct override ours, theirs;
    return here->is_found && taking->value.at != NULL &&
           override_read(taking->key, taking->value, &theirs) &&
           (!override_read(taking->key, buffer_span(&here->value), &ours) ||
            theirs.set_s > ours.set_s);
}

/* What holds here, and what was agreed. */
static void take_rows(struct store_row *rows, size_t count, void *context)
{
    struct taking *taking = context;
    struct span agreed = rows[1].is_found ? buffer_span(&rows[1].value) : span_of(NULL);
    bool is_changed_here = !is_row(&rows[0], agreed);
    (void)count;
    if (!is_row(&rows[0], taking->value) && (!is_changed_here || is_later(taking, &rows[0]))) {
        set_row(&rows[0], taking->value);
        taking->is_taken = true;
    }
    if (!is_row(&rows[1], taking->value)) {
        set_row(&rows[1], taking->value);
    }
}

static bool take(const struct fleet_record *record, void *context)
{
    struct taking *taking = context;
    struct override override;
    struct buffer key = BUFFER_EMPTY;
    if (record->key.size == 0 || record->key.size > STORE_KEY_MAX - AGREED.size ||
        (record->value.at != NULL && !override_read(record->key, record->value, &override))) {
        taking->shared->unreadable++;
        return true;
    }
    taking->key = record->key;
    taking->value = record->value;
    taking->is_taken = false;
    agreed_key(record->key, &key);
    struct store_row rows[] = { { .table = STORE_OVERRIDES, .key = record->key },
                                { .table = STORE_WATCH, .key = buffer_span(&key) } };
    bool is_done = !buffer_has_failed(&key) && store_update_rows(taking->share->store, rows, 2,
                                                                 STORE_DURABLE, take_rows, taking);
    buffer_free(&key);
    taking->shared->taken += is_done && taking->is_taken;
    return is_done;
}

/* --- telling --------------------------------------------------------------------------------- */

struct row {
    struct buffer key, value;
};

struct part {
    struct row rows[PART];
    size_t count;
};

static bool gather(struct span key, struct span value, void *context)
{
    struct part *part = context;
    if (part->count == PART) {
        return false;
    }
    struct row *row = &part->rows[part->count++];
    buffer_add_span(&row->key, key);
    buffer_add_span(&row->value, value);
    return true;
}

struct telling {
    struct override_share *share;
    struct override_shared *shared;
    bool is_lost; /* the server has lost what was agreed */
    uint64_t end_ns;
};

static bool agree(struct override_share *share, struct span key, struct span value)
{
    struct buffer agreed = BUFFER_EMPTY;
    agreed_key(key, &agreed);
    bool is_done =
        !buffer_has_failed(&agreed) &&
        (value.at != NULL
             ? store_put(share->store, STORE_WATCH, buffer_span(&agreed), value, STORE_SOON)
             : store_remove(share->store, STORE_WATCH, buffer_span(&agreed)));
    buffer_free(&agreed);
    return is_done;
}

static bool is_agreed(struct override_share *share, struct span key, struct span value)
{
    struct buffer name = BUFFER_EMPTY, agreed = BUFFER_EMPTY;
    agreed_key(key, &name);
    bool is_same =
        store_get(share->store, STORE_WATCH, buffer_span(&name), &agreed) == STORE_FOUND &&
        span_is_equal(buffer_span(&agreed), value);
    buffer_free(&name);
    buffer_free(&agreed);
    return is_same;
}

/* False: the fleet cannot be told. */
static bool tell_set(struct telling *telling, struct span key, struct span value)
{
    struct override_share *share = telling->share;
    struct override override;
    bool is_known = is_agreed(share, key, value);
    int64_t wall_s = clock_wall_s(share->clock);
    if (!override_read(key, value, &override) || (is_known && !telling->is_lost)) {
        return true; /* of a newer version of ours: that one tells it */
    }
    if (override_is_over(&override, wall_s)) {
        return agree(share, key, value);
    }
    int64_t ttl_s = override.until_s > 0 ? override.until_s - wall_s : 0;
    enum fleet_answer answer = is_known ? fleet_record_offer(share->fleet, KIND, key, value, ttl_s)
                                        : fleet_record_put(share->fleet, KIND, key, value, ttl_s);
    telling->shared->told += answer == FLEET_DONE;
    return answer == FLEET_ABSENT || (answer == FLEET_DONE && agree(share, key, value));
}

/* Of what was agreed: is it still there? */
static bool tell_removed(struct telling *telling, struct span name, struct span value)
{
    struct override_share *share = telling->share;
    struct span key = span_from(name, AGREED.size);
    struct buffer here = BUFFER_EMPTY;
    enum store_result found = store_get(share->store, STORE_OVERRIDES, key, &here);
    (void)value;
    buffer_free(&here);
    if (found != STORE_ABSENT) {
        return found == STORE_FOUND;
    }
    if (fleet_record_remove(share->fleet, KIND, key) != FLEET_DONE) {
        return false;
    }
    telling->shared->told++;
    return agree(share, key, span_of(NULL));
}

typedef bool tell_row(struct telling *telling, struct span key, struct span value);

/* What was gathered, as far as it begins with `prefix`; *goes_on_r: there may be more. False: not
 * all could be told. */
static bool tell_part(struct telling *telling, struct part *part, struct span prefix,
                      tell_row *tell, bool *goes_on_r)
{
    bool is_good = true, is_ours = true;
    for (size_t i = 0; i < part->count && is_good && is_ours; i++) {
        struct span key = buffer_span(&part->rows[i].key);
        is_ours = span_is_equal(span_first(key, prefix.size), prefix);
        is_good = !is_ours || (clock_mono_ns(telling->share->clock) < telling->end_ns &&
                               tell(telling, key, buffer_span(&part->rows[i].value)));
    }
    *goes_on_r = is_good && is_ours && part->count == PART;
    return is_good;
}

static void part_clear(struct part *part)
{
    for (size_t i = 0; i < part->count; i++) {
        buffer_free(&part->rows[i].key);
        buffer_free(&part->rows[i].value);
    }
    part->count = 0;
}

/* Every row of the table whose key begins with `prefix`; false: not all of them. */
static bool tell_table(struct telling *telling, enum store_table table, struct span prefix,
                       tell_row *tell)
{
    struct part *part = calloc(1, sizeof(*part));
    struct buffer after = BUFFER_EMPTY;
    bool is_good = part != NULL, goes_on = is_good;
    buffer_add_span(&after, prefix);
    while (goes_on) {
        is_good =
            !buffer_has_failed(&after) &&
            store_walk_after(telling->share->store, table, buffer_span(&after), gather, part) &&
            tell_part(telling, part, prefix, tell, &goes_on);
        goes_on = goes_on && is_good;
        if (goes_on) {
            buffer_clear(&after);
            buffer_add_span(&after, buffer_span(&part->rows[PART - 1].key));
        }
        part_clear(part);
    }
    buffer_free(&after);
    free(part);
    return is_good;
}

static bool tell_all(struct telling *telling)
{
    return tell_table(telling, STORE_OVERRIDES, SPAN(""), tell_set) &&
           tell_table(telling, STORE_WATCH, AGREED, tell_removed);
}

/* --- one run --------------------------------------------------------------------------------- */

static enum fleet_answer take_all(struct override_share *share, struct override_shared *shared)
{
    struct taking taking = { .share = share, .shared = shared };
    struct fleet_position position = share->position;
    enum fleet_answer answer = fleet_record_walk(share->fleet, KIND, &position, take, &taking);
    if (answer != FLEET_AGAIN) {
        keep_position(share, &position); /* of a part, too */
    }
    return answer;
}

void override_share_run(struct override_share *share, unsigned budget_ms,
                        struct override_shared *shared_r)
{
    struct telling telling = { .share = share, .shared = shared_r };
    *shared_r = (struct override_shared){ .taken = 0 };
    telling.end_ns = clock_mono_ns(share->clock) + budget_ms * UINT64_C(1000000);
    if (!share->has_position) {
        load_position(share);
    }
    enum fleet_answer answer = take_all(share, shared_r);
    if (answer == FLEET_AWAY) {
        shared_r->is_away = true;
        return;
    }
    telling.is_lost = answer == FLEET_AGAIN;
    uint64_t version = store_table_version(share->store, STORE_OVERRIDES);
    /* Nothing was set here since all was told. */
    if (share->is_told && version == share->told_version && !telling.is_lost) {
        return;
    }
    share->is_told = tell_all(&telling);
    share->told_version = version;
    shared_r->is_away = !share->is_told;
    if (telling.is_lost && share->is_told) {
        share->position = (struct fleet_position){ .epoch = 0 };
        (void)take_all(share, shared_r); /* what others have offered */
    }
}
