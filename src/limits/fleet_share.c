/*
 * fleet_share: what the fleet has is taken first, then what was changed here is told.
 */
#include "limits/fleet_share_private.h"

#include <string.h>

#define READ_AGAIN_NS (UINT64_C(600) * 1000000000) /* what there was no room for */
#define TAKEN_LEAST 200 /* in a run, however slow the server is: what one answer of it holds */

/* --- how far it was read --------------------------------------------------------------------- */

static bool is_same_position(const struct fleet_position *a, const struct fleet_position *b)
{
    return a->epoch == b->epoch && a->version == b->version;
}

static void load_position(struct fleet_share *share)
{
    struct buffer octets = BUFFER_EMPTY;
    if (store_get(share->store, STORE_WATCH, share->kind->position, &octets) == STORE_FOUND &&
        octets.size == sizeof(share->position)) {
        memcpy(&share->position, octets.at, sizeof(share->position));
    }
    buffer_free(&octets);
    share->kept = share->position;
    share->has_position = true;
}

/* While the server is offered what it has lost the store keeps the old one, so that a process that
 * begins meanwhile learns of it, too. */
static void keep_position(struct fleet_share *share)
{
    const struct fleet_position *position = share->has_skipped ? &share->resume : &share->position;
    struct span octets = { (const char *)position, sizeof(*position) };
    if (!share->is_lost && !is_same_position(position, &share->kept) &&
        store_put(share->store, STORE_WATCH, share->kind->position, octets, STORE_SOON)) {
        share->kept = *position;
    }
}

/* --- room ------------------------------------------------------------------------------------ */

static bool has_room(const struct fleet_share *share)
{
    return share->most == 0 || (!store_is_full(share->store) &&
                                store_count(share->store, share->kind->table) < share->most);
}

/* `position` is what was read before that record. */
static void skip(struct fleet_share *share, const struct fleet_position *position)
{
    if (!share->has_skipped) {
        share->resume = *position;
    }
    share->has_skipped = true;
    share->skipped_ns = clock_mono_ns(share->clock);
}

static void read_skipped_again(struct fleet_share *share)
{
    if (share->has_skipped && has_room(share) &&
        clock_mono_ns(share->clock) - share->skipped_ns >= READ_AGAIN_NS) {
        share->position = share->resume;
        share->has_skipped = false;
    }
}

/* --- taking ---------------------------------------------------------------------------------- */

struct taking {
    struct fleet_sharing *sharing;
    const struct fleet_position *position;
    struct span key, value; /* absent: it was removed */
    bool is_taken;
    unsigned count;
    bool is_cut; /* more is to be taken */
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

static bool goes_before(const struct fleet_share_facts *a, const struct fleet_share_facts *b)
{
    return a->weight != b->weight ? a->weight > b->weight : a->changed_s > b->changed_s;
}

/* Is it gone here because its time is over, not because somebody removed it? */
static bool went_by_itself(const struct taking *taking, const struct store_row *rows)
{
    const struct fleet_share *share = taking->sharing->share;
    struct fleet_share_facts facts;
    return share->kind->goes_when_over && !rows[0].is_found && rows[1].is_found &&
           share->kind->read(taking->key, buffer_span(&rows[1].value), &facts) &&
           fleet_share_is_over(&facts, clock_wall_s(share->clock));
}

/* Does what is here stay, although the fleet has another value? */
static bool does_stay(const struct taking *taking, const struct store_row *rows)
{
    const struct fleet_share *share = taking->sharing->share;
    const struct fleet_share_kind *kind = share->kind;
    struct span agreed = rows[1].is_found ? buffer_span(&rows[1].value) : span_of(NULL);
    struct fleet_share_facts ours, theirs;
    bool is_changed = !is_row(&rows[0], agreed) && !went_by_itself(taking, rows);
    bool has_theirs = taking->value.at != NULL && kind->read(taking->key, taking->value, &theirs);
    bool has_ours = rows[0].is_found && kind->read(taking->key, buffer_span(&rows[0].value), &ours);
    if (is_changed) {
        return !(rows[0].is_found && has_theirs && (!has_ours || goes_before(&theirs, &ours)));
    }
    /* Somebody may have offered an older one. */
    return share->is_lost && has_ours && has_theirs && goes_before(&ours, &theirs);
}

/* What holds here, and what was agreed. */
static void take_rows(struct store_row *rows, size_t count, void *context)
{
    struct taking *taking = context;
    (void)count;
    taking->is_taken = false;
    if (!is_row(&rows[0], taking->value)) {
        if (does_stay(taking, rows)) {
            taking->sharing->share->is_told = taking->sharing->share->is_pass_whole = false;
        } else {
            set_row(&rows[0], taking->value);
            taking->is_taken = true;
        }
    }
    if (!is_row(&rows[1], taking->value)) {
        set_row(&rows[1], taking->value);
    }
}

static bool is_readable(const struct fleet_share *share, const struct fleet_record *record)
{
    struct fleet_share_facts facts;
    return record->key.size > 0 && record->key.size <= STORE_KEY_MAX - share->kind->agreed.size &&
           (record->value.at == NULL || share->kind->read(record->key, record->value, &facts));
}

/* A look costs no turn at writing, and nearly all that this node has told it hears again. */
static bool is_known(const struct fleet_share *share, struct span agreed_key,
                     const struct fleet_record *record)
{
    struct store_row rows[] = { { .table = share->kind->table, .key = record->key },
                                { .table = STORE_WATCH, .key = agreed_key } };
    bool is_same = true;
    for (size_t i = 0; i < 2; i++) {
        enum store_result result =
            store_get(share->store, rows[i].table, rows[i].key, &rows[i].value);
        rows[i].is_found = result == STORE_FOUND;
        is_same = is_same && result != STORE_FAILED && is_row(&rows[i], record->value);
        buffer_free(&rows[i].value);
    }
    return is_same;
}

static bool is_here(const struct fleet_share *share, struct span key)
{
    struct buffer value = BUFFER_EMPTY;
    bool is_found = store_get(share->store, share->kind->table, key, &value) == STORE_FOUND;
    buffer_free(&value);
    return is_found;
}

/* Its own changes of the table are no news that must be told. */
static void note_taken(struct taking *taking)
{
    struct fleet_share *share = taking->sharing->share;
    if (taking->is_taken) {
        share->told_version++;
        share->pass_version++;
        taking->sharing->shared->taken++;
    }
}

static bool take_one(struct taking *taking, const struct fleet_record *record,
                     struct span agreed_key)
{
    struct fleet_share *share = taking->sharing->share;
    struct store_row rows[] = { { .table = share->kind->table, .key = record->key },
                                { .table = STORE_WATCH, .key = agreed_key } };
    if (is_known(share, agreed_key, record)) {
        return true;
    }
    if (record->value.at != NULL && !has_room(share) && !is_here(share, record->key)) {
        taking->sharing->shared->without_room++;
        skip(share, taking->position);
        return true;
    }
    taking->key = record->key;
    taking->value = record->value;
    if (!store_update_rows(share->store, rows, 2, share->kind->durability, take_rows, taking)) {
        return false;
    }
    note_taken(taking);
    return true;
}

static bool take(const struct fleet_record *record, void *context)
{
    struct taking *taking = context;
    struct fleet_sharing *sharing = taking->sharing;
    struct buffer agreed_key = BUFFER_EMPTY;
    if (!is_readable(sharing->share, record)) {
        sharing->shared->unreadable++;
        return true;
    }
    fleet_share_agreed_key(sharing->share, record->key, &agreed_key);
    taking->is_cut = (taking->count++ >= TAKEN_LEAST && fleet_sharing_is_late(sharing)) ||
                     buffer_has_failed(&agreed_key) ||
                     !take_one(taking, record, buffer_span(&agreed_key));
    buffer_free(&agreed_key);
    return !taking->is_cut;
}

/* --- one run --------------------------------------------------------------------------------- */

static enum fleet_answer take_all(struct fleet_sharing *sharing)
{
    struct fleet_share *share = sharing->share;
    struct fleet_position position = share->position;
    struct taking taking = { .sharing = sharing, .position = &position };
    enum fleet_answer answer =
        fleet_record_walk(share->fleet, share->kind->name, &position, take, &taking);
    share->position = position; /* of a part, too */
    sharing->shared->has_more |= taking.is_cut;
    return answer;
}

/* All is read and told anew. */
static void lose(struct fleet_share *share)
{
    share->is_lost = true;
    share->has_skipped = false;
    share->is_in_pass = share->is_told = false;
}

void fleet_share_run(struct fleet_share *share, unsigned budget_ms, struct fleet_shared *shared_r)
{
    struct fleet_sharing sharing = { .share = share, .shared = shared_r };
    *shared_r = (struct fleet_shared){ .taken = 0 };
    sharing.end_ns = clock_mono_ns(share->clock) + budget_ms * UINT64_C(1000000);
    if (!share->has_position) {
        load_position(share);
    }
    read_skipped_again(share);
    enum fleet_answer answer = take_all(&sharing);
    if (answer == FLEET_AGAIN) {
        lose(share);
        answer = take_all(&sharing);
    }
    shared_r->is_away = answer != FLEET_DONE;
    /* Nothing is told before all is known. */
    if (!shared_r->is_away && !shared_r->has_more) {
        fleet_share_tell(&sharing);
    }
    keep_position(share);
}
