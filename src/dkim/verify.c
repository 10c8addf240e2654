/*
 * verify: is a signature on the message one that our own key made over just this message?
 * (RFC 6376 section 6.1, with the key at hand instead of in DNS.) Whatever is doubtful is no valid
 * signature: the message then simply gets one of ours.
 */
#include <string.h>

#include "dkim/base64.h"
#include "dkim/header_digest.h"
#include "dkim/verify.h"

static bool signs_from(struct span names)
{
    struct span piece;
    while (span_cut(&names, ':', &piece)) {
        if (header_id_of(span_trim(piece)) == HEADER_FROM) {
            return true;
        }
    }
    return false;
}

static bool is_usable(const struct header_list *view, const struct dkim_tags *tags,
                      const struct dkim_key *key)
{
    const char *algorithm = dkim_algorithm_name(dkim_key_algorithm(key));
    return !tags->has_length && span_is_equal_nocase(tags->algorithm, span_of(algorithm)) &&
           signs_from(tags->signed_names) &&
           (view->keeps_space || tags->header_form == CANONICAL_RELAXED);
}

/* The field's value without what stands after "b=", white space around it included (RFC 6376 3.7).
 * .at == NULL: the tags are not this field's, or the arena is exhausted. */
static struct span without_signature(struct span value, struct span signature, struct arena *arena)
{
    struct span result = { NULL, 0 };
    if (signature.at < value.at || signature.at + signature.size > value.at + value.size) {
        return result;
    }
    size_t before = (size_t)(signature.at - value.at);
    size_t after = value.size - before - signature.size;
    char *at = arena_alloc(arena, before + after);
    if (at != NULL) {
        memcpy(at, value.at, before);
        memcpy(at + before, signature.at + signature.size, after);
        result = (struct span){ at, before + after };
    }
    return result;
}

static bool body_hash_fits(const struct dkim_tags *tags, const uint8_t *digest)
{
    uint8_t claimed[DKIM_DIGEST_SIZE];
    size_t size;
    return base64_decode(tags->body_hash, claimed, sizeof(claimed), &size) &&
           size == sizeof(claimed) && memcmp(claimed, digest, sizeof(claimed)) == 0;
}

enum dkim_verdict dkim_verify(const struct header_list *view, const struct header_field *field,
                              const struct dkim_tags *tags, const struct dkim_body_hash *body,
                              const struct dkim_key *key, int64_t now_s, struct arena *arena)
{
    const uint8_t *body_digest = dkim_body_hash_digest(body, tags->body_form);
    if (!is_usable(view, tags, key) || body_digest == NULL) {
        return DKIM_UNUSABLE;
    }
    if (tags->expires_at_s >= 0 && now_s > tags->expires_at_s) {
        return DKIM_EXPIRED;
    }
    if (!body_hash_fits(tags, body_digest)) {
        return DKIM_BODY_DIFFERS;
    }
    const struct header_digest_request what = {
        .view = view,
        .skipped = field,
        .form = tags->header_form,
        .names = tags->signed_names,
        .signature_name = field->name,
        .signature_value = without_signature(field->value, tags->signature, arena),
    };
    uint8_t digest[DKIM_DIGEST_SIZE];
    uint8_t signature[DKIM_SIGNATURE_MAX];
    size_t size;
    if (what.signature_value.at == NULL || !header_digest(&what, digest)) {
        return DKIM_UNUSABLE;
    }
    if (!base64_decode(tags->signature, signature, sizeof(signature), &size) ||
        !dkim_key_verify(key, digest, signature, size)) {
        return DKIM_SIGNATURE_WRONG;
    }
    return DKIM_VALID;
}
