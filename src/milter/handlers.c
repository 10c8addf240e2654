/*
 * handlers: one function an event. They collect into the job and pass on what the pipeline says;
 * they decide nothing themselves.
 *
 * MAIL begins a message, whatever was before it; end of message, abort and close end it, each
 * exactly once.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "log/counter.h"
#include "log/log.h"
#include "milter/connection.h"
#include "milter/xtext.h"
#include "policy/pipeline.h"

enum {
    MAIL_PARAMETERS_MAX = 16,
    FACT_BYTES_MAX = 512 /* of what is kept per connection; names are shorter (RFC 5321 4.5.3.1) */
};

struct connection *connection_new(struct milter *milter, bool keeps_space)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection != NULL) {
        connection->milter = milter;
        connection->session.keeps_space = keeps_space;
        atomic_fetch_add(&milter->open_sessions, 1);
    }
    return connection;
}

static void free_fact(struct span *fact)
{
    free((char *)(uintptr_t)fact->at); /* every fact of a session is our own heap copy */
    *fact = (struct span){ NULL, 0 };
}

/* Facts change seldom: a copy is made only when the text is new. An empty macro is an absent one,
 * an overlong one is cut. */
static void set_fact(struct span *fact, const char *text)
{
    struct span value = span_of(text != NULL && text[0] != '\0' ? text : NULL);
    if (value.size > FACT_BYTES_MAX) {
        value = span_first(value, FACT_BYTES_MAX);
    }
    if (span_is_equal(*fact, value)) {
        return;
    }
    free_fact(fact);
    if (value.at != NULL) {
        fact->at = span_strdup(value);
        fact->size = fact->at != NULL ? value.size : 0;
    }
}

static void end_message(struct connection *connection, enum outcome outcome)
{
    if (connection->job == NULL) {
        return;
    }
    pipeline_finish(connection->job, outcome);
    wiring_transaction(&connection->milter->wiring, &connection->notes, connection->job,
                       outcome != OUTCOME_ABORTED);
    job_free(&connection->job);
    connection->is_in_header = false;
    atomic_fetch_sub(&connection->milter->open_messages, 1);
    counter_add(COUNTER_MESSAGES_OPEN, -1);
    milter_note_end(connection->milter);
}

/* libmilter closes the session on a frame it does not take; nothing else tells the administrator
 * why mail with such a field waits. */
static void explain_lost_header(struct connection *connection)
{
    if (connection->is_in_header) {
        struct log_sink *log = connection->milter->world->log;
        log->write(log, LOG_LEVEL_WARNING,
                   SPAN("a session ended within the header of a message; libmilter does that for a "
                        "field above 64 KB, which Postfix cuts with header_size_limit = 60000"));
    }
}

void connection_free(struct connection **connection)
{
    struct connection *c = *connection;
    if (c == NULL) {
        return;
    }
    explain_lost_header(c);
    end_message(c, OUTCOME_ABORTED);
    wiring_connection(&c->milter->wiring, &c->notes, c->milter->world, &c->session.client);
    if (c->is_counted) {
        counter_add(COUNTER_CONNECTIONS_OPEN, -1);
    }
    struct session *s = &c->session;
    struct span *facts[] = { &s->client_name, &s->helo,         &s->daemon_name,
                             &s->mta_name,    &s->mta_version,  &s->tls_version,
                             &s->cipher,      &s->cert_subject, &s->cert_issuer };
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        free_fact(facts[i]);
    }
    atomic_fetch_sub(&c->milter->open_sessions, 1);
    milter_note_end(c->milter);
    free(c);
    *connection = NULL;
}

static struct ip ip_of(const struct sockaddr *address)
{
    struct ip ip = { 0 };
    if (address != NULL && address->sa_family == AF_INET) {
        ip.family = 4;
        memcpy(ip.bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        const struct in6_addr *in6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(in6);
        ip.family = is_mapped ? 4 : 6;
        memcpy(ip.bytes, (const char *)in6 + (is_mapped ? 12 : 0), is_mapped ? 4 : 16);
    }
    return ip;
}

/* Comes again within a session after XCLIENT. */
enum answer on_connect(struct connection *connection, const char *host,
                       const struct sockaddr *address)
{
    end_message(connection, OUTCOME_ABORTED);
    if (!connection->is_counted) {
        connection->is_counted = true;
        counter_add(COUNTER_CONNECTIONS, 1);
        counter_add(COUNTER_CONNECTIONS_OPEN, 1);
        struct site *site = site_holder_get(connection->milter->holder);
        overload_admit(connection, site); /* by the order of arrival, not of the first MAIL */
        site_unref(&site);
    }
    connection->session.client = ip_of(address);
    set_fact(&connection->session.client_name, host);
    set_fact(&connection->session.helo, NULL);
    return ANSWER_CONTINUE;
}

enum answer on_helo(struct connection *connection, const char *name)
{
    set_fact(&connection->session.helo, name);
    return ANSWER_CONTINUE;
}

/* The MTA has told everything about the session by now, and TLS may have begun after the first
 * HELO. */
static void read_session_macros(struct connection *connection, void *handle)
{
    const struct mta *mta = connection->milter->mta;
    struct session *session = &connection->session;
    set_fact(&session->daemon_name, mta->macro(handle, "{daemon_name}"));
    set_fact(&session->mta_name, mta->macro(handle, "j"));
    set_fact(&session->mta_version, mta->macro(handle, "v"));
    set_fact(&session->tls_version, mta->macro(handle, "{tls_version}"));
    set_fact(&session->cipher, mta->macro(handle, "{cipher}"));
    set_fact(&session->cert_subject, mta->macro(handle, "{cert_subject}"));
    set_fact(&session->cert_issuer, mta->macro(handle, "{cert_issuer}"));
}

/* NULL: *reason_r says why not. */
static struct job *begin_message(struct connection *connection, const char **reason_r)
{
    struct milter *milter = connection->milter;
    struct site *site = site_holder_get(milter->holder);
    struct job *job = NULL;
    *reason_r = overload_reason(connection, site);
    if (*reason_r == NULL) {
        job = job_new(site, milter->world, &connection->session);
        *reason_r = "out of memory";
    }
    site_unref(&site); /* the job holds its own reference */
    if (job != NULL) {
        atomic_fetch_add(&milter->open_messages, 1);
        counter_add(COUNTER_MESSAGES_OPEN, 1);
    }
    return job;
}

/* In observe mode too: there is nothing that could be observed. */
static enum answer refuse_for_now(struct connection *connection, void *handle, const char *text)
{
    connection->milter->mta->set_reply(handle, "451", "4.3.2", text);
    return ANSWER_TEMPFAIL;
}

static enum answer answer_of(struct connection *connection, void *handle,
                             const struct verdict *verdict)
{
    const struct mta *mta = connection->milter->mta;
    switch (verdict->disposition) {
    case DISPOSITION_DEFER:
        mta->set_reply(handle, verdict->reply.code, verdict->reply.enhanced, verdict->reply.text);
        return ANSWER_TEMPFAIL;
    case DISPOSITION_REJECT:
        mta->set_reply(handle, verdict->reply.code, verdict->reply.enhanced, verdict->reply.text);
        return ANSWER_REJECT;
    default:
        return ANSWER_CONTINUE;
    }
}

static void note_queue_id(struct connection *connection, void *handle)
{
    struct job *job = connection->job;
    if (job->message.envelope.queue_id.size == 0) {
        job_queue_id(job, span_of(connection->milter->mta->macro(handle, "i")));
    }
}

/* As the user gave it. Of the two MTAs only Sendmail encodes it. */
static struct span login_of(struct connection *connection, void *handle)
{
    struct span login = span_of(connection->milter->mta->macro(handle, "{auth_authen}"));
    struct span version = connection->session.mta_version;
    bool is_encoded = version.size > 0 && !span_has_prefix_nocase(version, SPAN("Postfix"));
    return is_encoded ? xtext_decode(login, connection->job->arena) : login;
}

enum answer on_mail(struct connection *connection, void *handle, char **argv)
{
    const struct mta *mta = connection->milter->mta;
    end_message(connection, OUTCOME_ABORTED);
    if (atomic_load(&connection->milter->is_draining)) {
        return refuse_for_now(connection, handle, "the mail guard is stopping; try again later");
    }
    read_session_macros(connection, handle);
    const char *reason;
    connection->job = begin_message(connection, &reason);
    if (connection->job == NULL) {
        char text[80];
        snprintf(text, sizeof(text), "overload: %s; try again later", reason);
        overload_note(connection->milter, reason);
        return refuse_for_now(connection, handle, text);
    }
    struct span parameters[MAIL_PARAMETERS_MAX];
    size_t count = 0;
    for (char **next = argv + 1; *next != NULL && count < MAIL_PARAMETERS_MAX; next++) {
        parameters[count++] = span_of(*next);
    }
    job_mail(connection->job, span_of(argv[0]), parameters, count);
    job_login(connection->job, login_of(connection, handle),
              span_of(mta->macro(handle, "{auth_type}")));
    note_queue_id(connection, handle);
    return answer_of(connection, handle, pipeline_run(connection->job, STAGE_MAIL));
}

enum answer on_recipient(struct connection *connection, void *handle, char **argv)
{
    if (connection->job == NULL) {
        return ANSWER_CONTINUE;
    }
    note_queue_id(connection, handle);
    struct span mailer = span_of(connection->milter->mta->macro(handle, "{rcpt_mailer}"));
    connection->notes.has_mailer |= mailer.size > 0;
    if (connection->sees_refused && span_is_equal(mailer, SPAN("error"))) {
        job_refused_recipient(connection->job); /* by the MTA, whatever we would say */
        return ANSWER_CONTINUE;
    }
    struct span host = span_of(connection->milter->mta->macro(handle, "{rcpt_host}"));
    job_recipient(connection->job, span_of(argv[0]), mailer, host);
    return answer_of(connection, handle, pipeline_run(connection->job, STAGE_RECIPIENT));
}

enum answer on_header(struct connection *connection, void *handle, const char *name,
                      const char *value)
{
    if (connection->job != NULL) {
        note_queue_id(connection, handle);
        connection->is_in_header = true;
        job_header(connection->job, span_of(name), span_of(value));
    }
    return ANSWER_CONTINUE;
}

enum answer on_headers_end(struct connection *connection, void *handle)
{
    if (connection->job == NULL) {
        return ANSWER_CONTINUE;
    }
    note_queue_id(connection, handle);
    connection->is_in_header = false;
    connection->notes.has_content = true;
    pipeline_run(connection->job, STAGE_HEADERS);
    return ANSWER_CONTINUE;
}

enum answer on_body(struct connection *connection, const void *bytes, size_t size)
{
    if (connection->job == NULL) {
        return ANSWER_CONTINUE;
    }
    return job_body(connection->job, bytes, size) ? ANSWER_CONTINUE : ANSWER_SKIP;
}

enum answer on_message_end(struct connection *connection, void *handle)
{
    struct job *job = connection->job;
    if (job == NULL) {
        return ANSWER_CONTINUE;
    }
    note_queue_id(connection, handle);
    const struct verdict *verdict = pipeline_run(job, STAGE_END);
    enum answer answer = answer_of(connection, handle, verdict);
    enum outcome outcome = OUTCOME_ANSWERED;
    if (answer == ANSWER_CONTINUE &&
        !apply_edits(connection->milter->mta, handle, job, connection->session.keeps_space)) {
        outcome = OUTCOME_NOT_APPLIED;
        answer = refuse_for_now(connection, handle,
                                "the mail system refused a header change; try again later");
    }
    end_message(connection, outcome);
    return answer;
}

enum answer on_abort(struct connection *connection)
{
    end_message(connection, OUTCOME_ABORTED);
    return ANSWER_CONTINUE;
}
