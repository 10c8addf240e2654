/*
 * connection: what is kept per SMTP connection: the session's facts and the message under way. Not
 * for other rooms.
 *
 * The answers are ours; libmilter.c translates them. Events may come in any order: an event that
 * makes no sense where it stands is answered with CONTINUE and changes nothing.
 */
#ifndef EM_MILTER_CONNECTION_H
#define EM_MILTER_CONNECTION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "milter/doors.h"
#include "milter/kicker.h"
#include "milter/milter.h"
#include "milter/mta.h"
#include "milter/wiring.h"
#include "policy/job.h"
#include "policy/verdict.h"
#include "util/waiting.h"

struct sockaddr;

enum answer { ANSWER_CONTINUE, ANSWER_SKIP, ANSWER_TEMPFAIL, ANSWER_REJECT };

struct connection {
    struct milter *milter;
    struct session session; /* texts on the heap, ours */
    struct job *job;        /* NULL between messages */
    bool is_in_header;      /* fields have come, their end has not */
    bool is_counted;        /* among the open connections */
    struct wiring_notes notes;
    bool is_admitted;     /* found a place under the ceiling of connections, and keeps it */
    bool sees_refused;    /* recipients that the MTA refuses come too */
    unsigned long silent; /* libmilter.c: events the MTA was told not to wait for (SMFIP_NR_*) */
};

/* overload.c: what was refused since the last line about it. */
struct overload {
    _Atomic uint64_t told_ns; /* 0: never */
    atomic_uint refused;
};

struct milter {
    struct site_holder *holder;
    const struct world *world;
    const struct mta *mta;
    struct world own_world; /* what `world` points to in a milter made by milter_new() */
    struct waiting waits;
    sem_t sign_gate;
    struct login_census *census;
    struct forecast_memory *forecasts;
    struct reply_memory *replies;
    struct arena_account memory; /* of all messages */
    struct overload overload;
    struct overload useless; /* sessions of an MTA that lets us change nothing */
    struct kicker kicker;
    struct connection *own;   /* stands for all connections of the kicker; never in a transaction */
    atomic_bool is_draining;  /* no transaction may begin */
    atomic_bool is_awaited;   /* somebody sleeps on `changed` */
    atomic_int open_messages; /* of this process: what a drain waits for */
    atomic_int open_sessions; /* of this process, negotiated: what a retirement waits for */
    pthread_mutex_t lock;     /* of doors and changed */
    pthread_cond_t changed;   /* doors, or what is open */
    struct doors doors;
    struct wiring wiring; /* what the mail server's setup lacks */
};

/* serve.c: a session is about to begin. Afterwards it is ours or an MTA's, or it gets no answer. */
void milter_guard(struct milter *milter);
/* serve.c: something that was open is open no more. */
void milter_note_end(struct milter *milter);

/* overload.c: gives a place under the ceiling of connections, if one is free. */
void overload_admit(struct connection *connection, const struct site *site);
/* NULL, or why no message may begin here now. */
const char *overload_reason(struct connection *connection, const struct site *site);
/* Counts one more; 0: nothing to say yet, else how many there were since the last time, which was a
 * minute ago or never. */
unsigned overload_tally(struct overload *overload, const struct clock *clock);
/* Counts a refusal; a line at once, then one a minute with the number. */
void overload_note(struct milter *milter, const char *reason);

/* libmilter.c, for serve.c and doors.c. */
extern const struct mta mta_libmilter;
bool library_register(struct milter *milter);
/* "fd:N", "inet:port@address", ...: binds or takes it, and listens. */
bool library_listen(const char *where);
/* Until the process is told to stop. */
bool library_run(void);

/* NULL when memory is out. keeps_space: SMFIP_HDR_LEADSPC was negotiated. */
struct connection *connection_new(struct milter *milter, bool keeps_space);
/* Ends a message under way as aborted; clears the pointer; NULL is fine. */
void connection_free(struct connection **connection);

enum answer on_connect(struct connection *connection, const char *host,
                       const struct sockaddr *address);
enum answer on_helo(struct connection *connection, const char *name);
/* argv as libmilter gives it: the path, parameters, NULL. */
enum answer on_mail(struct connection *connection, void *handle, char **argv);
enum answer on_recipient(struct connection *connection, void *handle, char **argv);
enum answer on_header(struct connection *connection, void *handle, const char *name,
                      const char *value);
enum answer on_headers_end(struct connection *connection, void *handle);
enum answer on_body(struct connection *connection, const void *bytes, size_t size);
enum answer on_message_end(struct connection *connection, void *handle);
enum answer on_abort(struct connection *connection);

/* apply.c: carries the verdict out; false when the MTA refused an edit (then nothing but a deferral
 * is safe). */
bool apply_edits(const struct mta *mta, void *handle, struct job *job, bool keeps_space);

#endif
