/*
 * attachment_tail: the last octets of a part as they came, in a ring, so that of a large file only
 * its end needs decoding.
 */
#include "message/attachment_private.h"

#include <string.h>

#include "message/transfer.h"

/* Base64 takes 78 octets for 57. */
#define RING_SIZE (ATTACHMENT_TAIL_MAX / 57 * 78)

struct attachment_tail {
    size_t at;        /* where the next octet goes */
    bool has_wrapped; /* the beginning is gone */
    char ring[RING_SIZE];
    char decoded[RING_SIZE + TRANSFER_HELD_MAX];
};

struct attachment_tail *attachment_tail_new(struct arena *arena)
{
    return arena_alloc(arena, sizeof(struct attachment_tail));
}

void attachment_tail_clear(struct attachment_tail *tail)
{
    tail->at = 0;
    tail->has_wrapped = false;
}

void attachment_tail_feed(struct attachment_tail *tail, const void *bytes, size_t size)
{
    const char *from = bytes;
    if (size >= RING_SIZE) {
        memcpy(tail->ring, from + size - RING_SIZE, RING_SIZE);
        tail->at = 0;
        tail->has_wrapped = true;
        return;
    }
    size_t first = RING_SIZE - tail->at < size ? RING_SIZE - tail->at : size;
    memcpy(tail->ring + tail->at, from, first);
    memcpy(tail->ring, from + first, size - first);
    tail->has_wrapped = tail->has_wrapped || size >= RING_SIZE - tail->at;
    tail->at = (tail->at + size) % RING_SIZE;
}

static bool is_base64(char c)
{
    return c > ' ';
}

/* How many characters stand before the first whole group, if the last one is whole. */
static unsigned broken_group(struct span older, struct span newer)
{
    size_t count = 0;
    for (size_t i = 0; i < older.size; i++) {
        count += is_base64(older.at[i]) ? 1 : 0;
    }
    for (size_t i = 0; i < newer.size; i++) {
        count += is_base64(newer.at[i]) ? 1 : 0;
    }
    return count % 4;
}

/* How many octets hold `count` characters of base64. */
static size_t pass_base64(struct span text, unsigned count)
{
    size_t at = 0;
    while (count > 0 && at < text.size) {
        count -= is_base64(text.at[at]) ? 1 : 0;
        at++;
    }
    return at;
}

struct span attachment_tail_read(struct attachment_tail *tail, enum content_encoding encoding,
                                 unsigned way)
{
    struct span older = { tail->ring + tail->at, tail->has_wrapped ? RING_SIZE - tail->at : 0 };
    struct span newer = { tail->ring, tail->at };
    struct span *first = older.size > 0 ? &older : &newer;
    struct transfer transfer;
    size_t size = 0;
    if (way > 0 && (encoding != ENCODING_BASE64 || !tail->has_wrapped)) {
        return (struct span){ NULL, 0 };
    }
    if (tail->has_wrapped && encoding == ENCODING_BASE64) {
        unsigned count = (broken_group(older, newer) + way) % ATTACHMENT_TAIL_WAYS;
        *first = span_from(*first, pass_base64(*first, count));
    }
    transfer_init(&transfer, encoding);
    size += transfer_decode(&transfer, older.at, older.size, tail->decoded + size);
    size += transfer_decode(&transfer, newer.at, newer.size, tail->decoded + size);
    size += transfer_finish(&transfer, tail->decoded + size);
    return (struct span){ tail->decoded, size };
}
