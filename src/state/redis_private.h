/*
 * redis_private: what the files of the Redis client share. Not for other rooms.
 *
 *   redis.c         calls, from any thread; outages told
 *   redis_request.c one call on its way
 *   redis_link.c    the one connection, in the loop's thread: which address, login, probe, use;
 *                   redis_link_in.c what it is told
 *   redis_wire.c    the protocol over a socket: the only file that knows hiredis
 *   redis_place.c   addresses
 *   redis_reason.c  what the server complains about
 *   redis_health.c  whether it is worth asking
 */
#ifndef EM_STATE_REDIS_PRIVATE_H
#define EM_STATE_REDIS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "state/redis.h"

#define REDIS_PASSWORD_BYTES_MAX 4096

/* --- redis_place.c --------------------------------------------------------------------------- */

struct redis_place {
    struct sockaddr_storage address;
    socklen_t size;
    char text[128]; /* as people write it */
};

/* "unix:/path", "ADDRESS:PORT", "[IPV6]:PORT", "localhost:PORT". Asks no resolver: what would need
 * one is false with *error. */
bool redis_place_read(const char *text, struct redis_place *place_r, struct error *error);
/* As a cluster names a node: "ADDRESS:PORT", IPv6 without brackets, ":PORT" on the same host as
 * `from`. */
bool redis_place_moved(struct span text, const struct redis_place *from,
                       struct redis_place *place_r);
/* A socket that does not block, connected or being connected; -1 with errno. */
int redis_place_connect(const struct redis_place *place);

/* --- redis_reason.c -------------------------------------------------------------------------- */

/* Of an error the server sent, without its '-'. */
enum redis_reason redis_reason_of(struct span words);
/* Where "MOVED SLOT ADDRESS:PORT" points; absent: nowhere. */
struct span redis_reason_place(struct span words);
/* Printable, cut to fit. */
void redis_words_copy(char *out, size_t size, struct span words);

/* --- redis_wire.c ---------------------------------------------------------------------------- */

struct redis_wire;
/* The descriptor is the wire's from now on; NULL: out of memory, it stays the caller's. */
struct redis_wire *redis_wire_new(int fd);
void redis_wire_free(struct redis_wire **wire);
/* False: this build has no hiredis. */
bool redis_wire_is_built(void);
/* Puts it behind what is to be sent. */
void redis_wire_add(struct redis_wire *wire, const void *bytes, size_t size);
/* Sends what the socket takes. False: it is broken. */
bool redis_wire_write(struct redis_wire *wire);
bool redis_wire_has_unsent(const struct redis_wire *wire);
/* Takes in what is there, if anything. False: it was closed, or is broken. */
bool redis_wire_read(struct redis_wire *wire);
/* The next answer; *reply_r is filled for ANSWERED and REFUSED (then one word, the complaint). */
enum redis_wire_next {
    REDIS_WIRE_ANSWERED,
    REDIS_WIRE_REFUSED,
    REDIS_WIRE_NONE,
    REDIS_WIRE_GARBAGE
};
enum redis_wire_next redis_wire_next(struct redis_wire *wire, struct redis_reply *reply_r);
/* A command's beginning, and each of its words. */
void redis_words_begin(struct buffer *out, size_t count);
void redis_words_add(struct buffer *out, struct span word);

/* --- redis_health.c -------------------------------------------------------------------------- */

#define REDIS_FAILURES_MAX 3
#define REDIS_PAUSE_LONGEST_NS UINT64_C(10000000000)

struct redis_health {
    unsigned failures; /* in a row */
    uint64_t known_ns; /* when the last one was known */
    bool is_out;
    uint64_t out_ns;   /* since when */
    uint64_t up_ns;    /* since when the connection could be used */
    uint64_t pause_ns; /* the last one */
    uint64_t pause_longest_ns;
};
enum redis_news { REDIS_NEWS_NONE, REDIS_NEWS_OUT, REDIS_NEWS_BACK };

/* A call or an attempt to connect that began at begun_ns has failed. One that began before the last
 * failure was known tells nothing new. */
enum redis_news redis_health_bad(struct redis_health *health, uint64_t begun_ns, uint64_t now_ns);
/* A call was answered in time. */
void redis_health_good(struct redis_health *health);
/* A connection passed its probe. */
enum redis_news redis_health_up(struct redis_health *health, uint64_t now_ns);
/* How long to wait before all addresses are tried again; none where the connection had been good
 * for some time. `random` is any number. */
uint64_t redis_health_pause_ns(struct redis_health *health, uint64_t now_ns, uint32_t random);

/* --- redis_request.c ------------------------------------------------------------------------- */

/* One call, counted: held by the caller, and by the link or the queue. */
struct redis_request {
    atomic_uint holders;
    struct redis_request *next;
    const struct redis_script *script;
    struct buffer words; /* all that follow the script */
    size_t word_count;
    uint64_t begun_ns;
    bool is_whole; /* the script's text goes with it: the server did not know its name */
    /* By the lock of struct redis. */
    bool is_sent, is_done, is_abandoned;
    enum redis_answer answer;
    struct redis_reply reply;
    pthread_cond_t done;
};
void redis_request_unref(struct redis_request *request);

struct redis_requests {
    struct redis_request *first, **end;
    size_t count;
};
void redis_requests_init(struct redis_requests *requests);
void redis_requests_put(struct redis_requests *requests, struct redis_request *request);
struct redis_request *redis_requests_take(struct redis_requests *requests);

/* --- redis_link.c ---------------------------------------------------------------------------- */

enum redis_link_state { LINK_DOWN, LINK_CONNECTING, LINK_LOGIN, LINK_PROBE, LINK_READY };

/* Of the loop's thread alone. */
struct redis_link {
    enum redis_link_state state;
    struct redis_place place;   /* where it is, or tries to be */
    struct redis_place moved;   /* where the cluster sent us; size 0: nowhere */
    unsigned next, tries, hops; /* in the list; left in this round; by MOVED, in this round */
    uint64_t begun_ns;          /* this attempt */
    struct redis_wire *wire;
    int fd; /* while connecting */
    struct loop_watch *watch, *timer;
    struct redis_requests pending; /* sent, oldest first */
    enum redis_reason leaving;     /* nothing more is sent: closed after the last answer */
};

struct redis {
    struct loop *loop;
    const struct clock *clock;
    struct log_sink *log;
    struct redis_place places[REDIS_ADDRESSES_MAX];
    unsigned place_count;
    char *user, *password_file, *meanwhile;
    char prefix[REDIS_NAME_MAX + 16], fleet[REDIS_NAME_MAX + 1], node[REDIS_NAME_MAX + 1];
    uint64_t deadline_ms;
    struct redis_link link;

    pthread_mutex_t lock; /* of all that follows */
    bool is_ready;
    struct redis_health health;
    struct redis_requests queue; /* to be sent */
    struct redis_state state;
};

/* False: out of memory. */
bool redis_link_begin(struct redis *redis);
/* Something is in the queue, or nobody wants the connection any more. */
void redis_link_look(struct redis *redis);
void redis_link_end(struct redis *redis);

/* Between the link's files. It failed: down, and on to the next address. */
void redis_link_fail(struct redis *redis, enum redis_reason reason, struct span words);
/* To the node that a MOVED names. False: it leads nowhere. */
bool redis_link_hop(struct redis *redis);
void redis_link_probe(struct redis *redis);
void redis_link_send(struct redis *redis, struct redis_request *request);
/* False: the connection is no more. */
bool redis_link_take_answers(struct redis *redis);

/* For the link. */
void redis_failed(struct redis *redis, uint64_t begun_ns, enum redis_reason reason,
                  struct span words);
void redis_came_up(struct redis *redis);
/* The request is answered (or not: the connection is gone), and let go. */
void redis_request_end(struct redis *redis, struct redis_request *request, enum redis_answer answer,
                       struct redis_reply *reply);

#endif
