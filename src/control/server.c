/*
 * server: the control socket on the io loop.
 *
 * A client is READING its request, WAITING for a reload or restart that it asked for, or WRITING
 * the answer; each state has its own deadline, which no trickle of bytes extends. A stranger can
 * thus keep one of the places for some seconds and nothing more.
 */
#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/report_limits.h"
#include "control/report_readiness.h"
#include "control/report_suppress.h"
#include "log/log.h"

#define PEER_GROUPS_MAX 256

struct control_client {
    struct control_server *server;
    struct control_client *next;
    struct loop_watch *watch;
    int fd;
    enum control_right right;
    uid_t uid;
    const struct control_words *words; /* while it is served */
    struct buffer request;
    bool json;
    uint64_t ticket; /* the reload it waits for; 0: none */
    bool waits_for_restart;
    struct buffer answer;
    size_t sent;
};

struct control_server {
    struct loop *loop;
    int listen_fd;
    int reload_fd; /* eventfd: a reload has ended */
    struct control_access access;
    const struct control_host *host;
    struct loop_watch *listen_watch, *reload_watch;
    struct control_client *clients;
    size_t client_count;
};

/* --- who may ------------------------------------------------------------------------------- */

enum control_right control_right_of(const struct control_access *access,
                                    const struct control_peer *peer)
{
    if (peer->uid == 0 || peer->uid == access->owner)
        return CONTROL_MAY_ACT;
    if (!access->has_read_group)
        return CONTROL_MAY_NOTHING;
    if (peer->gid == access->read_group)
        return CONTROL_MAY_LOOK;
    for (size_t i = 0; i < peer->group_count; i++) {
        if (peer->groups[i] == access->read_group)
            return CONTROL_MAY_LOOK;
    }
    return CONTROL_MAY_NOTHING;
}

/* As the kernel knew the peer when it connected. */
enum control_right control_right_of_socket(const struct control_access *access, int fd)
{
    struct ucred creds = { 0, (uid_t)-1, (gid_t)-1 };
    gid_t groups[PEER_GROUPS_MAX];
    socklen_t creds_size = sizeof(creds), groups_size = sizeof(groups);
    struct control_peer peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &creds, &creds_size) < 0)
        return CONTROL_MAY_NOTHING;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_size) < 0)
        groups_size = 0; /* more groups than anybody has, or an old kernel: the first one counts */
    peer = (struct control_peer){ creds.uid, creds.gid, groups, groups_size / sizeof(gid_t) };
    return control_right_of(access, &peer);
}

static uid_t uid_of(int fd)
{
    struct ucred creds = { 0, (uid_t)-1, (gid_t)-1 };
    socklen_t size = sizeof(creds);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &creds, &size) == 0 ? creds.uid : (uid_t)-1;
}

/* --- clients --------------------------------------------------------------------------------- */

static void client_close(struct control_client *client)
{
    struct control_server *server = client->server;
    struct control_client **link = &server->clients;

    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    loop_unwatch(server->loop, &client->watch);
    close(client->fd);
    buffer_free(&client->request);
    buffer_free(&client->answer);
    free(client);
    if (server->client_count-- == CONTROL_CLIENTS_MAX && server->listen_watch != NULL)
        loop_arm(server->loop, server->listen_watch, POLLIN, -1);
}

static void client_write(struct control_client *client)
{
    while (client->sent < client->answer.size) {
        ssize_t size = send(client->fd, client->answer.at + client->sent,
                            client->answer.size - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return; /* the watch says when to go on */
        if (size < 0)
            break;
        client->sent += (size_t)size;
    }
    client_close(client);
}

/* Puts "exit N" before the body and begins to send; the client may be gone afterwards. */
static void client_answer(struct control_client *client, enum control_exit code,
                          const struct buffer *body)
{
    buffer_printf(&client->answer, "exit %d\n", (int)code);
    buffer_add_span(&client->answer, buffer_span(body));
    if (buffer_has_failed(&client->answer) || buffer_has_failed(body)) {
        log_write(LOG_LEVEL_ERR, "control: out of memory for an answer");
        client_close(client);
        return;
    }
    loop_arm(client->server->loop, client->watch, POLLOUT, CONTROL_DEADLINE_MS);
    client_write(client);
}

static void client_refuse(struct control_client *client, enum control_exit code, const char *text)
{
    struct buffer body = BUFFER_EMPTY;

    report_refusal(text, client->json, &body);
    client_answer(client, code, &body);
    buffer_free(&body);
}

/* --- requests -------------------------------------------------------------------------------- */

static void ask_report(struct control_client *client,
                       enum control_exit (*report)(const struct control_host *, bool,
                                                   struct buffer *))
{
    struct buffer body = BUFFER_EMPTY;
    enum control_exit code = report(client->server->host, client->json, &body);

    client_answer(client, code, &body);
    buffer_free(&body);
}

static void ask_status(struct control_client *client)
{
    ask_report(client, report_status);
}

static void ask_health(struct control_client *client)
{
    ask_report(client, report_health);
}

static void ask_lists(struct control_client *client)
{
    ask_report(client, report_lists);
}

static void ask_reload(struct control_client *client)
{
    const struct control_host *host = client->server->host;

    /* Nothing is expected; that the client has left is reported with any event asked for. */
    loop_arm(client->server->loop, client->watch, POLLPRI, CONTROL_RELOAD_WAIT_MS);
    client->ticket = host->reload_begin(host->context);
}

static void ask_restart(struct control_client *client)
{
    const struct control_host *host = client->server->host;

    if (!host->restart_begin(host->context)) {
        client_refuse(client, CONTROL_INTERNAL, "the parent process cannot be reached");
        return;
    }
    loop_arm(client->server->loop, client->watch, POLLPRI, CONTROL_RESTART_WAIT_MS);
    client->waits_for_restart = true;
}

static void ask_prove(struct control_client *client)
{
    const struct control_host *host = client->server->host;
    struct buffer body = BUFFER_EMPTY;

    if (host->look_now == NULL) {
        client_refuse(client, CONTROL_INTERNAL, "nothing is looked at by this process");
        return;
    }
    host->look_now(host->context);
    client_answer(client, report_prove(client->json, &body), &body);
    buffer_free(&body);
}

/* Of those who may act there are two, and "files" has them; others are told by their number. */
static void name_asker(const struct control_client *client, struct control_asker *asker)
{
    char room[4096];
    struct passwd entry, *found = NULL;

    asker->may_act = client->right >= CONTROL_MAY_ACT;
    if (asker->may_act && getpwuid_r(client->uid, &entry, room, sizeof(room), &found) == 0 &&
        found != NULL)
        snprintf(asker->name, sizeof(asker->name), "%s", found->pw_name);
    else
        snprintf(asker->name, sizeof(asker->name), "uid %ld", (long)client->uid);
}

static void ask_with_words(struct control_client *client,
                           enum control_exit (*report)(const struct control_host *,
                                                       const struct control_asker *,
                                                       const struct control_words *, bool,
                                                       struct buffer *))
{
    struct buffer body = BUFFER_EMPTY;
    struct control_asker asker;
    enum control_exit code;

    name_asker(client, &asker);
    code = report(client->server->host, &asker, client->words, client->json, &body);
    client_answer(client, code, &body);
    buffer_free(&body);
}

static void ask_limits(struct control_client *client)
{
    ask_with_words(client, report_limits);
}

static void ask_suppress(struct control_client *client)
{
    ask_with_words(client, report_suppress);
}

static void ask_readiness(struct control_client *client)
{
    struct buffer body = BUFFER_EMPTY;
    enum control_exit code =
        report_readiness(client->server->host, client->words, client->json, &body);

    client_answer(client, code, &body);
    buffer_free(&body);
}

static const struct {
    const char *name;
    enum control_right needs;
    bool has_arguments; /* and looks at them, and at what they need, itself */
    void (*serve)(struct control_client *client);
} requests[] = {
    { "status", CONTROL_MAY_LOOK, false, ask_status },
    { "health", CONTROL_MAY_LOOK, false, ask_health },
    { "reload", CONTROL_MAY_ACT, false, ask_reload },
    { "restart", CONTROL_MAY_ACT, false, ask_restart },
    { "prove", CONTROL_MAY_ACT, false, ask_prove },
    { "limits", CONTROL_MAY_LOOK, true, ask_limits },
    { "suppress", CONTROL_MAY_LOOK, true, ask_suppress },
    { "readiness", CONTROL_MAY_LOOK, true, ask_readiness },
    { "lists", CONTROL_MAY_LOOK, false, ask_lists },
};

/* "json" behind the first word says how to answer. */
static void take_json(struct control_client *client, struct control_words *words)
{
    client->json = words->count > 1 && span_is_equal(words->at[1], SPAN("json"));
    if (client->json) {
        words->count--;
        memmove(words->at + 1, words->at + 2, (words->count - 1) * sizeof(words->at[0]));
    }
}

static void serve_words(struct control_client *client, struct control_words *words)
{
    struct span word = words->count > 0 ? words->at[0] : SPAN("");

    take_json(client, words);
    client->words = words;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        if (!span_is_equal(word, span_of(requests[i].name)))
            continue;
        if (words->count > 1 && !requests[i].has_arguments)
            client_refuse(client, CONTROL_USAGE, "only \"json\" may follow the request");
        else if (client->right < requests[i].needs)
            client_refuse(client, CONTROL_DENIED,
                          "not permitted: root and the daemon's user may everything, members of "
                          "control.read_group may look");
        else
            requests[i].serve(client);
        return;
    }
    if (client->right == CONTROL_MAY_NOTHING)
        client_refuse(client, CONTROL_DENIED, "not permitted");
    else
        client_refuse(client, CONTROL_USAGE,
                      "unknown request; valid: status, health, reload, restart, prove, limits, "
                      "suppress, readiness");
}

static void client_serve(struct control_client *client, struct span line)
{
    struct control_words *words = malloc(sizeof(*words));

    if (words == NULL)
        client_refuse(client, CONTROL_INTERNAL, "out of memory");
    else if (!control_words_read(line, words))
        client_refuse(client, CONTROL_USAGE, "the request is not written as one");
    else
        serve_words(client, words);
    free(words); /* the client may be gone */
}

static void client_read(struct control_client *client)
{
    char piece[4096];
    ssize_t size = recv(client->fd, piece, sizeof(piece), MSG_DONTWAIT);
    ptrdiff_t end;

    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (size < 0 || (size == 0 && client->request.size == 0)) {
        client_close(client);
        return;
    }
    buffer_add(&client->request, piece, (size_t)size);
    end = span_find(buffer_span(&client->request), '\n');
    if (end >= 0 && end < CONTROL_REQUEST_MAX)
        client_serve(client, span_first(buffer_span(&client->request), (size_t)end));
    else if (client->request.size >= CONTROL_REQUEST_MAX)
        client_refuse(client, CONTROL_USAGE, "the request is too long");
    else if (size == 0)
        client_serve(client, buffer_span(&client->request));
}

static void client_event(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct control_client *client = context;
    bool waits = client->ticket != 0 || client->waits_for_restart;

    (void)loop;
    (void)watch;
    if (client->answer.size > 0 && revents != 0)
        client_write(client);
    else if (!waits && revents != 0)
        client_read(client);
    else if (waits && client->answer.size == 0 && revents == 0)
        client_refuse(client, CONTROL_INTERNAL,
                      "it takes longer than expected; the outcome will stand in the log");
    else
        client_close(client); /* too slow, or gone while it waited */
}

void control_server_adopt(struct control_server *server, int fd)
{
    struct control_client *client = calloc(1, sizeof(*client));

    if (client != NULL) {
        client->server = server;
        client->fd = fd;
        client->right = control_right_of_socket(&server->access, fd);
        client->uid = uid_of(fd);
        client->watch =
            loop_watch(server->loop, fd, POLLIN, CONTROL_DEADLINE_MS, client_event, client);
    }
    if (client == NULL || client->watch == NULL) {
        log_write(LOG_LEVEL_ERR, "control: out of memory for a client");
        free(client);
        close(fd);
        return;
    }
    client->next = server->clients;
    server->clients = client;
    if (++server->client_count == CONTROL_CLIENTS_MAX && server->listen_watch != NULL)
        loop_arm(server->loop, server->listen_watch, 0, -1); /* the others wait in the queue */
}

/* --- the server ---------------------------------------------------------------------------- */

static void accept_event(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct control_server *server = context;
    int fd;

    if (revents == 0) { /* the pause after a failure is over */
        loop_arm(loop, watch, POLLIN, -1);
        return;
    }
    fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        control_server_adopt(server, fd);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED) {
        /* Out of descriptors: the connection stays in the queue and would wake us at once. */
        log_write(LOG_LEVEL_WARNING, "control: accept: %m");
        loop_arm(loop, watch, 0, 1000);
    }
}

static void reload_event(struct loop *loop, struct loop_watch *watch, short revents, void *context)
{
    struct control_server *server = context;
    const struct control_host *host = server->host;
    struct control_client *client = server->clients, *next;
    uint64_t ended, count;

    (void)loop;
    (void)watch;
    (void)revents;
    while (read(server->reload_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    ended = host->reload_ended(host->context); /* after the bell was taken: none is missed */
    for (; client != NULL; client = next) {
        struct load_result result = { .faults = BUFFER_EMPTY };
        struct buffer body = BUFFER_EMPTY;
        next = client->next;
        if (client->ticket == 0 || client->ticket > ended || client->answer.size > 0)
            continue;
        if (host->last_load(host->context, &result))
            client_answer(client, report_reload(&result, client->json, &body), &body);
        else
            client_refuse(client, CONTROL_INTERNAL, "out of memory");
        load_result_free(&result);
        buffer_free(&body);
    }
}

void control_server_restart_ended(struct control_server *server, bool is_done, const char *text)
{
    struct control_client *client = server->clients, *next;

    for (; client != NULL; client = next) {
        struct buffer body = BUFFER_EMPTY;
        next = client->next;
        if (!client->waits_for_restart || client->answer.size > 0)
            continue;
        client_answer(client, report_restart(is_done, text, client->json, &body), &body);
        buffer_free(&body);
    }
}

void control_server_close(struct control_server *server)
{
    loop_unwatch(server->loop, &server->listen_watch);
}

/* A client may have gone between poll and accept; the loop must not wait for the next. */
static bool set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

struct control_server *control_server_new(struct loop *loop, int listen_fd,
                                          const struct control_access *access,
                                          const struct control_host *host)
{
    struct control_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return NULL;
    server->loop = loop;
    server->listen_fd = listen_fd;
    server->access = *access;
    server->host = host;
    server->reload_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->reload_fd >= 0)
        server->reload_watch =
            loop_watch(loop, server->reload_fd, POLLIN, -1, reload_event, server);
    if (listen_fd >= 0 && set_nonblocking(listen_fd))
        server->listen_watch = loop_watch(loop, listen_fd, POLLIN, -1, accept_event, server);
    if (server->reload_watch == NULL || (listen_fd >= 0 && server->listen_watch == NULL))
        control_server_free(&server);
    return server;
}

void control_server_free(struct control_server **server)
{
    struct control_server *gone = *server;

    if (gone == NULL)
        return;
    while (gone->clients != NULL)
        client_close(gone->clients);
    loop_unwatch(gone->loop, &gone->listen_watch);
    loop_unwatch(gone->loop, &gone->reload_watch);
    if (gone->reload_fd >= 0)
        close(gone->reload_fd);
    free(gone);
    *server = NULL;
}

void control_server_reload_ended(struct control_server *server)
{
    static const uint64_t one = 1;

    while (write(server->reload_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ; /* EAGAIN: the counter is full, the loop is about to wake anyway */
}
