/*
 * siphash: SipHash-2-4 over a span.
 */
#include "util/siphash.h"

#include <endian.h>

struct state {
    uint64_t a, b, c, d;
};

static uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void state_round(struct state *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate_left(s->b, 13) ^ s->a;
    s->d = rotate_left(s->d, 16) ^ s->c;
    s->a = rotate_left(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate_left(s->b, 17) ^ s->c;
    s->d = rotate_left(s->d, 21) ^ s->a;
    s->c = rotate_left(s->c, 32);
}

static void state_absorb(struct state *s, uint64_t word)
{
    s->d ^= word;
    state_round(s);
    state_round(s);
    s->a ^= word;
}

uint64_t siphash(const uint64_t key[static 2], struct span text)
{
    struct state s = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                       key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
    uint64_t last = (uint64_t)(text.size & 0xff) << 56;
    size_t whole = text.size & ~(size_t)7;

    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word;

        memcpy(&word, text.at + i, sizeof(word));
        state_absorb(&s, le64toh(word));
    }
    for (size_t i = whole; i < text.size; i++)
        last |= (uint64_t)(unsigned char)text.at[i] << 8 * (i - whole);
    state_absorb(&s, last);
    s.c ^= 0xff;
    for (int i = 0; i < 4; i++)
        state_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}
