/*
 * reply_memory: a table of sets of a few places, by a number of the pair that nobody outside can
 * foresee.
 */
#include "policy/reply_memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "util/siphash.h"

enum { SETS = 1024, WAYS = 4, ADDRESS_MAX = 320 };

struct pair {
    uint64_t number; /* 0: free */
    uint64_t began_ns;
    unsigned count;
};

struct reply_memory {
    pthread_mutex_t lock;
    uint64_t key[2];
    struct pair pairs[SETS][WAYS];
};

struct reply_memory *reply_memory_new(void)
{
    struct reply_memory *memory = calloc(1, sizeof(*memory));
    if (memory == NULL || getrandom(memory->key, sizeof(memory->key), 0) < 0) {
        free(memory);
        return NULL;
    }
    pthread_mutex_init(&memory->lock, NULL);
    return memory;
}

void reply_memory_free(struct reply_memory **memory)
{
    if (*memory != NULL) {
        pthread_mutex_destroy(&(*memory)->lock);
        free(*memory);
        *memory = NULL;
    }
}

static uint64_t number_of(const struct reply_memory *memory, struct span address)
{
    char lower[ADDRESS_MAX];
    address = span_first(address, sizeof(lower));
    for (size_t i = 0; i < address.size; i++) {
        lower[i] = ascii_lower(address.at[i]);
    }
    return siphash(memory->key, (struct span){ lower, address.size });
}

/* The place of this pair, or the one that is to be its: a free one, else the oldest. */
static struct pair *find_place(struct reply_memory *memory, uint64_t number)
{
    struct pair *set = memory->pairs[number % SETS], *place = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].number == number) {
            return &set[i];
        }
        if (set[i].began_ns < place->began_ns) {
            place = &set[i];
        }
    }
    return place;
}

unsigned reply_memory_note(struct reply_memory *memory, struct span sender, struct span recipient,
                           uint64_t now_ns)
{
    uint64_t both[2] = { number_of(memory, sender), number_of(memory, recipient) };
    uint64_t number =
        siphash(memory->key, (struct span){ (const char *)both, sizeof(both) }) | UINT64_C(1);
    pthread_mutex_lock(&memory->lock);
    struct pair *pair = find_place(memory, number);
    if (pair->number != number ||
        now_ns - pair->began_ns >= REPLY_MEMORY_S * UINT64_C(1000000000)) {
        *pair = (struct pair){ .number = number, .began_ns = now_ns };
    }
    unsigned count = ++pair->count;
    pthread_mutex_unlock(&memory->lock);
    return count;
}
