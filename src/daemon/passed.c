/*
 * passed: tells sockets by where they listen (getsockname(2)), not by their order.
 */
#include "daemon/passed.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD 3

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage room;
};

bool passed_take(struct passed *passed_r, struct error *error)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    bool is_ours = pid != NULL && fds != NULL && strtol(pid, NULL, 10) == (long)getpid();
    long count = is_ours ? strtol(fds, NULL, 10) : 0;

    *passed_r = (struct passed){ .count = 0 };
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (count < 0 || count > PASSED_MAX) {
        error_set(error, "LISTEN_FDS tells of %ld sockets; valid: at most %d", count, PASSED_MAX);
        return false;
    }
    for (int fd = FIRST_FD; fd < FIRST_FD + (int)count; fd++) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        passed_r->fds[passed_r->count++] = fd;
    }
    return true;
}

static bool listens(int fd)
{
    int is_listening = 0, type = 0;
    socklen_t size = sizeof(int), type_size = sizeof(int);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM;
}

static bool is_at(int fd, const struct listen_spec *spec)
{
    union address address = { .any = { .sa_family = AF_UNSPEC } };
    socklen_t size = sizeof(address) - 1; /* a path of full length has no NUL of its own */

    if (!listens(fd) || getsockname(fd, &address.any, &size) < 0)
        return false;
    switch (spec->family) {
    case LISTEN_UNIX:
        return address.any.sa_family == AF_UNIX && strcmp(address.un.sun_path, spec->path) == 0;
    case LISTEN_INET:
        return address.any.sa_family == AF_INET && ntohs(address.in.sin_port) == spec->port &&
               memcmp(&address.in.sin_addr, spec->address.bytes, 4) == 0;
    case LISTEN_INET6:
        break;
    }
    return address.any.sa_family == AF_INET6 && ntohs(address.in6.sin6_port) == spec->port &&
           memcmp(&address.in6.sin6_addr, spec->address.bytes, 16) == 0;
}

int passed_find(struct passed *passed, const struct listen_spec *spec)
{
    for (size_t i = 0; i < passed->count; i++) {
        if (!passed->is_taken[i] && is_at(passed->fds[i], spec)) {
            passed->is_taken[i] = true;
            return passed->fds[i];
        }
    }
    return -1;
}

static void describe(int fd, char *out, size_t size)
{
    union address address = { .any = { .sa_family = AF_UNSPEC } };
    socklen_t address_size = sizeof(address) - 1;
    struct ip ip = { .family = 4 };
    char text[IP_TEXT_MAX];

    snprintf(out, size, "descriptor %d, no listening stream socket", fd);
    if (!listens(fd) || getsockname(fd, &address.any, &address_size) < 0)
        return;
    if (address.any.sa_family == AF_UNIX) {
        snprintf(out, size, "unix:%s", address.un.sun_path);
    } else if (address.any.sa_family == AF_INET) {
        memcpy(ip.bytes, &address.in.sin_addr, 4);
        ip_print(&ip, text);
        snprintf(out, size, "inet:%u@%s", ntohs(address.in.sin_port), text);
    } else if (address.any.sa_family == AF_INET6) {
        ip.family = 6;
        memcpy(ip.bytes, &address.in6.sin6_addr, 16);
        ip_print(&ip, text);
        snprintf(out, size, "inet6:%u@%s", ntohs(address.in6.sin6_port), text);
    }
}

void passed_explain(const struct passed *passed, const char *text, struct error *error)
{
    char what[200];

    for (size_t i = 0; i < passed->count; i++) {
        if (passed->is_taken[i])
            continue;
        describe(passed->fds[i], what, sizeof(what));
        error_set(error,
                  "the service manager hands over %s and not %s: make the socket unit and this "
                  "setting say the same",
                  what, text);
        return;
    }
    error_set(error,
              "the service manager hands over other sockets and not %s: add it to the "
              "socket unit, or remove it here",
              text);
}

bool passed_is_used_up(const struct passed *passed, struct error *error)
{
    char what[200];

    for (size_t i = 0; i < passed->count; i++) {
        if (passed->is_taken[i])
            continue;
        describe(passed->fds[i], what, sizeof(what));
        error_set(error,
                  "the service manager hands over %s, which is not configured: make the socket "
                  "unit and this setting say the same",
                  what);
        return false;
    }
    return true;
}
