/*
 * redis_place: addresses as numbers. A name would need a resolver, and whoever waits for one keeps
 * all calls waiting.
 */
#include "state/redis_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#define HOST_ROOM 64

static bool read_port(struct span text, uint16_t *port_r)
{
    uint64_t port = 0;
    bool is_port = span_number(text, UINT16_MAX, &port) && port > 0;
    *port_r = (uint16_t)port;
    return is_port;
}

static bool set_host(struct redis_place *place, const char *host, uint16_t port)
{
    struct sockaddr_in *four = (struct sockaddr_in *)&place->address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&place->address;
    char text[INET6_ADDRSTRLEN];
    memset(&place->address, 0, sizeof(place->address));
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        place->size = sizeof(*four);
        snprintf(place->text, sizeof(place->text), "%s:%u", host, port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        place->size = sizeof(*six);
        inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
        snprintf(place->text, sizeof(place->text), "[%s]:%u", text, port);
        return true;
    }
    return false;
}

/* HOST:PORT, cut at the last colon. */
static bool cut_port(struct span text, struct span *host_r, uint16_t *port_r)
{
    ptrdiff_t colon = span_find_last(text, ':');
    if (colon < 0 || !read_port(span_from(text, (size_t)colon + 1), port_r)) {
        return false;
    }
    *host_r = span_first(text, (size_t)colon);
    return true;
}

static bool copy_host(struct span host, char out[static HOST_ROOM])
{
    if (host.size == 0 || host.size >= HOST_ROOM) {
        return false;
    }
    memcpy(out, host.at, host.size);
    out[host.size] = '\0';
    return true;
}

static bool read_unix(const char *path, struct redis_place *place_r, struct error *error)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&place_r->address;
    size_t size = strlen(path);
    if (path[0] != '/' || size >= sizeof(address->sun_path)) {
        error_set(error, "no path of a socket; valid: \"unix:/path\", at most %zu octets",
                  sizeof(address->sun_path) - 1);
        return false;
    }
    memset(&place_r->address, 0, sizeof(place_r->address));
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, size + 1);
    place_r->size = sizeof(*address);
    snprintf(place_r->text, sizeof(place_r->text), "unix:%s", path);
    return true;
}

bool redis_place_read(const char *text, struct redis_place *place_r, struct error *error)
{
    struct span host;
    char name[HOST_ROOM];
    uint16_t port;
    if (span_has_prefix_nocase(span_of(text), SPAN("unix:"))) {
        return read_unix(text + sizeof("unix:") - 1, place_r, error);
    }
    if (cut_port(span_of(text), &host, &port)) {
        bool is_bracketed = host.size > 2 && host.at[0] == '[' && host.at[host.size - 1] == ']';
        struct span inner = is_bracketed ? span_first(span_from(host, 1), host.size - 2) : host;
        bool is_local = span_is_equal_nocase(inner, SPAN("localhost"));
        if (copy_host(is_local ? SPAN("127.0.0.1") : inner, name) &&
            is_bracketed == (strchr(name, ':') != NULL) && set_host(place_r, name, port)) {
            return true;
        }
    }
    error_set(error, "no place of a server; valid: \"unix:/path\", \"127.0.0.1:6379\", "
                     "\"[::1]:6379\", \"localhost:6379\"; other names are not looked up");
    return false;
}

bool redis_place_moved(struct span text, const struct redis_place *from,
                       struct redis_place *place_r)
{
    struct span host;
    char name[HOST_ROOM];
    uint16_t port;
    if (!cut_port(text, &host, &port)) {
        return false;
    }
    if (host.size > 0) {
        return copy_host(host, name) && set_host(place_r, name, port);
    }
    *place_r = *from;
    if (from->address.ss_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)&from->address)->sin_addr, name,
                  HOST_ROOM);
    } else if (from->address.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&from->address)->sin6_addr, name,
                  HOST_ROOM);
    } else {
        return false;
    }
    return set_host(place_r, name, port);
}

int redis_place_connect(const struct redis_place *place)
{
    int on = 1;
    int fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    if (place->address.ss_family != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
                   sizeof(on)); /* without it: later, not wrong */
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    /* A UNIX socket with a full backlog says EAGAIN: as good as refused. */
    if (connect(fd, (const struct sockaddr *)&place->address, place->size) == 0 ||
        errno == EINPROGRESS) {
        return fd;
    }
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}
