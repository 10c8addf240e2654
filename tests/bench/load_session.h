/*
 * One connection to the filter, speaking the MTA's side without ever blocking.
 *
 * Life: open (negotiation, CONNECT and HELO follow by themselves) -> READY -> start a message ->
 * DONE -> ... -> quit. Events go out as Postfix writes them: what needs no answer waits in the
 * buffer for the next event that does, ABORT after a message travels with the next MAIL or QUIT,
 * the rest of the body with the end of message. Failure: a lost connection, a malformed or an
 * impossible answer end the session (SESSION_LOST, `why`).
 */
#ifndef TESTS_BENCH_LOAD_SESSION_H
#define TESTS_BENCH_LOAD_SESSION_H

#include "load_message.h"
#include "mta_macros.h"
#include "mta_socket.h"

/* What all sessions of a run share. */
struct load_plan {
    struct mta_socket target;
    enum mta_kind kind;
    const char *login;  /* NULL: the one every session has */
    unsigned logins;    /* so many take turns, u0.LOGIN, u1.LOGIN, ...; 0: LOGIN itself */
    const char *sender; /* bare address; "" is the null sender */
    const char *recipient;
    unsigned recipients; /* how often; from the second on with a number in the local part */
    const char *body;
    size_t body_size;
};

/* How a message ended: what the MTA would tell its client. */
enum load_outcome {
    LOAD_ACCEPTED,
    LOAD_DISCARDED,
    LOAD_REJECTED, /* 5xx */
    LOAD_DEFERRED, /* 4xx */
    LOAD_LOST,     /* the connection went away in the middle */
    LOAD_OUTCOMES
};

enum session_status {
    SESSION_WAITING, /* for the socket */
    SESSION_READY,   /* a message may be started */
    SESSION_DONE,    /* the result of a message is in `result`; otherwise as READY */
    SESSION_REFUSED, /* the filter refused the connection, or accepts it unseen */
    SESSION_LOST
};

struct load_result {
    enum load_outcome outcome;
    bool has_eom; /* the end of message was sent, eom_ns counts */
    bool is_quarantined;
    unsigned signatures; /* DKIM-Signature fields added */
    unsigned edits;      /* all changes asked for */
    uint64_t eom_ns;     /* end of message written to final answer */
    uint64_t message_ns; /* MAIL to final answer */
};

struct load_session {
    int fd; /* -1: closed */
    const struct load_plan *plan;
    struct mta_macros macros;
    struct wire_offer offer;
    struct wire_buffer offer_bytes; /* the offer's lists point here */
    struct wire_buffer out;
    size_t out_sent;
    const char *bulk; /* a piece of the body that follows `out` */
    size_t bulk_length;
    struct wire_buffer in;
    size_t in_used;
    bool is_drained;         /* the socket had nothing more to read */
    enum wire_command event; /* the one being sent or waited for */
    bool is_waiting;         /* for its answer */
    unsigned position;       /* recipient or header field */
    unsigned accepted_recipients;
    size_t body_offset;
    unsigned long number; /* of the attempt, distinct over all sessions: the queue id */
    unsigned long letter; /* of what is sent, the same if it is sent again: Message-ID, login */
    unsigned messages;    /* carried by this connection */
    uint64_t opened_ns;   /* before connecting */
    uint64_t started_ns;
    uint64_t eom_sent_ns;
    struct load_result result;
    const char *why; /* SESSION_LOST: what happened, a literal */
};

/* Connects and queues the negotiation; call load_session_run next. False with errno set. */
bool load_session_open(struct load_session *session, const struct load_plan *plan);

/* Does all that can be done without waiting. `is_readable`: the socket has told that bytes came, or
 * an end. */
enum session_status load_session_run(struct load_session *session, bool is_readable);

/* What the log of the filter calls the message of that number. */
void load_session_queue_id(unsigned long number, char id_r[static 32]);

/* Only when READY or DONE. */
void load_session_start_message(struct load_session *session, unsigned long number,
                                unsigned long letter);

/* Sends what Postfix would still keep in its buffer. */
enum session_status load_session_flush(struct load_session *session);

/* Says QUIT if the connection is alive, closes, frees. */
void load_session_close(struct load_session *session);

uint64_t load_clock_ns(void);

#endif
