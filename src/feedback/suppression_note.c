/*
 * suppression_note: what deliveries teach. A record of an address begins with its first hard
 * bounce and is watched until enough have come; each change is one transaction, so that two
 * processes that read the same log count a bounce once.
 */
#include "feedback/suppression_private.h"

#include <string.h>

#include "feedback/cause.h"
#include "util/siphash.h"

/* By its cause, of which the code is a part: some servers have 5.1.1 for all that they refuse. */
static bool is_hard(const struct suppression_delivery *delivery)
{
    struct cause_reply reply = { .enhanced = delivery->code,
                                 .text = delivery->text,
                                 .provider = delivery->provider };
    if (reply.provider == CAUSE_ANYBODY) {
        reply.provider = cause_provider_of(SPAN(""), delivery->text, delivery->address);
    }
    return cause_of(&reply).is_hard;
}

/* It tells messages apart and guards nothing. */
static uint64_t number_of(struct span message)
{
    static const uint64_t key[2] = { 0x73757070726573, 0x6d657373616765 };
    return siphash(key, message);
}

struct noting {
    const struct suppression_settings *settings;
    const struct suppression_delivery *delivery;
    struct span key;
    bool has_room; /* for one that is not there yet */
    enum suppression_note note;
};

static int64_t distance(int64_t a_s, int64_t b_s)
{
    return a_s > b_s ? a_s - b_s : b_s - a_s;
}

static void begin(struct suppression *suppression, const struct noting *noting)
{
    *suppression = (struct suppression){ .is_watched = true,
                                         .source = SUPPRESSED_BY_BOUNCE,
                                         .set_s = noting->delivery->at_s };
}

static void count_bounce(struct suppression *suppression, const struct noting *noting)
{
    const struct suppression_delivery *delivery = noting->delivery;
    suppression->bounces += suppression->bounces < UINT32_MAX;
    suppression->bounced_s = delivery->at_s;
    suppression->bounced_message = number_of(delivery->message);
    suppression->until_s = delivery->at_s + noting->settings->keep_s;
    suppression_text_take(delivery->by, suppression->by, sizeof(suppression->by));
    suppression_text_take(delivery->code, suppression->code, sizeof(suppression->code));
    suppression_text_take(delivery->text, suppression->because, sizeof(suppression->because));
}

/* Told late, or again: only what is another message and far enough from the last one counts. */
static bool counts(const struct suppression *suppression, const struct noting *noting)
{
    return suppression->bounces == 0 ||
           (suppression->bounced_message != number_of(noting->delivery->message) &&
            distance(noting->delivery->at_s, suppression->bounced_s) >= noting->settings->apart_s);
}

static enum suppression_note weigh(struct suppression *suppression, const struct noting *noting)
{
    bool was_watched = suppression->is_watched;
    if (suppression->source != SUPPRESSED_BY_BOUNCE || !counts(suppression, noting)) {
        return SUPPRESSION_KNOWN;
    }
    count_bounce(suppression, noting);
    if (!was_watched) {
        return SUPPRESSION_GOES_ON;
    }
    suppression->is_watched = suppression->bounces < (uint64_t)noting->settings->after;
    if (suppression->is_watched) {
        return SUPPRESSION_WATCHED;
    }
    suppression->set_s = noting->delivery->at_s;
    return SUPPRESSION_BEGINS;
}

static bool change(struct buffer *value_io, bool is_found, void *context)
{
    struct noting *noting = context;
    struct suppression suppression;
    if (!is_found && !noting->has_room) {
        return false;
    }
    if (is_found && !suppression_read(noting->key, buffer_span(value_io), &suppression)) {
        return false; /* a newer version's: that one notes it */
    }
    if (!is_found || suppression_is_over(&suppression, noting->delivery->at_s)) {
        begin(&suppression, noting);
    }
    noting->note = weigh(&suppression, noting);
    if (noting->note == SUPPRESSION_KNOWN) {
        return false;
    }
    buffer_clear(value_io);
    return suppression_value_write(&suppression, value_io);
}

enum suppression_note suppression_note_bounce(struct store *store,
                                              const struct suppression_settings *settings,
                                              const struct suppression_delivery *delivery)
{
    char form[SUPPRESSION_ADDRESS_MAX], room[SUPPRESSION_KEY_MAX];
    struct noting noting = { .settings = settings,
                             .delivery = delivery,
                             .has_room = suppression_has_room(store, settings),
                             .note = SUPPRESSION_NOT_NOTED };
    if (!is_hard(delivery)) {
        return SUPPRESSION_NOT_HARD;
    }
    if (!suppression_address(delivery->address, form) || delivery->at_s < 0 ||
        !suppression_key_write(span_of(form), delivery->domain, room, &noting.key) ||
        !store_update(store, STORE_SUPPRESSED, noting.key, STORE_SOON, change, &noting)) {
        return noting.note == SUPPRESSION_KNOWN ? SUPPRESSION_KNOWN : SUPPRESSION_NOT_NOTED;
    }
    return noting.note;
}

struct forgiving {
    struct span key;
    bool was_there;
};

static void forgive(struct store_row *rows, size_t count, void *context)
{
    struct forgiving *forgiving = context;
    struct suppression suppression;
    (void)count;
    forgiving->was_there =
        rows[0].is_found &&
        suppression_read(forgiving->key, buffer_span(&rows[0].value), &suppression) &&
        suppression.source == SUPPRESSED_BY_BOUNCE;
    rows[0].edit = forgiving->was_there ? STORE_EDIT_UNSET : STORE_EDIT_KEEP;
}

bool suppression_note_success(struct store *store, struct span address, struct span domain)
{
    char form[SUPPRESSION_ADDRESS_MAX], room[SUPPRESSION_KEY_MAX];
    struct store_row row = { .table = STORE_SUPPRESSED };
    struct forgiving forgiving = { .was_there = false };
    struct buffer value = BUFFER_EMPTY;
    if (!suppression_address(address, form) ||
        !suppression_key_write(span_of(form), domain, room, &row.key)) {
        return false;
    }
    forgiving.key = row.key;
    /* Nearly every address is not there: looking costs no turn at writing. */
    bool is_done = store_get(store, STORE_SUPPRESSED, row.key, &value) == STORE_FOUND &&
                   store_update_rows(store, &row, 1, STORE_SOON, forgive, &forgiving);
    buffer_free(&value);
    return is_done && forgiving.was_there;
}
