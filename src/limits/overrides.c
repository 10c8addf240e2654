/*
 * overrides: the table STORE_OVERRIDES. The key is "PRINCIPAL\0LIMIT"; the value is words, its
 * first the number of the layout, and two texts with a NUL between them, so that a person with
 * mdb_dump can read it too:
 *
 *   1 MAX UNTIL SET BY\0BECAUSE
 *
 * What cannot be read, a newer layout for one, is none when looked for and passed over in a walk.
 */
#include "limits/overrides.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LAYOUT "1"
#define KEY_ROOM (sizeof(((struct override *)0)->principal) + sizeof(((struct override *)0)->limit))

_Static_assert(KEY_ROOM <= STORE_KEY_MAX, "a key fits");

/* --- bytes ----------------------------------------------------------------------------------- */

/* False: no such names. */
static bool key_write(struct span principal, struct span limit, char room[static KEY_ROOM],
                      struct span *key_r)
{
    bool has_nul = span_find(principal, '\0') >= 0 || span_find(limit, '\0') >= 0;
    if (has_nul || principal.size == 0 || limit.size == 0 ||
        principal.size >= sizeof(((struct override *)0)->principal) ||
        limit.size >= sizeof(((struct override *)0)->limit)) {
        return false;
    }
    memcpy(room, principal.at, principal.size);
    room[principal.size] = '\0';
    memcpy(room + principal.size + 1, limit.at, limit.size);
    *key_r = (struct span){ room, principal.size + 1 + limit.size };
    return true;
}

static bool key_read(struct span key, struct override *override)
{
    struct span principal;
    struct span rest = key;
    return span_cut(&rest, '\0', &principal) && rest.at != NULL && principal.size > 0 &&
           rest.size > 0 &&
           span_copy(principal, override->principal, sizeof(override->principal)) &&
           span_copy(rest, override->limit, sizeof(override->limit));
}

static bool value_write(const struct override *override, struct buffer *out)
{
    buffer_printf(out, LAYOUT " %" PRIu64 " %" PRId64 " %" PRId64 " ", override->max,
                  override->until_s, override->set_s);
    buffer_add_text(out, override->by);
    buffer_add_char(out, '\0');
    buffer_add_text(out, override->because);
    return !buffer_has_failed(out);
}

static bool value_read(struct span value, struct override *override)
{
    struct span rest = value, word;
    uint64_t until, set;
    if (!span_cut(&rest, ' ', &word) || !span_is_equal(word, SPAN(LAYOUT)) ||
        !span_take_number(&rest, UINT64_MAX, &override->max) ||
        !span_take_number(&rest, INT64_MAX, &until) || !span_take_number(&rest, INT64_MAX, &set) ||
        !span_cut(&rest, '\0', &word) || rest.at == NULL) {
        return false;
    }
    override->until_s = (int64_t)until;
    override->set_s = (int64_t)set;
    return span_copy(word, override->by, sizeof(override->by)) &&
           span_copy(rest, override->because, sizeof(override->because));
}

bool override_read(struct span key, struct span value, struct override *override_r)
{
    return key_read(key, override_r) && value_read(value, override_r);
}

/* --- the table ------------------------------------------------------------------------------- */

bool override_is_over(const struct override *override, int64_t wall_s)
{
    return override->until_s != 0 && wall_s >= override->until_s;
}

bool override_find(struct store *store, struct span principal, struct span limit, int64_t wall_s,
                   struct override *override_r)
{
    char room[KEY_ROOM];
    struct span key;
    struct buffer value = BUFFER_EMPTY;
    bool is_good = key_write(principal, limit, room, &key) &&
                   store_get(store, STORE_OVERRIDES, key, &value) == STORE_FOUND &&
                   override_read(key, buffer_span(&value), override_r) &&
                   !override_is_over(override_r, wall_s);
    buffer_free(&value);
    return is_good;
}

static void set_trouble(struct store *store, struct error *error)
{
    if (!store_trouble(store, error)) {
        error_set(error, "the store cannot be written");
    }
}

bool override_put(struct store *store, const struct override *override, struct error *error)
{
    char room[KEY_ROOM];
    struct span key;
    struct buffer value = BUFFER_EMPTY;
    bool is_put;
    if (!key_write(span_of(override->principal), span_of(override->limit), room, &key) ||
        override->until_s < 0 || override->set_s < 0) {
        error_set(error, "an override wants a principal and a limit");
        return false;
    }
    is_put = value_write(override, &value) &&
             store_put(store, STORE_OVERRIDES, key, buffer_span(&value), STORE_DURABLE);
    if (!is_put) {
        set_trouble(store, error);
    }
    buffer_free(&value);
    return is_put;
}

static void unset_row(struct store_row *rows, size_t count, void *context)
{
    bool *is_found = context;
    (void)count;
    *is_found = rows[0].is_found;
    rows[0].edit = rows[0].is_found ? STORE_EDIT_UNSET : STORE_EDIT_KEEP;
}

bool override_remove(struct store *store, struct span principal, struct span limit,
                     struct error *error)
{
    char room[KEY_ROOM];
    struct store_row row = { .table = STORE_OVERRIDES, .value = BUFFER_EMPTY };
    bool is_found = false;
    if (!key_write(principal, limit, room, &row.key)) {
        error_set(error, "there is no override of %.*s for %.*s", SPAN_ARG(limit),
                  SPAN_ARG(principal));
        return false;
    }
    if (!store_update_rows(store, &row, 1, STORE_DURABLE, unset_row, &is_found)) {
        set_trouble(store, error);
        return false;
    }
    if (!is_found) {
        error_set(error, "there is no override of %.*s for %.*s", SPAN_ARG(limit),
                  SPAN_ARG(principal));
    }
    return is_found;
}

struct walking {
    override_each *each;
    void *context;
};

static bool walk_row(struct span key, struct span value, void *context)
{
    const struct walking *walking = context;
    struct override override;
    return !override_read(key, value, &override) || walking->each(&override, walking->context);
}

bool override_walk(struct store *store, override_each *each, void *context)
{
    struct walking walking = { each, context };
    return store_walk(store, STORE_OVERRIDES, SPAN(""), walk_row, &walking);
}
