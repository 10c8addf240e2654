/*
 * The file behind a local table: whether it is another one by now, and files that are written while
 * they are read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tables/table_source.h"
#include "tests/unit/test_tables_support.h"

static struct table *open_file(struct scratch_file *file)
{
    struct error error;
    struct table *table = table_open(scratch_file_spec(file, "file:"), NULL, &error);
    assert_non_null(table);
    assert_false(table_is_stale(table));
    assert_string_equal(table_spec(table), file->spec);
    return table;
}

/* Same size, same inode, and at once after the reading: only the time tells. */
static void written_in_place(void **state)
{
    (void)state;
    struct scratch_file file;
    scratch_file_make(&file);
    for (unsigned i = 0; i < 50; i++) {
        scratch_file_write(&file, "a 1\n", 4);
        struct table *table = open_file(&file);
        scratch_file_write(&file, "a 2\n", 4);
        assert_true(table_is_stale(table));
        table_free(&table);
    }
    scratch_file_remove(&file);
}

static void replaced(void **state)
{
    (void)state;
    struct scratch_file file, other;
    scratch_file_make(&file);
    scratch_file_make(&other);
    scratch_file_write(&file, "a 1\n", 4);
    scratch_file_write(&other, "a 2\n", 4);
    struct table *table = open_file(&file);
    assert_int_equal(rename(other.path, file.path), 0);
    assert_true(table_is_stale(table));
    table_free(&table);
    scratch_file_remove(&file);
}

/* Its last good copy goes on answering; another file there is news again. */
static void vanished(void **state)
{
    (void)state;
    struct scratch_file file;
    struct arena *arena = arena_new(1 << 20);
    scratch_file_make(&file);
    scratch_file_write(&file, "a 1\n", 4);
    struct table *table = open_file(&file);
    scratch_file_remove(&file);
    assert_false(table_is_stale(table));
    assert_found(table, arena, "a", "1");
    scratch_file_write(&file, "a 1\n", 4);
    assert_true(table_is_stale(table));
    table_free(&table);
    scratch_file_remove(&file);
    arena_free(&arena);
}

static void mode_changed(void **state)
{
    (void)state;
    struct scratch_file file;
    scratch_file_make(&file);
    scratch_file_write(&file, "a 1\n", 4);
    struct table *table = open_file(&file);
    assert_int_equal(chmod(file.path, 0640), 0);
    assert_true(table_is_stale(table)); /* read once too often does no harm */
    table_free(&table);
    scratch_file_remove(&file);
}

struct writer {
    const struct scratch_file *file;
    atomic_bool stop;
    unsigned rows;
};

/* Appends row by row, and begins again: a reader that does not look twice sees half of it. */
static void *write_slowly(void *argument)
{
    struct writer *writer = argument;
    while (!atomic_load(&writer->stop)) {
        int fd = open(writer->file->path, O_WRONLY | O_TRUNC);
        for (unsigned i = 0; i < writer->rows && fd >= 0; i++) {
            char row[40];
            int size = snprintf(row, sizeof(row), "key%u value\n", i);
            if (write(fd, row, (size_t)size) != size) {
                break;
            }
        }
        close(fd);
        usleep(30000); /* now it is whole, and a patient reader sees that */
    }
    return NULL;
}

static void await_stale(const struct table *table)
{
    for (unsigned i = 0; i < 5000 && !table_is_stale(table); i++) {
        usleep(1000);
    }
    assert_true(table_is_stale(table));
}

/* A write that crosses a page is two steps: a writer put to sleep between them leaves half a row,
 * and nothing but the row itself tells. It is refused then, and tried again when the file changes.
 */
static bool is_half_written(const struct error *error)
{
    return strstr(error->text, "is being written") != NULL ||
           strstr(error->text, "has no value") != NULL;
}

static void written_while_read(void **state)
{
    (void)state;
    struct scratch_file file;
    struct writer writer = { .file = &file, .rows = 20000 };
    struct error error;
    pthread_t thread;
    unsigned whole = 0;
    scratch_file_make(&file);
    assert_int_equal(pthread_create(&thread, NULL, write_slowly, &writer), 0);
    /* A busy machine takes longer to have a whole one. */
    for (unsigned i = 0; i < 40 || (whole == 0 && i < 2000); i++) {
        struct table *table = table_open(scratch_file_spec(&file, "file:"), NULL, &error);
        if (table == NULL) {
            assert_true(is_half_written(&error));
        } else if (table_count(table) == writer.rows) {
            whole++;
        } else {
            await_stale(table); /* read between two writes: the next one is noticed */
        }
        table_free(&table);
    }
    atomic_store(&writer.stop, true);
    pthread_join(thread, NULL);
    assert_true(whole > 0);
    scratch_file_remove(&file);
}

static void unreadable(void **state)
{
    (void)state;
    struct error error;
    assert_null(table_open("file:/tmp", NULL, &error));
    assert_string_equal(error.text, "cannot read /tmp: it is no regular file");
    assert_null(table_open("file:/nonexistent/table", NULL, &error));
    assert_non_null(strstr(error.text, "/nonexistent"));
}

static void broken(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20), *nothing = arena_new(0);
    struct table *table = table_broken("file:/etc/owners", "/etc/owners:3: bad");
    struct span key, value;
    size_t position = 0;
    struct table_answer answer = table_ask(table, SPAN("a"), arena);
    assert_int_equal(answer.result, TABLE_UNAVAILABLE);
    assert_string_equal(answer.why, "/etc/owners:3: bad");
    assert_string_equal(table_ask(table, SPAN("a"), nothing).why, "out of memory");
    assert_string_equal(table_spec(table), "file:/etc/owners");
    assert_false(table_is_walkable(table));
    assert_false(table_next(table, &position, &key, &value));
    assert_int_equal(table_count(table), 0);
    assert_false(table_is_stale(table));
    assert_false(table_waits(table));
    table_free(&table);
    arena_free(&arena);
    arena_free(&nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_in_place),
        cmocka_unit_test(replaced),
        cmocka_unit_test(vanished),
        cmocka_unit_test(mode_changed),
        cmocka_unit_test(written_while_read),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
