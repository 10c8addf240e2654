/*
 * key: a private signing key: read once, checked once, then used by all threads (RFC 6376 3.3, RFC
 * 8301, RFC 8463).
 */
#ifndef EM_DKIM_KEY_H
#define EM_DKIM_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/span.h"

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

#define DKIM_SIGNATURE_MAX 1024 /* octets: RSA up to 8192 bits */

struct dkim_key; /* immutable after load but for an atomic counter of uses */

/*
 * Loads PEM, PKCS#1 or PKCS#8, unencrypted. Errors are one line: the path, what was found and the
 * remedy. A file the world can read or write is refused: what lies in it is no secret any more.
 */
struct dkim_key *dkim_key_read(const char *path, struct error *error);
/* The same from bytes; `name` stands in errors for the path. */
struct dkim_key *dkim_key_parse(struct span pem, const char *name, struct error *error);
/* The same from one line, as OpenDKIM's KeyTable holds keys: base64 of DER, with or without the PEM
 * lines around it. */
struct dkim_key *dkim_key_parse_line(struct span line, const char *name, struct error *error);
/* A new one: bits for RSA (1024..8192), ignored for Ed25519. */
struct dkim_key *dkim_key_generate(enum dkim_algorithm algorithm, unsigned bits,
                                   struct error *error);
/* Keys are counted: several domains may share one. */
struct dkim_key *dkim_key_ref(struct dkim_key *key);
void dkim_key_unref(struct dkim_key **key);

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *key);
unsigned dkim_key_bits(const struct dkim_key *key);
/* What is to be said against a key that signs all the same (RSA below 2048 bits, RFC 8301 3.2), one
 * line; NULL: nothing. */
const char *dkim_key_warning(const struct dkim_key *key);
const char *dkim_algorithm_name(enum dkim_algorithm algorithm); /* "rsa-sha256" */
/* PKCS#8 PEM of the private key, appended. */
bool dkim_key_print_private(const struct dkim_key *key, struct buffer *out);
/* The TXT value to publish: "v=DKIM1; k=rsa; p=..." (RSA as SubjectPublicKeyInfo, Ed25519 as the
 * raw 32 octets). */
bool dkim_key_print_record(const struct dkim_key *key, struct buffer *out);

/*
 * Signs a 32-octet SHA-256 digest (RFC 8463 3: Ed25519 signs the digest too). RSA signatures are
 * verified before they are handed out, Ed25519 ones the first time a key is used and every 64th
 * time. False with *error filled: OpenSSL failed, or what it made does not verify.
 */
bool dkim_key_sign(struct dkim_key *key, const uint8_t digest[static 32],
                   uint8_t signature[static DKIM_SIGNATURE_MAX], size_t *size_r,
                   struct error *error);
/* Does the signature over this digest verify under the public half? */
bool dkim_key_verify(const struct dkim_key *key, const uint8_t digest[static 32],
                     const uint8_t *signature, size_t size);

#endif
