/*
 * digest: SHA-256 for this room: one algorithm object per process, and a running digest that takes
 * little pieces without a library call each.
 */
#ifndef EM_DKIM_DIGEST_H
#define EM_DKIM_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "dkim/hash.h"

/* SHA-256, fetched on first use and kept for the life of the process; NULL when OpenSSL has none.
 */
const EVP_MD *digest_sha256(void);

/* Lives on the stack of one function. */
struct digest {
    EVP_MD_CTX *context;
    bool failed;
    size_t used;
    uint8_t bytes[4096];
};

/* Needs digest_end in any case. */
void digest_begin(struct digest *digest);
/* A canonical_sink; context is a struct digest. */
void digest_add(void *context, const void *bytes, size_t size);
/* Frees; false when OpenSSL failed at any point. */
bool digest_end(struct digest *digest, uint8_t digest_r[static DKIM_DIGEST_SIZE]);

#endif
