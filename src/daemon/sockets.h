/*
 * sockets: the sockets the daemon listens at, and where they come from: opened by itself, handed
 * over by the service manager, or by the program that was here before a restart in place.
 */
#ifndef EM_DAEMON_SOCKETS_H
#define EM_DAEMON_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "daemon/passed.h"
#include "daemon/plan.h"
#include "milter/listen.h"

struct bound {
    char *spec; /* as configured; of the control socket its path */
    struct listener listener;
    bool is_passed; /* the service manager made it: it is never removed */
    bool is_new;    /* beside those of before; meaningless without any */
    size_t former;  /* of a milter socket that is not new: its index among those of before */
};

struct sockets {
    struct bound *milter;
    size_t count;
    struct bound control; /* listener.fd -1: none */
};

#define SOCKETS_NONE ((struct sockets){ .control = { .listener = { .fd = -1 } } })

/*
 * All that the plan wants. Those in `was` (NULL: none) that are still wanted move from there; what
 * is left in it has no use any more. Faults go into the report; `was` has everything again then,
 * and nothing else stays open.
 */
bool sockets_open(const struct plan *plan, struct passed *passed, struct sockets *was,
                  struct sockets *sockets_r, struct config_report *report);
/* All of it undone: `was` has again what moved from there, the rest is closed and removed. */
void sockets_go_back(struct sockets *sockets, struct sockets *was);
/* The owners and modes that the plan wants, where they are ours to set. */
void sockets_give_access(const struct sockets *sockets, const struct plan *plan);
/* Closes, but the names stay known. */
void sockets_shut(struct sockets *sockets, bool remove);
/* Closes and frees; with `remove` the names in the file system go too. */
void sockets_close(struct sockets *sockets, bool remove);
/* The index of the milter socket configured as `spec`; SIZE_MAX: none. */
size_t sockets_find(const struct sockets *sockets, const char *spec);

#endif
