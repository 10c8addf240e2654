/*
 * endpoint: what a server is connected to by. Several addresses of a name are tried in turn, each
 * with its share of the time.
 */
#include "io/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/clock.h"

#define HOST_MAX 256
#define PORT_MAX 32

static bool fits(struct span text, size_t room, const char *what, struct error *error)
{
    if (text.size >= room) {
        error_set(error, "%s is longer than %zu octets", what, room - 1);
        return false;
    }
    return true;
}

bool endpoint_fits_unix(struct span path, struct error *error)
{
    return fits(path, sizeof(((struct sockaddr_un *)0)->sun_path), "the path of the socket", error);
}

bool endpoint_fits_inet(struct span host, struct span port, struct error *error)
{
    return fits(host, HOST_MAX, "HOST", error) && fits(port, PORT_MAX, "PORT", error);
}

struct span endpoint_bare_host(struct span host)
{
    if (host.size > 2 && host.at[0] == '[' && host.at[host.size - 1] == ']') {
        return span_first(span_from(host, 1), host.size - 2);
    }
    return host;
}

static void copy_text(char *out, struct span text)
{
    memcpy(out, text.at, text.size);
    out[text.size] = '\0';
}

void endpoint_open_unix(struct endpoint *endpoint_r, struct span path)
{
    memset(endpoint_r, 0, sizeof(*endpoint_r));
    struct sockaddr_un *address = (struct sockaddr_un *)&endpoint_r->at[0].address;
    address->sun_family = AF_UNIX;
    copy_text(address->sun_path, path);
    endpoint_r->at[0].size = sizeof(*address);
    endpoint_r->count = 1;
}

bool endpoint_open_inet(struct endpoint *endpoint_r, struct span host, struct span port,
                        struct error *error)
{
    char host_text[HOST_MAX], port_text[PORT_MAX];
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
    memset(endpoint_r, 0, sizeof(*endpoint_r));
    copy_text(host_text, host);
    copy_text(port_text, port);
    int why = getaddrinfo(host_text, port_text, &hints, &found);
    if (why != 0) {
        error_set(error, "%s, port %s: %s", host_text, port_text,
                  why == EAI_SYSTEM ? strerror(errno) : gai_strerror(why));
        return false;
    }
    for (struct addrinfo *one = found; one != NULL && endpoint_r->count < ENDPOINT_ADDRESSES_MAX;
         one = one->ai_next) {
        memcpy(&endpoint_r->at[endpoint_r->count].address, one->ai_addr, one->ai_addrlen);
        endpoint_r->at[endpoint_r->count++].size = one->ai_addrlen;
    }
    freeaddrinfo(found);
    return true;
}

bool endpoint_is_equal(const struct endpoint *a, const struct endpoint *b)
{
    bool is_equal = a->count == b->count;
    for (unsigned i = 0; i < a->count && is_equal; i++) {
        is_equal = a->at[i].size == b->at[i].size &&
                   memcmp(&a->at[i].address, &b->at[i].address, a->at[i].size) == 0;
    }
    return is_equal;
}

/* 0, or an errno. */
static int await_connected(int fd, int left_ms)
{
    struct pollfd wait = { .fd = fd, .events = POLLOUT };
    int why = 0;
    socklen_t size = sizeof(why);
    int ready;
    do {
        ready = poll(&wait, 1, left_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) {
        return ETIMEDOUT;
    }
    if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size) < 0) {
        return errno;
    }
    return why;
}

/* A server with a full backlog makes a UNIX connect wait, and only one that blocks can wait for it:
 * this one does, up to the time left. */
static int connect_unix(int fd, const struct sockaddr *address, socklen_t size, int left_ms)
{
    struct timeval timeout = { left_ms / 1000, left_ms % 1000 * 1000 };
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0) {
        return errno;
    }
    while (connect(fd, address, size) < 0) {
        if (errno != EINTR) {
            return errno == EAGAIN ? ETIMEDOUT : errno;
        }
    }
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : errno;
}

static int connect_inet(int fd, const struct sockaddr *address, socklen_t size, int left_ms)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* without it: later, not wrong */
    if (connect(fd, address, size) == 0) {
        return 0;
    }
    return errno == EINPROGRESS || errno == EINTR ? await_connected(fd, left_ms) : errno;
}

/* The socket, or -1 and an errno in *why_r. */
static int connect_one(const struct sockaddr *address, socklen_t size, int left_ms, int *why_r)
{
    bool is_unix = address->sa_family == AF_UNIX;
    int fd =
        socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | (is_unix ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0) {
        *why_r = errno;
        return -1;
    }
    *why_r = is_unix ? connect_unix(fd, address, size, left_ms)
                     : connect_inet(fd, address, size, left_ms);
    if (*why_r != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int endpoint_connect(const struct endpoint *endpoint, uint64_t deadline_ns, struct error *error)
{
    int why = ETIMEDOUT;
    for (unsigned i = 0; i < endpoint->count; i++) {
        int left_ms = clock_left_ms(deadline_ns);
        if (left_ms == 0) {
            break;
        }
        int share_ms = (left_ms + (int)(endpoint->count - i) - 1) / (int)(endpoint->count - i);
        int fd = connect_one((const struct sockaddr *)&endpoint->at[i].address,
                             endpoint->at[i].size, share_ms, &why);
        if (fd >= 0) {
            return fd;
        }
    }
    error_set(error, "cannot connect: %s", strerror(why));
    return -1;
}
