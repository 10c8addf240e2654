/*
 * suspension: the table STORE_SUSPENDED. The key is the principal; the value is words, its first
 * the number of the layout, and two texts with a NUL between them, so that a person with mdb_dump
 * can read it too:
 *
 *   1 STATE MACHINE SET UNTIL BY\0BECAUSE
 */
#include "behaviour/suspension.h"

#include <inttypes.h>
#include <limits.h>

#define LAYOUT "1"

_Static_assert(sizeof(((struct suspension *)0)->principal) <= STORE_KEY_MAX, "a key fits");

/* --- bytes ----------------------------------------------------------------------------------- */

static bool value_write(const struct suspension *suspension, struct buffer *out)
{
    if (suspension->set_s < 0 || suspension->until_s < 0) {
        return false;
    }
    buffer_printf(out, LAYOUT " %d %d %" PRId64 " %" PRId64 " ", (int)suspension->state,
                  (int)suspension->is_by_machine, suspension->set_s, suspension->until_s);
    buffer_add_text(out, suspension->by);
    buffer_add_char(out, '\0');
    buffer_add_text(out, suspension->because);
    return !buffer_has_failed(out);
}

static bool take_numbers(struct span *rest_io, struct suspension *suspension)
{
    uint64_t state, is_by_machine, set, until;
    if (!span_take_number(rest_io, PRINCIPAL_RELEASED, &state) ||
        !span_take_number(rest_io, 1, &is_by_machine) ||
        !span_take_number(rest_io, INT64_MAX, &set) ||
        !span_take_number(rest_io, INT64_MAX, &until)) {
        return false;
    }
    suspension->state = (enum suspension_state)state;
    suspension->is_by_machine = is_by_machine != 0;
    suspension->set_s = (int64_t)set;
    suspension->until_s = (int64_t)until;
    return true;
}

bool suspension_read(struct span key, struct span value, struct suspension *suspension_r)
{
    struct span rest = value, word;
    return key.size > 0 &&
           span_copy(key, suspension_r->principal, sizeof(suspension_r->principal)) &&
           span_cut(&rest, ' ', &word) && span_is_equal(word, SPAN(LAYOUT)) &&
           take_numbers(&rest, suspension_r) && span_cut(&rest, '\0', &word) && rest.at != NULL &&
           span_copy(word, suspension_r->by, sizeof(suspension_r->by)) &&
           span_copy(rest, suspension_r->because, sizeof(suspension_r->because));
}

/* --- one ------------------------------------------------------------------------------------- */

bool suspension_is_over(const struct suspension *suspension, int64_t wall_s)
{
    return suspension->until_s != 0 && wall_s >= suspension->until_s;
}

bool suspension_find(struct store *store, struct span principal, int64_t wall_s,
                     struct suspension *suspension_r)
{
    struct buffer value = BUFFER_EMPTY;
    bool is_there = principal.size > 0 && principal.size < sizeof(suspension_r->principal) &&
                    store_get(store, STORE_SUSPENDED, principal, &value) == STORE_FOUND &&
                    suspension_read(principal, buffer_span(&value), suspension_r) &&
                    !suspension_is_over(suspension_r, wall_s);
    buffer_free(&value);
    return is_there;
}

struct ladder_pardon suspension_pardon(const struct suspension *suspension, int64_t wall_s)
{
    struct ladder_pardon pardon = { .set_s = 0 };
    if (suspension->state == PRINCIPAL_RELEASED && suspension->until_s > wall_s) {
        pardon.set_s = suspension->set_s;
        pardon.grace_ms = (uint64_t)(suspension->until_s - wall_s) * 1000;
    }
    return pardon;
}

bool suspension_put(struct store *store, const struct suspension *suspension, struct error *error)
{
    struct buffer value = BUFFER_EMPTY;
    struct span key = span_of(suspension->principal);
    if (key.size == 0) {
        error_set(error, "a principal is wanted");
        return false;
    }
    bool is_put = value_write(suspension, &value) &&
                  store_put(store, STORE_SUSPENDED, key, buffer_span(&value), STORE_DURABLE);
    if (!is_put && !store_trouble(store, error)) {
        error_set(error, "the store cannot be written");
    }
    buffer_free(&value);
    return is_put;
}

/* --- all ------------------------------------------------------------------------------------- */

struct walking {
    suspension_each *each;
    void *context;
};

static bool walk_row(struct span key, struct span value, void *context)
{
    const struct walking *walking = context;
    struct suspension suspension;
    return !suspension_read(key, value, &suspension) ||
           walking->each(&suspension, walking->context);
}

bool suspension_walk(struct store *store, suspension_each *each, void *context)
{
    struct walking walking = { each, context };
    return store_walk(store, STORE_SUSPENDED, SPAN(""), walk_row, &walking);
}

struct counting {
    int64_t wall_s;
    uint64_t count;
};

static bool count_one(const struct suspension *suspension, void *context)
{
    struct counting *counting = context;
    counting->count += suspension->state == PRINCIPAL_SUSPENDED &&
                       !suspension_is_over(suspension, counting->wall_s);
    return true;
}

uint64_t suspension_count(struct store *store, int64_t wall_s)
{
    struct counting counting = { .wall_s = wall_s };
    (void)suspension_walk(store, count_one, &counting);
    return counting.count;
}

/* Only what is over still: somebody may have suspended him again meanwhile. */
static bool is_over(struct span key, struct span value, void *context)
{
    const int64_t *wall_s = context;
    struct suspension suspension;
    return suspension_read(key, value, &suspension) && suspension_is_over(&suspension, *wall_s);
}

unsigned suspension_expire(struct store *store, int64_t wall_s)
{
    struct buffer place = BUFFER_EMPTY;
    unsigned count = store_sweep(store, STORE_SUSPENDED, is_over, &wall_s, UINT_MAX, &place);
    buffer_free(&place);
    return count;
}
