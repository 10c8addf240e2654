/*
 * varint: the octets of numbers.
 */
#include "util/varint.h"

void varint_put(struct buffer *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7) {
        buffer_add_char(out, (char)(number | 0x80));
    }
    buffer_add_char(out, (char)number);
}

bool varint_take(struct span *from, uint64_t *number_r)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < VARINT_OCTETS_MAX && i < from->size; i++) {
        uint64_t bits = (uint8_t)from->at[i];
        if (i == VARINT_OCTETS_MAX - 1 && bits > 1) {
            return false;
        }
        number |= (bits & 0x7f) << (7 * i);
        if ((bits & 0x80) == 0) {
            *number_r = number;
            *from = span_from(*from, i + 1);
            return true;
        }
    }
    return false;
}
