/*
 * Where a message lies until it is scanned: bounds, faults, and that nothing stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scan/spool.h"

#define MANY_BYTES (UINT64_C(1) << 30)

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/egress-spool.XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory); /* fails when something is left in it */
}

static void keeps_all(void **state)
{
    (void)state;
    struct spool_account account = { .limit_bytes = MANY_BYTES };
    struct error why;
    char bytes[3000], seen[3000];
    struct stat status;
    memset(bytes, 'a', sizeof(bytes));
    struct spool *spool = spool_new(directory, 3 * sizeof(bytes), &account);
    for (unsigned i = 0; i < 3; i++) {
        bytes[0] = (char)('0' + i);
        spool_add(spool, bytes, sizeof(bytes));
    }
    spool_add(spool, NULL, 0);
    assert_int_equal(spool_look(spool, &why), SPOOL_GOOD);
    assert_int_equal(spool_size(spool), 3 * sizeof(bytes));
    assert_int_equal(account.taken_bytes, 3 * sizeof(bytes));
    assert_int_equal(pread(spool_fd(spool), seen, sizeof(seen), 2 * sizeof(bytes)), sizeof(seen));
    assert_memory_equal(seen, bytes, sizeof(bytes));
    assert_int_equal(fstat(spool_fd(spool), &status), 0);
    assert_int_equal(status.st_nlink, 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    spool_free(&spool);
    assert_null(spool);
    assert_int_equal(account.taken_bytes, 0);
    spool_free(&spool);
}

/* One octet too many, and the place is free again at once. */
static void too_large(void **state)
{
    (void)state;
    struct spool_account account = { .limit_bytes = MANY_BYTES };
    struct error why;
    struct spool *spool = spool_new(directory, 10, &account);
    spool_add(spool, "0123456789", 10);
    assert_int_equal(spool_look(spool, &why), SPOOL_GOOD);
    spool_add(spool, "a", 1);
    spool_add(spool, "b", 1);
    assert_int_equal(spool_look(spool, &why), SPOOL_TOO_LARGE);
    assert_int_equal(spool_size(spool), 0);
    assert_int_equal(spool_fd(spool), -1);
    assert_int_equal(account.taken_bytes, 0);
    spool_free(&spool);
}

static void no_directory(void **state)
{
    (void)state;
    struct spool_account account = { .limit_bytes = MANY_BYTES };
    struct error why;
    struct spool *spool = spool_new("/nonexistent/folder", 10, &account);
    spool_add(spool, "0123456789", 10);
    assert_int_equal(spool_look(spool, &why), SPOOL_FAILED);
    assert_non_null(strstr(why.text, "/nonexistent/folder: No such file or directory"));
    spool_free(&spool);
    assert_int_equal(account.taken_bytes, 0);
}

/* All messages together take no more than there is; what one gives back another gets. */
static void all_together(void **state)
{
    (void)state;
    struct spool_account account = { .limit_bytes = 15 };
    struct error why;
    struct spool *first = spool_new(directory, 100, &account);
    struct spool *second = spool_new(directory, 100, &account);
    spool_add(first, "0123456789", 10);
    spool_add(second, "0123456789", 10);
    assert_int_equal(spool_look(first, &why), SPOOL_GOOD);
    assert_int_equal(spool_look(second, &why), SPOOL_FAILED);
    assert_non_null(strstr(why.text, "too much is kept already"));
    assert_int_equal(account.taken_bytes, 10);
    spool_free(&first);
    spool_free(&second);
    assert_int_equal(account.taken_bytes, 0);
    second = spool_new(directory, 100, &account);
    spool_add(second, "0123456789", 10);
    assert_int_equal(spool_look(second, &why), SPOOL_GOOD);
    spool_free(&second);
}

/* A small disk of this process' own; false: it may not. */
static bool mount_disk(const char *target)
{
    return mkdir(target, 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", target, "tmpfs", 0, "size=128k") == 0;
}

/* A disk that takes nothing more. */
static void full_disk(void **state)
{
    (void)state;
    struct spool_account account = { .limit_bytes = MANY_BYTES };
    struct error why;
    static char bytes[65536];
    char target[80];
    snprintf(target, sizeof(target), "%s/disk", directory);
    if (!mount_disk(target)) {
        rmdir(target);
        print_message("skipped: no disk can be mounted here\n");
        skip();
    }
    struct spool *spool = spool_new(target, MANY_BYTES, &account);
    for (unsigned i = 0; i < 4; i++) {
        spool_add(spool, bytes, sizeof(bytes));
    }
    assert_int_equal(spool_look(spool, &why), SPOOL_FAILED);
    assert_non_null(strstr(why.text, "No space left on device"));
    assert_int_equal(account.taken_bytes, 0);
    struct spool *next =
        spool_new(target, MANY_BYTES, &account); /* the first gave its place back */
    spool_add(next, bytes, sizeof(bytes));
    assert_int_equal(spool_look(next, &why), SPOOL_GOOD);
    spool_free(&next);
    spool_free(&spool);
    assert_int_equal(umount(target), 0);
    rmdir(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_all),    cmocka_unit_test(too_large), cmocka_unit_test(no_directory),
        cmocka_unit_test(all_together), cmocka_unit_test(full_disk),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
