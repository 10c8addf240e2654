/*
 * hash: the SHA-256 body hash of a message, once per canonical form in use, fed while the body
 * streams.
 */
#ifndef EM_DKIM_HASH_H
#define EM_DKIM_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dkim/canonical.h"

#define DKIM_DIGEST_SIZE 32

struct dkim_body_hash; /* heap; holds OpenSSL contexts */

/* forms: bit (1 << enum canonical) each; 0 gives a hash that ignores its input. NULL: out of
 * memory. */
struct dkim_body_hash *dkim_body_hash_new(unsigned forms);
void dkim_body_hash_free(struct dkim_body_hash **hash);
void dkim_body_hash_feed(struct dkim_body_hash *hash, const void *bytes, size_t size);
/* Ends all forms; false when OpenSSL failed at any point. Called again it says the same. */
bool dkim_body_hash_finish(struct dkim_body_hash *hash);
/* The digest of one form after finish; NULL when that form was not asked for. */
const uint8_t *dkim_body_hash_digest(const struct dkim_body_hash *hash, enum canonical form);
/* Octets of the canonical body. */
uint64_t dkim_body_hash_length(const struct dkim_body_hash *hash, enum canonical form);

#endif
