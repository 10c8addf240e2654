/*
 * dns_server: one thread, one query after the other.
 */
#include "tests/support/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUERY_MAX = 1500, ANSWER_MAX = 65535, HELD_MAX = 256, NAMES_MAX = 4096, BIG = 60000 };

struct held {
    unsigned char query[QUERY_MAX];
    size_t size;
    struct sockaddr_in from;
};

struct dns_server {
    int udp, tcp, wake;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    enum dns_server_mood mood;
    bool is_ending;
    char names[NAMES_MAX][64]; /* first labels, in the order of asking */
    size_t name_count;
    struct held held[HELD_MAX]; /* the thread's */
    size_t held_count;
    unsigned char out[ANSWER_MAX + 2];
};

/* --- answers --------------------------------------------------------------------------------- */

struct packet {
    unsigned char *at;
    size_t size;
    size_t question_end;
};

static void add(struct packet *packet, const void *bytes, size_t size)
{
    memcpy(packet->at + packet->size, bytes, size);
    packet->size += size;
}

static void add16(struct packet *packet, unsigned number)
{
    unsigned char bytes[2] = { (unsigned char)(number >> 8), (unsigned char)number };
    add(packet, bytes, 2);
}

/* A record about the name asked for, or about what follows its first label. */
static void add_head(struct packet *packet, unsigned at, unsigned type, unsigned ttl, size_t size)
{
    add16(packet, 0xc000 | at);
    add16(packet, type);
    add16(packet, 1);
    add16(packet, ttl >> 16);
    add16(packet, ttl & 0xffff);
    add16(packet, (unsigned)size);
}

/* "label", and the rest of the name that was asked for. */
static void add_beside(struct packet *packet, const char *label, unsigned rest)
{
    unsigned char size = (unsigned char)strlen(label);
    add(packet, &size, 1);
    add(packet, label, size);
    add16(packet, 0xc000 | rest);
}

static void add_soa(struct packet *packet, unsigned rest, unsigned ttl, unsigned minimum)
{
    add_head(packet, rest, 6, ttl, 22 + 2);
    add16(packet, 0xc000 | rest);
    add16(packet, 0xc000 | rest);
    for (int i = 0; i < 4; i++) {
        add16(packet, 0);
        add16(packet, 3600);
    }
    add16(packet, minimum >> 16);
    add16(packet, minimum & 0xffff);
}

static void set_counts(struct packet *packet, unsigned rcode, unsigned answers, unsigned authority)
{
    packet->at[2] = 0x85; /* an answer, authoritative, recursion wanted */
    packet->at[3] = (unsigned char)(0x80 | rcode);
    packet->at[5] = 1;
    packet->at[6] = 0;
    packet->at[7] = (unsigned char)answers;
    packet->at[8] = 0;
    packet->at[9] = (unsigned char)authority;
    packet->at[10] = packet->at[11] = 0;
}

static void answer_a(struct packet *packet, unsigned type, unsigned rest)
{
    if (type == 1) {
        add_head(packet, 12, 1, 300, 4);
        add(packet, "\xc0\x00\x02\x01", 4);
    } else if (type == 16) {
        add_head(packet, 12, 16, 300, 8);
        add(packet, "\3one\3two", 8);
    } else if (type == 15) {
        for (unsigned i = 1; i <= 2; i++) {
            add_head(packet, 12, 15, 300, 2 + 6);
            add16(packet, 10 * i);
            add_beside(packet, i == 1 ? "MX1" : "mx2", rest);
        }
    } else if (type == 2) {
        add_head(packet, 12, 2, 300, 5);
        add_beside(packet, "ns", rest);
    } else {
        add_soa(packet, rest, 300, 88);
    }
    bool is_soa = type != 1 && type != 16 && type != 15 && type != 2;
    set_counts(packet, 0, is_soa ? 0 : type == 15 ? 2 : 1, is_soa);
}

static void answer_alias(struct packet *packet, const char *to, unsigned rest)
{
    add_head(packet, 12, 5, 60, strlen(to) + 3);
    add_beside(packet, to, rest);
    set_counts(packet, 0, 1, 0);
}

static void answer_big(struct packet *packet, bool is_tcp)
{
    size_t strings = BIG / 250;
    set_counts(packet, 0, is_tcp, 0);
    if (!is_tcp) {
        packet->at[2] |= 2; /* truncated */
        return;
    }
    add_head(packet, 12, 16, 300, strings * 251);
    for (size_t i = 0; i < strings; i++) {
        packet->at[packet->size++] = 250;
        memset(packet->at + packet->size, 'x', 250);
        packet->size += 250;
    }
}

static void answer_junk(struct packet *packet, unsigned type)
{
    add_head(packet, 12, type, 300, 3);
    add(packet, "\x07zz", 3);
    set_counts(packet, 0, 1, 0);
}

/* The answer to a query; its size, 0: there is none. */
static size_t answer(enum dns_server_mood mood, const unsigned char *query, size_t size,
                     bool is_tcp, unsigned char *out)
{
    char label[64] = "";
    size_t end = 12;
    while (end < size && query[end] != 0) {
        end += (size_t)query[end] + 1;
    }
    if (size < 17 || end + 5 > size) {
        return 0;
    }
    unsigned rest = 12 + (query[12] != 0 ? query[12] + 1u : 0);
    memcpy(label, query + 13, query[12]);
    for (char *c = label; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    }
    unsigned type = (unsigned)query[end + 1] << 8 | query[end + 2];
    struct packet packet = { out, 0, end + 5 };
    add(&packet, query, end + 5);
    set_counts(&packet, 0, 0, 0);
    if (mood == DNS_SERVER_SERVFAILS || strcmp(label, "servfail") == 0) {
        set_counts(&packet, 2, 0, 0);
    } else if (strcmp(label, "silent") == 0) {
        return 0;
    } else if (strcmp(label, "refused") == 0) {
        set_counts(&packet, 5, 0, 0);
    } else if (strcmp(label, "garbage") == 0) {
        memset(out, 0xff, 40);
        return 40;
    } else if (strcmp(label, "wrongid") == 0) {
        answer_a(&packet, type, rest);
        out[0] ^= 0x55;
    } else if (strcmp(label, "zone") == 0 && type == 2) {
        answer_a(&packet, type, 12);
    } else if (strcmp(label, "ns") == 0 && type == 1) {
        add_head(&packet, 12, 1, 300, 4);
        add(&packet, "\x7f\0\0\1", 4);
        set_counts(&packet, 0, 1, 0);
    } else if (strcmp(label, "lame") == 0) {
        answer_a(&packet, type, rest);
        out[2] &= (unsigned char)~4;
    } else if (strcmp(label, "a") == 0 || strcmp(label, "zone") == 0) {
        answer_a(&packet, type, rest);
    } else if (strcmp(label, "alias") == 0) {
        answer_alias(&packet, "a", rest);
    } else if (strcmp(label, "loop1") == 0 || strcmp(label, "loop2") == 0) {
        answer_alias(&packet, label[4] == '1' ? "loop2" : "loop1", rest);
    } else if (strcmp(label, "outside") == 0) {
        static const char target[] = "\1a\11elsewhere\4test"; /* with the NUL of the root */
        add_head(&packet, 12, 5, 60, sizeof(target));
        add(&packet, target, sizeof(target));
        set_counts(&packet, 0, 1, 0);
    } else if (strcmp(label, "nodata") == 0 || strcmp(label, "short") == 0) {
        add_soa(&packet, rest, label[0] == 's' ? 7 : 3600, 88);
        set_counts(&packet, 0, 0, 1);
    } else if (strcmp(label, "big") == 0) {
        answer_big(&packet, is_tcp);
    } else if (strcmp(label, "junk") == 0) {
        answer_junk(&packet, type);
    } else {
        add_soa(&packet, rest, 3600, 77);
        set_counts(&packet, 3, 0, 1);
    }
    return packet.size;
}

/* --- the thread ------------------------------------------------------------------------------ */

static enum dns_server_mood note(struct dns_server *server, const unsigned char *query, size_t size)
{
    pthread_mutex_lock(&server->lock);
    enum dns_server_mood mood = server->mood;
    if (query[12] < 64 && (size_t)13 + query[12] < size) {
        char *name = server->names[server->name_count % NAMES_MAX];
        memcpy(name, query + 13, query[12]);
        name[query[12]] = '\0';
        server->name_count++;
    }
    pthread_mutex_unlock(&server->lock);
    return mood;
}

static void answer_udp(struct dns_server *server, enum dns_server_mood mood,
                       const struct held *query)
{
    unsigned char *out = server->out;
    size_t size = answer(mood, query->query, query->size, false, out);
    if (size > 0) {
        sendto(server->udp, out, size, 0, (const struct sockaddr *)&query->from,
               sizeof(query->from));
    }
}

static void serve_udp(struct dns_server *server)
{
    struct held query;
    socklen_t from_size = sizeof(query.from);
    ssize_t got = recvfrom(server->udp, query.query, sizeof(query.query), MSG_DONTWAIT,
                           (struct sockaddr *)&query.from, &from_size);
    if (got < 13) {
        return;
    }
    query.size = (size_t)got;
    enum dns_server_mood mood = note(server, query.query, query.size);
    if (mood == DNS_SERVER_HOLDS && server->held_count < HELD_MAX) {
        server->held[server->held_count++] = query;
    } else if (mood != DNS_SERVER_SILENT && mood != DNS_SERVER_HOLDS) {
        answer_udp(server, mood, &query);
    }
}

static bool read_all(int fd, unsigned char *to, size_t size)
{
    while (size > 0) {
        struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
        ssize_t got = poll(&poll_fd, 1, 2000) > 0 ? read(fd, to, size) : -1;
        if (got <= 0) {
            return false;
        }
        to += got;
        size -= (size_t)got;
    }
    return true;
}

static void serve_tcp(struct dns_server *server)
{
    unsigned char query[QUERY_MAX], size[2], *out = server->out;
    int fd = accept(server->tcp, NULL, NULL);
    if (fd >= 0 && read_all(fd, size, 2)) {
        size_t query_size = (size_t)size[0] << 8 | size[1];
        if (query_size <= sizeof(query) && read_all(fd, query, query_size)) {
            enum dns_server_mood mood = note(server, query, query_size);
            size_t got =
                mood == DNS_SERVER_SILENT ? 0 : answer(mood, query, query_size, true, out + 2);
            out[0] = (unsigned char)(got >> 8);
            out[1] = (unsigned char)got;
            for (size_t at = 0; got > 0 && at < got + 2;) {
                ssize_t sent = send(fd, out + at, got + 2 - at, MSG_NOSIGNAL);
                if (sent <= 0) {
                    break;
                }
                at += (size_t)sent;
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void release(struct dns_server *server)
{
    pthread_mutex_lock(&server->lock);
    enum dns_server_mood mood = server->mood;
    pthread_mutex_unlock(&server->lock);
    if (mood == DNS_SERVER_HOLDS) {
        return;
    }
    for (size_t i = 0; i < server->held_count; i++) {
        if (mood != DNS_SERVER_SILENT) {
            answer_udp(server, mood, &server->held[i]);
        }
    }
    server->held_count = 0;
}

static void *serve(void *context)
{
    struct dns_server *server = context;
    for (;;) {
        uint64_t count;
        struct pollfd fds[] = { { .fd = server->udp, .events = POLLIN },
                                { .fd = server->tcp, .events = POLLIN },
                                { .fd = server->wake, .events = POLLIN } };
        poll(fds, 3, -1);
        if (fds[2].revents != 0 && read(server->wake, &count, sizeof(count)) > 0) {
            pthread_mutex_lock(&server->lock);
            bool is_ending = server->is_ending;
            pthread_mutex_unlock(&server->lock);
            if (is_ending) {
                return NULL;
            }
            release(server);
        }
        if (fds[0].revents != 0) {
            serve_udp(server);
        }
        if (fds[1].revents != 0) {
            serve_tcp(server);
        }
    }
}

/* --- for tests ------------------------------------------------------------------------------- */

static int open_socket(int type, unsigned port)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
                    (type == SOCK_STREAM && listen(fd, 16) < 0))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* A port that is free for both; others may take it between the two. */
static void open_both(struct dns_server *server)
{
    struct sockaddr_in here;
    socklen_t size = sizeof(here);
    for (int i = 0; i < 100; i++) {
        server->udp = open_socket(SOCK_DGRAM, 0);
        getsockname(server->udp, (struct sockaddr *)&here, &size);
        server->port = ntohs(here.sin_port);
        server->tcp = open_socket(SOCK_STREAM, server->port);
        if (server->udp >= 0 && server->tcp >= 0) {
            return;
        }
        close(server->udp);
    }
    perror("dns_server");
    abort();
}

struct dns_server *dns_server_start(void)
{
    struct dns_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        abort();
    }
    open_both(server);
    server->wake = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&server->lock, NULL);
    if (server->wake < 0 || pthread_create(&server->thread, NULL, serve, server) != 0) {
        abort();
    }
    return server;
}

static void wake(struct dns_server *server)
{
    uint64_t one = 1;
    if (write(server->wake, &one, sizeof(one)) < 0) {
        abort();
    }
}

void dns_server_stop(struct dns_server **server)
{
    pthread_mutex_lock(&(*server)->lock);
    (*server)->is_ending = true;
    pthread_mutex_unlock(&(*server)->lock);
    wake(*server);
    pthread_join((*server)->thread, NULL);
    close((*server)->udp);
    close((*server)->tcp);
    close((*server)->wake);
    free(*server);
    *server = NULL;
}

unsigned dns_server_port(const struct dns_server *server)
{
    return server->port;
}

void dns_server_set(struct dns_server *server, enum dns_server_mood mood)
{
    pthread_mutex_lock(&server->lock);
    server->mood = mood;
    pthread_mutex_unlock(&server->lock);
    wake(server);
}

unsigned dns_server_asked(struct dns_server *server, const char *label)
{
    unsigned count = 0;
    pthread_mutex_lock(&server->lock);
    size_t known = server->name_count < NAMES_MAX ? server->name_count : NAMES_MAX;
    for (size_t i = 0; i < known; i++) {
        count += strcasecmp(server->names[i], label) == 0;
    }
    pthread_mutex_unlock(&server->lock);
    return count;
}
