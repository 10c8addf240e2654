/* Connects to a filter's socket as MTAs name it: unix:PATH, local:PATH, inet:PORT@HOST,
 * inet6:PORT@HOST. */
#ifndef TESTS_BENCH_MTA_SOCKET_H
#define TESTS_BENCH_MTA_SOCKET_H

#include <stdbool.h>

#include <sys/socket.h>

struct mta_socket {
    struct sockaddr_storage address;
    socklen_t length;
};

/* False, with a line on stderr, when the text is none of the forms above or the host has no
 * address. */
bool mta_socket_parse(const char *text, struct mta_socket *socket_r);

/* Waits up to ten seconds; the descriptor is blocking, without Nagle's delay. -1 with errno set. */
int mta_socket_connect(const struct mta_socket *target);

#endif
