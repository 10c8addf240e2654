/*
 * ticket_secret: the secrets that make tickets worth something, one a line of
 * outgoing.ticket_file, and the MAC made with them: HMAC-SHA256 (RFC 2104). What is under it is
 * policy's business (policy/ticket.h).
 *
 * The first secret makes tickets, all of them verify, so that a secret can be replaced while mail
 * is under way. A secret is in no message of ours and wiped when it is given back.
 */
#ifndef EM_SITE_TICKET_SECRET_H
#define EM_SITE_TICKET_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "util/span.h"

#define TICKET_MAC_SIZE 32
#define TICKET_SECRET_BYTES_MIN 32 /* of one secret, as many as its MAC has */
#define TICKET_SECRETS_MAX 8

struct ticket_secret; /* immutable once made; used by all threads */

/*
 * From the file, which must be readable by us and closed to the world. NULL with *error: one line
 * that names the file and what to run.
 */
struct ticket_secret *ticket_secret_read(const char *path, struct error *error);
/* The same from a text named `name`: lines, trimmed; empty ones are passed over. */
struct ticket_secret *ticket_secret_parse(struct span text, const char *name, struct error *error);
/* Clears the pointer; NULL is fine. */
void ticket_secret_free(struct ticket_secret **secret);
size_t ticket_secret_count(const struct ticket_secret *secret);

/* One MAC under way. */
struct ticket_mac;
/* With secret number `index`, from 0. NULL: out of memory. */
struct ticket_mac *ticket_mac_begin(const struct ticket_secret *secret, size_t index);
/* Takes a struct ticket_mac * as its context; a failure is kept until the end. */
void ticket_mac_add(void *mac, const void *bytes, size_t size);
/* Ends and frees it, clearing the pointer; false when OpenSSL failed anywhere. */
bool ticket_mac_end(struct ticket_mac **mac, uint8_t mac_r[static TICKET_MAC_SIZE]);
/* In a time that does not tell where they differ. */
bool ticket_mac_is_equal(const uint8_t a[static TICKET_MAC_SIZE],
                         const uint8_t b[static TICKET_MAC_SIZE]);

#endif
