/*
 * fleet_share_tell: a pass over what holds here and over what was agreed, side by side in the order
 * of their keys: what stands in one of them, or differs, is told. A pass costs half a microsecond
 * for each record, so after one of many records comes a rest.
 */
#include "limits/fleet_share_private.h"

#include <stdlib.h>
#include <string.h>

#define PART 256 /* records in one go */
#define MANY_ROWS 10000
#define REST_NS_PER_ROW 10000 /* twenty times what it cost */

/* --- one record ------------------------------------------------------------------------------ */

/* Absent: it is not there. */
struct pair {
    struct span key, here, agreed;
};

static bool agree(struct fleet_share *share, struct span key, struct span value)
{
    struct buffer agreed = BUFFER_EMPTY;
    fleet_share_agreed_key(share, key, &agreed);
    bool is_done =
        !buffer_has_failed(&agreed) &&
        (value.at != NULL
             ? store_put(share->store, STORE_WATCH, buffer_span(&agreed), value, STORE_SOON)
             : store_remove(share->store, STORE_WATCH, buffer_span(&agreed)));
    buffer_free(&agreed);
    return is_done;
}

/* Where somebody else has changed it meanwhile it is taken first, with the next run. */
static bool replace(struct fleet_sharing *sharing, struct span key, struct span value,
                    int64_t ttl_s)
{
    struct fleet_share *share = sharing->share;
    enum fleet_answer answer =
        fleet_record_replace(share->fleet, share->kind->name, key, value, ttl_s, &share->position);
    sharing->shared->told += answer == FLEET_DONE;
    sharing->shared->is_away = answer == FLEET_AWAY;
    share->is_pass_whole = share->is_pass_whole && answer == FLEET_DONE;
    return answer == FLEET_ABSENT || (answer == FLEET_DONE && agree(share, key, value));
}

static bool offer(struct fleet_sharing *sharing, struct span key, struct span value, int64_t ttl_s)
{
    enum fleet_answer answer =
        fleet_record_offer(sharing->share->fleet, sharing->share->kind->name, key, value, ttl_s);
    sharing->shared->told += answer == FLEET_DONE;
    sharing->shared->is_away = answer == FLEET_AWAY;
    return answer != FLEET_AWAY;
}

static bool tell_set(struct fleet_sharing *sharing, const struct pair *pair)
{
    struct fleet_share *share = sharing->share;
    struct fleet_share_facts facts;
    bool is_agreed = pair->agreed.at != NULL && span_is_equal(pair->here, pair->agreed);
    int64_t wall_s = clock_wall_s(share->clock);
    if ((is_agreed && !share->is_lost) || !share->kind->read(pair->key, pair->here, &facts)) {
        return true; /* of a newer version of ours: that one tells it */
    }
    if (fleet_share_is_over(&facts, wall_s)) {
        return is_agreed || agree(share, pair->key, pair->here);
    }
    int64_t ttl_s = facts.until_s > 0 ? facts.until_s - wall_s : 0;
    return is_agreed ? offer(sharing, pair->key, pair->here, ttl_s)
                     : replace(sharing, pair->key, pair->here, ttl_s);
}

static bool tell_removed(struct fleet_sharing *sharing, const struct pair *pair)
{
    struct fleet_share *share = sharing->share;
    struct fleet_share_facts facts;
    struct buffer here = BUFFER_EMPTY;
    enum store_result found = store_get(share->store, share->kind->table, pair->key, &here);
    buffer_free(&here);
    if (found != STORE_ABSENT) {
        return found == STORE_FOUND; /* it came a moment ago */
    }
    bool went_by_itself = share->kind->goes_when_over &&
                          share->kind->read(pair->key, pair->agreed, &facts) &&
                          fleet_share_is_over(&facts, clock_wall_s(share->clock));
    return went_by_itself ? agree(share, pair->key, span_of(NULL))
                          : replace(sharing, pair->key, span_of(NULL), 0);
}

static bool differs(const struct fleet_share *share, const struct pair *pair)
{
    return share->is_lost || pair->here.at == NULL || pair->agreed.at == NULL ||
           !span_is_equal(pair->here, pair->agreed);
}

/* False: the fleet was not told, and the next run begins with this pair. */
static bool tell(struct fleet_sharing *sharing, const struct pair *pair)
{
    if (!differs(sharing->share, pair)) {
        return true;
    }
    return !fleet_sharing_is_late(sharing) &&
           (pair->here.at != NULL ? tell_set(sharing, pair) : tell_removed(sharing, pair));
}

/* --- side by side ---------------------------------------------------------------------------- */

/* Rows of one side, from some key on. */
struct part {
    struct span prefix; /* of their keys, in the store */
    struct buffer octets;
    struct {
        size_t begin, key_size, value_size;
    } rows[PART];
    size_t count, at; /* `at`: the next one */
    bool has_more;
};

static bool gather(struct span key, struct span value, void *context)
{
    struct part *part = context;
    if (!span_is_equal(span_first(key, part->prefix.size), part->prefix)) {
        return false;
    }
    part->has_more = part->count == PART;
    if (!part->has_more) {
        key = span_from(key, part->prefix.size);
        part->rows[part->count].begin = part->octets.size;
        part->rows[part->count].key_size = key.size;
        part->rows[part->count++].value_size = value.size;
        buffer_add_span(&part->octets, key);
        buffer_add_span(&part->octets, value);
    }
    return !part->has_more;
}

static bool fill(struct part *part, struct fleet_share *share, enum store_table table)
{
    char room[STORE_KEY_MAX];
    struct span after = { room, part->prefix.size + share->after_size };
    memcpy(room, part->prefix.at, part->prefix.size);
    memcpy(room + part->prefix.size, share->after, share->after_size);
    buffer_clear(&part->octets);
    part->count = part->at = 0;
    part->has_more = false;
    return store_walk_after(share->store, table, after, gather, part) &&
           !buffer_has_failed(&part->octets);
}

/* Absent: there is none. */
static struct span key_at(const struct part *part)
{
    return part->at < part->count ? (struct span){ part->octets.at + part->rows[part->at].begin,
                                                   part->rows[part->at].key_size }
                                  : span_of(NULL);
}

static struct span take_value(struct part *part)
{
    const size_t at = part->at++;
    return (struct span){ part->octets.at + part->rows[at].begin + part->rows[at].key_size,
                          part->rows[at].value_size };
}

static int compare(struct span a, struct span b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* False: one of them must be filled again first, or there is nothing more. */
static bool next_pair(struct part *here, struct part *agreed, struct pair *pair_r)
{
    struct span left = key_at(here), right = key_at(agreed);
    if ((left.at == NULL && (here->has_more || right.at == NULL)) ||
        (right.at == NULL && agreed->has_more)) {
        return false;
    }
    int order = left.at == NULL ? 1 : right.at == NULL ? -1 : compare(left, right);
    *pair_r = (struct pair){ .key = order <= 0 ? left : right };
    if (order <= 0) {
        pair_r->here = take_value(here);
    }
    if (order >= 0) {
        pair_r->agreed = take_value(agreed);
    }
    return true;
}

/* --- a pass ---------------------------------------------------------------------------------- */

struct pass {
    struct part here, agreed;
};

/* *is_over_r: it was the last part. False: not all of it was told; the next run goes on here. */
static bool tell_part(struct fleet_sharing *sharing, struct pass *pass, bool *is_over_r)
{
    struct fleet_share *share = sharing->share;
    struct pair pair;
    if (!fill(&pass->here, share, share->kind->table) || !fill(&pass->agreed, share, STORE_WATCH)) {
        return false;
    }
    share->pass_rows += pass->here.count + pass->agreed.count;
    while (next_pair(&pass->here, &pass->agreed, &pair)) {
        if (!tell(sharing, &pair)) {
            return false;
        }
        memcpy(share->after, pair.key.at, pair.key.size);
        share->after_size = pair.key.size;
    }
    *is_over_r = !pass->here.has_more && !pass->agreed.has_more;
    return true;
}

/* False: nothing is to be told now. */
static bool begin_pass(struct fleet_sharing *sharing)
{
    struct fleet_share *share = sharing->share;
    uint64_t version = store_table_version(share->store, share->kind->table);
    if (share->is_in_pass) {
        return true;
    }
    if (share->is_told && version == share->told_version) {
        return false;
    }
    uint64_t rest_ns = share->pass_rows > MANY_ROWS ? share->pass_rows * REST_NS_PER_ROW : 0;
    if (!share->is_lost && clock_mono_ns(share->clock) - share->rested_ns < rest_ns) {
        sharing->shared->has_more = true;
        return false;
    }
    share->is_in_pass = share->is_pass_whole = true;
    share->pass_version = version;
    share->after_size = 0;
    share->pass_rows = 0;
    return true;
}

static void end_pass(struct fleet_share *share)
{
    share->is_in_pass = false;
    share->is_told = share->is_pass_whole;
    share->told_version = share->pass_version;
    share->is_lost = share->is_lost && !share->is_told;
    share->rested_ns = clock_mono_ns(share->clock);
}

void fleet_share_tell(struct fleet_sharing *sharing)
{
    bool is_good = true, is_over = false;
    if (!begin_pass(sharing)) {
        return;
    }
    struct pass *pass = calloc(1, sizeof(*pass));
    if (pass != NULL) {
        pass->here.prefix = SPAN("");
        pass->agreed.prefix = sharing->share->kind->agreed;
    }
    while (pass != NULL && is_good && !is_over) {
        is_good = tell_part(sharing, pass, &is_over) && !fleet_sharing_is_late(sharing);
    }
    if (is_over) {
        end_pass(sharing->share);
    }
    sharing->shared->has_more = !sharing->share->is_told;
    if (pass != NULL) {
        buffer_free(&pass->here.octets);
        buffer_free(&pass->agreed.octets);
        free(pass);
    }
}
