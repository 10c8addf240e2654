/*
 * counter: the counters of the process. Adding is one relaxed atomic step; a reader may see one
 * counter a moment ahead of another.
 */
#include "log/counter.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x65636e31u /* "ecn1": the layout of struct shared */
#define SLOTS_MAX 4096

typedef _Atomic int64_t counter_row[COUNTER_COUNT];

/* What lies in the shared memory. Rows of all versions begin with the same counters: new ones are
 * added at the end. */
struct shared {
    uint32_t magic;
    uint32_t columns, slots;
    _Atomic uint32_t used;   /* slots from here on were never counted in */
    _Atomic int64_t cells[]; /* slots x columns */
};

/*
 * Changed only while the process has one thread. What is needed to find one's way in the shared
 * memory is kept here: whoever counts there can also write there, and a process that went bad must
 * not lead the others astray.
 */
static counter_row own_row;
static struct {
    struct shared *shared; /* NULL: own_row */
    size_t slots, columns;
    _Atomic int64_t *mine;
    int fd;
} counters = { NULL, 1, COUNTER_COUNT, own_row, -1 };

static const char *const names[COUNTER_COUNT] = {
#define COUNTER_NAME(id, name) [COUNTER_##id] = name,
    COUNTER_ROWS(COUNTER_NAME)
#undef COUNTER_NAME
};

static size_t shared_size(size_t slots, size_t columns)
{
    return sizeof(struct shared) + slots * columns * sizeof(int64_t);
}

static _Atomic int64_t *row_of(size_t slot)
{
    return counters.shared->cells + slot * counters.columns;
}

void counter_add(enum counter_id id, int64_t amount)
{
    atomic_fetch_add_explicit(&counters.mine[id], amount, memory_order_relaxed);
}

void counter_set(enum counter_id id, int64_t value)
{
    atomic_store_explicit(&counters.mine[id], value, memory_order_relaxed);
}

static int64_t sum_of(const struct shared *shared, size_t slots, size_t columns, size_t column)
{
    size_t used = atomic_load_explicit(&shared->used, memory_order_relaxed);
    int64_t sum = 0;

    for (size_t slot = 0; slot < used && slot < slots; slot++)
        sum += atomic_load_explicit(&shared->cells[slot * columns + column], memory_order_relaxed);
    return sum;
}

int64_t counter_get(enum counter_id id)
{
    if (counters.shared == NULL)
        return atomic_load_explicit(&own_row[id], memory_order_relaxed);
    return sum_of(counters.shared, counters.slots, counters.columns, id);
}

const char *counter_name(enum counter_id id)
{
    return names[id];
}

static struct shared *map(int fd, size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

static void use(struct shared *shared, size_t slots, int fd)
{
    counters.shared = shared;
    counters.slots = slots;
    counters.columns = COUNTER_COUNT;
    counters.mine = row_of(0);
    counters.fd = fd;
}

bool counter_share(size_t slots)
{
    size_t size = shared_size(slots, COUNTER_COUNT);
    int fd = memfd_create("egress-milter counters", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct shared *shared = NULL;

    /* Nobody who has the descriptor can take the memory away from under the others. */
    if (fd >= 0 && slots <= SLOTS_MAX && ftruncate(fd, (off_t)size) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        shared = map(fd, size);
    if (shared == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    shared->magic = MAGIC;
    shared->columns = COUNTER_COUNT;
    shared->slots = (uint32_t)slots;
    atomic_store(&shared->used, 1);
    for (size_t id = 0; id < COUNTER_COUNT; id++)
        shared->cells[id] = counter_get((enum counter_id)id);
    use(shared, slots, fd);
    return true;
}

int counter_descriptor(void)
{
    return counters.fd;
}

/* Anything may come in through a descriptor, also from a process that went bad: what does not fit
 * is not touched, and what was checked is not read again. */
static struct shared *map_foreign(int fd, size_t *slots_r, size_t *columns_r)
{
    struct stat status;
    struct shared *shared;

    if (fstat(fd, &status) < 0 || status.st_size < (off_t)sizeof(struct shared))
        return NULL;
    shared = map(fd, (size_t)status.st_size);
    if (shared == NULL)
        return NULL;
    *slots_r = *(volatile uint32_t *)&shared->slots;
    *columns_r = *(volatile uint32_t *)&shared->columns;
    if (shared->magic == MAGIC && *slots_r > 0 && *slots_r <= SLOTS_MAX && *columns_r > 0 &&
        *columns_r <= 4096 && shared_size(*slots_r, *columns_r) == (size_t)status.st_size)
        return shared;
    munmap(shared, (size_t)status.st_size);
    return NULL;
}

/* What does not outlive its process. */
static const enum counter_id passing[] = { COUNTER_CONNECTIONS_OPEN, COUNTER_MESSAGES_OPEN,
                                           COUNTER_LOG_LINES_QUEUED, COUNTER_LOG_BYTES_QUEUED,
                                           COUNTER_SOCKETS_UNSERVED, COUNTER_PROCESSES_SILENT };

static bool is_passing(size_t id)
{
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        if (passing[i] == id)
            return true;
    }
    return false;
}

/* What the processes of that version have open will be closed where nobody looks any more: it is
 * left out. */
static bool take_over_sums(const struct shared *old, size_t slots, size_t columns)
{
    if (!counter_share(slots))
        return false;
    for (size_t id = 0; id < COUNTER_COUNT && id < columns; id++) {
        if (!is_passing(id))
            counter_add((enum counter_id)id, sum_of(old, slots, columns, id));
    }
    if (columns > COUNTER_LOG_LINES_QUEUED)
        counter_add(
            COUNTER_LOG_LINES_LOST,
            atomic_load_explicit(&old->cells[COUNTER_LOG_LINES_QUEUED], memory_order_relaxed));
    return true;
}

bool counter_adopt(int fd)
{
    size_t slots, columns;
    struct shared *shared = map_foreign(fd, &slots, &columns);
    bool taken;

    if (shared == NULL)
        return false;
    if (columns != COUNTER_COUNT) {
        taken = take_over_sums(shared, slots, columns);
        munmap(shared, shared_size(slots, columns));
        close(fd);
        return taken;
    }
    use(shared, slots, fd);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    counter_close_slot(0);
    for (size_t id = 0; id < COUNTER_COUNT; id++)
        counter_add((enum counter_id)id, atomic_load_explicit(&own_row[id], memory_order_relaxed));
    return true;
}

size_t counter_slots(void)
{
    return counters.slots;
}

void counter_use_slot(size_t slot)
{
    uint32_t used;

    if (counters.shared == NULL || slot >= counters.slots)
        return;
    counters.mine = row_of(slot);
    used = atomic_load(&counters.shared->used);
    while (used <= slot &&
           !atomic_compare_exchange_weak(&counters.shared->used, &used, (uint32_t)slot + 1))
        ;
}

void counter_close_slot(size_t slot)
{
    if (counters.shared == NULL || slot >= counters.slots)
        return;
    counter_add(
        COUNTER_LOG_LINES_LOST,
        atomic_load_explicit(&row_of(slot)[COUNTER_LOG_LINES_QUEUED], memory_order_relaxed));
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        atomic_store_explicit(&row_of(slot)[passing[i]], 0, memory_order_relaxed);
}
