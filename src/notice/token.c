/*
 * token: words that mark our own mail, so that it is known when it comes back: random, kept in the
 * store, good once and for some hours.
 */
#include "notice/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/buffer.h"

#define TOKEN_BYTES 16
#define TOKEN_LIFE_S (4 * INT64_C(3600)) /* what comes back later is any mail */
#define OLD_MAX 64                       /* that go at once */

_Static_assert(TOKEN_TEXT_MAX > 2 * TOKEN_BYTES, "a token fits");

static struct span token_key(struct span token, char out[static 64])
{
    int size = snprintf(out, 64, "own/%.*s", SPAN_ARG(token));

    return (struct span){ out, (size_t)size };
}

/* Exactly what token_text() writes: lower case, no blanks. */
static bool is_token(struct span token)
{
    for (size_t i = 0; i < token.size; i++) {
        char c = token.at[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return false;
        }
    }
    return token.size == 2 * TOKEN_BYTES;
}

struct old_tokens {
    int64_t now_s;
    struct buffer keys; /* each ended by LF */
    size_t count;
};

static int64_t token_made_s(struct span value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.*s", SPAN_ARG(value));
    return value.size > 2 && value.size < sizeof(text) ? strtoll(text + 2, NULL, 10) : 0;
}

static bool is_alive(struct span value, int64_t now_s)
{
    int64_t made_s = token_made_s(value);

    return made_s <= now_s && now_s - made_s <= TOKEN_LIFE_S;
}

static bool note_old(struct span key, struct span value, void *context)
{
    struct old_tokens *old = context;

    if (!is_alive(value, old->now_s)) {
        buffer_add_span(&old->keys, key);
        buffer_add_char(&old->keys, '\n');
        old->count++;
    }
    return old->count < OLD_MAX;
}

static void tidy(struct store *store, int64_t now_s)
{
    struct old_tokens old = { .now_s = now_s, .keys = BUFFER_EMPTY };
    struct span rest, key;

    store_walk(store, STORE_NOTICES, SPAN("own/"), note_old, &old);
    rest = buffer_span(&old.keys);
    while (span_cut(&rest, '\n', &key)) {
        if (key.size > 0) {
            store_remove(store, STORE_NOTICES, key);
        }
    }
    buffer_free(&old.keys);
}

void token_text(const struct clock *clock, char out[static TOKEN_TEXT_MAX])
{
    uint8_t bytes[TOKEN_BYTES];

    clock->random(clock, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

bool token_make(struct store *store, const struct clock *clock, char out[static TOKEN_TEXT_MAX])
{
    char key[64], value[32];

    tidy(store, clock_wall_s(clock));
    token_text(clock, out);
    snprintf(value, sizeof(value), "1 %" PRId64, clock_wall_s(clock));
    return store_put(store, STORE_NOTICES, token_key(span_of(out), key), span_of(value),
                     STORE_SOON);
}

bool token_is_good(struct store *store, const struct clock *clock, struct span token)
{
    struct buffer value = BUFFER_EMPTY;
    char key[64];
    bool is_good = is_token(token) &&
                   store_get(store, STORE_NOTICES, token_key(token, key), &value) == STORE_FOUND &&
                   is_alive(buffer_span(&value), clock_wall_s(clock));

    buffer_free(&value);
    return is_good;
}

void token_spend(struct store *store, struct span token)
{
    char key[64];

    if (is_token(token)) {
        store_remove(store, STORE_NOTICES, token_key(token, key));
    }
}
