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

/*
 * Takes the next whole request off what was received; false: not yet. So the server speaks another
 * language.
 */
typedef bool (*map_server_next_fn)(struct buffer *received, struct buffer *request);

struct map_server {
    char path[64];     /* of its socket; "" on TCP */
    unsigned tcp_port; /* on 127.0.0.1, or 0 */
    map_server_next_fn next;
    map_server_fn answer;
    void *context;
    atomic_uint requests, connections; /* so far */
    atomic_uint open;                  /* connections now */
    int listener, stop[2];
    pthread_t thread;
};

/* On /tmp/NAME.PID, on NAME if that is a path, or with name NULL on a free port. Ends the test when
 * it cannot. */
void map_server_start(struct map_server *server, const char *name, map_server_fn answer,
                      void *context);
/* The same for another language. */
void map_server_start_speaking(struct map_server *server, const char *name, map_server_next_fn next,
                               map_server_fn answer, void *context);
/* Closes every connection and the listener; the name of the socket goes too. */
void map_server_stop(struct map_server *server);
/* Once more at the same place. */
void map_server_restart(struct map_server *server);

/* What every request is answered with, whatever it asks; `why` is for the test. */
struct map_server_fault {
    struct span says;
    bool stays; /* the connection is not closed behind it */
    const char *why;
};
/* A map_server_fn; the context is the fault. */
bool map_server_badly(void *context, unsigned number, struct span request, struct buffer *reply);

/* A socket at the path that is listened on and that nobody serves. */
int map_server_deaf(const char *path, int backlog);

/* Adds "LENGTH:text,". */
void map_server_say(struct buffer *reply, struct span text);

#endif
