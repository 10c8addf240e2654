/*
 * notify: one datagram a call, to a path or an abstract name; silence without a name, with a wrong
 * one, and for an interval that is meant for somebody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"

struct yard {
    char directory[48];
    struct sockaddr_un address;
    int fd;
};

static int yard_open(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));

    strcpy(yard->directory, "/tmp/egress-notify.XXXXXX");
    assert_non_null(mkdtemp(yard->directory));
    yard->address.sun_family = AF_UNIX;
    yard->fd = -1;
    *state = yard;
    return 0;
}

static int yard_close(void **state)
{
    struct yard *yard = *state;

    if (yard->fd >= 0)
        close(yard->fd);
    unlink(yard->address.sun_path);
    rmdir(yard->directory);
    free(yard);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

/* As a service manager: '@' stands for the NUL of an abstract name. */
static void listen_at(struct yard *yard, const char *name)
{
    size_t size = offsetof(struct sockaddr_un, sun_path) + strlen(name);

    memcpy(yard->address.sun_path, name, strlen(name));
    if (name[0] == '@')
        yard->address.sun_path[0] = '\0';
    yard->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(yard->fd, (struct sockaddr *)&yard->address, (socklen_t)size), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

/* The next datagram; "" when there is none. */
static const char *heard(const struct yard *yard)
{
    static char text[512];
    ssize_t size = recv(yard->fd, text, sizeof(text) - 1, 0);

    text[size > 0 ? size : 0] = '\0';
    return text;
}

static void expect_all(const struct yard *yard)
{
    char expected[128];
    unsigned long long usec;
    int used = 0;

    assert_true(notify_is_wanted());
    notify_say("WATCHDOG=1");
    assert_string_equal(heard(yard), "WATCHDOG=1");
    notify_ready("serving");
    snprintf(expected, sizeof(expected), "READY=1\nSTATUS=serving\nMAINPID=%ld", (long)getpid());
    assert_string_equal(heard(yard), expected);
    notify_reloading();
    assert_int_equal(sscanf(heard(yard), "RELOADING=1\nMONOTONIC_USEC=%llu%n", &usec, &used), 1);
    assert_true(usec > 0 && used > 30);
    notify_stopping();
    assert_memory_equal(heard(yard), "STOPPING=1\nSTATUS=", 18);
    assert_string_equal(heard(yard), "");
}

static void test_path(void **state)
{
    struct yard *yard = *state;
    char path[64];

    snprintf(path, sizeof(path), "%s/notify", yard->directory);
    listen_at(yard, path);
    expect_all(yard);
}

static void test_abstract(void **state)
{
    struct yard *yard = *state;
    char name[64];

    snprintf(name, sizeof(name), "@egress-test-%ld/notify", (long)getpid());
    listen_at(yard, name);
    expect_all(yard);
}

/* Nobody there, no name at all, names of no kind: nothing happens. */
static void test_nobody(void **state)
{
    static char too_long[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2];
    const char *const names[] = { "/nowhere/notify", "@egress-test-nobody", too_long };
    static const char *const no_names[] = { "", "relative", "@", "/", "vsock:2:1234" };

    (void)state;
    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[0] = '/';
    assert_false(notify_is_wanted());
    notify_ready("serving");
    for (size_t i = 0; i < sizeof(no_names) / sizeof(no_names[0]); i++) {
        setenv("NOTIFY_SOCKET", no_names[i], 1);
        assert_false(notify_is_wanted());
        notify_ready("serving");
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        assert_true(notify_is_wanted());
        notify_ready("serving");
    }
}

/* A manager that does not read holds up nobody. */
static void test_full(void **state)
{
    struct yard *yard = *state;
    char name[64];

    snprintf(name, sizeof(name), "@egress-test-%ld/full", (long)getpid());
    listen_at(yard, name);
    for (int i = 0; i < 5000; i++)
        notify_say("WATCHDOG=1");
    assert_string_equal(heard(yard), "WATCHDOG=1");
}

static void test_watchdog(void **state)
{
    char own[16], other[16];
    const struct {
        const char *usec, *pid;
        uint64_t ms;
    } cases[] = {
        { NULL, NULL, 0 },          { "30000000", NULL, 30000 },
        { "30000000", own, 30000 }, { "30000000", other, 0 },
        { "30000000", "", 0 },      { "0", own, 0 },
        { "2500000", own, 2500 },   { "", own, 0 },
        { "soon", own, 0 },
    };

    (void)state;
    snprintf(own, sizeof(own), "%ld", (long)getpid());
    snprintf(other, sizeof(other), "%ld", (long)getppid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(notify_watchdog_ms(), 0); /* nobody would hear it */
    setenv("NOTIFY_SOCKET", "@egress-test-nobody", 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (cases[i].usec != NULL)
            setenv("WATCHDOG_USEC", cases[i].usec, 1);
        if (cases[i].pid != NULL)
            setenv("WATCHDOG_PID", cases[i].pid, 1);
        assert_int_equal(notify_watchdog_ms(), cases[i].ms);
    }
}

#define IN_YARD(test) cmocka_unit_test_setup_teardown(test, yard_open, yard_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_YARD(test_path), IN_YARD(test_abstract), IN_YARD(test_nobody),
        IN_YARD(test_full), IN_YARD(test_watchdog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
