/*
 * fuzz_dkim_tags: any text as the value of a DKIM-Signature field, over any header.
 *
 * The value ends at the first NUL; what follows is the message. What is read points into the value,
 * is read the same again, and never verifies: nobody but us has these keys.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "dkim/base64.h"
#include "dkim/key_private.h"
#include "dkim/verify.h"
#include "message/builder.h"

#define CEILING_BYTES ((size_t)32 << 20)
#define NOW_S 1772366400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_dkim_tags: %s\n", what);
        abort();
    }
}

static struct dkim_key *keys[2];

static void make_keys(void)
{
    struct error error;
    for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
        keys[i] = keys[i] != NULL ? keys[i] : dkim_key_generate(i, 1024, &error);
        demand(keys[i] != NULL, "no key");
    }
}

static void demand_inside(struct span value, struct span part)
{
    demand(part.at == NULL || (part.at >= value.at && part.size <= value.size &&
                               part.at + part.size <= value.at + value.size),
           "a part outside the value");
}

static void check_tags(struct span value, const struct dkim_tags *tags)
{
    struct dkim_tags again;
    demand_inside(value, tags->domain);
    demand_inside(value, tags->selector);
    demand_inside(value, tags->algorithm);
    demand_inside(value, tags->signed_names);
    demand_inside(value, tags->body_hash);
    demand_inside(value, tags->signature);
    demand_inside(value, tags->identity);
    demand(tags->domain.size > 0 && tags->selector.size > 0 && tags->signed_names.size > 0,
           "an empty part");
    demand(dkim_tags_parse(value, &again) && again.domain.at == tags->domain.at &&
               again.signature.size == tags->signature.size &&
               again.expires_at_s == tags->expires_at_s,
           "read in two ways");
}

static void feed_body(void *context, const void *bytes, size_t size)
{
    dkim_body_hash_feed(context, bytes, size);
}

/* With the body hash that is there, and with the right one, so that the header is looked at too. */
static void check_verdicts(const struct header_list *view, const struct header_field *field,
                           struct dkim_tags *tags, const struct dkim_body_hash *body,
                           struct arena *arena)
{
    char right[BASE64_SIZE(DKIM_DIGEST_SIZE)];
    for (int round = 0; round < 2; round++) {
        for (enum dkim_algorithm i = DKIM_RSA_SHA256; i <= DKIM_ED25519_SHA256; i++) {
            demand(dkim_verify(view, field, tags, body, keys[i], NOW_S, arena) != DKIM_VALID,
                   "a signature of nobody is valid");
        }
        base64_encode(dkim_body_hash_digest(body, tags->body_form), DKIM_DIGEST_SIZE, right);
        tags->body_hash = (struct span){ right, sizeof(right) };
    }
}

static void check_value(struct span value, struct span message)
{
    struct arena *arena = arena_new(CEILING_BYTES);
    struct dkim_body_hash *body = dkim_body_hash_new(3);
    struct header_list view;
    demand(arena != NULL && body != NULL, "out of memory");
    header_list_init(&view, message.size % 2 == 0);
    if (message_read(message, arena, &view, feed_body, body) &&
        header_list_add(&view, arena, SPAN("DKIM-Signature"), value)) {
        const struct header_field *field = &view.fields[view.count - 1];
        struct dkim_tags tags;
        demand(dkim_body_hash_finish(body), "no body hash");
        if (dkim_tags_parse(field->value, &tags)) {
            check_tags(field->value, &tags);
            check_verdicts(&view, field, &tags, body, arena);
        }
    }
    dkim_body_hash_free(&body);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { size > 0 ? (const char *)data : "", size };
    struct span value;
    make_keys();
    if (!span_cut(&rest, '\0', &value)) {
        value = SPAN("");
    }
    check_value(value, rest.at != NULL ? rest : SPAN("From: a@d.example\r\n\r\n"));
    return 0;
}
