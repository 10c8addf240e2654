/*
 * history: the table STORE_HISTORY. The key is "PRINCIPAL\0" and the time in milliseconds, eight
 * octets, the highest first, so that what happened to one stands together in its order; the value
 * is words and texts with a NUL between them:
 *
 *   1 KIND BY\0QUEUE-ID\0TEXT
 */
#include "behaviour/history.h"

#include <string.h>

#define LAYOUT "1"

enum { TIME_OCTETS = 8, KEY_ROOM = sizeof(((struct history_entry *)0)->principal) + TIME_OCTETS };

_Static_assert(KEY_ROOM <= STORE_KEY_MAX, "a key fits");

static const char *const kind_names[HISTORY_KIND_COUNT] = {
    [HISTORY_MESSAGE] = "message", [HISTORY_NOTICE] = "notice",   [HISTORY_THROTTLE] = "throttle",
    [HISTORY_HOLD] = "hold",       [HISTORY_SUSPEND] = "suspend", [HISTORY_RELEASE] = "release",
    [HISTORY_OVER] = "over",
};

const char *history_kind_name(enum history_kind kind)
{
    return kind_names[kind];
}

/* --- bytes ----------------------------------------------------------------------------------- */

static struct span key_write(const char *principal, int64_t at_ms, char room[static KEY_ROOM])
{
    size_t size = strlen(principal) + 1;
    memcpy(room, principal, size);
    for (int i = 0; i < TIME_OCTETS; i++) {
        room[size + (size_t)i] = (char)((uint64_t)at_ms >> (8 * (TIME_OCTETS - 1 - i)));
    }
    return (struct span){ room, size + TIME_OCTETS };
}

static bool key_read(struct span key, struct history_entry *entry)
{
    uint64_t at = 0;
    if (key.size <= TIME_OCTETS + 1) {
        return false;
    }
    struct span principal = span_first(key, key.size - TIME_OCTETS - 1);
    for (size_t i = key.size - TIME_OCTETS; i < key.size; i++) {
        at = at << 8 | (unsigned char)key.at[i];
    }
    entry->at_ms = (int64_t)at;
    return key.at[principal.size] == '\0' && at <= INT64_MAX &&
           span_copy(principal, entry->principal, sizeof(entry->principal));
}

static bool value_write(const struct history_entry *entry, struct buffer *out)
{
    buffer_printf(out, LAYOUT " %d ", (int)entry->kind);
    buffer_add_text(out, entry->by);
    buffer_add_char(out, '\0');
    buffer_add_text(out, entry->queue_id);
    buffer_add_char(out, '\0');
    buffer_add_text(out, entry->text);
    return !buffer_has_failed(out);
}

static bool entry_read(struct span key, struct span value, struct history_entry *entry_r)
{
    struct span rest = value, word;
    uint64_t kind;
    if (!key_read(key, entry_r) || !span_cut(&rest, ' ', &word) ||
        !span_is_equal(word, SPAN(LAYOUT)) ||
        !span_take_number(&rest, HISTORY_KIND_COUNT - 1, &kind)) {
        return false;
    }
    entry_r->kind = (enum history_kind)kind;
    return span_cut(&rest, '\0', &word) && rest.at != NULL &&
           span_copy(word, entry_r->by, sizeof(entry_r->by)) && span_cut(&rest, '\0', &word) &&
           rest.at != NULL && span_copy(word, entry_r->queue_id, sizeof(entry_r->queue_id)) &&
           span_copy(rest, entry_r->text, sizeof(entry_r->text));
}

/* --- one principal's ------------------------------------------------------------------------- */

struct reading {
    history_each *each; /* NULL: only counted */
    void *context;
    unsigned count;
    char oldest[KEY_ROOM], newest[KEY_ROOM];
    size_t oldest_size, newest_size;
};

static bool read_row(struct span key, struct span value, void *context)
{
    struct reading *reading = context;
    struct history_entry entry;
    if (!entry_read(key, value, &entry)) {
        return true;
    }
    return reading->each(&entry, reading->context);
}

static bool count_row(struct span key, struct span value, void *context)
{
    struct reading *reading = context;
    (void)value;
    if (key.size <= KEY_ROOM) {
        if (reading->count++ == 0) {
            memcpy(reading->oldest, key.at, key.size);
            reading->oldest_size = key.size;
        }
        memcpy(reading->newest, key.at, key.size);
        reading->newest_size = key.size;
    }
    return true;
}

static bool walk(struct store *store, struct span principal, store_each *each,
                 struct reading *reading)
{
    char prefix[sizeof(((struct history_entry *)0)->principal)];
    if (principal.size == 0 || !span_copy(principal, prefix, sizeof(prefix))) {
        return true;
    }
    return store_walk(store, STORE_HISTORY, (struct span){ prefix, principal.size + 1 }, each,
                      reading);
}

bool history_walk(struct store *store, struct span principal, history_each *each, void *context)
{
    struct reading reading = { .each = each, .context = context };
    return walk(store, principal, read_row, &reading);
}

bool history_add(struct store *store, const struct history_entry *entry)
{
    char room[KEY_ROOM];
    struct buffer value = BUFFER_EMPTY;
    struct reading known = { .count = 0 };
    struct history_entry last;
    int64_t at_ms = entry->at_ms > 0 ? entry->at_ms : 0;
    if (entry->principal[0] == '\0' || store_is_full(store) ||
        !walk(store, span_of(entry->principal), count_row, &known)) {
        return false;
    }
    if (known.count > 0 && key_read((struct span){ known.newest, known.newest_size }, &last) &&
        at_ms <= last.at_ms) {
        at_ms = last.at_ms + 1;
    }
    if (known.count >= HISTORY_PER_PRINCIPAL) {
        (void)store_remove(store, STORE_HISTORY, (struct span){ known.oldest, known.oldest_size });
    }
    bool is_put = value_write(entry, &value) &&
                  store_put(store, STORE_HISTORY, key_write(entry->principal, at_ms, room),
                            buffer_span(&value), STORE_SOON);
    buffer_free(&value);
    return is_put;
}

/* --- the end --------------------------------------------------------------------------------- */

static bool is_over(struct span key, struct span value, void *context)
{
    const int64_t *oldest_ms = context;
    struct history_entry entry;
    (void)value;
    return key_read(key, &entry) && entry.at_ms < *oldest_ms;
}

unsigned history_expire(struct store *store, int64_t wall_s, unsigned most, struct buffer *place_io)
{
    int64_t oldest_ms = (wall_s - HISTORY_KEEP_S) * 1000;
    return store_sweep(store, STORE_HISTORY, is_over, &oldest_ms, most, place_io);
}
