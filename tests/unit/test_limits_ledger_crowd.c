/*
 * ledger: many at once, in threads and in processes. A limit of 50 lets exactly 50 through, however
 * many come together; each of many accounts ends exactly at its own; and a process that is killed
 * takes nothing along that it had been answered.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limits/ledger.h"
#include "limits/provider.h"
#include "tests/unit/test_state_support.h"

enum {
    THREADS = 64,
    PROCESSES = 4,
    MAX = 50,
    TRIES = 4,      /* of each thread: more than fit */
    ACCOUNTS = 500, /* in parallel, with limits of 1 to 5 */
    KILLS = 24,
    KILLS_LONG = 400,
    WAIT_S = 90 /* only what hangs takes so long */
};

static const struct limit limit = { .name = "hour", .count = LIMIT_MESSAGES, .per_s = 86400 };

/* What several processes see. */
struct shared {
    atomic_uint is_open; /* the gate, so that all begin together */
    atomic_uint counts[CHARGE_UNKNOWN + 1];
    atomic_uint of_account[ACCOUNTS];
    atomic_uint done_of[PROCESSES]; /* answered with CHARGE_DONE */
};

static struct shared *shared_new(void)
{
    struct shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    return shared;
}

struct crowd {
    struct ledger *ledger;
    struct shared *shared;
    void (*work)(const struct crowd *crowd);
    unsigned process;
};

static enum charge_answer charge_one(struct ledger *ledger, const char *account, uint64_t max)
{
    struct charge charge = {
        .now_ms = ledger_now_ms(ledger),
        .accounts = { span_of(account), SPAN("site/") },
        .account_count = 2,
        .lines = { { .limit = &limit,
                     .amount = 1,
                     .max = max,
                     .is_strict = true,
                     .provider = PROVIDER_COUNT },
                   { .limit = &limit,
                     .account = 1,
                     .amount = 1,
                     .is_strict = true,
                     .provider = PROVIDER_COUNT } },
        .line_count = 2,
    };
    return ledger_charge(ledger, &charge);
}

static void *run_thread(void *context)
{
    const struct crowd *crowd = context;
    while (atomic_load(&crowd->shared->is_open) == 0) {
        sched_yield();
    }
    crowd->work(crowd);
    return NULL;
}

static bool run_threads(struct crowd *crowd, unsigned count)
{
    pthread_t threads[THREADS];
    unsigned started = 0;
    while (started < count && pthread_create(&threads[started], NULL, run_thread, crowd) == 0) {
        started++;
    }
    if (crowd->process == PROCESSES) { /* nobody else opens the gate */
        atomic_store(&crowd->shared->is_open, 1);
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    return started == count;
}

/* What lies in the store of an account, or of all that begin so. */
static bool add_used(struct span account, const struct ledger_use *uses, size_t count,
                     uint64_t attempts_1h, void *context)
{
    uint64_t *sum = context;
    (void)account;
    (void)attempts_1h;
    for (size_t i = 0; i < count; i++) {
        *sum += uses[i].used;
    }
    return true;
}

static uint64_t used_of(struct ledger *ledger, const char *account)
{
    uint64_t sum = 0;
    assert_true(ledger_walk(ledger, span_of(account), add_used, &sum));
    return sum;
}

/* --- processes ------------------------------------------------------------------------------- */

static _Noreturn void be_process(const char *path, struct crowd crowd, unsigned threads)
{
    struct store *store = store_open(path);
    struct error trouble;
    bool is_good = store != NULL && store_is_shared(store) && !store_trouble(store, &trouble);
    crowd.ledger = is_good ? ledger_new(store, &clock_system) : NULL;
    is_good = crowd.ledger != NULL && run_threads(&crowd, threads);
    if (crowd.ledger != NULL) {
        ledger_free(&crowd.ledger);
    }
    store_close(&store);
    _exit(is_good ? 0 : 1);
}

static pid_t start_process(const char *path, const struct crowd *crowd, unsigned threads)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(4 * WAIT_S);
        be_process(path, *crowd, threads);
    }
    return child;
}

static void run_processes(const char *path, struct shared *shared,
                          void (*work)(const struct crowd *crowd))
{
    pid_t children[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; i++) {
        struct crowd crowd = { .shared = shared, .work = work, .process = i };
        children[i] = start_process(path, &crowd, THREADS / PROCESSES);
    }
    atomic_store(&shared->is_open, 1);
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

/* --- one account ----------------------------------------------------------------------------- */

static void charge_one_account(const struct crowd *crowd)
{
    for (unsigned i = 0; i < TRIES; i++) {
        enum charge_answer answer = charge_one(crowd->ledger, "principal/submission/a", MAX);
        atomic_fetch_add(&crowd->shared->counts[answer], 1);
    }
}

static void assert_exactly_max(const struct shared *shared, struct ledger *ledger)
{
    assert_int_equal(atomic_load(&shared->counts[CHARGE_DONE]), MAX);
    assert_int_equal(atomic_load(&shared->counts[CHARGE_EXCEEDED]), THREADS * TRIES - MAX);
    assert_int_equal(used_of(ledger, "principal/submission/a"), MAX);
    assert_int_equal(used_of(ledger, "site/"), MAX);
}

static void threads_on(struct store *store)
{
    struct shared *shared = shared_new();
    struct crowd crowd = { .shared = shared, .work = charge_one_account, .process = PROCESSES };
    crowd.ledger = ledger_new(store, &clock_system);
    assert_non_null(crowd.ledger);
    assert_true(run_threads(&crowd, THREADS));
    assert_exactly_max(shared, crowd.ledger);
    ledger_free(&crowd.ledger);
    munmap(shared, sizeof(*shared));
}

static void test_threads_in_memory(void **state)
{
    struct store *store = store_in_memory();
    (void)state;
    assert_non_null(store);
    threads_on(store);
    store_close(&store);
}

static void test_threads(void **state)
{
    struct yard *yard = *state;
    struct store *store = store_open(yard->path);
    assert_non_null(store);
    assert_true(store_is_shared(store));
    threads_on(store);
    store_close(&store);
}

static struct ledger *open_ledger(const char *path, struct store **store_r)
{
    *store_r = store_open(path);
    assert_non_null(*store_r);
    struct ledger *ledger = ledger_new(*store_r, &clock_system);
    assert_non_null(ledger);
    return ledger;
}

static void test_processes(void **state)
{
    struct yard *yard = *state;
    struct shared *shared = shared_new();
    struct store *store;
    run_processes(yard->path, shared, charge_one_account);
    struct ledger *ledger = open_ledger(yard->path, &store);
    assert_exactly_max(shared, ledger);
    ledger_free(&ledger);
    store_close(&store);
    munmap(shared, sizeof(*shared));
}

/* --- many accounts --------------------------------------------------------------------------- */

static uint64_t max_of(unsigned account)
{
    return 1 + account % 5;
}

static void charge_many_accounts(const struct crowd *crowd)
{
    char name[64];
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        unsigned account = (i * 7 + crowd->process * 131) % ACCOUNTS;
        snprintf(name, sizeof(name), "principal/submission/user%03u", account);
        if (charge_one(crowd->ledger, name, max_of(account)) == CHARGE_DONE) {
            atomic_fetch_add(&crowd->shared->of_account[account], 1);
        }
    }
}

/* 64 threads try each once, and at most five fit. */
static void test_many_accounts(void **state)
{
    struct yard *yard = *state;
    struct shared *shared = shared_new();
    struct store *store;
    char name[64];
    run_processes(yard->path, shared, charge_many_accounts);
    struct ledger *ledger = open_ledger(yard->path, &store);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        snprintf(name, sizeof(name), "principal/submission/user%03u", i);
        assert_int_equal(atomic_load(&shared->of_account[i]), max_of(i));
        assert_int_equal(used_of(ledger, name), max_of(i));
    }
    ledger_free(&ledger);
    store_close(&store);
    munmap(shared, sizeof(*shared));
}

/* --- kill -9 --------------------------------------------------------------------------------- */

/* Until it is killed. */
static void charge_for_ever(const struct crowd *crowd)
{
    while (charge_one(crowd->ledger, "principal/submission/a", 0) == CHARGE_DONE) {
        atomic_fetch_add(&crowd->shared->done_of[crowd->process], 1);
    }
}

static void await_more(const atomic_uint *count, unsigned more)
{
    unsigned before = atomic_load(count);
    for (unsigned i = 0; atomic_load(count) - before < more; i++) {
        assert_true(i < WAIT_S * 1000);
        usleep(1000);
    }
}

static unsigned sum_of(const atomic_uint *counts)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < PROCESSES; i++) {
        sum += atomic_load(&counts[i]);
    }
    return sum;
}

static void kill_it(pid_t child)
{
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* One after the other is killed in the middle of its work and replaced. The others go on, which
 * says that none waits for the dead; what was answered is there; and what is there beyond that is
 * what was in the making, one for each thread that was killed. */
static void test_killed(void **state)
{
    enum { THREADS_EACH = THREADS / PROCESSES / 4 };
    const unsigned kills = getenv("EGRESS_LONG") != NULL ? KILLS_LONG : KILLS;
    struct yard *yard = *state;
    struct shared *shared = shared_new();
    struct crowd crowd = { .shared = shared, .work = charge_for_ever };
    struct store *store;
    pid_t children[PROCESSES];
    atomic_store(&shared->is_open, 1);
    for (unsigned i = 0; i < PROCESSES; i++) {
        crowd.process = i;
        children[i] = start_process(yard->path, &crowd, THREADS_EACH);
    }
    for (unsigned i = 0; i < kills; i++) {
        await_more(&shared->done_of[i % PROCESSES], 100);
        kill_it(children[i % PROCESSES]);
        await_more(&shared->done_of[(i + 1) % PROCESSES], 100);
        crowd.process = i % PROCESSES;
        children[crowd.process] = start_process(yard->path, &crowd, THREADS_EACH);
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        await_more(&shared->done_of[i], 10);
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        kill_it(children[i]);
    }
    struct ledger *ledger = open_ledger(yard->path, &store);
    uint64_t used = used_of(ledger, "principal/submission/a");
    assert_true(used >= sum_of(shared->done_of));
    assert_true(used <= sum_of(shared->done_of) + (kills + PROCESSES) * THREADS_EACH);
    assert_int_equal(used_of(ledger, "site/"), used);
    ledger_free(&ledger);
    store_close(&store);
    munmap(shared, sizeof(*shared));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_in_memory),
        cmocka_unit_test_setup_teardown(test_threads, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_processes, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_many_accounts, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_killed, yard_make, yard_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
