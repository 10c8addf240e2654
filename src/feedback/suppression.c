/*
 * suppression: the table: looking up, putting, removing, walking.
 *
 * An address is looked up by the prefix of its key, in one look for all domains, so that it costs
 * the same however many there are. What cannot be read, a newer layout for one, is none.
 */
#include "feedback/suppression_private.h"

#include <stdlib.h>
#include <string.h>

#include "util/domain.h"

bool suppression_is_over(const struct suppression *suppression, int64_t wall_s)
{
    return suppression->until_s != 0 && wall_s >= suppression->until_s;
}

/* --- looking up ------------------------------------------------------------------------------ */

struct finding_one {
    struct span sender_domain;
    int64_t wall_s;
    struct suppression *suppression;
    bool is_found;
};

static bool is_for(const struct suppression *suppression, struct span sender_domain)
{
    struct span domain = span_of(suppression->domain);
    return span_is_equal(domain, SPAN(SUPPRESSION_ANY_DOMAIN)) ||
           (sender_domain.size > 0 &&
            (span_is_equal(domain, sender_domain) || domain_is_below(sender_domain, domain)));
}

static bool look(struct span key, struct span value, void *context)
{
    struct finding_one *finding = context;
    struct suppression *suppression = finding->suppression;
    finding->is_found = suppression_read(key, value, suppression) && !suppression->is_watched &&
                        !suppression_is_over(suppression, finding->wall_s) &&
                        is_for(suppression, finding->sender_domain);
    return !finding->is_found;
}

bool suppression_find(struct store *store, struct span address, struct span sender_domain,
                      int64_t wall_s, struct suppression *suppression_r)
{
    char form[SUPPRESSION_ADDRESS_MAX];
    struct finding_one finding = { sender_domain, wall_s, suppression_r, false };
    if (suppression_address(address, form)) {
        struct span prefix = { form, strlen(form) + 1 }; /* with the NUL: this address alone */
        (void)store_walk(store, STORE_SUPPRESSED, prefix, look, &finding);
    }
    return finding.is_found;
}

/* --- putting --------------------------------------------------------------------------------- */

uint64_t suppression_count(struct store *store)
{
    return store_count(store, STORE_SUPPRESSED);
}

/* Several at once may each see the last place; the bound is for memory, and exact enough. */
bool suppression_has_room(struct store *store, const struct suppression_settings *settings)
{
    return !store_is_full(store) && suppression_count(store) < (uint64_t)settings->max;
}

enum suppression_answer suppression_put(struct store *store,
                                        const struct suppression_settings *settings,
                                        const struct suppression *suppression)
{
    char room[SUPPRESSION_KEY_MAX];
    struct span key = suppression_key(suppression, room);
    struct buffer value = BUFFER_EMPTY;
    enum store_result there = store_get(store, STORE_SUPPRESSED, key, &value);
    enum suppression_answer answer = SUPPRESSION_FAILED;
    buffer_clear(&value);
    if (there == STORE_ABSENT && !suppression_has_room(store, settings)) {
        answer = SUPPRESSION_FULL;
    } else if (there != STORE_FAILED && suppression_value_write(suppression, &value) &&
               store_put(store, STORE_SUPPRESSED, key, buffer_span(&value), STORE_DURABLE)) {
        answer = SUPPRESSION_DONE;
    }
    buffer_free(&value);
    return answer;
}

/* --- removing -------------------------------------------------------------------------------- */

enum { REMOVE_MOST = STORE_ROWS_MAX };

/* Keys that are to go; the store is not changed while it is walked. */
struct gathering {
    struct {
        char room[SUPPRESSION_KEY_MAX];
        size_t size;
    } keys[REMOVE_MOST];
    unsigned count, most;
    int64_t wall_s;
};

static bool gather_key(struct gathering *gathering, struct span key)
{
    if (key.size <= SUPPRESSION_KEY_MAX) {
        memcpy(gathering->keys[gathering->count].room, key.at, key.size);
        gathering->keys[gathering->count++].size = key.size;
    }
    return gathering->count < gathering->most;
}

static bool gather_any(struct span key, struct span value, void *context)
{
    (void)value;
    return gather_key(context, key);
}

static bool gather_over(struct span key, struct span value, void *context)
{
    struct gathering *gathering = context;
    struct suppression suppression;
    return !suppression_read(key, value, &suppression) ||
           !suppression_is_over(&suppression, gathering->wall_s) || gather_key(gathering, key);
}

static void unset(struct store_row *rows, size_t count, void *context)
{
    unsigned *removed = context;
    *removed = 0;
    for (size_t i = 0; i < count; i++) {
        rows[i].edit = rows[i].is_found ? STORE_EDIT_UNSET : STORE_EDIT_KEEP;
        *removed += rows[i].is_found;
    }
}

static bool remove_gathered(struct store *store, const struct gathering *gathering,
                            unsigned *removed_r)
{
    struct store_row rows[REMOVE_MOST];
    *removed_r = 0;
    for (unsigned i = 0; i < gathering->count; i++) {
        rows[i] = (struct store_row){
            .table = STORE_SUPPRESSED,
            .key = { gathering->keys[i].room, gathering->keys[i].size },
        };
    }
    return gathering->count == 0 ||
           store_update_rows(store, rows, gathering->count, STORE_DURABLE, unset, removed_r);
}

/* All of an address, or the one of a domain. */
static bool gather_of(struct store *store, struct span address, struct span domain,
                      struct gathering *gathering)
{
    char form[SUPPRESSION_ADDRESS_MAX], room[SUPPRESSION_KEY_MAX];
    struct span key;
    if (!suppression_address(address, form)) {
        return true;
    }
    if (domain.size > 0) {
        if (suppression_key_write(span_of(form), domain, room, &key)) {
            gather_key(gathering, key);
        }
        return true;
    }
    return store_walk(store, STORE_SUPPRESSED, (struct span){ form, strlen(form) + 1 }, gather_any,
                      gathering);
}

enum suppression_answer suppression_remove(struct store *store, struct span address,
                                           struct span domain, unsigned *count_r)
{
    struct gathering *gathering = calloc(1, sizeof(*gathering));
    enum suppression_answer answer = SUPPRESSION_FAILED;
    *count_r = 0;
    if (gathering == NULL) {
        return answer;
    }
    gathering->most = REMOVE_MOST;
    if (gather_of(store, address, domain, gathering) &&
        remove_gathered(store, gathering, count_r)) {
        answer = *count_r > 0 ? SUPPRESSION_DONE : SUPPRESSION_ABSENT;
    }
    free(gathering);
    return answer;
}

unsigned suppression_expire(struct store *store, int64_t wall_s, unsigned most)
{
    struct gathering *gathering = calloc(1, sizeof(*gathering));
    unsigned count = 0;
    if (gathering == NULL) {
        return 0; /* next time */
    }
    gathering->most = most < REMOVE_MOST ? most : REMOVE_MOST;
    gathering->wall_s = wall_s;
    if (gathering->most > 0 &&
        store_walk(store, STORE_SUPPRESSED, SPAN(""), gather_over, gathering)) {
        (void)remove_gathered(store, gathering, &count);
    }
    free(gathering);
    return count;
}

/* --- walking --------------------------------------------------------------------------------- */

struct walking {
    suppression_each *each;
    void *context;
};

static bool walk_row(struct span key, struct span value, void *context)
{
    const struct walking *walking = context;
    struct suppression suppression;
    return !suppression_read(key, value, &suppression) ||
           walking->each(&suppression, walking->context);
}

bool suppression_walk(struct store *store, struct span after, suppression_each *each, void *context)
{
    struct walking walking = { each, context };
    return after.size > 0 ? store_walk_after(store, STORE_SUPPRESSED, after, walk_row, &walking)
                          : store_walk(store, STORE_SUPPRESSED, SPAN(""), walk_row, &walking);
}
