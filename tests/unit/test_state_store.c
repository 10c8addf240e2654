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

/* Moves one from the first row to the second, as long as there is one. */
static void move_one(struct store_row *rows, size_t count, void *context)
{
    int *calls = context;
    (*calls)++;
    assert_int_equal(count, 2);
    int left = atoi(buffer_text(&rows[0].value)), right = atoi(buffer_text(&rows[1].value));
    if (left == 0) {
        return;
    }
    buffer_clear(&rows[1].value);
    buffer_printf(&rows[1].value, "%d", right + 1);
    rows[1].edit = STORE_EDIT_SET;
    buffer_clear(&rows[0].value);
    buffer_printf(&rows[0].value, "%d", left - 1);
    rows[0].edit = left == 1 ? STORE_EDIT_UNSET : STORE_EDIT_SET;
}

static void test_several_rows(void **state)
{
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        int calls = 0;
        assert_true(put(store, "left", "3"));
        for (int n = 0; n < 5; n++) {
            struct store_row rows[2] = { { .table = STORE_KEYS, .key = SPAN("left") },
                                         { .table = STORE_LIMITS, .key = SPAN("right") } };
            assert_true(store_update_rows(store, rows, 2, STORE_SOON, move_one, &calls));
            assert_int_equal(rows[1].table, STORE_LIMITS);
            assert_true(span_is_equal(rows[1].key, SPAN("right")));
        }
        assert_int_equal(calls, 5);
        assert_value(store, "left", NULL);
        assert_value(store, "right", NULL); /* in the other table */
        assert_int_equal(store_count(store, STORE_LIMITS), 1);
        store_close(&store);
    }
}

/* The second row has no room: the first stays as it was, and the third is not there. */
static void fill(struct store_row *rows, size_t count, void *context)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        size_t size = i == 1 ? (size_t)17 << 20 : 1;
        char *bytes = calloc(1, size);
        buffer_clear(&rows[i].value);
        buffer_add(&rows[i].value, bytes, size);
        rows[i].edit = STORE_EDIT_SET;
        free(bytes);
    }
}

static void test_several_rows_or_none(void **state)
{
    struct yard *yard = *state;
    for (size_t i = 0; i < 2; i++) {
        struct store_row rows[] = { { .table = STORE_KEYS, .key = SPAN("a") },
                                    { .table = STORE_KEYS, .key = SPAN("b") },
                                    { .table = STORE_KEYS, .key = SPAN("c") } };
        struct store *store = open_small(i == 0 ? yard->path : NULL);
        struct error trouble;
        assert_true(put(store, "a", "before"));
        assert_false(store_update_rows(store, rows, 3, STORE_SOON, fill, NULL));
        assert_value(store, "a", "before");
        assert_value(store, "b", NULL);
        assert_value(store, "c", NULL);
        assert_true(store_trouble(store, &trouble));
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

/* --- both places are alike -----------------------------------------------------------------------
 */

static uint64_t next_random(uint64_t *chance)
{
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    return *chance;
}

/* Sets two of three, takes every third away, by a number that is in the context. */
static void change_some(struct store_row *rows, size_t count, void *context)
{
    const uint64_t *number = context;
    for (size_t i = 0; i < count; i++) {
        bool is_taken = (*number + i) % 3 == 0;
        buffer_printf(&rows[i].value, "%u", (unsigned)(*number % 10));
        rows[i].edit = is_taken ? STORE_EDIT_UNSET : STORE_EDIT_SET;
    }
}

static void change_in_both(struct store *stores[2], uint64_t number, uint64_t *chance)
{
    char keys[6][16];
    struct store_row rows[6] = { 0 };
    for (size_t i = 0; i < 6; i++) {
        snprintf(keys[i], sizeof(keys[i]), "%c%llu", (char)('a' + i),
                 (unsigned long long)(next_random(chance) % 200));
        rows[i].table = i % 2 == 0 ? STORE_LIMITS : STORE_WATCH;
        rows[i].key = span_of(keys[i]);
    }
    for (size_t s = 0; s < 2; s++) {
        assert_true(store_update_rows(stores[s], rows, 6, STORE_SOON, change_some, &number));
    }
}

static bool write_row_down(struct span key, struct span value, void *context)
{
    struct buffer *text = context;
    buffer_printf(text, "%.*s=%.*s\n", SPAN_ARG(key), SPAN_ARG(value));
    return true;
}

static void assert_alike(struct store *stores[2], const char *prefix)
{
    static const enum store_table tables[] = { STORE_LIMITS, STORE_WATCH };
    for (size_t t = 0; t < 2; t++) {
        struct buffer texts[2] = { BUFFER_EMPTY, BUFFER_EMPTY };
        for (size_t s = 0; s < 2; s++) {
            assert_true(
                store_walk(stores[s], tables[t], span_of(prefix), write_row_down, &texts[s]));
        }
        assert_string_equal(buffer_text(&texts[0]), buffer_text(&texts[1]));
        assert_int_equal(store_count(stores[0], tables[t]), store_count(stores[1], tables[t]));
        buffer_free(&texts[0]);
        buffer_free(&texts[1]);
    }
}

static void test_memory_is_like_the_file(void **state)
{
    struct yard *yard = *state;
    struct store *stores[2] = { open_sound(yard->path), store_in_memory() };
    uint64_t chance = 20241129;
    for (uint64_t number = 0; number < 3000; number++) {
        change_in_both(stores, number, &chance);
        if (number % 100 == 0) {
            assert_alike(stores, "");
            assert_alike(stores, "c1");
            assert_alike(stores, "f");
        }
    }
    store_close(&stores[0]);
    store_close(&stores[1]);
}

static bool is_next(struct span key, struct span value, void *context)
{
    uint64_t *count = context;
    char expected[16];
    (void)value;
    snprintf(expected, sizeof(expected), "%08llu", (unsigned long long)(*count)++);
    return span_is_equal(key, span_of(expected));
}

/* As many as would take hours if each moved the others. */
static void test_much_in_memory(void **state)
{
    enum { MANY = 400000 };
    struct store *store = store_in_memory();
    uint64_t at = 0, count = 0;
    char key[16];
    (void)state;
    for (int i = 0; i < MANY; i++, at = (at + 7919) % MANY) {
        snprintf(key, sizeof(key), "%08llu", (unsigned long long)at);
        assert_true(put(store, key, "x"));
    }
    assert_true(store_walk(store, STORE_KEYS, SPAN(""), is_next, &count));
    assert_int_equal(count, MANY);
    for (int i = MANY - 1; i >= 1000; i--) {
        snprintf(key, sizeof(key), "%08d", i);
        assert_true(store_remove(store, STORE_KEYS, span_of(key)));
    }
    count = 0;
    assert_true(store_walk(store, STORE_KEYS, SPAN("00000"), is_next, &count));
    assert_int_equal(count, 1000);
    store_close(&store);
}

/* --- how many there are ---------------------------------------------------------------------- */

static const struct {
    enum store_table table;
    const char *key, *value; /* NULL: removed */
    uint64_t limits, overrides, charges, keys;
    bool is_override; /* the version grows */
} counting[] = {
    { STORE_LIMITS, "a", "1", 1, 0, 0, 0, false },
    { STORE_LIMITS, "a", "2", 1, 0, 0, 0, false },
    { STORE_OVERRIDES, "a", "1", 1, 1, 0, 0, true },
    { STORE_OVERRIDES, "a", "2", 1, 1, 0, 0, true },
    { STORE_OVERRIDES, "a", "2", 1, 1, 0, 0, false }, /* nothing changes */
    { STORE_CHARGES, "", "x", 1, 1, 1, 0, false },
    { STORE_KEYS, "b", "x", 1, 1, 1, 1, false },
    { STORE_LIMITS, "b", NULL, 1, 1, 1, 1, false },
    { STORE_LIMITS, "a", NULL, 0, 1, 1, 1, false },
    { STORE_OVERRIDES, "a", NULL, 0, 0, 1, 1, true },
    { STORE_OVERRIDES, "a", NULL, 0, 0, 1, 1, false },
};

static void assert_counts(struct store *store, size_t n)
{
    assert_int_equal(store_count(store, STORE_LIMITS), counting[n].limits);
    assert_int_equal(store_count(store, STORE_OVERRIDES), counting[n].overrides);
    assert_int_equal(store_count(store, STORE_CHARGES), counting[n].charges);
    assert_int_equal(store_count(store, STORE_KEYS), counting[n].keys);
    assert_int_equal(store_count(store, STORE_WATCH), 0);
}

static void test_counts(void **state)
{
    struct yard *yard = *state;
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_nth(*state, i);
        for (size_t n = 0; n < sizeof(counting) / sizeof(counting[0]); n++) {
            uint64_t before = store_table_version(store, STORE_OVERRIDES);
            struct span key = span_of(counting[n].key), value = span_of(counting[n].value);
            assert_true(value.at != NULL
                            ? store_put(store, counting[n].table, key, value, STORE_SOON)
                            : store_remove(store, counting[n].table, key));
            assert_counts(store, n);
            assert_int_equal(store_table_version(store, STORE_OVERRIDES) - before,
                             counting[n].is_override);
        }
        store_close(&store);
        store = i == 0 ? open_sound(yard->path) : NULL; /* kept, where something is */
        if (store != NULL) {
            assert_counts(store, sizeof(counting) / sizeof(counting[0]) - 1);
            assert_true(store_table_version(store, STORE_OVERRIDES) > 0);
        }
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
        cmocka_unit_test_setup_teardown(test_several_rows, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_several_rows_or_none, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_update, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_version, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_memory_is_like_the_file, yard_make, yard_drop),
        cmocka_unit_test(test_much_in_memory),
        cmocka_unit_test_setup_teardown(test_counts, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_threads, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_kill, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_others_at_once, yard_make, yard_drop),
        cmocka_unit_test_setup_teardown(test_reader, yard_make, yard_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
