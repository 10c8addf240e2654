/*
 * hash: the body hash of a message (RFC 6376 section 3.7, bh=). Every form in use canonicalizes on
 * its own and digests on its own, from one pass over the bytes. A failure of OpenSSL is kept until
 * finish, which reports it.
 */
#include <stdlib.h>

#include <openssl/evp.h>

#include "dkim/canonical.h"
#include "dkim/digest.h"
#include "dkim/hash.h"

#define FORM_COUNT 2 /* of enum canonical */

struct form_hash {
    struct canonical_body body;
    EVP_MD_CTX *context; /* NULL: this form is not in use */
    bool failed;
    uint8_t digest[DKIM_DIGEST_SIZE];
};

struct dkim_body_hash {
    struct form_hash forms[FORM_COUNT];
    bool is_finished, has_failed;
};

static void add_bytes(void *context, const void *bytes, size_t size)
{
    struct form_hash *form = context;
    if (!form->failed && EVP_DigestUpdate(form->context, bytes, size) != 1) {
        form->failed = true;
    }
}

static bool form_begin(struct form_hash *form, enum canonical canonical)
{
    form->context = EVP_MD_CTX_new();
    if (form->context == NULL) {
        return false;
    }
    const EVP_MD *sha256 = digest_sha256();
    form->failed = sha256 == NULL || EVP_DigestInit_ex2(form->context, sha256, NULL) != 1;
    canonical_body_init(&form->body, canonical, add_bytes, form);
    return true;
}

struct dkim_body_hash *dkim_body_hash_new(unsigned forms)
{
    struct dkim_body_hash *hash = calloc(1, sizeof(*hash));
    if (hash == NULL) {
        return NULL;
    }
    for (unsigned form = 0; form < FORM_COUNT; form++) {
        if ((forms & (1u << form)) != 0 && !form_begin(&hash->forms[form], form)) {
            dkim_body_hash_free(&hash);
            return NULL;
        }
    }
    return hash;
}

void dkim_body_hash_free(struct dkim_body_hash **hash)
{
    if (*hash == NULL) {
        return;
    }
    for (unsigned form = 0; form < FORM_COUNT; form++) {
        EVP_MD_CTX_free((*hash)->forms[form].context);
    }
    free(*hash);
    *hash = NULL;
}

void dkim_body_hash_feed(struct dkim_body_hash *hash, const void *bytes, size_t size)
{
    for (unsigned form = 0; form < FORM_COUNT; form++) {
        if (hash->forms[form].context != NULL) {
            canonical_body_feed(&hash->forms[form].body, bytes, size);
        }
    }
}

static void form_end(struct form_hash *form)
{
    canonical_body_finish(&form->body);
    if (!form->failed && EVP_DigestFinal_ex(form->context, form->digest, NULL) != 1) {
        form->failed = true;
    }
}

bool dkim_body_hash_finish(struct dkim_body_hash *hash)
{
    bool is_good = true;
    if (hash->is_finished) {
        return !hash->has_failed;
    }
    for (unsigned form = 0; form < FORM_COUNT; form++) {
        if (hash->forms[form].context != NULL) {
            form_end(&hash->forms[form]);
            is_good = is_good && !hash->forms[form].failed;
        }
    }
    hash->is_finished = true;
    hash->has_failed = !is_good;
    return is_good;
}

const uint8_t *dkim_body_hash_digest(const struct dkim_body_hash *hash, enum canonical form)
{
    const struct form_hash *asked = &hash->forms[form];
    return hash->is_finished && asked->context != NULL && !asked->failed ? asked->digest : NULL;
}

uint64_t dkim_body_hash_length(const struct dkim_body_hash *hash, enum canonical form)
{
    return hash->forms[form].body.emitted;
}
