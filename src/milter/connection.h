/*
 * connection: what is kept per SMTP connection: the session's facts and the message under way. Not
 * for other rooms.
 *
 * The answers are ours; libmilter.c translates them. Events may come in any order: an event that
 * makes no sense where it stands is answered with CONTINUE and changes nothing.
 */
#ifndef EM_MILTER_CONNECTION_H
#define EM_MILTER_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "milter/milter.h"
#include "milter/mta.h"
#include "policy/job.h"
#include "policy/verdict.h"

struct sockaddr;

enum answer { ANSWER_CONTINUE, ANSWER_SKIP, ANSWER_TEMPFAIL, ANSWER_REJECT };

struct connection {
    struct milter *milter;
    struct session session; /* texts on the heap, ours */
    struct job *job;        /* NULL between messages */
    bool is_in_header;      /* fields have come, their end has not */
    bool is_counted;        /* among the open connections */
    unsigned long silent;   /* libmilter.c: events the MTA was told not to wait for (SMFIP_NR_*) */
};

struct milter {
    struct site_holder *holder;
    const struct world *world;
    const struct mta *mta;
    atomic_bool is_draining;
    atomic_int open_messages; /* of this process: what a drain waits for */
    atomic_int listen_fd;     /* -1: not serving yet */
};

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
