/*
 * exchange: the socket is connected, so that the kernel keeps other senders out and tells of ports
 * where nobody is; what still is no answer to the query is passed over until the deadline.
 */
#include "dns/exchange_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEARD_MAX (DNS_PACKET_MAX + 2)
#define RECORDS_BYTES ((size_t)1 << 20)

static int connect_to(const struct ip *server, unsigned port, int type)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    memcpy(&v4.sin_addr, server->bytes, 4);
    memcpy(&v6.sin6_addr, server->bytes, 16);
    bool is_v4 = server->family == 4;
    int fd = socket(is_v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int done = fd < 0  ? -1
               : is_v4 ? connect(fd, (struct sockaddr *)&v4, sizeof(v4))
                       : connect(fd, (struct sockaddr *)&v6, sizeof(v6));
    if (fd >= 0 && done < 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

static void close_socket(struct dns_exchange *exchange)
{
    if (exchange->fd >= 0) {
        close(exchange->fd);
        exchange->fd = -1;
    }
}

static void fail(struct dns_exchange *exchange)
{
    close_socket(exchange);
    exchange->state = DNS_EXCHANGE_FAILED;
}

bool dns_exchange_begin(struct dns_exchange *exchange, const struct clock *clock, struct span name,
                        enum dns_type type, const struct ip *server, unsigned port,
                        uint64_t deadline_ns)
{
    *exchange = (struct dns_exchange){ .state = DNS_EXCHANGE_UDP,
                                       .events = POLLIN,
                                       .server = *server,
                                       .port = port,
                                       .deadline_ns = deadline_ns,
                                       .type = type };
    clock->random(clock, &exchange->id, sizeof(exchange->id));
    memcpy(exchange->name, name.at, name.size);
    exchange->query_size = dns_packet_query(name, type, exchange->id, exchange->query + 2);
    exchange->query[0] = (unsigned char)(exchange->query_size >> 8);
    exchange->query[1] = (unsigned char)exchange->query_size;
    exchange->fd = connect_to(server, port, SOCK_DGRAM);
    exchange->heard = malloc(HEARD_MAX);
    exchange->arena = arena_new(RECORDS_BYTES);
    if (exchange->fd < 0 || exchange->heard == NULL || exchange->arena == NULL ||
        send(exchange->fd, exchange->query + 2, exchange->query_size, MSG_NOSIGNAL) < 0) {
        dns_exchange_end(exchange);
        return false;
    }
    return true;
}

/* False: it is no answer to this query. */
static bool take(struct dns_exchange *exchange, struct span message)
{
    return dns_packet_read(message, span_of(exchange->name), exchange->type, exchange->id,
                           exchange->arena, &exchange->packet);
}

static void begin_tcp(struct dns_exchange *exchange)
{
    close_socket(exchange);
    arena_free(&exchange->arena);
    exchange->arena = arena_new(RECORDS_BYTES);
    exchange->fd = connect_to(&exchange->server, exchange->port, SOCK_STREAM);
    exchange->state = DNS_EXCHANGE_TCP_SENDS;
    exchange->events = POLLOUT;
    if (exchange->fd < 0 || exchange->arena == NULL) {
        fail(exchange);
    }
}

static void hear_udp(struct dns_exchange *exchange)
{
    ssize_t got = recv(exchange->fd, exchange->heard, HEARD_MAX, 0);
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
        fail(exchange);
    } else if (got >= 0 && take(exchange, (struct span){ exchange->heard, (size_t)got })) {
        if (exchange->packet.is_truncated) {
            begin_tcp(exchange);
        } else {
            exchange->state = DNS_EXCHANGE_ANSWERED;
        }
    }
}

static void send_tcp(struct dns_exchange *exchange)
{
    size_t size = exchange->query_size + 2;
    ssize_t sent =
        send(exchange->fd, exchange->query + exchange->sent, size - exchange->sent, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            fail(exchange);
        }
        return;
    }
    exchange->sent += (size_t)sent;
    if (exchange->sent == size) {
        exchange->state = DNS_EXCHANGE_TCP_HEARS;
        exchange->events = POLLIN;
    }
}

static size_t message_size(const struct dns_exchange *exchange)
{
    return (size_t)(unsigned char)exchange->heard[0] << 8 | (unsigned char)exchange->heard[1];
}

static void hear_tcp(struct dns_exchange *exchange)
{
    ssize_t got = recv(exchange->fd, exchange->heard + exchange->heard_size,
                       HEARD_MAX - exchange->heard_size, 0);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            fail(exchange);
        }
        return;
    }
    exchange->heard_size += (size_t)got;
    if (exchange->heard_size < 2 || exchange->heard_size < message_size(exchange) + 2) {
        return;
    }
    if (take(exchange, (struct span){ exchange->heard + 2, message_size(exchange) }) &&
        !exchange->packet.is_truncated) {
        exchange->state = DNS_EXCHANGE_ANSWERED;
    } else {
        fail(exchange);
    }
}

void dns_exchange_step(struct dns_exchange *exchange, uint64_t now_ns)
{
    struct pollfd ready = { .fd = exchange->fd, .events = exchange->events };
    if (!dns_exchange_is_under_way(exchange)) {
        return;
    }
    if (poll(&ready, 1, 0) > 0) {
        if (exchange->state == DNS_EXCHANGE_UDP) {
            hear_udp(exchange);
        } else if (exchange->state == DNS_EXCHANGE_TCP_SENDS) {
            send_tcp(exchange);
        } else {
            hear_tcp(exchange);
        }
    }
    if (dns_exchange_is_under_way(exchange) && now_ns >= exchange->deadline_ns) {
        fail(exchange);
    }
}

bool dns_exchange_is_under_way(const struct dns_exchange *exchange)
{
    return exchange->state >= DNS_EXCHANGE_UDP && exchange->state <= DNS_EXCHANGE_TCP_HEARS;
}

void dns_exchange_end(struct dns_exchange *exchange)
{
    if (exchange->state != DNS_EXCHANGE_NONE) {
        close_socket(exchange);
        arena_free(&exchange->arena);
        free(exchange->heard);
    }
    *exchange = (struct dns_exchange){ .state = DNS_EXCHANGE_NONE, .fd = -1 };
}
