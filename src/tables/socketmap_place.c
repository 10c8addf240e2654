/*
 * socketmap_place: takes the spec apart from its right end, as Postfix does, since paths and IPv6
 * addresses hold colons.
 */
#include "tables/socketmap_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/clock.h"

#define NS_PER_MS 1000000u
#define HOST_MAX 256
#define PORT_MAX 32

static const char forms[] =
    "valid: \"socketmap:unix:/path:NAME\", \"socketmap:inet:HOST:PORT:NAME\"";

struct pieces {
    bool is_unix;
    struct span path, host, port, map;
};

/* Cuts what stands behind the last colon off *rest_io. */
static bool cut_last(struct span *rest_io, struct span *piece_r)
{
    ptrdiff_t colon = span_find_last(*rest_io, ':');
    if (colon < 0) {
        return false;
    }
    *piece_r = span_from(*rest_io, (size_t)colon + 1);
    *rest_io = span_first(*rest_io, (size_t)colon);
    return true;
}

static struct span without_brackets(struct span host)
{
    if (host.size > 2 && host.at[0] == '[' && host.at[host.size - 1] == ']') {
        return span_first(span_from(host, 1), host.size - 2);
    }
    return host;
}

static bool take_apart(const char *spec, struct pieces *pieces_r)
{
    struct span rest = span_of(spec);
    *pieces_r = (struct pieces){ .is_unix = span_has_prefix_nocase(rest, SPAN("unix:")) };
    if (!pieces_r->is_unix && !span_has_prefix_nocase(rest, SPAN("inet:"))) {
        return false;
    }
    rest = span_from(rest, sizeof("inet:") - 1);
    if (!cut_last(&rest, &pieces_r->map) || pieces_r->map.size == 0 ||
        span_find(pieces_r->map, ' ') >= 0) {
        return false;
    }
    if (pieces_r->is_unix) {
        pieces_r->path = rest;
        return rest.size > 1 && rest.at[0] == '/';
    }
    bool has_port = cut_last(&rest, &pieces_r->port);
    pieces_r->host = without_brackets(rest);
    return has_port && pieces_r->port.size > 0 && pieces_r->host.size > 0 &&
           span_find(pieces_r->host, '/') < 0;
}

static bool fits(const struct pieces *pieces, struct error *error)
{
    const struct {
        struct span text;
        size_t room;
        const char *what;
    } limits[] = {
        { pieces->path, sizeof(((struct sockaddr_un *)0)->sun_path), "the path of the socket" },
        { pieces->host, HOST_MAX, "HOST" },
        { pieces->port, PORT_MAX, "PORT" },
        { pieces->map, sizeof(((struct socketmap_place *)0)->map), "NAME" },
    };
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (limits[i].text.size >= limits[i].room) {
            error_set(error, "%s is longer than %zu octets", limits[i].what, limits[i].room - 1);
            return false;
        }
    }
    return true;
}

bool socketmap_place_accepts(const char *spec, struct error *error)
{
    struct pieces pieces;
    if (!take_apart(spec, &pieces)) {
        error_set(error, "not a socketmap; %s", forms);
        return false;
    }
    return fits(&pieces, error);
}

static void copy_text(char *out, struct span text)
{
    memcpy(out, text.at, text.size);
    out[text.size] = '\0';
}

static void open_unix(struct socketmap_place *place, struct span path)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&place->at[0].address;
    address->sun_family = AF_UNIX;
    copy_text(address->sun_path, path);
    place->at[0].size = sizeof(*address);
    place->count = 1;
}

static bool open_inet(struct socketmap_place *place, const struct pieces *pieces,
                      struct error *error)
{
    char host[HOST_MAX], port[PORT_MAX];
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
    copy_text(host, pieces->host);
    copy_text(port, pieces->port);
    int why = getaddrinfo(host, port, &hints, &found);
    if (why != 0) {
        error_set(error, "%s, port %s: %s", host, port,
                  why == EAI_SYSTEM ? strerror(errno) : gai_strerror(why));
        return false;
    }
    for (struct addrinfo *one = found; one != NULL && place->count < SOCKETMAP_ADDRESSES_MAX;
         one = one->ai_next) {
        memcpy(&place->at[place->count].address, one->ai_addr, one->ai_addrlen);
        place->at[place->count++].size = one->ai_addrlen;
    }
    freeaddrinfo(found);
    return true;
}

bool socketmap_place_open(struct socketmap_place *place_r, const char *spec, struct error *error)
{
    struct pieces pieces;
    memset(place_r, 0, sizeof(*place_r));
    if (!socketmap_place_accepts(spec, error)) {
        return false;
    }
    take_apart(spec, &pieces);
    copy_text(place_r->map, pieces.map);
    if (pieces.is_unix) {
        open_unix(place_r, pieces.path);
        return true;
    }
    return open_inet(place_r, &pieces, error);
}

int socketmap_left_ms(uint64_t deadline_ns)
{
    uint64_t now_ns = clock_mono_ns(&clock_system);
    if (now_ns >= deadline_ns) {
        return 0;
    }
    uint64_t left_ms = (deadline_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
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

int socketmap_place_connect(const struct socketmap_place *place, uint64_t deadline_ns,
                            struct error *error)
{
    int why = ETIMEDOUT;
    for (unsigned i = 0; i < place->count; i++) {
        int left_ms = socketmap_left_ms(deadline_ns);
        if (left_ms == 0) {
            break;
        }
        int share_ms = (left_ms + (int)(place->count - i) - 1) / (int)(place->count - i);
        int fd = connect_one((const struct sockaddr *)&place->at[i].address, place->at[i].size,
                             share_ms, &why);
        if (fd >= 0) {
            return fd;
        }
    }
    error_set(error, "cannot connect: %s", strerror(why));
    return -1;
}
