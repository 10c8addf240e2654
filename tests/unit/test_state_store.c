/* store: what is put is there, in order, for other processes too, and whatever dies meanwhile. */
#include "tests/unit/test_state_support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* --- rows, on disk and in memory ----------------------------------------------------------------
 */

static struct store *(*const openers[])(const char *directory) = { store_open, NULL };

static struct store *open_nth(struct yard *yard, size_t i)
{
    return openers[i] != NULL ? openers[i](yard->path) : store_in_memory();
}

static void test_rows(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        assert_value(store, "a", NULL);
        assert_true(put(store, "a", "1"));
        assert_true(put(store, "", "no name"));
        assert_true(put(store, "b", ""));
        assert_value(store, "a", "1");
        assert_value(store, "b", "");
        assert_value(store, "", "no name");
        assert_true(put(store, "a", "another"));
        assert_value(store, "a", "another");
        assert_true(store_remove(store, STORE_KEYS, SPAN("a")));
        assert_true(store_remove(store, STORE_KEYS, SPAN("a")));
        assert_value(store, "a", NULL);
        assert_trouble(store, NULL);
        store_close(&store);
    }
}

static void test_tables_are_apart(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        struct buffer value = BUFFER_EMPTY;
        assert_true(put(store, "x", "of keys"));
        assert_int_equal(store_get(store, STORE_WATCH, SPAN("x"), &value), STORE_ABSENT);
        assert_true(store_put(store, STORE_WATCH, SPAN("x"), SPAN("of the watch"), STORE_DURABLE));
        assert_value(store, "x", "of keys");
        buffer_free(&value);
        store_close(&store);
    }
}

static void test_long_keys(void **state)
{
    char key[STORE_KEY_MAX + 1];
    memset(key, 'k', sizeof(key));
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        struct buffer value = BUFFER_EMPTY;
        struct span longest = { key, STORE_KEY_MAX }, longer = { key, STORE_KEY_MAX + 1 };
        assert_true(store_put(store, STORE_KEYS, longest, SPAN("1"), STORE_SOON));
        assert_int_equal(store_get(store, STORE_KEYS, longest, &value), STORE_FOUND);
        assert_false(store_put(store, STORE_KEYS, longer, SPAN("1"), STORE_SOON));
        assert_int_equal(store_get(store, STORE_KEYS, longer, &value), STORE_ABSENT);
        buffer_free(&value);
        store_close(&store);
    }
}

static bool list(struct span key, struct span value, void *context)
{
    struct buffer *out = context;
    buffer_printf(out, "%.*s=%.*s ", SPAN_ARG(key), SPAN_ARG(value));
    return !span_is_equal(value, SPAN("last"));
}

static const struct {
    const char *prefix, *listed;
} walks[] = {
    { "", "a=1 a.b=2 b=3 b.a=last " },
    { "a", "a=1 a.b=2 " },
    { "a.", "a.b=2 " },
    { "b.a.", "" },
    { "c", "c=9 " },
    { "z", "" },
};

static void test_walk(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        assert_true(put(store, "c", "9") && put(store, "b", "3") && put(store, "a.b", "2") &&
                    put(store, "b.a", "last") && put(store, "a", "1"));
        assert_true(store_put(store, STORE_WATCH, SPAN("a"), SPAN("another table"), STORE_SOON));
        for (size_t w = 0; w < sizeof(walks) / sizeof(walks[0]); w++) {
            struct buffer listed = BUFFER_EMPTY;
            assert_true(store_walk(store, STORE_KEYS, span_of(walks[w].prefix), list, &listed));
            assert_string_equal(buffer_text(&listed), walks[w].listed);
            buffer_free(&listed);
        }
        store_close(&store);
    }
}

static bool count_up(struct buffer *value_io, bool is_found, void *context)
{
    int number = is_found ? atoi(buffer_text(value_io)) : 0;
    const int *most = context;
    buffer_clear(value_io);
    buffer_printf(value_io, "%d", number + 1);
    return number < *most;
}

static void test_update(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        int most = 2;
        for (int n = 0; n < 4; n++) {
            assert_true(store_update(store, STORE_KEYS, SPAN("n"), STORE_SOON, count_up, &most));
        }
        assert_value(store, "n", "2"); /* the others left it as it was */
        store_close(&store);
    }
}

static void test_version(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        uint64_t before = store_version(store);
        assert_value(store, "a", NULL);
        assert_int_equal(store_version(store), before);
        assert_true(put(store, "a", "1"));
        uint64_t after = store_version(store);
        assert_true(after > before);
        assert_true(put(store, "a", "1")); /* nothing changes */
        assert_int_equal(store_version(store), after);
        store_close(&store);
    }
}

/* --- threads and processes ----------------------------------------------------------------------
 */

#define THREADS 4
#define ROUNDS 500

static void *count_often(void *context)
{
    int most = INT32_MAX;
    for (int i = 0; i < ROUNDS; i++) {
        if (!store_update(context, STORE_KEYS, SPAN("n"), STORE_SOON, count_up, &most)) {
            return context;
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        pthread_t threads[THREADS];
        for (int t = 0; t < THREADS; t++) {
            assert_int_equal(pthread_create(&threads[t], NULL, count_often, store), 0);
        }
        for (int t = 0; t < THREADS; t++) {
            void *failed;
            pthread_join(threads[t], &failed);
            assert_null(failed);
        }
        assert_value(store, "n", "2000");
        store_close(&store);
    }
}

/* A process that counts, and says after each step how far it is, until it is killed. */
static pid_t start_counting(const char *directory, int *from_r)
{
    int ends[2], most = INT32_MAX;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid > 0) {
        close(ends[1]);
        *from_r = ends[0];
        return pid;
    }
    alarm(30);
    struct store *store = store_open(directory);
    for (int32_t n = 1; store != NULL && store_is_shared(store); n++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", n);
        if (!put(store, key, "here") ||
            !store_update(store, STORE_KEYS, SPAN("n"), STORE_SOON, count_up, &most) ||
            write(ends[1], &n, sizeof(n)) != sizeof(n)) {
            break;
        }
    }
    _exit(1);
}

/* Everything a process said it had put is there after kill -9, whatever it was at. */
static void test_kill(void **state)
{
    struct yard *yard = *state;
    int32_t total = 0;
    for (int round = 0; round < 12; round++) {
        int from;
        int32_t said = 0, last = 0;
        pid_t pid = start_counting(yard->path, &from);
        while (said < 20 + 37 * round && read(from, &said, sizeof(said)) == sizeof(said)) {
            last = said;
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(from, &said, sizeof(said)) == sizeof(said)) {
            last = said;
        }
        close(from);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        struct store *store = open_sound(yard->path);
        struct buffer value = BUFFER_EMPTY;
        char key[16];
        snprintf(key, sizeof(key), "%d", last);
        assert_value(store, key, "here");
        assert_int_equal(store_get(store, STORE_KEYS, SPAN("n"), &value), STORE_FOUND);
        int32_t counted = atoi(buffer_text(&value));
        assert_in_range(counted, total + last, total + last + 1);
        total = counted;
        buffer_free(&value);
        store_close(&store);
    }
}

/* One that is killed with a transaction open leaves the lock to others. */
static void test_others_at_once(void **state)
{
    struct yard *yard = *state;
    int from[2];
    int32_t said;
    pid_t pids[2] = { start_counting(yard->path, &from[0]), start_counting(yard->path, &from[1]) };
    for (int i = 0; i < 50; i++) {
        assert_int_equal(read(from[i % 2], &said, sizeof(said)), sizeof(said));
    }
    struct store *store = open_sound(yard->path);
    kill(pids[0], SIGKILL);
    assert_int_equal(waitpid(pids[0], NULL, 0), pids[0]);
    int most = INT32_MAX;
    assert_true(store_update(store, STORE_KEYS, SPAN("n"), STORE_DURABLE, count_up, &most));
    kill(pids[1], SIGKILL);
    assert_int_equal(waitpid(pids[1], NULL, 0), pids[1]);
    assert_true(put(store, "mine", "too"));
    assert_value(store, "mine", "too");
    store_close(&store);
    close(from[0]);
    close(from[1]);
}

static void test_reader(void **state)
{
    struct yard *yard = *state;
    struct error error;
    assert_null(store_open_to_read(yard->path, &error));
    assert_non_null(strstr(error.text, "no store yet"));
    struct store *store = open_sound(yard->path);
    assert_true(put(store, "a", "1"));
    store_close(&store);
    store = store_open_to_read(yard->path, &error);
    assert_non_null(store);
    assert_value(store, "a", "1");
    assert_false(put(store, "a", "2"));
    assert_value(store, "a", "1");
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_tables_are_apart, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_long_keys, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_walk, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_update, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_version, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_threads, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_kill, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_others_at_once, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_reader, yard_make, yard_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
