/*
 * varint: numbers in as few octets as they need: seven bits an octet, the least first; the eighth
 * says that more follow.
 */
#ifndef EM_UTIL_VARINT_H
#define EM_UTIL_VARINT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/span.h"

#define VARINT_OCTETS_MAX 10

void varint_put(struct buffer *out, uint64_t number);
/* Takes one from the front. False: there is none, or it has more than 64 bits; nothing is taken. */
bool varint_take(struct span *from, uint64_t *number_r);

#endif
