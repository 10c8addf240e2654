/*
 * state_directory: made for the user of the children, handed on to another one, and what is said of
 * one that cannot be used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/state_directory.h"
#include "state/store.h"
#include "util/file.h"

struct yard {
    char directory[48];
    char conf[64], state[64];
    struct plan plan;
    struct config_report *report;
};

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int yard_open(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));

    strcpy(yard->directory, "/tmp/egress-state.XXXXXX");
    assert_non_null(mkdtemp(yard->directory));
    chmod(yard->directory, 0755);
    snprintf(yard->conf, sizeof(yard->conf), "%s/t.conf", yard->directory);
    snprintf(yard->state, sizeof(yard->state), "%s/state", yard->directory);
    yard->report = config_report_new();
    *state = yard;
    return 0;
}

static int yard_close(void **state)
{
    struct yard *yard = *state;
    int code;

    plan_free(&yard->plan);
    config_report_free(&yard->report);
    code = nftw(yard->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(yard);
    return code;
}

static void make_plan(struct yard *yard, const char *user, const char *directory)
{
    char text[256];
    struct error error;

    snprintf(text, sizeof(text),
             "socket = \"unix:/run/x.sock\"; user = \"%s\";\nstate = { directory = \"%s\"; };\n",
             user, directory);
    assert_true(file_write_atomic(yard->conf, text, strlen(text), 0644, true, &error));
    plan_free(&yard->plan);
    assert_true(plan_make(yard->conf, &yard->plan, yard->report));
}

static void require_root(void)
{
    if (geteuid() != 0) {
        print_message("not root: nothing can be made for another user\n");
        skip();
    }
}

static void assert_owner(const char *path, uid_t uid, mode_t mode)
{
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_uid, uid);
    assert_int_equal(status.st_mode & 07777, mode);
}

static void test_made(void **state)
{
    struct yard *yard = *state;

    require_root();
    make_plan(yard, "nobody", yard->state);
    state_directory_make(&yard->plan);
    assert_owner(yard->state, yard->plan.identity.uid, 0750);
    state_directory_make(&yard->plan);
    assert_owner(yard->state, yard->plan.identity.uid, 0750);
}

static void test_handed_on(void **state)
{
    struct yard *yard = *state;
    char file[96];
    struct store *store;
    struct error trouble;

    require_root();
    make_plan(yard, "nobody", yard->state);
    state_directory_make(&yard->plan);
    store = store_open(yard->state); /* as nobody, whose directory it is */
    assert_false(store_trouble(store, &trouble));
    store_close(&store);
    snprintf(file, sizeof(file), "%s/" STORE_FILE_NAME, yard->state);
    assert_owner(file, yard->plan.identity.uid, 0640);
    make_plan(yard, "daemon", yard->state);
    state_directory_make(&yard->plan);
    assert_owner(yard->state, yard->plan.identity.uid, 0750);
    assert_owner(file, yard->plan.identity.uid, 0640);
    store = store_open(yard->state);
    assert_false(store_trouble(store, &trouble));
    store_close(&store);
}

/* What is somebody's without a store of ours in it is left alone, and so is what a link leads to.
 */
static void test_left_alone(void **state)
{
    struct yard *yard = *state;
    char elsewhere[64];

    require_root();
    make_plan(yard, "nobody", yard->state);
    snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", yard->directory);
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    assert_int_equal(symlink(elsewhere, yard->state), 0);
    state_directory_make(&yard->plan);
    assert_owner(elsewhere, 0, 0700);
    assert_int_equal(unlink(yard->state), 0);
    assert_int_equal(mkdir(yard->state, 0700), 0);
    state_directory_make(&yard->plan);
    assert_owner(yard->state, 0, 0700);
}

/* In a process that is the user, as it will be. */
static size_t warnings_as_user(struct yard *yard, const char *words)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct error error;
        if (!identity_assume(&yard->plan.identity, &error))
            _exit(99);
        state_directory_check(&yard->plan, yard->report);
        if (config_report_count(yard->report, CONFIG_WARNING) > 0 &&
            strstr(config_report_fault(yard->report, 0)->text, words) == NULL)
            _exit(98);
        _exit((int)config_report_count(yard->report, CONFIG_WARNING));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return (size_t)WEXITSTATUS(status);
}

static void test_check(void **state)
{
    struct yard *yard = *state;

    require_root();
    make_plan(yard, "nobody", yard->state);
    assert_int_equal(warnings_as_user(yard, ""), 0); /* the start will make it */
    assert_int_equal(access(yard->state, F_OK), -1);
    state_directory_make(&yard->plan);
    assert_int_equal(warnings_as_user(yard, ""), 0);
    assert_int_equal(chown(yard->state, 0, 0), 0);
    assert_int_equal(warnings_as_user(yard,
                                      "state.directory: state is kept in memory and ends with "
                                      "the process: nobody cannot write to"),
                     1);
    make_plan(yard, "nobody", "/nowhere/at/all");
    assert_int_equal(warnings_as_user(yard, "is not there: run install -d -o nobody -m 0750"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(test_handed_on, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(test_left_alone, yard_open, yard_close),
        cmocka_unit_test_setup_teardown(test_check, yard_open, yard_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
