/*
 * key_private: a key's inside, for the files key*.c.
 */
#ifndef EM_DKIM_KEY_PRIVATE_H
#define EM_DKIM_KEY_PRIVATE_H

#include <stdatomic.h>

#include <openssl/evp.h>

#include "dkim/key.h"

struct dkim_key {
    enum dkim_algorithm algorithm;
    unsigned bits;
    EVP_PKEY *pkey;
    /* Templates, duplicated for each use: setting one up costs more than a copy. Which of them are
     * there depends on the algorithm; a public key has those to verify only. */
    EVP_PKEY_CTX *rsa_sign, *rsa_verify;
    EVP_MD_CTX *ed25519_sign, *ed25519_verify;
    atomic_uint references;
    atomic_uint uses; /* signatures made */
};

/* Fills error with `what` and OpenSSL's reason, and empties this thread's list of OpenSSL errors.
 */
void key_openssl_error(const char *what, struct error *error);
/* Takes over `pkey`, an RSA or Ed25519 key of any size, also on failure. `is_public`: it only
 * verifies. */
struct dkim_key *key_wrap(EVP_PKEY *pkey, bool is_public, struct error *error);
/*
 * Does the private half belong to the public one? RSA by arithmetic on its numbers, a twentieth of
 * what a signature costs and loading ten thousand keys is to take seconds; Ed25519 by a signature.
 */
bool key_proves_pair(struct dkim_key *key, struct error *error);

#endif
