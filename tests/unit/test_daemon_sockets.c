/*
 * sockets: opened as configured, kept over a restart, given back when something goes wrong; whose
 * files are removed and whose are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/sockets.h"
#include "util/file.h"

enum { PATHS = 4 };

struct yard {
    char directory[48];
    char paths[PATHS][64], specs[PATHS][72], control[64], config[64];
    struct config_report *report;
    struct plan plan;
    bool has_plan;
};

static int yard_open(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));
    char directory[] = "/tmp/egress-sockets.XXXXXX", path[64];

    assert_non_null(mkdtemp(directory));
    strcpy(yard->directory, directory);
    for (int i = 0; i < PATHS; i++) {
        snprintf(path, sizeof(path), "%s/%d.sock", directory, i);
        strcpy(yard->paths[i], path);
        snprintf(yard->specs[i], sizeof(yard->specs[i]), "unix:%s", path);
    }
    snprintf(yard->control, sizeof(yard->control), "%s/control.sock", directory);
    snprintf(yard->config, sizeof(yard->config), "%s/t.conf", directory);
    *state = yard;
    return 0;
}

static void forget_plan(struct yard *yard)
{
    if (!yard->has_plan)
        return;
    plan_free(&yard->plan);
    config_report_free(&yard->report);
    yard->has_plan = false;
}

static int yard_close(void **state)
{
    struct yard *yard = *state;

    forget_plan(yard);
    for (int i = 0; i < PATHS; i++)
        unlink(yard->paths[i]);
    unlink(yard->control);
    unlink(yard->config);
    rmdir(yard->directory);
    free(yard);
    return 0;
}

/* The sockets whose digits stand in `wanted`; '!' is one that cannot be had. */
static void plan_for(struct yard *yard, const char *wanted, const char *mode)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;

    forget_plan(yard);
    buffer_add_text(&text, "socket = [ ");
    for (const char *c = wanted; *c != '\0'; c++)
        buffer_printf(&text, "%s\"%s\"", c > wanted ? ", " : "",
                      *c == '!' ? "unix:/nowhere/at/all.sock" : yard->specs[*c - '0']);
    buffer_printf(
        &text, " ];\nsocket_mode = \"%s\";\nuser = \"nobody\";\ncontrol = { socket = \"%s\"; };\n",
        mode, yard->control);
    assert_true(file_write_atomic(yard->config, text.at, text.size, 0644, true, &error));
    buffer_free(&text);
    yard->report = config_report_new();
    yard->has_plan = true;
    assert_true(plan_make(yard->config, &yard->plan, yard->report));
}

static bool is_there(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void test_open(void **state)
{
    struct yard *yard = *state;
    struct sockets sockets;
    struct stat status;

    plan_for(yard, "10", "0606");
    assert_true(sockets_open(&yard->plan, NULL, NULL, &sockets, yard->report));
    assert_int_equal(sockets.count, 2);
    assert_int_equal(sockets_find(&sockets, yard->specs[1]), 0);
    assert_int_equal(sockets_find(&sockets, yard->specs[0]), 1);
    assert_int_equal(sockets_find(&sockets, yard->specs[2]), SIZE_MAX);
    for (size_t i = 0; i < 2; i++) {
        assert_true(fcntl(sockets.milter[i].listener.fd, F_GETFL) & O_NONBLOCK);
        assert_int_equal(fcntl(sockets.milter[i].listener.fd, F_GETFD), FD_CLOEXEC);
        assert_false(sockets.milter[i].is_passed);
    }
    assert_int_equal(stat(yard->paths[0], &status), 0);
    assert_int_equal(status.st_mode & 0777, 0606);
    assert_string_equal(sockets.control.spec, yard->control);
    assert_true(is_there(yard->control));
    sockets_shut(&sockets, true);
    assert_int_equal(sockets_find(&sockets, yard->specs[1]), 0); /* the names stay known */
    assert_int_equal(sockets.milter[0].listener.fd, -1);
    assert_false(is_there(yard->paths[0]) || is_there(yard->paths[1]) || is_there(yard->control));
    sockets_close(&sockets, true);
    assert_int_equal(sockets.count, 0);
}

/* A socket that cannot be had takes the others along. */
static void test_fault(void **state)
{
    struct yard *yard = *state;
    struct sockets sockets;

    plan_for(yard, "0!1", "0660");
    assert_false(sockets_open(&yard->plan, NULL, NULL, &sockets, yard->report));
    assert_int_equal(config_report_count(yard->report, CONFIG_ERROR), 1);
    assert_non_null(strstr(config_report_fault(yard->report, 0)->text, "/nowhere/at"));
    assert_int_equal(sockets.count, 0);
    assert_false(is_there(yard->paths[0]) || is_there(yard->paths[1]) || is_there(yard->control));
}

static void test_move(void **state)
{
    struct yard *yard = *state;
    struct sockets was, sockets;
    struct stat status;
    int kept, dropped, control;

    plan_for(yard, "01", "0660");
    assert_true(sockets_open(&yard->plan, NULL, NULL, &was, yard->report));
    kept = was.milter[1].listener.fd;
    dropped = was.milter[0].listener.fd;
    control = was.control.listener.fd;
    plan_for(yard, "21", "0600");
    assert_true(sockets_open(&yard->plan, NULL, &was, &sockets, yard->report));
    assert_int_equal(sockets.milter[1].listener.fd, kept);
    assert_int_equal(sockets.control.listener.fd, control);
    assert_true(sockets.milter[0].is_new);
    assert_false(sockets.milter[1].is_new || sockets.control.is_new);
    assert_int_equal(stat(yard->paths[1], &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(is_there(yard->paths[2]));
    assert_int_equal(was.milter[0].listener.fd, dropped); /* of no use, and still open */
    assert_int_equal(was.milter[1].listener.fd, -1);
    assert_true(is_there(yard->paths[0]));
    sockets_close(&was, true);
    assert_false(is_there(yard->paths[0]) || is_open(dropped));
    assert_true(is_there(yard->paths[1]) && is_there(yard->control) && is_open(kept));
    sockets_close(&sockets, true);
    assert_false(is_there(yard->paths[1]) || is_there(yard->paths[2]) || is_there(yard->control));
}

/* Everything is where it was, nothing is opened. */
static void test_give_back(void **state)
{
    struct yard *yard = *state;
    struct sockets was, sockets;
    int fds[3];

    plan_for(yard, "01", "0660");
    assert_true(sockets_open(&yard->plan, NULL, NULL, &was, yard->report));
    fds[0] = was.milter[0].listener.fd;
    fds[1] = was.milter[1].listener.fd;
    fds[2] = was.control.listener.fd;
    plan_for(yard, "12!", "0660");
    assert_false(sockets_open(&yard->plan, NULL, &was, &sockets, yard->report));
    assert_int_equal(was.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(was.milter[i].listener.fd, fds[i]);
        assert_string_equal(was.milter[i].spec, yard->specs[i]);
        assert_true(is_there(yard->paths[i]) && is_open(fds[i]));
    }
    assert_int_equal(was.control.listener.fd, fds[2]);
    assert_true(is_there(yard->control) && is_open(fds[2]));
    assert_false(is_there(yard->paths[2]));
    sockets_close(&was, true);
    assert_false(is_there(yard->paths[0]) || is_there(yard->control));
}

/* Later, too: what was kept is where it was, with the rights it had; what was opened is gone. */
static void test_go_back(void **state)
{
    struct yard *yard = *state;
    struct sockets was, sockets;
    struct stat status;
    int fds[2], control;

    plan_for(yard, "01", "0660");
    assert_true(sockets_open(&yard->plan, NULL, NULL, &was, yard->report));
    fds[0] = was.milter[0].listener.fd;
    fds[1] = was.milter[1].listener.fd;
    control = was.control.listener.fd;
    plan_for(yard, "210", "0600");
    assert_true(sockets_open(&yard->plan, NULL, &was, &sockets, yard->report));
    assert_int_equal(sockets.milter[1].former, 1);
    assert_int_equal(sockets.milter[2].former, 0);
    assert_true(is_there(yard->paths[2]));
    sockets_go_back(&sockets, &was);
    assert_int_equal(sockets.count, 0);
    assert_false(is_there(yard->paths[2]));
    assert_int_equal(was.control.listener.fd, control);
    plan_for(yard, "01", "0660");
    sockets_give_access(&was, &yard->plan);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(was.milter[i].listener.fd, fds[i]);
        assert_string_equal(was.milter[i].spec, yard->specs[i]);
        assert_true(is_there(yard->paths[i]) && is_open(fds[i]));
        assert_int_equal(stat(yard->paths[i], &status), 0);
        assert_int_equal(status.st_mode & 0777, 0660);
    }
    sockets_close(&was, true);
    assert_false(is_there(yard->paths[0]) || is_there(yard->paths[1]) || is_there(yard->control));
}

/* One that nobody can reach any more is made anew; the old one is closed and its successor's file
 * stays. */
static void test_vanished(void **state)
{
    struct yard *yard = *state;
    struct sockets was, sockets;

    plan_for(yard, "0", "0660");
    assert_true(sockets_open(&yard->plan, NULL, NULL, &was, yard->report));
    unlink(yard->paths[0]);
    assert_true(sockets_open(&yard->plan, NULL, &was, &sockets, yard->report));
    assert_true(sockets.milter[0].is_new);
    assert_true(was.milter[0].listener.fd >= 0);
    assert_int_not_equal(sockets.milter[0].listener.fd, was.milter[0].listener.fd);
    assert_true(is_there(yard->paths[0]));
    sockets_close(&was, true);
    assert_true(is_there(yard->paths[0]));
    sockets_close(&sockets, true);
    assert_false(is_there(yard->paths[0]));
}

static int managers_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

/* What the service manager made is used, kept and never removed, nor is its mode changed. */
static void test_passed(void **state)
{
    struct yard *yard = *state;
    struct passed passed = { .count = 1 };
    struct sockets was, sockets;
    struct stat before, after;

    passed.fds[0] = managers_socket(yard->paths[0]);
    assert_int_equal(stat(yard->paths[0], &before), 0);
    plan_for(yard, "0", "0601");
    assert_true(sockets_open(&yard->plan, &passed, NULL, &was, yard->report));
    assert_int_equal(was.milter[0].listener.fd, passed.fds[0]);
    assert_true(was.milter[0].is_passed);
    assert_false(was.control.is_passed);
    assert_true(fcntl(passed.fds[0], F_GETFL) & O_NONBLOCK);
    assert_true(sockets_open(&yard->plan, NULL, &was, &sockets, yard->report));
    assert_int_equal(sockets.milter[0].listener.fd, passed.fds[0]);
    assert_true(sockets.milter[0].is_passed);
    assert_int_equal(stat(yard->paths[0], &after), 0);
    assert_int_equal(after.st_mode, before.st_mode);
    sockets_close(&was, true);
    sockets_close(&sockets, true);
    assert_true(is_there(yard->paths[0]));
    assert_false(is_there(yard->control) || is_open(passed.fds[0]));
}

/* What the next start would refuse a restart refuses, too; everything is where it was. */
static void test_passed_restart(void **state)
{
    struct yard *yard = *state;
    static const struct {
        const char *wanted, *says;
    } cases[] = {
        { "012", "did not make unix:" },
        { "02", "did not make unix:" },
        { "0", "which is not configured" },
    };
    struct passed passed = { .count = 2 };
    struct sockets was, sockets;

    passed.fds[0] = managers_socket(yard->paths[0]);
    passed.fds[1] = managers_socket(yard->paths[1]);
    plan_for(yard, "01", "0660");
    assert_true(sockets_open(&yard->plan, &passed, NULL, &was, yard->report));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        plan_for(yard, cases[i].wanted, "0660");
        assert_false(sockets_open(&yard->plan, NULL, &was, &sockets, yard->report));
        assert_int_equal(config_report_count(yard->report, CONFIG_ERROR), 1);
        assert_non_null(strstr(config_report_fault(yard->report, 0)->text, cases[i].says));
        assert_int_equal(was.milter[0].listener.fd, passed.fds[0]);
        assert_int_equal(was.milter[1].listener.fd, passed.fds[1]);
        assert_true(is_there(yard->control));
    }
    sockets_close(&was, true);
    assert_true(is_there(yard->paths[0]) && is_there(yard->paths[1]));
}

static void test_passed_wrong(void **state)
{
    struct yard *yard = *state;
    static const char *const wanted[] = { "0", "01" }; /* not that one; not that one alone */
    struct sockets sockets;
    const char *text;

    for (int i = 0; i < 2; i++) {
        struct passed passed = { .count = 1 };
        passed.fds[0] = managers_socket(yard->paths[1]);
        plan_for(yard, wanted[i], "0660");
        assert_false(sockets_open(&yard->plan, &passed, NULL, &sockets, yard->report));
        assert_int_equal(config_report_count(yard->report, CONFIG_ERROR), 1);
        text = config_report_fault(yard->report, 0)->text;
        assert_non_null(strstr(text, yard->specs[0]));
        assert_non_null(strstr(text, "the service manager hands over"));
        assert_true(is_there(yard->paths[1]));
        assert_false(is_there(yard->paths[0]) || is_there(yard->control));
        if (is_open(passed.fds[0]))
            close(passed.fds[0]);
        unlink(yard->paths[1]);
    }
}

#define IN_YARD(test) cmocka_unit_test_setup_teardown(test, yard_open, yard_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_YARD(test_open),         IN_YARD(test_fault),    IN_YARD(test_move),
        IN_YARD(test_give_back),    IN_YARD(test_vanished), IN_YARD(test_passed),
        IN_YARD(test_passed_wrong), IN_YARD(test_go_back),  IN_YARD(test_passed_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
