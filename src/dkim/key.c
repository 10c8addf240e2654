/*
 * key: what a signing key does once it is there: sign, verify, be shared. Reading one is
 * key_read.c's business, making and printing key_print.c's.
 *
 * A key is used by all threads at once. OpenSSL allows that for an EVP_PKEY and for copying a
 * context nobody writes to, so every use works on its own copy of a template.
 */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "dkim/digest.h"
#include "dkim/key.h"
#include "dkim/key_private.h"

#define WEAK_RSA_BITS 2048
#define VERIFY_EVERY 64

void key_openssl_error(const char *what, struct error *error)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    error_set(error, "%s: %s", what, reason != NULL ? reason : "OpenSSL gives no reason");
    ERR_clear_error();
}

static EVP_PKEY_CTX *rsa_template(EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (context != NULL && init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(context, digest_sha256()) == 1) {
        return context;
    }
    EVP_PKEY_CTX_free(context);
    return NULL;
}

static EVP_MD_CTX *ed25519_template(EVP_PKEY *pkey, bool is_verifying)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL &&
        (is_verifying ? EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, pkey, NULL)
                      : EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, pkey, NULL)) == 1) {
        return context;
    }
    EVP_MD_CTX_free(context);
    return NULL;
}

static bool make_templates(struct dkim_key *key, bool is_public)
{
    if (key->algorithm == DKIM_RSA_SHA256) {
        key->rsa_verify = rsa_template(key->pkey, EVP_PKEY_verify_init);
        key->rsa_sign = is_public ? NULL : rsa_template(key->pkey, EVP_PKEY_sign_init);
        return key->rsa_verify != NULL && (is_public || key->rsa_sign != NULL);
    }
    key->ed25519_verify = ed25519_template(key->pkey, true);
    key->ed25519_sign = is_public ? NULL : ed25519_template(key->pkey, false);
    return key->ed25519_verify != NULL && (is_public || key->ed25519_sign != NULL);
}

struct dkim_key *key_wrap(EVP_PKEY *pkey, bool is_public, struct error *error)
{
    struct dkim_key *key = calloc(1, sizeof(*key));
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        error_set(error, "out of memory");
        return NULL;
    }
    key->pkey = pkey;
    key->algorithm = EVP_PKEY_is_a(pkey, "RSA") ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256;
    key->bits = (unsigned)EVP_PKEY_get_bits(pkey);
    atomic_init(&key->references, 1);
    atomic_init(&key->uses, 0);
    if (!make_templates(key, is_public)) {
        key_openssl_error("OpenSSL cannot use the key", error);
        dkim_key_unref(&key);
    }
    return key;
}

struct dkim_key *dkim_key_ref(struct dkim_key *key)
{
    atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void dkim_key_unref(struct dkim_key **key)
{
    struct dkim_key *dropped = *key;
    *key = NULL;
    if (dropped == NULL ||
        atomic_fetch_sub_explicit(&dropped->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    EVP_PKEY_CTX_free(dropped->rsa_sign);
    EVP_PKEY_CTX_free(dropped->rsa_verify);
    EVP_MD_CTX_free(dropped->ed25519_sign);
    EVP_MD_CTX_free(dropped->ed25519_verify);
    EVP_PKEY_free(dropped->pkey);
    free(dropped);
}

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *key)
{
    return key->algorithm;
}

unsigned dkim_key_bits(const struct dkim_key *key)
{
    return key->bits;
}

const char *dkim_key_warning(const struct dkim_key *key)
{
    if (key->algorithm == DKIM_RSA_SHA256 && key->bits < WEAK_RSA_BITS) {
        return "the RSA key is shorter than 2048 bits; some receivers no longer accept it, "
               "make a new one with \"egressctl key new\"";
    }
    return NULL;
}

const char *dkim_algorithm_name(enum dkim_algorithm algorithm)
{
    return algorithm == DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256";
}

static bool sign_rsa(const struct dkim_key *key, const uint8_t *digest, uint8_t *signature,
                     size_t *size_r)
{
    EVP_PKEY_CTX *context = key->rsa_sign != NULL ? EVP_PKEY_CTX_dup(key->rsa_sign) : NULL;
    *size_r = DKIM_SIGNATURE_MAX;
    bool is_signed =
        context != NULL && EVP_PKEY_sign(context, signature, size_r, digest, DKIM_DIGEST_SIZE) == 1;
    EVP_PKEY_CTX_free(context);
    return is_signed;
}

/* A copy of the template, or NULL. */
static EVP_MD_CTX *ed25519_copy(const EVP_MD_CTX *template)
{
    EVP_MD_CTX *context = template != NULL ? EVP_MD_CTX_new() : NULL;
    if (context != NULL && EVP_MD_CTX_copy_ex(context, template) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

static bool sign_ed25519(const struct dkim_key *key, const uint8_t *digest, uint8_t *signature,
                         size_t *size_r)
{
    EVP_MD_CTX *context = ed25519_copy(key->ed25519_sign);
    *size_r = DKIM_SIGNATURE_MAX;
    bool is_signed = context != NULL &&
                     EVP_DigestSign(context, signature, size_r, digest, DKIM_DIGEST_SIZE) == 1;
    EVP_MD_CTX_free(context);
    return is_signed;
}

bool dkim_key_sign(struct dkim_key *key, const uint8_t digest[static 32],
                   uint8_t signature[static DKIM_SIGNATURE_MAX], size_t *size_r,
                   struct error *error)
{
    unsigned use = atomic_fetch_add_explicit(&key->uses, 1, memory_order_relaxed);
    bool is_rsa = key->algorithm == DKIM_RSA_SHA256;
    bool is_signed = is_rsa ? sign_rsa(key, digest, signature, size_r)
                            : sign_ed25519(key, digest, signature, size_r);
    if (!is_signed) {
        key_openssl_error("OpenSSL cannot sign", error);
        return false;
    }
    if ((is_rsa || use % VERIFY_EVERY == 0) && !dkim_key_verify(key, digest, signature, *size_r)) {
        error_set(error, "a signature made with the %s key does not verify",
                  dkim_algorithm_name(key->algorithm));
        return false;
    }
    return true;
}

static bool verify_rsa(const struct dkim_key *key, const uint8_t *digest, const uint8_t *signature,
                       size_t size)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(key->rsa_verify);
    bool is_valid =
        context != NULL && EVP_PKEY_verify(context, signature, size, digest, DKIM_DIGEST_SIZE) == 1;
    EVP_PKEY_CTX_free(context);
    return is_valid;
}

static bool verify_ed25519(const struct dkim_key *key, const uint8_t *digest,
                           const uint8_t *signature, size_t size)
{
    EVP_MD_CTX *context = ed25519_copy(key->ed25519_verify);
    bool is_valid = context != NULL &&
                    EVP_DigestVerify(context, signature, size, digest, DKIM_DIGEST_SIZE) == 1;
    EVP_MD_CTX_free(context);
    return is_valid;
}

bool dkim_key_verify(const struct dkim_key *key, const uint8_t digest[static 32],
                     const uint8_t *signature, size_t size)
{
    bool is_valid = key->algorithm == DKIM_RSA_SHA256
                        ? verify_rsa(key, digest, signature, size)
                        : verify_ed25519(key, digest, signature, size);
    if (!is_valid) {
        ERR_clear_error(); /* a thread's list of errors is nobody else's to read */
    }
    return is_valid;
}
