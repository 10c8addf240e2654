/*
 * backlog: a ring of bytes in which each line stands behind its size.
 *
 * Pages of the ring are touched only as far as lines ever waited: it begins anew whenever it is
 * empty.
 */
#include "log/backlog_private.h"

#include <stdint.h>
#include <stdlib.h>

#define SIZE_BYTES 2

static void ring_write(struct backlog *backlog, size_t at, const char *bytes, size_t size)
{
    size_t until_end;

    at %= backlog->room;
    until_end = backlog->room - at;
    if (size <= until_end) {
        memcpy(backlog->bytes + at, bytes, size);
        return;
    }
    memcpy(backlog->bytes + at, bytes, until_end);
    memcpy(backlog->bytes, bytes + until_end, size - until_end);
}

static void ring_read(const struct backlog *backlog, size_t at, char *bytes, size_t size)
{
    size_t until_end;

    at %= backlog->room;
    until_end = backlog->room - at;
    if (size <= until_end) {
        memcpy(bytes, backlog->bytes + at, size);
        return;
    }
    memcpy(bytes, backlog->bytes + at, until_end);
    memcpy(bytes + until_end, backlog->bytes, size - until_end);
}

bool backlog_put(struct backlog *backlog, struct span line, bool is_grave)
{
    size_t limit = is_grave ? backlog->room : backlog->room - backlog->room / 8;
    uint16_t size = (uint16_t)line.size;
    size_t end;

    if (size != line.size || backlog->used + SIZE_BYTES + line.size > limit)
        return false;
    if (backlog->bytes == NULL && (backlog->bytes = malloc(backlog->room)) == NULL)
        return false;
    end = backlog->first + backlog->used;
    ring_write(backlog, end, (const char *)&size, SIZE_BYTES);
    ring_write(backlog, end + SIZE_BYTES, line.at, line.size);
    backlog->used += SIZE_BYTES + line.size;
    backlog->lines++;
    return true;
}

static size_t first_size(const struct backlog *backlog)
{
    uint16_t size;

    ring_read(backlog, backlog->first, (char *)&size, SIZE_BYTES);
    return size;
}

struct span backlog_first(const struct backlog *backlog, char *out, size_t out_size)
{
    size_t size;

    if (backlog->lines == 0)
        return (struct span){ out, 0 };
    size = first_size(backlog);
    if (size > out_size)
        size = out_size;
    ring_read(backlog, backlog->first + SIZE_BYTES, out, size);
    return (struct span){ out, size };
}

void backlog_drop_first(struct backlog *backlog)
{
    size_t size;

    if (backlog->lines == 0)
        return;
    size = SIZE_BYTES + first_size(backlog);
    backlog->used -= size;
    backlog->lines--;
    backlog->first = backlog->lines > 0 ? (backlog->first + size) % backlog->room : 0;
}

void backlog_clear(struct backlog *backlog)
{
    free(backlog->bytes);
    *backlog = (struct backlog){ .room = backlog->room };
}
