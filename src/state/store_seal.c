/*
 * store_seal: eight octets behind a value that only this value under this key has.
 *
 * A loss of power can leave half of an old page beside half of a new one, and LMDB's pages carry no
 * sum of their own. This is against accidents; whoever can write the file can seal, too.
 */
#include <string.h>

#include "state/store_private.h"

#define FACTOR UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * FACTOR;
    return sum << 29 | sum >> 35;
}

static uint64_t add_text(uint64_t sum, struct span text)
{
    uint64_t word, other = FACTOR;
    size_t at = 0;
    for (; text.size - at >= 2 * sizeof(word); at += 2 * sizeof(word)) { /* two at a time */
        memcpy(&word, text.at + at, sizeof(word));
        sum = mix(sum, word);
        memcpy(&word, text.at + at + sizeof(word), sizeof(word));
        other = mix(other, word);
    }
    for (; at < text.size; at += sizeof(word)) {
        word = 0;
        memcpy(&word, text.at + at, text.size - at < sizeof(word) ? text.size - at : sizeof(word));
        sum = mix(sum, word);
    }
    return mix(mix(sum, other), text.size);
}

bool store_seal_is_used(struct span inner_key)
{
    return inner_key.size > 0 && inner_key.at[0] > STORE_WATCH + 1;
}

uint64_t store_seal(struct span inner_key, struct span value)
{
    uint64_t sum = add_text(add_text(0, inner_key), value);
    sum = (sum ^ sum >> 32) * FACTOR;
    return sum ^ sum >> 29;
}

bool store_seal_take(struct span inner_key, struct span *value_io)
{
    if (!store_seal_is_used(inner_key)) {
        return true;
    }
    if (value_io->size < STORE_SEAL_BYTES) {
        return false;
    }
    value_io->size -= STORE_SEAL_BYTES;
    return true;
}

bool store_seal_is_whole(struct span inner_key, struct span stored)
{
    uint64_t seal;
    if (!store_seal_is_used(inner_key)) {
        return true;
    }
    if (!store_seal_take(inner_key, &stored)) {
        return false;
    }
    memcpy(&seal, stored.at + stored.size, sizeof(seal));
    return seal == store_seal(inner_key, stored);
}
