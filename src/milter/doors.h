/*
 * doors: which listening socket libmilter has. Not for other rooms.
 *
 *     private   a socket of our own, over which the kicker dials its fan: whoever comes in is ours
 *     open      the real one, put under libmilter's descriptor number
 *     full      as closed, for as long as no descriptor is left: libmilter would try to accept
 * again and again without pause. Connections wait in the kernel's queue closed    an idle socket of
 * nobody; what is not accepted yet stays in the kernel's queue for a successor
 *
 * The private socket is handed to libmilter as "fd:N" where the library knows that (Debian's), as
 * an address of the real socket's family where not: a stock library closes peers of another family
 * than the one it began with. All functions but doors_dial() want the caller to hold the milter's
 * lock.
 */
#ifndef EM_MILTER_DOORS_H
#define EM_MILTER_DOORS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "util/error.h"

enum doors_state { DOORS_NONE, DOORS_PRIVATE, DOORS_OPEN, DOORS_FULL, DOORS_CLOSED };

struct socket_name {
    struct sockaddr_storage address;
    socklen_t size;
};

struct doors {
    enum doors_state state;
    bool avoids_fd;     /* as if libmilter did not know "fd:N"; for tests */
    int listen_fd;      /* libmilter's */
    int real_fd;        /* -1 once closed */
    int idle_fd;        /* what libmilter gets while full, or -1 */
    pthread_t listener; /* the thread libmilter listens in */
    struct socket_name private_name, real_name;
    char folder[32]; /* of the private socket, where it needs one; else empty */
};

/* NONE to PRIVATE: makes libmilter listen on a socket of ours. `real_fd` is taken. The calling
 * thread is the one that goes on into libmilter. */
bool doors_begin(struct doors *doors, int real_fd, struct error *error);
/* A new connection to the private socket, -1 with errno set. */
int doors_dial(const struct doors *doors);
/* PRIVATE to OPEN. False with errno set: still private. */
bool doors_open(struct doors *doors);
/* OPEN to FULL when no descriptor is left, and back when some are. To be called now and then. */
void doors_mind(struct doors *doors);
/* From any state to CLOSED. False with errno set: what was open still is. */
bool doors_close(struct doors *doors);
/* Accepted from the real socket and not closed yet, however little libmilter has told of them. */
bool doors_have_sessions(const struct doors *doors);

#endif
