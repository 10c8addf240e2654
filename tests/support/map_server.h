/*
 * map_server: a socketmap server in a thread of the test, which answers as the test's function
 * says: with any bytes, none, or by closing.
 */
#ifndef EM_TESTS_SUPPORT_MAP_SERVER_H
#define EM_TESTS_SUPPORT_MAP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "util/buffer.h"

#define MAP_SERVER_CONNECTIONS_MAX 64

/*
 * Called in the server's thread for each request ("NAME key"); `number` counts all requests from 0.
 * What it adds to *reply is sent as it is. False: the connection is closed after that.
 */
typedef bool (*map_server_fn)(void *context, unsigned number, struct span request,
                              struct buffer *reply);

struct map_server {
    char path[64];     /* of its socket; "" on TCP */
    unsigned tcp_port; /* on 127.0.0.1, or 0 */
    map_server_fn answer;
    void *context;
    atomic_uint requests, connections; /* so far */
    atomic_uint open;                  /* connections now */
    int listener, stop[2];
    pthread_t thread;
};

/* On /tmp/NAME.PID, or with name NULL on a free port. Ends the test when it cannot. */
void map_server_start(struct map_server *server, const char *name, map_server_fn answer,
                      void *context);
/* Closes every connection and the listener; the name of the socket goes too. */
void map_server_stop(struct map_server *server);
/* Once more at the same place. */
void map_server_restart(struct map_server *server);

/* Adds "LENGTH:text,". */
void map_server_say(struct buffer *reply, struct span text);

#endif
