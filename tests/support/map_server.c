/*
 * map_server: one thread, one poll over the listener and all connections.
 */
#include "tests/support/map_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    int fd;
    struct buffer received;
};

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "map_server: %s: %m\n", what);
        abort();
    }
}

/* The next whole request; false: not yet. */
static bool next_request(struct buffer *received, struct buffer *request)
{
    char *colon;
    struct span text = buffer_span(received);
    if (text.size == 0) {
        return false;
    }
    size_t size = strtoul(buffer_text(received), &colon, 10);
    size_t begin = (size_t)(colon - received->at) + 1;
    if (*colon != ':' || text.size < begin + size + 1) {
        return false;
    }
    demand(text.at[begin + size] == ',', "a request does not end in a comma");
    buffer_clear(request);
    buffer_add(request, text.at + begin, size);
    char *rest = span_strdup(span_from(text, begin + size + 1));
    size_t rest_size = text.size - begin - size - 1;
    buffer_clear(received);
    buffer_add(received, rest, rest_size);
    free(rest);
    return true;
}

static bool send_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t sent = send(fd, bytes.at, bytes.size, MSG_NOSIGNAL);
        if (sent < 0) {
            return false;
        }
        bytes = span_from(bytes, (size_t)sent);
    }
    return true;
}

/* False: this connection is over. */
static bool serve(struct map_server *server, struct client *client)
{
    char piece[4096];
    ssize_t got = recv(client->fd, piece, sizeof(piece), 0);
    bool stays = got > 0;
    struct buffer request = BUFFER_EMPTY, reply = BUFFER_EMPTY;
    if (stays) {
        buffer_add(&client->received, piece, (size_t)got);
    }
    while (stays && server->next(&client->received, &request)) {
        unsigned number = atomic_fetch_add(&server->requests, 1);
        buffer_clear(&reply);
        stays = server->answer(server->context, number, buffer_span(&request), &reply);
        stays = send_all(client->fd, buffer_span(&reply)) && stays;
    }
    buffer_free(&request);
    buffer_free(&reply);
    return stays;
}

static void drop(struct map_server *server, struct client *client)
{
    close(client->fd);
    buffer_free(&client->received);
    client->fd = -1;
    atomic_fetch_sub(&server->open, 1);
}

static void welcome(struct map_server *server, struct client *clients)
{
    int fd = accept(server->listener, NULL, NULL);
    for (size_t i = 0; i < MAP_SERVER_CONNECTIONS_MAX && fd >= 0; i++) {
        if (clients[i].fd < 0) {
            clients[i] = (struct client){ fd, BUFFER_EMPTY };
            atomic_fetch_add(&server->connections, 1);
            atomic_fetch_add(&server->open, 1);
            return;
        }
    }
    demand(fd < 0, "no room for a client");
}

static bool has_room(const struct client *clients)
{
    for (size_t i = 0; i < MAP_SERVER_CONNECTIONS_MAX; i++) {
        if (clients[i].fd < 0) {
            return true;
        }
    }
    return false;
}

static void *run(void *argument)
{
    struct map_server *server = argument;
    struct client clients[MAP_SERVER_CONNECTIONS_MAX];
    struct pollfd waits[MAP_SERVER_CONNECTIONS_MAX + 2];
    for (size_t i = 0; i < MAP_SERVER_CONNECTIONS_MAX; i++) {
        clients[i] = (struct client){ -1, BUFFER_EMPTY };
    }
    for (;;) {
        for (size_t i = 0; i < MAP_SERVER_CONNECTIONS_MAX; i++) {
            waits[i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
        }
        waits[MAP_SERVER_CONNECTIONS_MAX] =
            (struct pollfd){ .fd = has_room(clients) ? server->listener : -1, .events = POLLIN };
        waits[MAP_SERVER_CONNECTIONS_MAX + 1] =
            (struct pollfd){ .fd = server->stop[0], .events = POLLIN };
        poll(waits, MAP_SERVER_CONNECTIONS_MAX + 2, -1);
        bool is_over = waits[MAP_SERVER_CONNECTIONS_MAX + 1].revents != 0;
        for (size_t i = 0; i < MAP_SERVER_CONNECTIONS_MAX; i++) {
            bool is_talking = waits[i].fd >= 0 && waits[i].revents != 0;
            if (waits[i].fd >= 0 && (is_over || (is_talking && !serve(server, &clients[i])))) {
                drop(server, &clients[i]);
            }
        }
        if (is_over) {
            return NULL;
        }
        if (waits[MAP_SERVER_CONNECTIONS_MAX].revents != 0) {
            welcome(server, clients);
        }
    }
}

static int listen_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    demand(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, path);
    return fd;
}

static int listen_tcp(unsigned *port_io)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)*port_io),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    demand(bind(fd, (struct sockaddr *)&address, size) == 0 &&
               getsockname(fd, (struct sockaddr *)&address, &size) == 0,
           "no port");
    *port_io = ntohs(address.sin_port);
    return fd;
}

void map_server_restart(struct map_server *server)
{
    server->listener =
        server->path[0] != '\0' ? listen_unix(server->path) : listen_tcp(&server->tcp_port);
    demand(listen(server->listener, 64) == 0 && pipe(server->stop) == 0, "cannot listen");
    demand(pthread_create(&server->thread, NULL, run, server) == 0, "no thread");
}

void map_server_start_speaking(struct map_server *server, const char *name, map_server_next_fn next,
                               map_server_fn answer, void *context)
{
    *server = (struct map_server){ .next = next, .answer = answer, .context = context };
    if (name != NULL && name[0] == '/') {
        snprintf(server->path, sizeof(server->path), "%s", name);
    } else if (name != NULL) {
        snprintf(server->path, sizeof(server->path), "/tmp/%s.%d", name, (int)getpid());
    }
    map_server_restart(server);
}

void map_server_start(struct map_server *server, const char *name, map_server_fn answer,
                      void *context)
{
    map_server_start_speaking(server, name, next_request, answer, context);
}

void map_server_stop(struct map_server *server)
{
    demand(write(server->stop[1], "x", 1) == 1, "cannot stop");
    pthread_join(server->thread, NULL);
    close(server->listener);
    close(server->stop[0]);
    close(server->stop[1]);
    if (server->path[0] != '\0') {
        unlink(server->path);
    }
}

void map_server_say(struct buffer *reply, struct span text)
{
    buffer_printf(reply, "%zu:", text.size);
    buffer_add_span(reply, text);
    buffer_add_char(reply, ',');
}

bool map_server_badly(void *context, unsigned number, struct span request, struct buffer *reply)
{
    const struct map_server_fault *fault = context;
    (void)number;
    (void)request;
    buffer_add_span(reply, fault->says);
    return fault->stays;
}

int map_server_deaf(const char *path, int backlog)
{
    int fd = listen_unix(path);
    demand(listen(fd, backlog) == 0, path);
    return fd;
}
