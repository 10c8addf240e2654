/* Connecting to the filter. See mta_socket.h. */
#include "mta_socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <sys/un.h>

static bool parse_unix(const char *path, struct mta_socket *socket_r)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&socket_r->address;

    if (strlen(path) >= sizeof address->sun_path) {
        fprintf(stderr, "socket path too long: %s\n", path);
        return false;
    }
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, path);
    socket_r->length = sizeof *address;
    return true;
}

static bool parse_inet(const char *port_at_host, int family, struct mta_socket *socket_r)
{
    struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list;
    const char *at = strchr(port_at_host, '@');
    char port[16];
    int error;

    if (!at || at == port_at_host || (size_t)(at - port_at_host) >= sizeof port) {
        fprintf(stderr, "not PORT@HOST: %s\n", port_at_host);
        return false;
    }
    snprintf(port, sizeof port, "%.*s", (int)(at - port_at_host), port_at_host);
    error = getaddrinfo(at + 1, port, &hints, &list);
    if (error) {
        fprintf(stderr, "%s: %s\n", port_at_host, gai_strerror(error));
        return false;
    }
    memcpy(&socket_r->address, list->ai_addr, list->ai_addrlen);
    socket_r->length = list->ai_addrlen;
    freeaddrinfo(list);
    return true;
}

bool mta_socket_parse(const char *text, struct mta_socket *socket_r)
{
    memset(socket_r, 0, sizeof *socket_r);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, socket_r);
    if (strncmp(text, "local:", 6) == 0)
        return parse_unix(text + 6, socket_r);
    if (strncmp(text, "inet:", 5) == 0)
        return parse_inet(text + 5, AF_INET, socket_r);
    if (strncmp(text, "inet6:", 6) == 0)
        return parse_inet(text + 6, AF_INET6, socket_r);
    if (text[0] == '/')
        return parse_unix(text, socket_r);
    fprintf(stderr, "not a socket (unix:PATH or inet:PORT@HOST): %s\n", text);
    return false;
}

int mta_socket_connect(const struct mta_socket *target)
{
    struct timeval limit = { .tv_sec = 10 };
    int family = target->address.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ||
        (family != AF_UNIX && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0) ||
        connect(fd, (const struct sockaddr *)&target->address, target->length) < 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}
