/*
 * published: judges the answer to a question for a key record.
 *
 * Bytes are compared where they can be, since our own key is at hand; OpenSSL reads a foreign one
 * only to see ours in another spelling. What is wrong about a record that holds our key is told
 * apart from a record of another key, for the remedy differs.
 */
#include "dkim/published.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "dkim/base64.h"
#include "dkim/digest.h"
#include "dkim/key_private.h"
#include "log/field.h"

#define KEY_BYTES_MAX 2200 /* RSA of 16384 bits */
#define RAW_ED25519 32
#define UDP_BYTES 1232  /* what resolvers ask for, so that nothing is fragmented */
#define ANSWER_BYTES 35 /* head, question and record without names and text; EDNS */
#define RECORDS_MAX 64  /* of one answer that are looked at */

static void say(struct dkim_published *published, const char *what)
{
    if (published->why[0] == '\0') {
        snprintf(published->why, sizeof(published->why), "%s", what);
    }
}

uint64_t dkim_key_id(const struct dkim_key *key)
{
    struct buffer text = BUFFER_EMPTY;
    uint8_t digest[32];
    uint64_t id = 0;
    if (dkim_key_print_record(key, &text) &&
        EVP_Digest(text.at, text.size, digest, NULL, digest_sha256(), NULL) == 1) {
        memcpy(&id, digest, sizeof(id));
        id += id == 0;
    }
    buffer_free(&text);
    return id;
}

/* --- is it our key? -------------------------------------------------------------------------- */

static bool is_equal_key(const struct dkim_key *key, EVP_PKEY *other)
{
    bool is_equal = other != NULL && EVP_PKEY_eq(key->pkey, other) == 1;
    EVP_PKEY_free(other);
    ERR_clear_error();
    return is_equal;
}

/* As SubjectPublicKeyInfo, which everybody writes, or the bare RSAPublicKey that RFC 6376 names;
 * nothing may follow. */
static bool is_ours_as_der(const struct dkim_key *key, const uint8_t *bytes, size_t size)
{
    const unsigned char *at = bytes;
    EVP_PKEY *other = d2i_PUBKEY(NULL, &at, (long)size);
    if (other == NULL && key->algorithm == DKIM_RSA_SHA256) {
        at = bytes;
        other = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)size);
    }
    bool is_whole = other != NULL && at == bytes + size;
    return is_equal_key(key, other) && is_whole;
}

static bool is_ours_raw(const struct dkim_key *key, const uint8_t *bytes, size_t size)
{
    uint8_t own[RAW_ED25519];
    size_t own_size = sizeof(own);
    return key->algorithm == DKIM_ED25519_SHA256 && size == sizeof(own) &&
           EVP_PKEY_get_raw_public_key(key->pkey, own, &own_size) == 1 &&
           CRYPTO_memcmp(own, bytes, sizeof(own)) == 0;
}

/* --- what keeps it from verifying --------------------------------------------------------------
 */

static bool lists(struct span list, struct span wanted, struct span also)
{
    struct span item;
    while (span_cut(&list, ':', &item)) {
        item = span_trim(item);
        if (span_is_equal_nocase(item, wanted) || span_is_equal_nocase(item, also)) {
            return true;
        }
    }
    return false;
}

/* NULL: nothing. */
static const char *restriction(const struct dkim_key_text *text, const struct dkim_key *key)
{
    bool is_rsa = key->algorithm == DKIM_RSA_SHA256;
    struct span type = text->type.at != NULL ? span_trim(text->type) : SPAN("rsa");
    if (!text->is_well_formed) {
        return text->defect;
    }
    if (!span_is_equal_nocase(type, is_rsa ? SPAN("rsa") : SPAN("ed25519"))) {
        return is_rsa ? "the key is of RSA and k= says something else"
                      : "the key is of Ed25519 and k= does not say so";
    }
    if (text->hashes.at != NULL && !lists(text->hashes, SPAN("sha256"), SPAN("sha256"))) {
        return "h= does not list sha256";
    }
    if (text->services.at != NULL && !lists(text->services, SPAN("*"), SPAN("email"))) {
        return "s= lists neither * nor email";
    }
    return NULL;
}

static void judge_ours(const struct dkim_key_text *text, const struct dkim_key *key,
                       struct dkim_published *published)
{
    const char *what = restriction(text, key);
    published->seen = what != NULL ? KEY_SEEN_UNFIT : KEY_SEEN_GOOD;
    if (what != NULL) {
        say(published, what);
    }
    published->is_testing = lists(text->flags, SPAN("y"), SPAN("y"));
    published->is_subdomain_bound = lists(text->flags, SPAN("s"), SPAN("s"));
}

static void judge_key(const struct dkim_key_text *text, const struct dkim_key *key,
                      struct dkim_published *published)
{
    uint8_t bytes[KEY_BYTES_MAX];
    size_t size;
    published->seen = KEY_SEEN_OTHER;
    if (text->key.at == NULL) {
        say(published, "it has no p=");
    } else if (span_trim(text->key).size == 0) {
        published->seen = KEY_SEEN_REVOKED;
        say(published, "p= is empty");
    } else if (!base64_decode(text->key, bytes, sizeof(bytes), &size)) {
        say(published, "p= is no base64: look for quotes, backslashes or a missing end");
    } else if (is_ours_raw(key, bytes, size)) {
        judge_ours(text, key, published);
    } else if (is_ours_as_der(key, bytes, size)) {
        judge_ours(text, key, published);
        if (key->algorithm == DKIM_ED25519_SHA256) {
            published->seen = KEY_SEEN_UNFIT;
            say(published, "p= of an Ed25519 key is its 32 octets alone, without a header");
        }
    }
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Our key in any state is worth more than another's. */
static int rank(enum key_seen seen)
{
    static const int ranks[] = {
        [KEY_SEEN_GOOD] = 4,    [KEY_SEEN_UNFIT] = 3,   [KEY_SEEN_OTHER] = 2,
        [KEY_SEEN_REVOKED] = 1, [KEY_SEEN_NOTHING] = 0, [KEY_SEEN_CANNOT] = 0
    };
    return ranks[seen];
}

static void judge_record(struct span record, const struct dkim_key *key,
                         struct dkim_published *best)
{
    struct dkim_key_text text;
    struct dkim_published one = { .seen = KEY_SEEN_NOTHING };
    dkim_key_text_parse(record, &text);
    if (!text.is_key) {
        return;
    }
    bool is_second = best->seen != KEY_SEEN_NOTHING;
    judge_key(&text, key, &one);
    log_escape(record, true, one.found, sizeof(one.found));
    if (!is_second || rank(one.seen) > rank(best->seen)) {
        *best = one;
    }
    best->is_ambiguous = is_second;
}

static void say_warnings(struct dkim_published *published, const struct dkim_key *key)
{
    if (published->is_ambiguous) {
        say(published, "several key records stand there, and receivers take any of them");
    }
    if (published->seen != KEY_SEEN_GOOD) {
        return;
    }
    if (published->is_testing) {
        say(published, "t=y tells receivers to treat mail as if it were not signed");
    }
    if (published->is_large) {
        say(published, "the record does not fit into UDP, and some receivers ask no other way");
    }
    if (dkim_key_warning(key) != NULL) {
        say(published, "the RSA key is shorter than 2048 bits");
    }
}

void dkim_published_judge(const struct dns_answer *answer, struct span name,
                          const struct dkim_key *key, struct dkim_published *published_r)
{
    size_t wire = ANSWER_BYTES + name.size;
    *published_r = (struct dkim_published){ .seen = KEY_SEEN_NOTHING };
    if (!dns_is_known(answer)) {
        published_r->seen = KEY_SEEN_CANNOT;
        say(published_r, answer->why != NULL ? answer->why : dns_result_name(answer->result));
        return;
    }
    for (size_t i = 0; answer->result == DNS_FOUND && i < answer->count; i++) {
        struct span record = answer->records[i].data;
        wire += 12 + record.size + record.size / 255 + 1;
        if (i < RECORDS_MAX) {
            judge_record(record, key, published_r);
        }
    }
    published_r->is_large = wire > UDP_BYTES;
    if (published_r->seen == KEY_SEEN_NOTHING) {
        say(published_r, answer->result == DNS_FOUND ? "what stands there is no key record"
                                                     : dns_result_name(answer->result));
    }
    say_warnings(published_r, key);
}
