/*
 * sent: the table STORE_SENT. The key is the id's fingerprint, eight octets; the value numbers
 * (util/varint.h) and two texts that end in NUL:
 *
 *   LAYOUT AT CLASS COUNT PRINCIPAL\0DOMAIN\0 RECIPIENT...
 */
#include "feedback/sent.h"

#include <string.h>

#include "util/varint.h"

enum {
    LAYOUT = 1,
    OCTETS_USUAL = 80, /* of a value: most have one recipient or two */
    STORE_PART = 4     /* at most a quarter of it */
};

/* --- bytes ----------------------------------------------------------------------------------- */

static void put_octets(uint64_t number, char out[static SENT_ID_OCTETS])
{
    for (int i = 0; i < SENT_ID_OCTETS; i++) {
        out[i] = (char)(number >> (8 * i));
    }
}

static uint64_t take_octets(const char *octets)
{
    uint64_t number = 0;
    for (int i = 0; i < SENT_ID_OCTETS; i++) {
        number |= (uint64_t)(unsigned char)octets[i] << (8 * i);
    }
    return number;
}

static size_t kept_count(const struct sent *sent)
{
    return sent->recipient_count <= SENT_RECIPIENTS_MAX ? sent->recipient_count : 0;
}

static bool value_write(const struct sent *sent, struct buffer *out)
{
    char octets[SENT_ID_OCTETS];
    varint_put(out, LAYOUT);
    varint_put(out, (uint64_t)(sent->at_s > 0 ? sent->at_s : 0));
    varint_put(out, (uint64_t)sent->mail_class);
    varint_put(out, sent->recipient_count);
    buffer_add(out, sent->principal, strlen(sent->principal) + 1);
    buffer_add(out, sent->domain, strlen(sent->domain) + 1);
    for (size_t i = 0; i < kept_count(sent); i++) {
        put_octets(sent->recipients[i], octets);
        buffer_add(out, octets, sizeof(octets));
    }
    return !buffer_has_failed(out);
}

static bool take_numbers(struct span *rest_io, struct sent *sent)
{
    uint64_t layout, at, mail_class, count;
    if (!varint_take(rest_io, &layout) || layout != LAYOUT || !varint_take(rest_io, &at) ||
        at > INT64_MAX || !varint_take(rest_io, &mail_class) || mail_class >= CLASS_COUNT ||
        !varint_take(rest_io, &count)) {
        return false;
    }
    sent->at_s = (int64_t)at;
    sent->mail_class = (enum mail_class)mail_class;
    sent->recipient_count = (size_t)count;
    return true;
}

static bool value_read(struct span value, struct sent *sent_r)
{
    struct span rest = value, word;
    if (!take_numbers(&rest, sent_r) || !span_cut(&rest, '\0', &word) || rest.at == NULL ||
        !span_copy(word, sent_r->principal, sizeof(sent_r->principal)) ||
        !span_cut(&rest, '\0', &word) || rest.at == NULL ||
        !span_copy(word, sent_r->domain, sizeof(sent_r->domain)) ||
        rest.size != kept_count(sent_r) * SENT_ID_OCTETS) {
        return false;
    }
    for (size_t i = 0; i < kept_count(sent_r); i++) {
        sent_r->recipients[i] = take_octets(rest.at + i * SENT_ID_OCTETS);
    }
    return true;
}

/* --- one ------------------------------------------------------------------------------------- */

struct first_key {
    char octets[STORE_KEY_MAX];
    size_t size;
};

static bool take_first(struct span key, struct span value, void *context)
{
    struct first_key *first = context;
    (void)value;
    if (key.size <= sizeof(first->octets)) {
        memcpy(first->octets, key.at, key.size);
        first->size = key.size;
    }
    return false;
}

/* Fingerprints are in no order that means anything, so the next one is any. */
static void make_room(struct store *store, struct span key)
{
    struct first_key first = { .size = 0 };
    (void)store_walk_after(store, STORE_SENT, key, take_first, &first);
    if (first.size == 0) {
        (void)store_walk(store, STORE_SENT, SPAN(""), take_first, &first);
    }
    if (first.size > 0) {
        (void)store_remove(store, STORE_SENT, (struct span){ first.octets, first.size });
    }
}

/* So many, and never more than a part of the store holds. */
static uint64_t bounded(const struct store *store, uint64_t most)
{
    uint64_t fit =
        store_ceiling(store) / STORE_PART / store_bytes_for(1, SENT_ID_OCTETS, OCTETS_USUAL);
    return fit < most ? fit : most;
}

bool sent_note(struct store *store, uint64_t id, const struct sent *sent, uint64_t most)
{
    char octets[SENT_ID_OCTETS];
    struct buffer value = BUFFER_EMPTY;
    put_octets(id, octets);
    struct span key = { octets, sizeof(octets) };
    if (store_count(store, STORE_SENT) >= bounded(store, most) || store_is_full(store)) {
        make_room(store, key);
    }
    bool is_put = value_write(sent, &value) &&
                  store_put(store, STORE_SENT, key, buffer_span(&value), STORE_SOON);
    buffer_free(&value);
    return is_put;
}

bool sent_find(struct store *store, uint64_t id, int64_t wall_s, struct sent *sent_r)
{
    char octets[SENT_ID_OCTETS];
    struct buffer value = BUFFER_EMPTY;
    put_octets(id, octets);
    bool is_there = store_get(store, STORE_SENT, (struct span){ octets, sizeof(octets) }, &value) ==
                        STORE_FOUND &&
                    value_read(buffer_span(&value), sent_r) && wall_s - sent_r->at_s < SENT_KEEP_S;
    buffer_free(&value);
    return is_there;
}

enum sent_to sent_to(const struct sent *sent, uint64_t recipient)
{
    if (kept_count(sent) == 0) {
        return SENT_TO_UNKNOWN;
    }
    for (size_t i = 0; i < kept_count(sent); i++) {
        if (sent->recipients[i] == recipient) {
            return SENT_TO_HIM;
        }
    }
    return SENT_NOT_TO_HIM;
}

/* --- the end --------------------------------------------------------------------------------- */

/* What cannot be read goes, too. */
static bool is_over(struct span key, struct span value, void *context)
{
    const int64_t *wall_s = context;
    struct sent sent;
    (void)key;
    return !value_read(value, &sent) || *wall_s - sent.at_s >= SENT_KEEP_S;
}

unsigned sent_expire(struct store *store, int64_t wall_s, unsigned most, struct buffer *place_io)
{
    return store_sweep(store, STORE_SENT, is_over, &wall_s, most, place_io);
}
