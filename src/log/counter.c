/*
 * counter: the counters of the process. Adding is one relaxed atomic step; a reader may see one
 * counter a moment ahead of another.
 */
#include "log/counter.h"

#include <stdatomic.h>
#include <sys/mman.h>

typedef _Atomic int64_t counter_row[COUNTER_COUNT];

/* Changed only while the process has one thread. */
static counter_row own_row;
static struct {
    counter_row *rows;
    size_t count;
    size_t mine;
} slots = { &own_row, 1, 0 };

static const char *const names[COUNTER_COUNT] = {
#define COUNTER_NAME(id, name) [COUNTER_##id] = name,
    COUNTER_ROWS(COUNTER_NAME)
#undef COUNTER_NAME
};

void counter_add(enum counter_id id, int64_t amount)
{
    atomic_fetch_add_explicit(&slots.rows[slots.mine][id], amount, memory_order_relaxed);
}

int64_t counter_get(enum counter_id id)
{
    int64_t sum = 0;

    for (size_t i = 0; i < slots.count; i++)
        sum += atomic_load_explicit(&slots.rows[i][id], memory_order_relaxed);
    return sum;
}

const char *counter_name(enum counter_id id)
{
    return names[id];
}

bool counter_share(size_t count)
{
    counter_row *rows = mmap(NULL, count * sizeof(*rows), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (rows == MAP_FAILED)
        return false;
    for (size_t id = 0; id < COUNTER_COUNT; id++)
        rows[0][id] = counter_get((enum counter_id)id);
    slots.rows = rows;
    slots.count = count;
    slots.mine = 0;
    return true;
}

void counter_use_slot(size_t slot)
{
    slots.mine = slot;
}

void counter_close_slot(size_t slot)
{
    static const enum counter_id open_things[] = { COUNTER_CONNECTIONS_OPEN,
                                                   COUNTER_MESSAGES_OPEN };

    for (size_t i = 0; i < sizeof(open_things) / sizeof(open_things[0]); i++)
        atomic_store_explicit(&slots.rows[slot][open_things[i]], 0, memory_order_relaxed);
}
