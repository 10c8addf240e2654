/*
 * milter: the room between an MTA and the pipeline. handlers.c has one function per event and
 * answers; apply.c carries a verdict out; libmilter.c is the only file that knows the library.
 */
#ifndef EM_MILTER_MILTER_H
#define EM_MILTER_MILTER_H

#include <stdbool.h>

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

struct milter; /* one per process: what all sessions share */

/* Nothing is copied: holder and world outlive it. */
struct milter *milter_new(struct site_holder *holder, const struct world *world);
void milter_free(struct milter **milter);

/*
 * Serves on an already bound and listening socket `fd` whose settings were "unix:..." or "inet:..."
 * in `spec` (libmilter wants the family), until the process ends. False with *error when libmilter
 * refuses to start.
 */
bool milter_serve(struct milter *milter, int fd, const char *spec, struct error *error);
/*
 * From any thread: take no new connections and wait until no transaction is open, at most
 * `grace_ms`. The caller then ends the process: libmilter's own way to stop takes up to five
 * seconds, in which a restart would keep mail waiting.
 */
void milter_drain(struct milter *milter, int grace_ms);

#endif
