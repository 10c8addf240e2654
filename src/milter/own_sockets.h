/*
 * own_sockets: which sockets this process has, by their local name, and which of those somebody
 * else holds the other end of. Not for other rooms.
 *
 * libmilter does not say which descriptor a session has; the kernel does. Asks about every
 * descriptor of the process: for rare questions.
 */
#ifndef EM_MILTER_OWN_SOCKETS_H
#define EM_MILTER_OWN_SOCKETS_H

#include <stdbool.h>
#include <sys/socket.h>

struct socket_name {
    struct sockaddr_storage address;
    socklen_t size;
};

/* The local name of a socket; false with errno when it is none. */
bool socket_name_of(int fd, struct socket_name *name_r);
int socket_name_family(const struct socket_name *name);
/* The lowest open socket of this process with that name, listening or not; -1: none. */
int own_socket_find(const struct socket_name *name, bool listening);
/* Shuts down every connection to this unix socket that another process has made: what libmilter
 * still writes to it fails, upon which it ends the session. */
void own_sockets_drop_strangers(const struct socket_name *name);

#endif
