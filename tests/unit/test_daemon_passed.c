/*
 * passed: sockets as a service manager hands them over are told by where they listen; what is left
 * over, wrong or none is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/passed.h"

/* --- in a process of its own, whose descriptors from 3 on are the test's --------------------- */

static int made(int family, int type, const void *address, socklen_t size, bool listens)
{
    int fd = socket(family, type, 0);

    if (fd < 0 || bind(fd, address, size) < 0 || (listens && listen(fd, 5) < 0))
        _exit(90);
    return fd;
}

static int made_unix(const char *path, int type, bool listens)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    strcpy(address.sun_path, path);
    return made(AF_UNIX, type, &address, sizeof(address), listens);
}

static void spec_of(int fd, struct listen_spec *spec)
{
    struct sockaddr_in6 address;
    socklen_t size = sizeof(address);

    getsockname(fd, (struct sockaddr *)&address, &size);
    spec->port = ntohs(address.sin6_port); /* at the same place in both families */
}

static int made_inet(struct listen_spec *spec)
{
    struct sockaddr_in four = { .sin_family = AF_INET,
                                .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
    int fd;

    spec->address.family = spec->family == LISTEN_INET ? 4 : 6;
    if (spec->family == LISTEN_INET) {
        fd = made(AF_INET, SOCK_STREAM, &four, sizeof(four), true);
        memcpy(spec->address.bytes, &four.sin_addr, 4);
    } else {
        fd = made(AF_INET6, SOCK_STREAM, &six, sizeof(six), true);
        memcpy(spec->address.bytes, &six.sin6_addr, 16);
    }
    spec_of(fd, spec);
    return fd;
}

static void announce(int count, pid_t pid)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", count);
    setenv("LISTEN_FDS", text, 1);
    snprintf(text, sizeof(text), "%ld", (long)pid);
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDNAMES", "a:b", 1);
}

/* The descriptors become 3 and on. */
static void hand_over(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        dup2(fds[i], 500 + (int)i);
    for (size_t i = 0; i < count; i++)
        dup2(500 + (int)i, 3 + (int)i);
    announce((int)count, getpid());
}

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(STDOUT_FILENO, "line %d: %s\n", __LINE__, #condition);                         \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static int matching(const char *path)
{
    struct listen_spec specs[] = { { .family = LISTEN_UNIX, .path = path },
                                   { .family = LISTEN_INET },
                                   { .family = LISTEN_INET6 } };
    struct listen_spec other;
    struct passed passed;
    struct error error;
    int fds[3];

    fds[2] = made_unix(path, SOCK_STREAM, true);
    fds[0] = made_inet(&specs[1]);
    fds[1] = made_inet(&specs[2]);
    hand_over(fds, 3);
    MUST(passed_take(&passed, &error));
    MUST(passed.count == 3);
    MUST(getenv("LISTEN_PID") == NULL && getenv("LISTEN_FDS") == NULL &&
         getenv("LISTEN_FDNAMES") == NULL);
    for (int fd = 3; fd < 6; fd++)
        MUST(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    other = specs[1];
    other.port++;
    MUST(passed_find(&passed, &other) == -1);
    other = specs[1];
    other.address.bytes[3] = 2;
    MUST(passed_find(&passed, &other) == -1);
    other = specs[2];
    other.address.bytes[15] = 2;
    MUST(passed_find(&passed, &other) == -1);
    other = (struct listen_spec){ .family = LISTEN_UNIX, .path = "/elsewhere" };
    MUST(passed_find(&passed, &other) == -1);
    MUST(!passed_is_used_up(&passed, &error) && strstr(error.text, "not configured") != NULL);
    MUST(passed_find(&passed, &specs[0]) == 5);
    MUST(passed_find(&passed, &specs[0]) == -1); /* taken */
    MUST(passed_find(&passed, &specs[1]) == 3);
    MUST(!passed_is_used_up(&passed, &error) && strstr(error.text, "inet6:") != NULL &&
         strstr(error.text, "@::1") != NULL);
    MUST(passed_find(&passed, &specs[2]) == 4);
    MUST(passed_is_used_up(&passed, &error));
    passed_explain(&passed, "unix:/wanted", &error);
    MUST(strstr(error.text, "and not unix:/wanted: add it") != NULL);
    MUST(passed_take(&passed, &error) && passed.count == 0); /* once */
    return 0;
}

/* Neither listening, nor a stream, nor a socket, nor open: named by their numbers. */
static int wrong(const char *path)
{
    struct listen_spec spec = { .family = LISTEN_UNIX, .path = path };
    char text[48];
    struct passed passed;
    struct error error;
    int fds[3];

    fds[0] = made_unix(path, SOCK_DGRAM, false);
    fds[1] = socket(AF_UNIX, SOCK_STREAM, 0);
    fds[2] = open("/dev/null", O_RDONLY);
    hand_over(fds, 3);
    close(6);
    announce(4, getpid());
    MUST(passed_take(&passed, &error) && passed.count == 4);
    MUST(passed_find(&passed, &spec) == -1);
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof(text), "descriptor %d, no listening", 3 + i);
        MUST(!passed_is_used_up(&passed, &error) && strstr(error.text, text) != NULL);
        passed_explain(&passed, "unix:/wanted", &error);
        MUST(strstr(error.text, text) != NULL && strstr(error.text, "not unix:/wanted") != NULL);
        passed.is_taken[i] = true;
    }
    return 0;
}

/* An unbound name, one without a file, one of full length. */
static int odd_names(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct listen_spec spec = { .family = LISTEN_UNIX, .path = path };
    struct passed passed;
    struct error error;
    int fds[2];

    fds[0] = made(AF_UNIX, SOCK_STREAM, &address, sizeof(address.sun_family), true);
    memset(address.sun_path, 'x', sizeof(address.sun_path)); /* no NUL */
    address.sun_path[0] = '\0';
    fds[1] = made(AF_UNIX, SOCK_STREAM, &address, sizeof(address), true);
    hand_over(fds, 2);
    MUST(passed_take(&passed, &error));
    MUST(passed_find(&passed, &spec) == -1);
    MUST(!passed_is_used_up(&passed, &error) && strstr(error.text, "unix:") != NULL);
    return 0;
}

static int for_others(const char *path)
{
    struct passed passed;
    struct error error;

    (void)path;
    announce(2, getppid());
    MUST(passed_take(&passed, &error) && passed.count == 0);
    MUST(passed_is_used_up(&passed, &error));
    MUST(getenv("LISTEN_FDS") == NULL); /* nor for a child of ours */
    MUST(passed_take(&passed, &error) && passed.count == 0);
    announce(0, getpid());
    MUST(passed_take(&passed, &error) && passed.count == 0);
    announce(PASSED_MAX + 1, getpid());
    MUST(!passed_take(&passed, &error) && strstr(error.text, "65") != NULL);
    announce(-1, getpid());
    MUST(!passed_take(&passed, &error));
    return 0;
}

/* --- the test's side ------------------------------------------------------------------------- */

static void run(int (*test)(const char *path))
{
    char directory[] = "/tmp/egress-passed.XXXXXX", path[64];
    int status;
    pid_t pid;

    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/s.sock", directory);
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(test(path));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(path);
    rmdir(directory);
    assert_int_equal(status, 0);
}

#define RUN_TEST(name)                                                                             \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        run(name);                                                                                 \
    }
RUN_TEST(matching)
RUN_TEST(wrong)
RUN_TEST(odd_names)
RUN_TEST(for_others)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matching),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_for_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
