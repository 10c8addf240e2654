/* store: versions of ours that know different layouts, over one file: who keeps to which, when the
 * number is raised, who works from memory. */
#include "tests/unit/test_state_support.h"

#include <signal.h>
#include <sys/wait.h>

static struct store *open_knowing(const char *directory, unsigned newest)
{
    struct store *store = store_open_as(&(struct store_opening){ directory, false, newest });
    assert_non_null(store);
    return store;
}

/* A process that knows so much and has the store open until its end of the pipe is closed. */
struct other {
    pid_t pid;
    int end;
};

static struct other start_other(const char *directory, unsigned newest)
{
    int hold[2], told[2];
    char word = 0;
    assert_int_equal(pipe(hold), 0);
    assert_int_equal(pipe(told), 0);
    struct other other = { fork(), hold[1] };
    if (other.pid == 0) {
        alarm(60);
        close(hold[1]);
        struct store *store = store_open_as(&(struct store_opening){ directory, false, newest });
        word = store != NULL && store_is_shared(store) ? 's' : 'm';
        if (write(told[1], &word, 1) == 1 && read(hold[0], &word, 1) == 0) {
            store_close(&store);
        }
        _exit(0);
    }
    close(hold[0]);
    close(told[1]);
    assert_int_equal(read(told[0], &word, 1), 1);
    close(told[0]);
    assert_int_equal(word, 's');
    return other;
}

static void end_other(struct other *other, bool by_kill)
{
    int status;
    if (by_kill) {
        kill(other->pid, SIGKILL);
    }
    close(other->end);
    assert_int_equal(waitpid(other->pid, &status, 0), other->pid);
}

static void test_layout_of_a_new_one(void **state)
{
    struct yard *yard = *state;
    struct store *store = open_sound(yard->path);
    assert_int_equal(store_layout(store), STORE_LAYOUT);
    store_close(&store);
    store = store_in_memory();
    assert_int_equal(store_layout(store), STORE_LAYOUT);
    store_close(&store);
}

/* The old one works on beside the new one, ends or dies, and only then the number is raised. */
static void test_newer_beside_older(void **state)
{
    struct yard *yard = *state;
    for (unsigned newest = 2; newest <= 3; newest++) {
        struct other older = start_other(yard->path, newest - 1);
        struct store *store = open_knowing(yard->path, newest);
        assert_true(store_is_shared(store));
        assert_int_equal(store_layout(store), newest - 1);
        assert_true(put(store, "a", "1") && store_sync(store));
        assert_int_equal(store_layout(store), newest - 1);
        end_other(&older, newest == 3);
        assert_true(store_sync(store));
        assert_int_equal(store_layout(store), newest);
        assert_value(store, "a", "1");
        store_close(&store);
    }
}

/* Those who know as much, or more, are not waited for. */
static void test_newer_beside_equals(void **state)
{
    struct yard *yard = *state;
    struct store *store = open_knowing(yard->path, 1);
    store_close(&store);
    struct other equal = start_other(yard->path, 2), newer = start_other(yard->path, 3);
    store = open_knowing(yard->path, 2);
    assert_int_equal(store_layout(store), 1);
    assert_true(store_sync(store));
    assert_int_equal(store_layout(store), 2);
    end_other(&equal, false);
    end_other(&newer, false);
    store_close(&store);
    store = open_knowing(yard->path, 3); /* the one that knew 3 had to wait for those with 2 */
    assert_int_equal(store_layout(store), 2);
    store_close(&store);
}

static void test_older_meets_newer(void **state)
{
    struct yard *yard = *state;
    int64_t since_s;
    struct store *store = open_knowing(yard->path, 2);
    assert_int_equal(store_layout(store), 2);
    assert_true(put(store, "a", "1"));
    store_close(&store);
    store = open_knowing(yard->path, 1);
    assert_false(store_is_shared(store));
    assert_trouble(store, "kept in memory");
    assert_trouble(store, "newer version");
    assert_int_equal(store_history(store, &since_s), STORE_LOST);
    assert_int_equal(store_layout(store), 1);
    assert_value(store, "a", NULL);
    assert_true(put(store, "a", "2"));
    store_close(&store);
    store = open_knowing(yard->path, 2); /* the file was left alone */
    assert_value(store, "a", "1");
    assert_trouble(store, NULL);
    store_close(&store);
}

/* One that came and had to go does not keep the number down. */
static void test_refused_one_is_gone(void **state)
{
    struct yard *yard = *state;
    struct store *store = open_knowing(yard->path, 2);
    store_close(&store);
    struct store *older = open_knowing(yard->path, 1);
    assert_false(store_is_shared(older));
    store = open_knowing(yard->path, 3);
    assert_int_equal(store_layout(store), 2);
    assert_true(store_sync(store));
    assert_int_equal(store_layout(store), 3);
    store_close(&older);
    store_close(&store);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, yard_make, yard_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_layout_of_a_new_one), CASE(test_newer_beside_older),
        CASE(test_newer_beside_equals), CASE(test_older_meets_newer),
        CASE(test_refused_one_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
