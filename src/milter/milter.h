/*
 * milter: the room between an MTA and the pipeline. handlers.c has one function per event and
 * answers; apply.c carries a verdict out; libmilter.c is the only file that knows the library.
 */
#ifndef EM_MILTER_MILTER_H
#define EM_MILTER_MILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "config/row.h"
#include "policy/job.h"
#include "site/site.h"
#include "util/error.h"

/* The sockets, as configured. */
struct socket_settings {
    struct config_texts socket; /* "unix:/path", "inet:port@host", "inet6:port@host" */
    const char *mode;           /* of a unix socket, octal: "0660" */
    const char *group;          /* of a unix socket; NULL: the user's */
    bool open;                  /* an inet socket beyond loopback is intended */
};
extern const struct config_table
    milter_socket_table; /* top level: socket, socket_mode, socket_group, socket_open */

/* How many descriptors a serving process may need: those of all sessions that are served, some
 * more for sessions that are refused but stay, the kicker's, and what the process has otherwise. */
size_t milter_descriptors_needed(const struct ceiling_settings *ceilings);

struct milter; /* one per process: what all sessions share */

/*
 * NULL: out of memory or descriptors. `holder` outlives it; of `world` a copy is taken, to which
 * the room adds what it provides itself (see struct world).
 */
struct milter *milter_new(struct site_holder *holder, const struct world *world);
/* Only when milter_serve() was never called, or all sessions have ended. */
void milter_free(struct milter **milter);

/*
 * Serves on an already bound and listening socket `fd`, configured as `spec` (for messages), until
 * the process ends; takes the descriptor. False with *error when libmilter refuses to start.
 *
 * Nothing is accepted from `fd` before milter_kicker_run() has filled its fan, so that one must run
 * in a thread of its own, begun before or after. Until then connections wait in the kernel's queue.
 */
bool milter_serve(struct milter *milter, int fd, const char *spec, struct error *error);
/* `serving` is called once, from the kicker's thread, when libmilter answers and takes connections
 * from the real socket: the process is ready. To be set before milter_kicker_run(). */
void milter_on_serving(struct milter *milter, void (*serving)(void *context), void *context);

/*
 * The kicker: a few milter connections of our own, over which libmilter is made to start threads
 * while sessions wait (milter/kicker.h). Runs until milter_kicker_stop(), which may be called from
 * any thread, also before.
 */
void milter_kicker_run(struct milter *milter);
void milter_kicker_stop(struct milter *milter);
/* When libmilter last answered on one of the kicker's connections (CLOCK_MONOTONIC, nanoseconds);
 * 0: not yet. While all is well this is never longer ago than KICKER_PULSE_MS. */
uint64_t milter_last_alive_ns(struct milter *milter);
enum { KICKER_PULSE_MS = 2000 };

/*
 * From any thread: take no new connections, refuse MAIL with 451, and wait until no transaction is
 * open, at most `grace_ms`. The caller then ends the process: libmilter's own way to stop takes up
 * to five seconds, in which a restart would keep mail waiting.
 */
void milter_drain(struct milter *milter, int grace_ms);
/*
 * From any thread: leave new connections to a successor on the same socket; sessions that are open
 * go on as if nothing had happened, with new transactions too. Returns when none is open any more,
 * after `grace_ms`, or when milter_drain() was called meanwhile.
 */
void milter_retire(struct milter *milter, int grace_ms);

#endif
