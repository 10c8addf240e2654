/* store: a file that is damaged, foreign or full, a disk that is full, a directory that cannot be
 * used: what is said, what is kept, what takes over. */
#include "tests/unit/test_state_support.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define NOBODY 65534

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* A store with rows in it: "kept" before the checkpoint, "later" after it. */
static void make_store(struct yard *yard, bool with_checkpoint)
{
    struct store *store = open_sound(yard->path);
    for (int i = 0; i < 500; i++) {
        char key[16];
        snprintf(key, sizeof(key), "row%d", i);
        assert_true(put(store, key, "a value that fills pages"));
    }
    assert_true(put(store, "kept", "1"));
    if (with_checkpoint) {
        assert_true(store_checkpoint(store));
    }
    assert_true(put(store, "later", "2"));
    assert_true(store_sync(store));
    store_close(&store);
}

/* --- damage ---------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    off_t at; /* where bytes are overwritten; -1: the file is cut at `size` */
    size_t size;
} damages[] = {
    { "zeroed beginning", 0, 8192 },
    { "zeroed rows", 8192, 65536 },
    { "cut in the middle", -1, 16384 },
    { "cut to half a page", -1, 2000 },
};

static void damage(const char *path, size_t i)
{
    char noise[65536];
    memset(noise, damages[i].at == 0 ? 0 : 0xa5, sizeof(noise));
    if (damages[i].at < 0) {
        assert_int_equal(truncate(path, (off_t)damages[i].size), 0);
        return;
    }
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, noise, damages[i].size, damages[i].at), damages[i].size);
    close(fd);
}

/* Just now. */
static void assert_lost(struct store *store)
{
    int64_t since_s, now_s = time(NULL);
    assert_int_equal(store_history(store, &since_s), STORE_LOST);
    assert_in_range(since_s, now_s - 20, now_s);
}

static void test_damaged_with_checkpoint(void **state)
{
    struct yard *yard = *state;
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        make_store(yard, true);
        damage(yard_file(yard, STORE_FILE), i);
        struct store *store = store_open(yard->path);
        assert_true(store_is_shared(store));
        assert_trouble(store, "was found damaged at 20");
        assert_value(store, "kept", "1");
        assert_value(store, "later", NULL);
        assert_lost(store);
        assert_true(put(store, "new", "3"));
        store_close(&store);
        store = store_open(yard->path); /* whoever comes later is told, too */
        assert_trouble(store, "was found damaged");
        assert_lost(store);
        assert_value(store, "new", "3");
        assert_int_equal(unlink(yard_file(yard, STORE_BROKEN)), 0);
        assert_trouble(store, NULL);
        store_close(&store);
        assert_int_equal(unlink(yard_file(yard, STORE_FILE)), 0);
    }
}

static void test_damaged_without_checkpoint(void **state)
{
    struct yard *yard = *state;
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        make_store(yard, false);
        damage(yard_file(yard, STORE_FILE), i);
        struct store *store = store_open(yard->path);
        assert_true(store_is_shared(store));
        assert_trouble(store, "was found damaged");
        assert_value(store, "kept", NULL);
        assert_lost(store);
        assert_true(put(store, "new", "3"));
        store_close(&store);
        assert_int_equal(unlink(yard_file(yard, STORE_FILE)), 0);
        assert_int_equal(unlink(yard_file(yard, STORE_BROKEN)), 0);
    }
}

/* The copy is looked at as well as the original. */
static void test_damaged_checkpoint(void **state)
{
    struct yard *yard = *state;
    make_store(yard, true);
    damage(yard_file(yard, STORE_FILE), 0);
    damage(yard_file(yard, STORE_CHECKPOINT), 1);
    struct store *store = store_open(yard->path);
    assert_true(store_is_shared(store));
    assert_trouble(store, "was found damaged");
    assert_value(store, "kept", NULL);
    store_close(&store);
}

static void test_lost_file(void **state)
{
    struct yard *yard = *state;
    make_store(yard, true);
    assert_int_equal(unlink(yard_file(yard, STORE_FILE)), 0);
    struct store *store = open_sound(yard->path);
    assert_value(store, "kept", "1");
    assert_lost(store);
    store_close(&store);
}

/* Mended as far as the copy, and no further: a file may not be so long. Who comes next finds a file
 * that is sound, and is told all the same. */
static void test_half_mended(void **state)
{
    struct yard *yard = *state;
    struct rlimit limit, small;
    make_store(yard, true);
    damage(yard_file(yard, STORE_FILE), 1);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 200000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct store *store = store_open(yard->path);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_false(store_is_shared(store));
    store_close(&store);
    assert_int_equal(access(yard_file(yard, STORE_FILE), F_OK), 0);
    for (int i = 0; i < 2; i++) {
        store = store_open(yard->path);
        assert_true(store_is_shared(store));
        assert_value(store, "kept", "1");
        assert_lost(store);
        store_close(&store);
        assert_int_equal(access(yard_file(yard, STORE_LOST_NOTE), F_OK), -1);
    }
}

/* The directory is away, and is there again while the process lives, or only when it ends. */
static void open_meanwhile(const char *path, const char *away, bool does_put, bool does_sync)
{
    assert_int_equal(rename(path, away), 0);
    write_file(path, "x", 1);
    struct store *store = store_open(path);
    assert_false(store_is_shared(store));
    assert_true(!does_put || put(store, "meanwhile", "4"));
    assert_true(store_sync(store));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(away, path), 0);
    if (does_sync) {
        assert_true(store_sync(store));
    } else {
        store_close(&store);
    }
    struct store *again = open_sound(path);
    int64_t since_s;
    if (does_put) {
        assert_lost(again);
    } else {
        assert_int_equal(store_history(again, &since_s), STORE_WHOLE);
    }
    assert_value(again, "kept", "1");
    assert_value(again, "meanwhile", NULL);
    store_close(&again);
    store_close(&store); /* it has said it before */
}

static void test_in_memory_meanwhile(void **state)
{
    struct yard *yard = *state;
    struct yard below = { .name = "" };
    char away[128];
    snprintf(below.path, sizeof(below.path), "%.40s/below", yard->path);
    snprintf(away, sizeof(away), "%s/away", yard->path);
    for (int i = 0; i < 4; i++) {
        make_store(&below, true);
        open_meanwhile(below.path, away, (i & 1) != 0, (i & 2) != 0);
        assert_int_equal(access(yard_file(&below, STORE_LOST_NOTE), F_OK), -1);
        assert_int_equal(nftw(below.path, yard_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    }
}

static void test_history(void **state)
{
    struct yard *yard = *state;
    int64_t since_s, again_s, now_s = time(NULL);
    struct store *store = open_sound(yard->path);
    assert_int_equal(store_history(store, &since_s), STORE_WHOLE);
    assert_in_range(since_s, now_s, now_s + 20);
    store_close(&store);
    store = open_sound(yard->path);
    assert_int_equal(store_history(store, &again_s), STORE_WHOLE);
    assert_int_equal(again_s, since_s);
    store_close(&store);
    store = store_in_memory();
    assert_int_equal(store_history(store, &since_s), STORE_WHOLE);
    store_close(&store);
    store = store_open("/nowhere/at/all");
    assert_lost(store);
    store_close(&store);
}

/* A look never mends. */
static void test_damaged_to_read(void **state)
{
    struct yard *yard = *state;
    struct error error;
    make_store(yard, true);
    damage(yard_file(yard, STORE_FILE), 1);
    assert_null(store_open_to_read(yard->path, &error));
    assert_non_null(strstr(error.text, "damaged"));
    assert_int_equal(access(yard_file(yard, STORE_BROKEN), F_OK), -1);
}

/* Every page but the first, one after the other, as noise: none of it kills the process. */
static void test_noise_everywhere(void **state)
{
    struct yard *yard = *state;
    make_store(yard, true);
    struct buffer whole = BUFFER_EMPTY;
    FILE *file = fopen(yard_file(yard, STORE_CHECKPOINT), "r");
    char piece[4096];
    for (size_t got; (got = fread(piece, 1, sizeof(piece), file)) > 0;) {
        buffer_add(&whole, piece, got);
    }
    fclose(file);
    for (size_t at = 4096; at + 4096 <= whole.size; at += 1024) {
        char *noisy = malloc(whole.size);
        memcpy(noisy, whole.at, whole.size);
        for (size_t i = 0; i < 16; i++) {
            noisy[at + i * 60] = (char)(at / 1024 + i * 37);
        }
        write_file(yard_file(yard, STORE_FILE), noisy, whole.size);
        free(noisy);
        struct store *store = store_open(yard->path);
        assert_true(store_is_shared(store));
        assert_true(put(store, "more", "of it"));
        assert_value(store, "more", "of it");
        store_close(&store);
    }
    buffer_free(&whole);
}

/* --- what is not ours --------------------------------------------------------------------------
 */

static void make_database(const char *path, const char *key, size_t key_size, const char *value)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val k = { key_size, (void *)(uintptr_t)key };
    MDB_val v = { strlen(value), (void *)(uintptr_t)value };
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* It works from memory and leaves the file as it is. */
static void assert_left_alone(struct yard *yard, const char *words)
{
    struct stat before, after;
    assert_int_equal(stat(yard_file(yard, STORE_FILE), &before), 0);
    struct store *store = store_open(yard->path);
    assert_false(store_is_shared(store));
    assert_trouble(store, words);
    assert_trouble(store, "kept in memory");
    assert_true(put(store, "a", "1"));
    assert_value(store, "a", "1");
    store_close(&store);
    assert_int_equal(stat(yard_file(yard, STORE_FILE), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
}

static void test_foreign_database(void **state)
{
    struct yard *yard = *state;
    make_database(yard_file(yard, STORE_FILE), "somebody", 8, "else");
    assert_left_alone(yard, "no database of ours: move it away");
}

static void test_newer_layout(void **state)
{
    struct yard *yard = *state;
    make_database(yard_file(yard, STORE_FILE), "\0layout", 7, "2");
    assert_left_alone(yard, "newer version");
}

static void test_no_file(void **state)
{
    struct yard *yard = *state;
    assert_int_equal(mkdir(yard_file(yard, STORE_FILE), 0700), 0);
    struct store *store = store_open(yard->path);
    assert_true(store_is_shared(store)); /* whatever it is, it is set aside */
    assert_trouble(store, "was found damaged");
    store_close(&store);
}

/* --- directories -------------------------------------------------------------------------------
 */

static void assert_in_memory(const char *directory, const char *words)
{
    struct error error;
    struct store *store = store_open(directory);
    assert_non_null(store);
    assert_trouble(store, words);
    assert_false(store_is_shared(store));
    assert_true(put(store, "a", "1"));
    assert_value(store, "a", "1");
    assert_true(store_sync(store) && store_checkpoint(store));
    store_close(&store);
    assert_false(store_is_usable(directory, &error));
    assert_non_null(strstr(error.text, words));
}

static void test_directory_is_made(void **state)
{
    struct yard *yard = *state;
    struct stat status;
    char below[128];
    snprintf(below, sizeof(below), "%s/below", yard->path);
    struct store *store = open_sound(below);
    assert_true(put(store, "a", "1"));
    store_close(&store);
    assert_int_equal(stat(below, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0750);
}

static void test_no_directory(void **state)
{
    struct yard *yard = *state;
    write_file(yard_file(yard, "file"), "x", 1);
    assert_in_memory("/nowhere/at/all", "/nowhere/at/all is not there: run install -d -o ");
    assert_in_memory(yard_file(yard, "file"), "Not a directory");
}

/* Runs `body` as nobody; its exit code must be 0. */
static void as_nobody(struct yard *yard, void (*body)(struct yard *))
{
    if (geteuid() != 0) {
        print_message("not root: the rights of others cannot be tried\n");
        skip();
    }
    pid_t pid = fork();
    if (pid == 0) {
        if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0) {
            _exit(2);
        }
        body(yard);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void expect_denied(struct yard *yard)
{
    assert_in_memory(yard->path, "nobody cannot write to /tmp/test_state.");
}

static void test_no_permission(void **state)
{
    struct yard *yard = *state;
    assert_int_equal(chmod(yard->path, 0755), 0);
    as_nobody(yard, expect_denied);
}

static void expect_sound(struct yard *yard)
{
    struct store *store = open_sound(yard->path);
    assert_value(store, "by", "root");
    assert_true(put(store, "by", "nobody"));
    store_close(&store);
}

/* What root makes in the daemon's directory, the daemon can use. */
static void test_root_in_anothers(void **state)
{
    struct yard *yard = *state;
    struct stat status;
    if (geteuid() != 0) {
        print_message("not root: nobody else's directory can be used\n");
        skip();
    }
    assert_int_equal(chown(yard->path, NOBODY, NOBODY), 0);
    struct store *store = open_sound(yard->path);
    assert_true(put(store, "by", "root"));
    assert_true(store_sync(store));
    assert_int_equal(geteuid(), 0);
    assert_int_equal(stat(yard_file(yard, STORE_FILE), &status), 0);
    assert_int_equal(status.st_uid, NOBODY);
    store_close(&store);
    as_nobody(yard, expect_sound);
}

/* --- what is full ------------------------------------------------------------------------------
 */

/* Puts "k0", "k1" and so on, until one does not fit; how many did. */
static int fill_store(struct store *store, const char *value, int *until_full_r)
{
    int count = 0;
    *until_full_r = 0;
    for (bool fits = true; fits && count < 1000; count += fits) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", count);
        *until_full_r += !store_is_full(store);
        fits = put(store, key, value);
    }
    return count;
}

/* What is there can be changed, and there is room again where something goes. */
static void use_full(struct store *store, const char *value, int count)
{
    char longer[4000], key[16];
    snprintf(longer, sizeof(longer), "%s%s", value, "more");
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_true(put(store, key, longer));
    }
    assert_trouble(store, "is full (1 MiB)");
    for (int i = 0; i < count / 2; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_true(store_remove(store, STORE_KEYS, span_of(key)));
    }
    assert_false(store_is_full(store));
    assert_trouble(store, NULL);
    assert_true(put(store, "small", "1"));
}

static void test_full(void **state)
{
    struct yard *yard = *state;
    char value[1500];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_small(i == 0 ? yard->path : NULL);
        int until_full, count = fill_store(store, value, &until_full);
        assert_in_range(until_full, 200, 700); /* one or two have a page of LMDB's */
        assert_in_range(count, until_full + 10, until_full + 70);
        assert_true(store_is_full(store));
        assert_trouble(store, "is full (1 MiB)");
        assert_trouble(store, "raise size in state and reload");
        assert_value(store, "k0", value);
        use_full(store, value, count);
        fill_store(store, value, &until_full);
        store_limit(store, (uint64_t)2 << 20);
        assert_false(store_is_full(store));
        assert_trouble(store, NULL);
        assert_true(put(store, "one more", value));
        store_close(&store);
    }
}

/* Whoever has room for more writes what others with less can still read, and change. */
static void test_others_limits(void **state)
{
    struct yard *yard = *state;
    char value[1500];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    struct store *small = open_small(yard->path);
    assert_true(put(small, "mine", "1"));
    pid_t pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "test_state_faults", yard->path, NULL);
        _exit(3);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_value(small, "k4999", value);
    assert_true(put(small, "k4999", "changed"));
    assert_false(put(small, "new", "1"));
    assert_true(store_is_full(small));
    store_close(&small);
}

/* The other one. */
static int put_much(const char *directory)
{
    char value[1500], key[16];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    struct store *store = store_open(directory);
    bool is_good = store != NULL;
    for (int i = 0; i < 5000 && is_good; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        is_good = put(store, key, value);
    }
    store_close(&store);
    return is_good ? 0 : 1;
}

/* A file system of 6 MiB for this process alone. False: not here. */
static bool mount_small(const char *path)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", path, "tmpfs", 0, "size=6m") == 0;
}

static void fill_disk(struct yard *yard)
{
    char piece[4096] = "";
    FILE *file = fopen(yard_file(yard, "filler"), "w");
    while (fwrite(piece, 1, sizeof(piece), file) == sizeof(piece) && fflush(file) == 0) {
    }
    fclose(file);
}

/* Through a map, a write to a disk that is full ends the process: it must be refused before. */
static void use_full_disk(struct yard *yard)
{
    char value[3000];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    struct store *store = open_sound(yard->path);
    assert_true(put(store, "before", "1"));
    fill_disk(yard);
    int count = 0;
    for (bool fits = true; fits && count < 1000; count += fits) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", count);
        fits = put(store, key, value);
    }
    assert_in_range(count, 0, 999);
    assert_trouble(store, "the disk is full");
    assert_false(store_checkpoint(store));
    assert_value(store, "before", "1");
    assert_int_equal(unlink(yard_file(yard, "filler")), 0);
    assert_true(put(store, "after", "2"));
    assert_trouble(store, NULL);
    store_close(&store);
    store = open_sound(yard->path);
    assert_value(store, "before", "1");
    assert_value(store, "after", "2");
    store_close(&store);
}

static void open_on_full_disk(struct yard *yard)
{
    fill_disk(yard);
    struct store *store = store_open(yard->path);
    assert_false(store_is_shared(store));
    assert_trouble(store, "the disk is full");
    store_close(&store);
}

static void on_read_only(struct yard *yard)
{
    assert_int_equal(mount("none", yard->path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    struct store *store = store_open(yard->path);
    assert_false(store_is_shared(store));
    assert_trouble(store, "mounted read-only");
    store_close(&store);
}

/* Within a small file system of its own. */
static void test_disks(void **state)
{
    static void (*const bodies[])(struct yard *) = { use_full_disk, open_on_full_disk,
                                                     on_read_only };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(60);
            if (!mount_small(((struct yard *)*state)->path)) {
                _exit(77);
            }
            bodies[i](*state);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
            print_message("no small file system can be mounted here\n");
            skip();
        }
        assert_int_equal(status, 0);
    }
}

/* --- checkpoints ---------------------------------------------------------------------------------
 */

static void test_checkpoint(void **state)
{
    struct yard *yard = *state;
    struct stat first, second;
    struct store *store = open_sound(yard->path);
    assert_true(put(store, "a", "1"));
    assert_true(store_checkpoint(store));
    assert_int_equal(stat(yard_file(yard, STORE_CHECKPOINT), &first), 0);
    assert_int_equal(first.st_mode & 0777, 0640);
    assert_true(store_checkpoint(store)); /* nothing has changed */
    assert_int_equal(stat(yard_file(yard, STORE_CHECKPOINT), &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    assert_true(put(store, "a", "2"));
    assert_true(store_checkpoint(store));
    assert_int_equal(stat(yard_file(yard, STORE_CHECKPOINT), &second), 0);
    assert_int_not_equal(first.st_ino, second.st_ino); /* the first was there while it was made */
    assert_int_equal(access(yard_file(yard, "store.checkpoint.new"), F_OK), -1);
    store_close(&store);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, yard_make, yard_drop)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(test_damaged_with_checkpoint),
        CASE(test_damaged_without_checkpoint),
        CASE(test_damaged_checkpoint),
        CASE(test_lost_file),
        CASE(test_half_mended),
        CASE(test_in_memory_meanwhile),
        CASE(test_history),
        CASE(test_damaged_to_read),
        CASE(test_noise_everywhere),
        CASE(test_foreign_database),
        CASE(test_newer_layout),
        CASE(test_no_file),
        CASE(test_directory_is_made),
        CASE(test_no_directory),
        CASE(test_no_permission),
        CASE(test_root_in_anothers),
        CASE(test_full),
        CASE(test_others_limits),
        CASE(test_disks),
        CASE(test_checkpoint),
    };
    return argc == 2 ? put_much(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
