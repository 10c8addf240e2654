/* store: processes that are killed while they write. What was answered is there, nothing is half
 * there, and the others go on.
 *
 * Each process moves amounts between accounts, so that their sum stays, and counts its moves in a
 * row of its own in the same transaction. After each it writes down, in memory that outlives it,
 * how many were answered.
 *
 * Some ten seconds; EGRESS_LONG=1 takes ten minutes. */
#include "tests/unit/test_state_support.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

enum { WRITERS = 3, ACCOUNTS = 50, EACH = 1000, WAIT_S = 30 };

struct answered {
    atomic_uint_fast64_t moves[WRITERS];
};

struct killing {
    struct yard *yard;
    struct answered *answered; /* shared with the writers */
    pid_t pids[WRITERS];
    uint64_t chance;
};

static uint64_t next_random(uint64_t *chance)
{
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    return *chance;
}

static uint64_t number_of(const struct store_row *row)
{
    return strtoull(buffer_text(&row->value), NULL, 10);
}

/* With enough behind it that pages are split and given up. */
static void set_number(struct store_row *row, uint64_t number)
{
    buffer_clear(&row->value);
    buffer_printf(&row->value, "%llu %0*d", (unsigned long long)number, (int)(number % 400 + 1), 0);
    row->edit = STORE_EDIT_SET;
}

static void move(struct store_row *rows, size_t count, void *context)
{
    uint64_t amount = *(uint64_t *)context, from = number_of(&rows[0]);
    assert_int_equal(count, 3);
    amount = amount < from ? amount : from;
    set_number(&rows[0], from - amount);
    set_number(&rows[1], number_of(&rows[1]) + amount);
    set_number(&rows[2], number_of(&rows[2]) + 1);
}

static bool move_once(struct store *store, size_t writer, uint64_t *chance)
{
    char names[3][24];
    uint64_t amount = next_random(chance) % 100, one = next_random(chance) % ACCOUNTS;
    uint64_t other = (one + 1 + next_random(chance) % (ACCOUNTS - 1)) % ACCOUNTS;
    struct store_row rows[3] = { { .table = STORE_LIMITS },
                                 { .table = STORE_LIMITS },
                                 { .table = STORE_OVERRIDES } };
    snprintf(names[0], sizeof(names[0]), "account%llu", (unsigned long long)one);
    snprintf(names[1], sizeof(names[1]), "account%llu", (unsigned long long)other);
    snprintf(names[2], sizeof(names[2]), "writer%zu", writer);
    for (size_t i = 0; i < 3; i++) {
        rows[i].key = span_of(names[i]);
    }
    return store_update_rows(store, rows, 3, STORE_SOON, move, &amount);
}

static void write_until_killed(const struct killing *killing, size_t writer)
{
    uint64_t chance = (uint64_t)getpid() * 2654435761u + 1;
    struct store *store = store_open(killing->yard->path);
    alarm(900);
    while (store != NULL && store_is_shared(store) && move_once(store, writer, &chance)) {
        atomic_fetch_add(&killing->answered->moves[writer], 1);
    }
    _exit(1);
}

static void start_writer(struct killing *killing, size_t writer)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        write_until_killed(killing, writer);
    }
    killing->pids[writer] = pid;
}

static void kill_writer(struct killing *killing, size_t writer)
{
    int status;
    assert_int_equal(kill(killing->pids[writer], SIGKILL), 0);
    assert_int_equal(waitpid(killing->pids[writer], &status, 0), killing->pids[writer]);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Everybody gets on, whoever died. */
static void await_moves(const struct killing *killing)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    time_t end_s = time(NULL) + WAIT_S;
    for (size_t i = 0; i < WRITERS; i++) {
        uint64_t before = atomic_load(&killing->answered->moves[i]);
        while (atomic_load(&killing->answered->moves[i]) == before) {
            assert_true(time(NULL) < end_s);
            nanosleep(&pause, NULL);
        }
    }
}

static void put_number(struct store *store, enum store_table table, const char *name,
                       const char *number)
{
    assert_true(store_put(store, table, span_of(name), span_of(number), STORE_SOON));
}

static void set_up_accounts(const struct killing *killing)
{
    char name[24];
    struct store *store = open_sound(killing->yard->path);
    for (int i = 0; i < ACCOUNTS; i++) {
        snprintf(name, sizeof(name), "account%d", i);
        put_number(store, STORE_LIMITS, name, "1000");
    }
    for (int i = 0; i < WRITERS; i++) {
        snprintf(name, sizeof(name), "writer%d", i);
        put_number(store, STORE_OVERRIDES, name, "0");
    }
    store_close(&store);
}

static uint64_t get_number(struct store *store, enum store_table table, const char *kind, int i)
{
    char name[24];
    struct buffer value = BUFFER_EMPTY;
    snprintf(name, sizeof(name), "%s%d", kind, i);
    assert_int_equal(store_get(store, table, span_of(name), &value), STORE_FOUND);
    uint64_t number = strtoull(buffer_text(&value), NULL, 10);
    buffer_free(&value);
    return number;
}

/* `kills`: of each writer, each of which may have cut off one answer. */
static void check_accounts(const struct killing *killing, const unsigned kills[WRITERS])
{
    struct store *store = open_sound(killing->yard->path);
    uint64_t sum = 0;
    for (int i = 0; i < ACCOUNTS; i++) {
        sum += get_number(store, STORE_LIMITS, "account", i);
    }
    assert_int_equal(sum, ACCOUNTS * EACH);
    for (int i = 0; i < WRITERS; i++) {
        uint64_t counted = get_number(store, STORE_OVERRIDES, "writer", i);
        uint64_t answered = atomic_load(&killing->answered->moves[i]);
        assert_in_range(counted, answered, answered + kills[i]);
    }
    assert_int_equal(store_count(store, STORE_LIMITS), ACCOUNTS);
    store_close(&store);
}

static void test_killed_at_any_moment(void **state)
{
    struct killing killing = { .yard = *state, .chance = (uint64_t)time(NULL) | 1 };
    unsigned kills[WRITERS] = { 0 }, rounds = 0;
    time_t end_s = time(NULL) + (getenv("EGRESS_LONG") != NULL ? 600 : 8);
    killing.answered = mmap(NULL, sizeof(*killing.answered), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(killing.answered, MAP_FAILED);
    set_up_accounts(&killing);
    for (size_t i = 0; i < WRITERS; i++) {
        start_writer(&killing, i);
    }
    for (; rounds < 20 || time(NULL) < end_s; rounds++) {
        struct timespec moment = { .tv_nsec = (long)(next_random(&killing.chance) % 3000000) };
        size_t writer = rounds % WRITERS;
        await_moves(&killing);
        nanosleep(&moment, NULL); /* any moment is good */
        kill_writer(&killing, writer);
        kills[writer]++;
        start_writer(&killing, writer);
    }
    await_moves(&killing);
    for (size_t i = 0; i < WRITERS; i++) {
        kill_writer(&killing, i);
        kills[i]++;
    }
    check_accounts(&killing, kills);
    print_message("%u killed\n", rounds + WRITERS);
    munmap(killing.answered, sizeof(*killing.answered));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_at_any_moment, yard_make, yard_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
