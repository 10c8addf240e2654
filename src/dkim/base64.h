/*
 * base64: as tags of DKIM write it (RFC 4648 section 4; RFC 6376 2.10: folding white space may
 * stand anywhere inside).
 */
#ifndef EM_DKIM_BASE64_H
#define EM_DKIM_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/span.h"

/* Letters that `size` octets become, padding included. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4)

/* Writes BASE64_SIZE(size) letters, no NUL. */
void base64_encode(const uint8_t *bytes, size_t size, char *out);
void base64_print(const uint8_t *bytes, size_t size, struct buffer *out);
/*
 * White space (SP, TAB, CR, LF) is skipped. False when it is no base64: another byte, wrong or
 * missing padding, bits left over that are not zero, more than `room` octets.
 */
bool base64_decode(struct span text, uint8_t *out, size_t room, size_t *size_r);

#endif
