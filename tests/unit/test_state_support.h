/* What the tests of src/state share: a directory of their own, and rows in few words. */
#ifndef TESTS_UNIT_TEST_STATE_SUPPORT_H
#define TESTS_UNIT_TEST_STATE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/store_private.h"

struct yard {
    char path[64];
    char name[512];
};

static inline int yard_make(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));
    snprintf(yard->path, sizeof(yard->path), "/tmp/test_state.XXXXXX");
    *state = yard;
    return mkdtemp(yard->path) != NULL ? 0 : -1;
}

static inline int yard_remove_one(const char *path, const struct stat *status, int kind,
                                  struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline int yard_drop(void **state)
{
    struct yard *yard = *state;
    int code = nftw(yard->path, yard_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(yard);
    return code;
}

static inline const char *yard_file(struct yard *yard, const char *name)
{
    snprintf(yard->name, sizeof(yard->name), "%s/%s", yard->path, name);
    return yard->name;
}

static inline bool put(struct store *store, const char *key, const char *value)
{
    return store_put(store, STORE_KEYS, span_of(key), span_of(value), STORE_SOON);
}

/* With a limit of 1 MiB. */
static inline struct store *open_small(const char *directory)
{
    struct store *store = directory != NULL ? store_open(directory) : store_in_memory();
    assert_non_null(store);
    store_limit(store, (uint64_t)1 << 20);
    return store;
}

/* NULL: absent. */
static inline void assert_value(struct store *store, const char *key, const char *value)
{
    struct buffer found = BUFFER_EMPTY;
    enum store_result result = store_get(store, STORE_KEYS, span_of(key), &found);
    assert_int_equal(result, value != NULL ? STORE_FOUND : STORE_ABSENT);
    assert_string_equal(buffer_text(&found), value != NULL ? value : "");
    buffer_free(&found);
}

/* Its trouble says this; NULL: it has none. */
static inline void assert_trouble(struct store *store, const char *words)
{
    struct error trouble;
    bool has_trouble = store_trouble(store, &trouble);
    if (words == NULL && has_trouble) {
        fail_msg("trouble: %s", trouble.text);
    }
    if (words != NULL && (!has_trouble || strstr(trouble.text, words) == NULL)) {
        fail_msg("no \"%s\" in: %s", words, has_trouble ? trouble.text : "(no trouble)");
    }
}

static inline struct store *open_sound(const char *directory)
{
    struct store *store = store_open(directory);
    assert_non_null(store);
    assert_trouble(store, NULL);
    assert_true(store_is_shared(store));
    return store;
}

#endif
