/*
 * key_proof: does a private key belong to its public half?
 *
 * A PEM file carries no checksum; one changed letter makes a key that loads and signs, and whose
 * signatures nobody can verify. With d, p and q matching n and e (RFC 8017 3.2) that cannot happen.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "dkim/hash.h"
#include "dkim/key_private.h"

enum number { N, E, D, P, Q, DP, DQ, QINV, NUMBER_COUNT };

static const char *const number_names[NUMBER_COUNT] = {
    [N] = OSSL_PKEY_PARAM_RSA_N,          [E] = OSSL_PKEY_PARAM_RSA_E,
    [D] = OSSL_PKEY_PARAM_RSA_D,          [P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
    [Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,    [DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
    [DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2, [QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* exponent is d modulo prime - 1, and undoes e there. */
static bool exponent_fits(BIGNUM *const *number, const BIGNUM *prime, const BIGNUM *exponent,
                          BN_CTX *context)
{
    BN_CTX_start(context);
    BIGNUM *order = BN_CTX_get(context);
    BIGNUM *result = BN_CTX_get(context);
    bool fits = result != NULL && BN_copy(order, prime) != NULL && BN_sub_word(order, 1) == 1 &&
                BN_mod(result, number[D], order, context) == 1 && BN_cmp(result, exponent) == 0 &&
                BN_mod_mul(result, exponent, number[E], order, context) == 1 && BN_is_one(result);
    BN_CTX_end(context);
    return fits;
}

static bool numbers_fit(BIGNUM *const *number, BN_CTX *context)
{
    if (BN_is_zero(number[P]) || BN_is_zero(number[Q]) || BN_is_one(number[P]) ||
        BN_is_one(number[Q])) {
        return false;
    }
    BN_CTX_start(context);
    BIGNUM *result = BN_CTX_get(context);
    bool fits = result != NULL && BN_mul(result, number[P], number[Q], context) == 1 &&
                BN_cmp(result, number[N]) == 0 &&
                BN_mod_mul(result, number[QINV], number[Q], number[P], context) == 1 &&
                BN_is_one(result);
    BN_CTX_end(context);
    return fits && exponent_fits(number, number[P], number[DP], context) &&
           exponent_fits(number, number[Q], number[DQ], context);
}

static bool rsa_proves(EVP_PKEY *pkey)
{
    BIGNUM *number[NUMBER_COUNT] = { NULL };
    BN_CTX *context = BN_CTX_secure_new();
    bool fits = context != NULL;
    for (int i = 0; i < NUMBER_COUNT && fits; i++) {
        fits = EVP_PKEY_get_bn_param(pkey, number_names[i], &number[i]) == 1;
    }
    fits = fits && numbers_fit(number, context);
    for (int i = 0; i < NUMBER_COUNT; i++) {
        BN_clear_free(number[i]);
    }
    BN_CTX_free(context);
    ERR_clear_error();
    return fits;
}

/* The first use of a key is verified anyway; its count then starts anew. */
static bool ed25519_proves(struct dkim_key *key, struct error *error)
{
    static const uint8_t digest[DKIM_DIGEST_SIZE] = { 1 };
    uint8_t signature[DKIM_SIGNATURE_MAX];
    size_t size;
    bool proves = dkim_key_sign(key, digest, signature, &size, error);
    atomic_store_explicit(&key->uses, 0, memory_order_relaxed);
    return proves;
}

bool key_proves_pair(struct dkim_key *key, struct error *error)
{
    if (key->algorithm == DKIM_ED25519_SHA256) {
        return ed25519_proves(key, error);
    }
    if (!rsa_proves(key->pkey)) {
        error_set(error, "the numbers of the RSA key do not fit each other: the file is damaged");
        return false;
    }
    return true;
}
