/*
 * child_private: what the threads of a serving process share. Not for others.
 *
 *   child.c     the order of things: becoming the user, loading, serving, ending
 *   attend.c    the attendant: signals; reloads; the drain
 *   child_dns.c the resolver's thread; child_watch.c the store, and what is looked at by timer
 *   desk.c      the loop: the control socket, the link to the parent, the backlog of the log
 */
#ifndef EM_DAEMON_CHILD_PRIVATE_H
#define EM_DAEMON_CHILD_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "control/server.h"
#include "daemon/child.h"
#include "daemon/reload.h"
#include "io/loop.h"
#include "milter/milter.h"
#include "watch/watch.h"

#ifndef __has_feature
#define __has_feature(name) 0 /* clang's way; gcc defines macros */
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) ||                               \
    __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define CHILD_IS_SANITIZED 1
#else
#define CHILD_IS_SANITIZED 0
#endif

struct child {
    const struct child_setup *setup;
    const struct child_link *link;
    struct reloader *reloader;
    struct site_holder *holder;
    struct world world;
    struct milter *milter;
    struct loop *loop;
    struct control_host host;
    struct control_server *server;
    struct loop_watch *link_watch, *log_watch;
    bool awaits_restart; /* the loop's thread's */
    struct store *store;
    struct redis *redis; /* NULL: no fleet */
    struct loop *fleet_loop;
    struct watch *watch;
    struct watch_ears ears; /* child_ears.c */
    pthread_t attendant, io, kicker, dns, watcher, fleet;
    bool has_attendant, has_io, has_kicker, has_dns, has_watch, has_fleet;
    atomic_bool is_ending;
    atomic_bool is_draining;
    atomic_bool is_retiring; /* it keeps the configuration it has */
};

/* The last of the process: no session and no transaction is open any more. */
_Noreturn void child_end(int code);

/* attend.c */
bool attendant_start(struct child *child);
void attendant_stop(struct child *child);

/* child_dns.c; the resolver goes into child->world before the milter takes a copy */
bool child_dns_start(struct child *child, const struct site *site);
/* A reload may have brought other servers. In the attendant's thread. */
void child_dns_follow(struct child *child);
void child_dns_stop(struct child *child);

/* child_watch.c; what signing asks goes into child->world likewise. False: out of memory or
 * threads.
 */
void child_ears_open(struct child *child);
bool child_watch_start(struct child *child, const struct site *site);
void child_watch_stop(struct child *child);

/* child_fleet.c; once the store is open. False: out of memory or threads, or this build cannot. */
bool child_fleet_start(struct child *child, const struct site *site);
void child_fleet_stop(struct child *child);

/* desk.c */
bool desk_start(struct child *child);
void desk_stop(struct child *child);

#endif
