/*
 * redis: scripts that run in a Redis or Valkey server, for threads that must not wait long for it.
 *
 * One connection, kept in the loop's thread; calls from any other thread share it. A call waits for
 * its answer until its deadline and no longer. While there is no connection, or the server has been
 * failing, a call comes back at once: nothing is ever put aside to be sent later.
 *
 * The life of a connection: the addresses are tried in turn; a fresh connection logs in and writes
 * one key by a script, as calls will; only when that was answered is it used. So a server that is
 * loading, full, read only, without a cluster, or refuses the user is found out before any message
 * waits for it, and the next address is tried. Where a cluster says that our keys have moved, the
 * node it names is tried next. After three failures in a row, each of which began after the one
 * before was known, nobody asks any more: probes go on with growing pauses of random length, and
 * the first that succeeds ends it. One log line tells the beginning, one the end.
 *
 * A build without hiredis has all of this, and redis_new() fails.
 */
#ifndef EM_STATE_REDIS_H
#define EM_STATE_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"
#include "log/log.h"
#include "state/redis_settings.h"
#include "util/buffer.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/span.h"

struct redis;

/*
 * Connects as soon as the loop runs. The loop is ours alone (its wake callback too); it, the clock
 * and the log outlive the object; the settings are copied. NULL with *error: out of memory, or this
 * build has no hiredis. `meanwhile` ends the line of an outage: what happens until it is over.
 */
struct redis *redis_new(const struct redis_settings *settings, struct loop *loop,
                        const struct clock *clock, struct log_sink *log, const char *meanwhile,
                        struct error *error);
/* After the loop's thread has ended and when nobody calls any more. */
void redis_free(struct redis **redis);

/* A script, and its name with the server. */
struct redis_script {
    const char *text; /* outlives all calls */
    char sha1[41];
};
/* False: there is no SHA-1 in this process. */
bool redis_script_init(struct redis_script *script, const char *text);

/* Why there was no good answer. */
enum redis_reason {
    REDIS_FINE,
    REDIS_CONNECTING,     /* no connection yet */
    REDIS_CONNECT_FAILED, /* refused, no route, timed out */
    REDIS_CLOSED,         /* by the server, or broken */
    REDIS_SLOW,           /* no answer in time */
    REDIS_GARBAGE,        /* no answer that we understand */
    REDIS_PASSWORD_FILE,  /* cannot be read */
    REDIS_WRONGPASS,
    REDIS_NOAUTH,
    REDIS_NOPERM, /* the user may not do what we need */
    REDIS_LOADING,
    REDIS_BUSY_SCRIPT, /* somebody's script runs too long */
    REDIS_OOM,
    REDIS_READONLY,
    REDIS_MISCONF,    /* it refuses writes since it cannot save, or has too few replicas */
    REDIS_MASTERDOWN, /* a replica without its master */
    REDIS_CLUSTERDOWN,
    REDIS_MOVED,
    REDIS_ASK,      /* our slot is being moved */
    REDIS_ERROR,    /* anything else it complains about */
    REDIS_TOO_MANY, /* calls at once */
    REDIS_NO_MEMORY,
    REDIS_REASON_COUNT
};
/* In words: "it refuses the password". */
const char *redis_reason_text(enum redis_reason reason);

enum redis_answer {
    REDIS_ANSWERED,
    REDIS_AWAY,    /* it was not asked; nothing was done */
    REDIS_REFUSED, /* it refused; nothing was done */
    REDIS_LATE     /* asked, but no answer: it may have been done, or be done later */
};

/* What a script returned: a text, a number, or a flat list of these; numbers as decimal text, nil
 * as an absent span. */
struct redis_reply {
    struct span *words;
    size_t count;
    enum redis_reason reason; /* why not ANSWERED */
    void *memory;
};
void redis_reply_free(struct redis_reply *reply);

#define REDIS_WORDS_MAX 256 /* keys and arguments of a call */

struct redis_call {
    const struct redis_script *script;
    const struct span *keys; /* all with redis_key()'s beginning */
    size_t key_count;
    const struct span *arguments;
    size_t argument_count;
    uint64_t deadline_ms; /* from now; 0: the setting's */
};
/* Waits; not in the loop's thread. *reply_r is to be freed, whatever the answer. */
enum redis_answer redis_call(struct redis *redis, const struct redis_call *call,
                             struct redis_reply *reply_r);

/* "{egress:FLEET}": all keys begin with it, so they lie in one slot of a cluster. */
const char *redis_key_prefix(const struct redis *redis);
const char *redis_fleet(const struct redis *redis); /* the settings' */
const char *redis_node(const struct redis *redis);
uint64_t redis_deadline_ms(const struct redis *redis);
/* Can it be called? A look, which may be wrong a moment later. */
bool redis_is_up(struct redis *redis);

/* How things are, for whoever looks. */
struct redis_state {
    bool is_up;
    bool is_out;                                   /* an outage was told and has not ended, */
    int64_t out_since_s;                           /* since then; wall time */
    enum redis_reason reason;                      /* why it is not up */
    char address[160];                             /* where it is connected, or was last tried */
    char words[160];                               /* what the server, or the system, said */
    uint64_t calls, answered, away, refused, late; /* so far */
    uint64_t connects, outages;
};
void redis_look(struct redis *redis, struct redis_state *state_r);

#endif
