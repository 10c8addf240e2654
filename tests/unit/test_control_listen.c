/*
 * listen: what a specification may look like; sockets made with the right mode and owner, stale
 * ones replaced, living and foreign things left alone.
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
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/listen.h"

static const struct listen_access as_we_are = { 0660, (uid_t)-1, (gid_t)-1 };

struct yard {
    char directory[64];
    char path[96];
};

static int yard_open(void **state)
{
    struct yard *yard = calloc(1, sizeof(*yard));

    strcpy(yard->directory, "/tmp/egress-listen.XXXXXX");
    assert_non_null(mkdtemp(yard->directory));
    chmod(yard->directory, 0755);
    snprintf(yard->path, sizeof(yard->path), "%s/s.sock", yard->directory);
    *state = yard;
    return 0;
}

static int yard_close(void **state)
{
    struct yard *yard = *state;

    unlink(yard->path);
    rmdir(yard->directory);
    free(yard);
    return 0;
}

static bool open_path(const char *path, struct listener *listener, struct error *error)
{
    struct listen_spec spec = { .family = LISTEN_UNIX, .path = path };

    error->text[0] = '\0';
    return listener_open(&spec, &as_we_are, listener, error);
}

static bool answers(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), result;

    strcpy(address.sun_path, path);
    result = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    close(fd);
    return result == 0;
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        bool good;
        enum listen_family family;
        unsigned port;
        const char *says;
    } cases[] = {
        { "unix:/run/x.sock", true, LISTEN_UNIX, 0, NULL },
        { "inet:8891@127.0.0.1", true, LISTEN_INET, 8891, NULL },
        { "inet:65535@0.0.0.0", true, LISTEN_INET, 65535, NULL },
        { "inet:1@localhost", true, LISTEN_INET, 1, NULL },
        { "inet6:8891@::1", true, LISTEN_INET6, 8891, NULL },
        { "inet6:8891@[::1]", true, LISTEN_INET6, 8891, NULL },
        { "inet6:8891@localhost", true, LISTEN_INET6, 8891, NULL },
        { "", false, 0, 0, "unix:" },
        { "/run/x.sock", false, 0, 0, "unix:" },
        { "local:/run/x.sock", false, 0, 0, "unix:" },
        { "tcp:127.0.0.1:9", false, 0, 0, "inet:" },
        { "unix:run/x.sock", false, 0, 0, "absolute" },
        { "unix:", false, 0, 0, "absolute" },
        { "unix:/", false, 0, 0, "absolute" },
        { "unix:/run/", false, 0, 0, "absolute" },
        { "inet:127.0.0.1:8891", false, 0, 0, "port@address" },
        { "inet:8891", false, 0, 0, "port@address" },
        { "inet:0@127.0.0.1", false, 0, 0, "1 to 65535" },
        { "inet:65536@127.0.0.1", false, 0, 0, "1 to 65535" },
        { "inet:70000@127.0.0.1", false, 0, 0, "1 to 65535" },
        { "inet:888888888889@127.0.0.1", false, 0, 0, "1 to 65535" },
        { "inet:+1@127.0.0.1", false, 0, 0, "1 to 65535" },
        { "inet:@127.0.0.1", false, 0, 0, "1 to 65535" },
        { "inet:8891@", false, 0, 0, "IPv4" },
        { "inet:8891@*", false, 0, 0, "IPv4" },
        { "inet:8891@::1", false, 0, 0, "IPv4" },
        { "inet:8891@mail.example.org", false, 0, 0, "IPv4" },
        { "inet6:8891@127.0.0.1", false, 0, 0, "IPv6" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct listen_spec spec;
        struct error error = { "" };
        bool good = listen_parse(cases[i].text, &spec, &error);
        if (good != cases[i].good || (!good && strstr(error.text, cases[i].says) == NULL))
            fail_msg("%s: %s", cases[i].text, error.text);
        if (!good)
            continue;
        assert_int_equal(spec.family, cases[i].family);
        assert_int_equal(spec.port, cases[i].port);
    }
}

static void test_mode(void **state)
{
    static const struct {
        const char *text;
        bool good;
        mode_t mode;
    } cases[] = {
        { "0660", true, 0660 }, { "660", true, 0660 },     { "0777", true, 0777 },
        { "0000", true, 0 },    { "1777", false, 0 },      { "66", false, 0 },
        { "0680", false, 0 },   { "rw-rw----", false, 0 }, { "", false, 0 },
        { "-660", false, 0 },   { "00660", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        mode_t mode = 0;
        assert_int_equal(listen_mode_parse(cases[i].text, &mode), cases[i].good);
        assert_int_equal(mode, cases[i].mode);
    }
}

/* Whatever the umask, the mode is the one asked for, and the umask is as before. */
static void test_made_with_mode(void **state)
{
    static const mode_t masks[] = { 0, 022, 077, 0777 };
    static const mode_t modes[] = { 0600, 0660, 0666, 0777 };
    struct yard *yard = *state;

    for (size_t i = 0; i < 16; i++) {
        struct listen_spec spec = { .family = LISTEN_UNIX, .path = yard->path };
        struct listen_access access = { modes[i / 4], (uid_t)-1, (gid_t)-1 };
        struct listener listener;
        struct error error;
        struct stat status;
        mode_t before = umask(masks[i % 4]);
        assert_true(listener_open(&spec, &access, &listener, &error));
        assert_int_equal(umask(before), masks[i % 4]);
        assert_int_equal(stat(yard->path, &status), 0);
        assert_int_equal(status.st_mode & 07777, access.mode);
        assert_true(answers(yard->path));
        assert_true((fcntl(listener.fd, F_GETFD) & FD_CLOEXEC) != 0);
        listener_close(&listener, true);
        assert_int_equal(listener.fd, -1);
        assert_int_equal(lstat(yard->path, &status), -1);
    }
}

static void test_owner(void **state)
{
    struct yard *yard = *state;
    struct listen_spec spec = { .family = LISTEN_UNIX, .path = yard->path };
    struct listen_access access = { 0660, 65534, 4 };
    struct listener listener;
    struct error error = { "" };
    struct stat status;

    if (geteuid() == 0) {
        assert_true(listener_open(&spec, &access, &listener, &error));
        assert_int_equal(stat(yard->path, &status), 0);
        assert_int_equal(status.st_uid, 65534);
        assert_int_equal(status.st_gid, 4);
        assert_int_equal(status.st_mode & 07777, 0660);
        listener_close(&listener, true);
        return;
    }
    assert_false(listener_open(&spec, &access, &listener, &error));
    assert_non_null(strstr(error.text, "group"));
    assert_int_equal(lstat(yard->path, &status), -1);
}

static void test_stale(void **state)
{
    struct yard *yard = *state;
    struct listener listener;
    struct error error;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int left = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, yard->path);
    assert_int_equal(bind(left, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(left);
    assert_true(listen_path_is_usable(yard->path, &error));
    assert_false(answers(yard->path));
    assert_true(open_path(yard->path, &listener, &error));
    assert_true(answers(yard->path));
    listener_close(&listener, true);
}

static void test_busy(void **state)
{
    struct yard *yard = *state;
    struct listener first, second;
    struct error error;

    assert_true(open_path(yard->path, &first, &error));
    assert_false(open_path(yard->path, &second, &error));
    assert_non_null(strstr(error.text, yard->path));
    assert_non_null(strstr(error.text, "another process answers"));
    assert_int_equal(second.fd, -1);
    assert_true(answers(yard->path));
    assert_true(listen_path_is_usable(yard->path, &error)); /* -t while the daemon runs */
    listener_close(&first, true);
}

/* An owner that accepts nothing any more, its queue full, is an owner. */
static void test_busy_and_stalled(void **state)
{
    struct yard *yard = *state;
    struct listener first, second;
    struct error error;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int waiting[8], count = 0;

    assert_true(open_path(yard->path, &first, &error));
    assert_int_equal(listen(first.fd, 0), 0);
    strcpy(address.sun_path, yard->path);
    while (count < 8) {
        waiting[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(waiting[count++], (const struct sockaddr *)&address, sizeof(address)) < 0)
            break;
    }
    assert_true(count < 8); /* the queue is full */
    assert_false(open_path(yard->path, &second, &error));
    assert_non_null(strstr(error.text, "another process answers"));
    while (count > 0)
        close(waiting[--count]);
    listener_close(&first, true);
}

static void test_no_socket_in_place(void **state)
{
    struct yard *yard = *state;
    struct listener listener;
    struct error error;
    struct stat status;
    int fd = open(yard->path, O_WRONLY | O_CREAT, 0644);

    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    assert_false(open_path(yard->path, &listener, &error));
    assert_non_null(strstr(error.text, yard->path));
    assert_non_null(strstr(error.text, "is no socket"));
    assert_false(listen_path_is_usable(yard->path, &error));
    assert_int_equal(stat(yard->path, &status), 0);
    assert_int_equal(status.st_size, 8);
}

/* A link is not followed: what it points to is somebody else's. */
static void test_link_in_place(void **state)
{
    struct yard *yard = *state;
    struct listener listener;
    struct error error;

    assert_int_equal(symlink("/nonexistent/there", yard->path), 0);
    assert_false(open_path(yard->path, &listener, &error));
    assert_non_null(strstr(error.text, "is no socket"));
}

static void test_directories(void **state)
{
    struct yard *yard = *state;
    struct listener listener;
    struct error error;
    char path[128];

    snprintf(path, sizeof(path), "%s/nowhere/s.sock", yard->directory);
    assert_false(open_path(path, &listener, &error));
    assert_non_null(strstr(error.text, "/nowhere is missing: run mkdir -p "));
    assert_false(listen_path_is_usable(path, &error));
    close(open(yard->path, O_WRONLY | O_CREAT, 0644));
    snprintf(path, sizeof(path), "%s/s.sock", yard->path);
    assert_false(open_path(path, &listener, &error));
    assert_non_null(strstr(error.text, "is no directory"));
}

static void test_path_length(void **state)
{
    char path[256] = "unix:/";
    struct listen_spec spec;
    struct error error;

    (void)state;
    memset(path + 6, 'x', 106);
    assert_true(listen_parse(path, &spec, &error)); /* 107 bytes and the NUL */
    path[6 + 106] = 'x';
    assert_false(listen_parse(path, &spec, &error));
    assert_non_null(strstr(error.text, "108 bytes"));
    assert_non_null(strstr(error.text, "107"));
}

/* As somebody who may not write there; root may everything. */
static void test_unwritable(void **state)
{
    struct yard *yard = *state;
    pid_t child;
    int status;

    chmod(yard->directory, 0555);
    child = fork();
    if (child == 0) {
        struct listener listener;
        struct error error;
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(1);
        if (open_path(yard->path, &listener, &error))
            _exit(2);
        if (strstr(error.text, yard->directory) == NULL ||
            strstr(error.text, "not writable") == NULL || strstr(error.text, "chown") == NULL)
            _exit(3);
        _exit(listen_path_is_usable(yard->path, &error) ? 4 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    chmod(yard->directory, 0755);
}

/* Somebody else's socket under our old name stays. */
static void test_removes_only_its_own(void **state)
{
    struct yard *yard = *state;
    struct listener first, second;
    struct error error;

    assert_true(open_path(yard->path, &first, &error));
    assert_int_equal(unlink(yard->path), 0);
    assert_true(open_path(yard->path, &second, &error));
    listener_close(&first, true);
    assert_true(answers(yard->path));
    listener_close(&second, false);
    assert_int_equal(access(yard->path, F_OK), 0);
}

static unsigned port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static void test_inet(void **state)
{
    struct listen_spec spec;
    struct listener first, second;
    struct error error;
    char text[64];

    (void)state;
    assert_true(listen_parse("inet:1@127.0.0.1", &spec, &error));
    spec.port = 0; /* whichever is free */
    assert_true(listener_open(&spec, &as_we_are, &first, &error));
    assert_null(first.path);
    snprintf(text, sizeof(text), "inet:%u@localhost", port_of(first.fd));
    assert_true(listen_parse(text, &spec, &error));
    assert_false(listener_open(&spec, &as_we_are, &second, &error));
    snprintf(text, sizeof(text), "port %u at 127.0.0.1 is in use", port_of(first.fd));
    assert_non_null(strstr(error.text, text));
    listener_close(&first, true);
    assert_true(listener_open(&spec, &as_we_are, &second, &error));
    listener_close(&second, true);
    assert_true(listen_parse("inet:25999@192.0.2.1", &spec, &error));
    assert_false(listener_open(&spec, &as_we_are, &first, &error));
    assert_non_null(strstr(error.text, "no address 192.0.2.1"));
}

#define WITH_YARD(test) cmocka_unit_test_setup_teardown(test, yard_open, yard_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_mode),
        WITH_YARD(test_made_with_mode),
        WITH_YARD(test_owner),
        WITH_YARD(test_stale),
        WITH_YARD(test_busy),
        WITH_YARD(test_busy_and_stalled),
        WITH_YARD(test_no_socket_in_place),
        WITH_YARD(test_link_in_place),
        WITH_YARD(test_directories),
        cmocka_unit_test(test_path_length),
        WITH_YARD(test_unwritable),
        WITH_YARD(test_removes_only_its_own),
        cmocka_unit_test(test_inet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
