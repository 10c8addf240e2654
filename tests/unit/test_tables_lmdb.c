/*
 * lmdb tables: written by LMDB itself, read without it; and what is said of files that are cut,
 * scribbled over, locked, or of another kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <lmdb.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/test_tables_support.h"
#include "util/buffer.h"
#include "util/file.h"

/* A database at PATH.lmdb, open for writing. */
struct base {
    struct scratch_file file;
    char path[80];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
};

static void base_open(struct base *base, unsigned flags)
{
    scratch_file_make(&base->file);
    snprintf(base->path, sizeof(base->path), "%s.lmdb", base->file.path);
    assert_int_equal(mdb_env_create(&base->env), 0);
    assert_int_equal(mdb_env_set_mapsize(base->env, (size_t)64 << 20), 0);
    assert_int_equal(mdb_env_set_maxdbs(base->env, 2), 0);
    assert_int_equal(
        mdb_env_open(base->env, base->path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600), 0);
    assert_int_equal(mdb_txn_begin(base->env, NULL, 0, &base->txn), 0);
    assert_int_equal(mdb_dbi_open(base->txn, NULL, flags, &base->dbi), 0);
}

static void base_put(struct base *base, const char *key, size_t key_size, const char *value,
                     size_t value_size)
{
    MDB_val k = { key_size, (void *)(uintptr_t)key };
    MDB_val v = { value_size, (void *)(uintptr_t)value };
    assert_int_equal(mdb_put(base->txn, base->dbi, &k, &v, 0), 0);
}

/* As Postfix stores text. */
static void base_put_text(struct base *base, const char *key, const char *value)
{
    base_put(base, key, strlen(key) + 1, value, strlen(value) + 1);
}

static void base_commit(struct base *base)
{
    assert_int_equal(mdb_txn_commit(base->txn), 0);
    base->txn = NULL;
}

static void base_again(struct base *base)
{
    assert_int_equal(mdb_txn_begin(base->env, NULL, 0, &base->txn), 0);
}

static void base_remove(struct base *base)
{
    mdb_env_close(base->env);
    unlink(base->path);
    scratch_file_remove(&base->file);
}

static struct table *base_read(struct base *base, struct error *error)
{
    return table_open(scratch_file_spec(&base->file, "lmdb:"), NULL, error);
}

static void empty(void **state)
{
    (void)state;
    struct base base;
    struct error error;
    base_open(&base, 0);
    base_commit(&base);
    struct table *table = base_read(&base, &error);
    assert_non_null(table);
    assert_int_equal(table_count(table), 0);
    table_free(&table);
    base_remove(&base);
}

/* With and without the NUL behind texts; folded; not stale until somebody writes. */
static void small(void **state)
{
    (void)state;
    struct base base;
    struct error error;
    struct arena *arena = arena_new(1 << 20);
    base_open(&base, 0);
    base_put_text(&base, "alice@example.org", "alice");
    base_put(&base, "Bob@example.org", 15, "bob, group:sales", 16);
    base_put_text(&base, "nothing", "");
    base_commit(&base);
    struct table *table = base_read(&base, &error);
    assert_non_null(table);
    assert_found(table, arena, "ALICE@example.org", "alice");
    assert_found(table, arena, "bob@example.org", "bob, group:sales");
    assert_found(table, arena, "nothing", "");
    assert_absent(table, arena, SPAN("alice@example.org\0"));
    assert_absent(table, arena, SPAN(""));
    assert_true(table_is_walkable(table));
    assert_false(table_is_stale(table));
    base_again(&base);
    base_put_text(&base, "alice@example.org", "carol");
    base_commit(&base);
    assert_true(table_is_stale(table));
    table_free(&table);
    table = base_read(&base, &error);
    assert_found(table, arena, "alice@example.org", "carol");
    table_free(&table);
    base_remove(&base);
    arena_free(&arena);
}

static size_t value_size(unsigned i)
{
    static const size_t sizes[] = { 0, 1, 30, 400, 1900, 2100, 4080, 4081, 9000, 70000 };
    return sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
}

/* Key number i; every number has another one. */
static void row_of(unsigned i, char key_r[static 300], char *value_r)
{
    int size = snprintf(key_r, 300, "user%u@", i * 7919 % 100003);
    memset(key_r + size, 'a' + (int)(i % 26), i % 200);
    key_r[size + (int)(i % 200)] = '\0';
    memset(value_r, 'A' + (int)(i % 26), value_size(i));
    value_r[value_size(i)] = '\0';
}

/* Branch pages over branch pages, overflow pages, rows deleted and replaced in later transactions.
 */
static void large(void **state)
{
    enum { ROWS = 3000 };
    (void)state;
    struct base base;
    struct error error;
    char key[300], *value = malloc(70001);
    base_open(&base, 0);
    for (unsigned i = 0; i < ROWS; i++) {
        row_of(i, key, value);
        base_put_text(&base, key, "before");
    }
    base_commit(&base);
    base_again(&base);
    for (unsigned i = 0; i < ROWS; i++) {
        row_of(i, key, value);
        MDB_val k = { strlen(key) + 1, key };
        assert_int_equal(mdb_del(base.txn, base.dbi, &k, NULL), 0);
        if (i % 3 != 0) {
            base_put_text(&base, key, value);
        }
    }
    base_commit(&base);
    struct table *table = base_read(&base, &error);
    assert_non_null(table);
    assert_int_equal(table_count(table), ROWS - ROWS / 3);
    for (unsigned i = 0; i < ROWS; i++) {
        struct arena *arena = arena_new(1 << 20);
        row_of(i, key, value);
        if (i % 3 != 0) {
            assert_found(table, arena, key, value);
        } else {
            assert_absent(table, arena, span_of(key));
        }
        arena_free(&arena);
    }
    table_free(&table);
    base_remove(&base);
    free(value);
}

static void faults_of_rows(void **state)
{
    static char long_key[501];
    static const struct {
        struct span keys[2], value;
        unsigned flags;
        const char *says;
    } cases[] = {
        { { { "A", 1 }, { "a", 1 } }, { "x", 1 }, 0, "\"a\" is there a second time in other" },
        { { { "k\0k", 3 } }, { "x", 1 }, 0, "\"k" },
        { { { "k", 1 } }, { "x\0y\0", 4 }, 0, "\"k\" has a NUL byte within" },
        { { { "k", 1 } }, { "x", 1 }, MDB_DUPSORT, "a database with duplicates" },
        { { { long_key, 500 } }, { "x", 1 }, 0, NULL },
    };
    (void)state;
    memset(long_key, 'k', 500);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct base base;
        struct error error;
        base_open(&base, cases[i].flags);
        for (size_t j = 0; j < 2 && cases[i].keys[j].at != NULL; j++) {
            base_put(&base, cases[i].keys[j].at, cases[i].keys[j].size, cases[i].value.at,
                     cases[i].value.size);
        }
        base_commit(&base);
        struct table *table = base_read(&base, &error);
        assert_int_equal(table == NULL, cases[i].says != NULL);
        if (cases[i].says != NULL) {
            assert_non_null(strstr(error.text, cases[i].says));
            assert_non_null(strstr(error.text, base.path));
        }
        table_free(&table);
        base_remove(&base);
    }
}

static void inner_database(void **state)
{
    (void)state;
    struct base base;
    struct error error;
    MDB_dbi inner;
    base_open(&base, 0);
    assert_int_equal(mdb_dbi_open(base.txn, "inner", MDB_CREATE, &inner), 0);
    base_commit(&base);
    assert_null(base_read(&base, &error));
    assert_non_null(strstr(error.text, "a database within the database"));
    base_remove(&base);
}

/* A few hundred rows with values in overflow pages, as bytes. */
static void sample(struct base *base, struct buffer *bytes_r)
{
    char key[300], *value = malloc(70001);
    struct error error;
    base_open(base, 0);
    for (unsigned i = 0; i < 200; i++) {
        row_of(i, key, value);
        base_put_text(base, key, i % 10 < 9 ? value : "short");
    }
    base_commit(base);
    *bytes_r = BUFFER_EMPTY;
    assert_true(file_read(base->path, (size_t)64 << 20, bytes_r, &error));
    free(value);
}

static struct table *read_bytes(struct base *base, struct span bytes, struct error *error)
{
    int fd = open(base->path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, bytes.at, bytes.size), (ssize_t)bytes.size);
    /* Of long ago, so that nobody waits for the next tick of the clock. */
    struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    return base_read(base, error);
}

/* A file without its end is never half a table. */
static void cut(void **state)
{
    (void)state;
    struct base base;
    struct buffer bytes;
    struct error error;
    sample(&base, &bytes);
    size_t step = bytes.size / 60;
    for (size_t size = 0; size < bytes.size; size += step) {
        assert_null(read_bytes(&base, span_first(buffer_span(&bytes), size), &error));
        assert_non_null(strstr(error.text, base.path));
    }
    buffer_free(&bytes);
    base_remove(&base);
}

/* Any answer but a crash: which bytes matter only LMDB knows. The fuzz target does more of it. */
static void scribbled(void **state)
{
    (void)state;
    struct base base;
    struct buffer bytes;
    struct error error;
    unsigned refused = 0;
    sample(&base, &bytes);
    srandom(7);
    for (unsigned i = 0; i < 60; i++) {
        char *copy = span_strdup(buffer_span(&bytes));
        for (unsigned j = 0; j < 300; j++) {
            copy[(size_t)random() % bytes.size] = (char)random();
        }
        struct table *table = read_bytes(&base, (struct span){ copy, bytes.size }, &error);
        refused += table == NULL;
        table_free(&table);
        free(copy);
    }
    assert_true(refused > 30);
    buffer_free(&bytes);
    base_remove(&base);
}

static void foreign(void **state)
{
    (void)state;
    struct base base;
    struct error error;
    char zeros[20000] = { 0 };
    base_open(&base, 0);
    base_commit(&base);
    assert_null(read_bytes(&base, (struct span){ zeros, sizeof(zeros) }, &error));
    assert_non_null(strstr(error.text, "no LMDB database, or one of another kind of machine"));
    assert_null(read_bytes(&base, SPAN("alice alice\n"), &error));
    assert_non_null(strstr(error.text, "no LMDB database"));
    base_remove(&base);
    assert_null(table_open("lmdb:/nonexistent/table", NULL, &error));
    assert_non_null(strstr(error.text, "/nonexistent"));
}

/* Another process holds the lock as postmap does: first for good, then until we came. */
static pid_t lock_elsewhere(const char *path, bool is_patient)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = open(path, O_RDWR);
        bool good = fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "x", 1) == 1;
        usleep(is_patient ? 60000000 : 50000);
        _exit(good ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void locked(void **state)
{
    (void)state;
    struct base base;
    struct error error;
    int status;
    base_open(&base, 0);
    base_commit(&base);
    pid_t pid = lock_elsewhere(base.path, true);
    assert_null(base_read(&base, &error));
    assert_non_null(strstr(error.text, "is being written: its writer holds the lock"));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    pid = lock_elsewhere(base.path, false);
    struct table *table = base_read(&base, &error);
    assert_non_null(table);
    table_free(&table);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    base_remove(&base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),          cmocka_unit_test(small),   cmocka_unit_test(large),
        cmocka_unit_test(faults_of_rows), cmocka_unit_test(cut),     cmocka_unit_test(scribbled),
        cmocka_unit_test(inner_database), cmocka_unit_test(foreign), cmocka_unit_test(locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
