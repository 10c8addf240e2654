/*
 * wiring: is the mail server set up so that we see what we need? Four mistakes that mail passes by
 * unnoticed, each told as a warning with the line that mends it: a macro that does not come, a
 * listener of the configuration that never appears, transactions without content
 * (smtpd_proxy_filter), and one address that all logins come from (NAT).
 *
 * Learns from what ends anyway; nothing is asked of the MTA. The state is small, bounded and of
 * this process: after a restart things may be told again. Thread safe. Not for other rooms.
 */
#ifndef EM_MILTER_WIRING_H
#define EM_MILTER_WIRING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/job.h"

#define WIRING_LISTENERS 16
#define WIRING_NAME_MAX 64

/* What one connection has shown; zeroed is fresh. */
struct wiring_notes {
    bool asks_macros; /* SMFIF_SETSYMLIST: the MTA sends what we list */
    bool has_mailer;  /* {rcpt_mailer} came for a recipient of this transaction */
    bool has_content; /* this transaction got past its header */
    bool is_login;    /* a user logged in, from outside loopback and the networks */
};

struct wiring_listener {
    char name[WIRING_NAME_MAX];
    size_t name_size;
    unsigned told_macros; /* a bit for each */
    unsigned bare;        /* transactions in a row without content */
    uint64_t bare_envelope;
    bool bare_varies; /* they were not all for the same addresses */
    bool told_bare;
};

/* Zeroed is fresh. */
struct wiring {
    pthread_mutex_t lock; /* zeroed is PTHREAD_MUTEX_INITIALIZER with glibc and musl */
    struct wiring_listener listeners[WIRING_LISTENERS];
    size_t listener_count;
    bool has_more_listeners; /* than are kept */
    /* Names of the configuration: since when, and how much mail of ours has come since. */
    uint64_t generation, names_since_ns;
    unsigned names_mail;
    bool names_are_judged;
    uint64_t told_names[WIRING_LISTENERS];
    size_t told_name_count;
    /* The address that may be everybody's. */
    struct ip client;
    unsigned logins, logins_of_others;
    uint64_t logins_since_ns, told_client_ns;
    bool has_told_client;
};

/* A transaction is over; before its job goes. is_complete: it was answered at end of message. Makes
 * the notes ready for the next one. */
void wiring_transaction(struct wiring *wiring, struct wiring_notes *notes, const struct job *job,
                        bool is_complete);
/* A connection is over. */
void wiring_connection(struct wiring *wiring, const struct wiring_notes *notes,
                       const struct world *world, const struct ip *client);

#endif
