/*
 * doors: which listening socket libmilter has. Not for other rooms.
 *
 *     private   one of our own, over which the kicker dials its fan
 *     open      the real one, put under libmilter's descriptor number
 *     full      as closed, for as long as no descriptor is left: libmilter would try to accept
 *               again and again without pause; connections wait in the kernel's queue
 *     closed    nothing that accepts; who is not accepted yet waits for a successor
 *
 * The private socket is handed to libmilter as "fd:N" where the library knows that (Debian's), as
 * an address of the real socket's family where not: a stock library closes peers of another family
 * than the one it began with.
 *
 * A private socket has a name that other users can find and connect to, whatever socket_mode says,
 * and who talks to us may claim any login. So while there is one, and until all that it accepted is
 * known, the doors are guarded: no session may begin without doors_guard(), which cuts off whoever
 * is not this process, by the credentials the kernel keeps. A port of loopback (the stock library
 * with an inet socket) is not guarded: the real socket, too, is open to whoever is on this machine.
 *
 * All functions but doors_dial() want the caller to hold the milter's lock.
 */
#ifndef EM_MILTER_DOORS_H
#define EM_MILTER_DOORS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "milter/own_sockets.h"
#include "util/error.h"

enum doors_state { DOORS_NONE, DOORS_PRIVATE, DOORS_OPEN, DOORS_FULL, DOORS_CLOSED };

struct doors {
    enum doors_state state;
    bool avoids_fd; /* as if libmilter did not know "fd:N"; for tests */
    int listen_fd;  /* libmilter's */
    int real_fd;    /* -1 once closed */
    int idle_fd;    /* what libmilter gets while full, or -1 */
    int woken_fd;   /* readable when the listener was woken */
    atomic_bool is_guarded;
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
/* OPEN to PRIVATE, for a moment: new connections wait. False with errno set: still open. */
bool doors_go_private(struct doors *doors);
/* To be called before a session begins, while is_guarded: a session that came in by the private
 * socket and is not ours cannot be answered any more when this returns. */
void doors_guard(struct doors *doors);
/* OPEN to FULL when no descriptor is left, and back when some are; ends the guard when it may. To
 * be called now and then. */
void doors_mind(struct doors *doors);
/* From any state to CLOSED. False with errno set: what was open still is. */
bool doors_close(struct doors *doors);
/* Accepted from the real socket and not closed yet, however little libmilter has told of them. */
bool doors_have_sessions(const struct doors *doors);

#endif
