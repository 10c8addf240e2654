/*
 * post: the table STORE_POST. The key is the wall time and a number of eight octets made of the
 * value, so that the same told twice at once is one; the value is a number of the layout and texts
 * that end in NUL.
 */
#include "feedback/post.h"

#include <inttypes.h>
#include <string.h>

#include "util/siphash.h"

#define LAYOUT SPAN("1")

enum { KEY_OCTETS = 16, TEXT_MAX = 1000, TAKE_MAX = STORE_ROWS_MAX };

static void put_octets(uint64_t number, char *out)
{
    for (int i = 0; i < 8; i++) {
        out[i] = (char)(number >> (8 * (7 - i)));
    }
}

static void add_text(struct buffer *out, struct span text)
{
    ptrdiff_t end = span_find(text, '\0');
    buffer_add_span(out,
                    span_first(span_first(text, end >= 0 ? (size_t)end : text.size), TEXT_MAX));
    buffer_add_char(out, '\0');
}

bool post_add(struct store *store, const struct maillog_outcome *outcome, bool is_complaint)
{
    static const uint64_t no_secret[2] = { 0, 0 };
    char key[KEY_OCTETS];
    struct buffer value = BUFFER_EMPTY;
    if (store_count(store, STORE_POST) >= POST_MAX || store_is_full(store)) {
        return false;
    }
    add_text(&value, LAYOUT);
    buffer_printf(&value, "%u %d %" PRId64 " ", outcome->class, (int)is_complaint, outcome->at_s);
    add_text(&value, outcome->mail_class);
    add_text(&value, outcome->principal);
    add_text(&value, outcome->sender);
    add_text(&value, outcome->message_id);
    add_text(&value, outcome->recipient);
    add_text(&value, outcome->dsn);
    add_text(&value, outcome->text);
    put_octets((uint64_t)outcome->at_s, key);
    put_octets(siphash(no_secret, buffer_span(&value)), key + 8);
    bool is_put = !buffer_has_failed(&value) &&
                  store_put(store, STORE_POST, (struct span){ key, sizeof(key) },
                            buffer_span(&value), STORE_SOON);
    buffer_free(&value);
    return is_put;
}

/* --- taking ---------------------------------------------------------------------------------- */

static bool value_read(struct span value, struct maillog_outcome *outcome_r, bool *is_complaint_r)
{
    struct span *const texts[] = { &outcome_r->principal,  &outcome_r->sender,
                                   &outcome_r->message_id, &outcome_r->recipient,
                                   &outcome_r->dsn,        &outcome_r->text };
    struct span rest = value, word;
    uint64_t class, complaint, at;
    *outcome_r = (struct maillog_outcome){ .delay_ms = -1, .has_sender = true };
    if (!span_cut(&rest, '\0', &word) || !span_is_equal(word, LAYOUT) ||
        !span_take_number(&rest, 5, &class) || !span_take_number(&rest, 1, &complaint) ||
        !span_take_number(&rest, INT64_MAX, &at) ||
        !span_cut(&rest, '\0', &outcome_r->mail_class)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!span_cut(&rest, '\0', texts[i])) {
            return false;
        }
    }
    outcome_r->class = (unsigned)class;
    outcome_r->at_s = (int64_t)at;
    *is_complaint_r = complaint != 0;
    return true;
}

struct taking {
    char keys[TAKE_MAX][STORE_KEY_MAX];
    size_t key_sizes[TAKE_MAX];
    size_t ends[TAKE_MAX];
    struct buffer values;
    unsigned count, most;
};

static bool gather(struct span key, struct span value, void *context)
{
    struct taking *taking = context;
    memcpy(taking->keys[taking->count], key.at, key.size);
    taking->key_sizes[taking->count] = key.size;
    buffer_add_span(&taking->values, value);
    taking->ends[taking->count++] = taking->values.size;
    return taking->count < taking->most;
}

unsigned post_each(struct store *store, unsigned most, post_take *take, void *context)
{
    struct taking taking = { .values = BUFFER_EMPTY, .most = most < TAKE_MAX ? most : TAKE_MAX };
    size_t from = 0;
    if (most == 0 || store_count(store, STORE_POST) == 0) {
        return 0;
    }
    (void)store_walk(store, STORE_POST, SPAN(""), gather, &taking);
    for (unsigned i = 0; i < taking.count && !buffer_has_failed(&taking.values); i++) {
        struct maillog_outcome outcome;
        bool is_complaint;
        struct span value = { taking.values.at + from, taking.ends[i] - from };
        from = taking.ends[i];
        (void)store_remove(store, STORE_POST, (struct span){ taking.keys[i], taking.key_sizes[i] });
        if (value_read(value, &outcome, &is_complaint)) {
            outcome.provider = cause_provider_of(SPAN(""), outcome.text, outcome.recipient);
            const struct cause_reply reply = { .enhanced = outcome.dsn,
                                               .text = outcome.text,
                                               .provider = outcome.provider };
            outcome.found = cause_of(&reply);
            take(context, &outcome, is_complaint);
        }
    }
    buffer_free(&taking.values);
    return taking.count;
}
