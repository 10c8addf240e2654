/*
 * test_tables_support: a file of a test, and what a table must answer. Included after cmocka.h.
 */
#ifndef EM_TESTS_UNIT_TEST_TABLES_SUPPORT_H
#define EM_TESTS_UNIT_TEST_TABLES_SUPPORT_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tables/table.h"

struct scratch_file {
    char path[64];
    char spec[80];
};

static inline void scratch_file_make(struct scratch_file *file)
{
    strcpy(file->path, "/tmp/egress-table.XXXXXX");
    int fd = mkstemp(file->path);
    assert_true(fd >= 0);
    close(fd);
}

/* In place, so that the inode stays. */
static inline void scratch_file_write(const struct scratch_file *file, const char *bytes,
                                      size_t size)
{
    int fd = open(file->path, O_WRONLY | O_TRUNC | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

static inline const char *scratch_file_spec(struct scratch_file *file, const char *prefix)
{
    snprintf(file->spec, sizeof(file->spec), "%s%s", prefix, file->path);
    return file->spec;
}

static inline void scratch_file_remove(const struct scratch_file *file)
{
    unlink(file->path);
}

static inline void assert_found(struct table *table, struct arena *arena, const char *key,
                                const char *value)
{
    struct table_answer answer = table_ask(table, span_of(key), arena);
    assert_int_equal(answer.result, TABLE_FOUND);
    assert_true(span_is_equal(answer.value, span_of(value)));
    assert_int_equal(answer.value.at[answer.value.size], '\0');
    assert_null(answer.why);
}

static inline void assert_absent(struct table *table, struct arena *arena, struct span key)
{
    struct table_answer answer = table_ask(table, key, arena);
    assert_int_equal(answer.result, TABLE_ABSENT);
    assert_null(answer.value.at);
    assert_null(answer.why);
}

#endif
