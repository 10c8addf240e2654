/*
 * redis_server: real redis-server processes of a test, on loopback, in a folder of their own; they
 * end with the test, whatever becomes of it.
 */
#ifndef EM_TESTS_SUPPORT_REDIS_SERVER_H
#define EM_TESTS_SUPPORT_REDIS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct redis_server {
    char directory[64];
    char address[32]; /* "127.0.0.1:PORT" */
    char path[96];    /* of its UNIX socket */
    int port;
    pid_t pid;
    const char *const *options; /* "--maxmemory", "1mb", ..., NULL; NULL: none */
    int link;                   /* over which the test speaks to it; -1: closed */
};

/* False: there is no redis-server on this machine. */
bool redis_server_is_there(void);
/* Starts one and waits until it answers. Ends the test when it cannot. */
void redis_server_start(struct redis_server *server, const char *const *options);
/* The same at its port, after redis_server_kill(). */
void redis_server_again(struct redis_server *server);
void redis_server_kill(struct redis_server *server);
void redis_server_signal(struct redis_server *server, int number);
/* Kills it and removes its folder. */
void redis_server_end(struct redis_server *server);
/* Sends a command, words between blanks, and returns the first line of the answer, without its
 * type where it is a text: "OK", "PONG", "(nil)"; good until the next. Ends the test on an error
 * that the answer tells, unless it begins with '?' (the rest is the command then). */
const char *redis_server_say(struct redis_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The two halves of it. */
void redis_server_tell(struct redis_server *server, const char *command);
const char *redis_server_hear(struct redis_server *server);

#endif
