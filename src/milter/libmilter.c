/*
 * libmilter: the only file that speaks libmilter: its callbacks, its calls behind struct mta,
 * negotiation, serving and draining.
 *
 * libmilter knows one filter per process and hands no context to a callback but a session's own, so
 * the one struct milter of the process stands here behind a door: set before smfi_main(), read by
 * new sessions.
 */
#include <stdbool.h>

#include <libmilter/mfapi.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "log/log.h"
#include "milter/connection.h"

static struct milter *the_milter;

/* --- the table of calls
 * ------------------------------------------------------------------------------ */

static const char *call_macro(void *session, const char *name)
{
    return smfi_getsymval(session, (char *)(uintptr_t)name);
}

static bool call_set_macros(void *session, int stage, const char *names)
{
    return smfi_setsymlist(session, stage, (char *)(uintptr_t)names) == MI_SUCCESS;
}

static bool call_set_reply(void *session, const char *code, const char *enhanced, const char *text)
{
    return smfi_setreply(session, (char *)(uintptr_t)code, (char *)(uintptr_t)enhanced,
                         (char *)(uintptr_t)text) == MI_SUCCESS;
}

static bool call_prepend_header(void *session, const char *name, const char *value)
{
    return smfi_insheader(session, 0, (char *)(uintptr_t)name, (char *)(uintptr_t)value) ==
           MI_SUCCESS;
}

static bool call_append_header(void *session, const char *name, const char *value)
{
    return smfi_addheader(session, (char *)(uintptr_t)name, (char *)(uintptr_t)value) == MI_SUCCESS;
}

static bool call_change_header(void *session, const char *name, int instance, const char *value)
{
    return smfi_chgheader(session, (char *)(uintptr_t)name, instance, (char *)(uintptr_t)value) ==
           MI_SUCCESS;
}

static bool call_quarantine(void *session, const char *reason)
{
    return smfi_quarantine(session, (char *)(uintptr_t)reason) == MI_SUCCESS;
}

static const struct mta mta_libmilter = {
    .macro = call_macro,
    .set_macros = call_set_macros,
    .set_reply = call_set_reply,
    .prepend_header = call_prepend_header,
    .append_header = call_append_header,
    .change_header = call_change_header,
    .quarantine = call_quarantine,
};

/* --- callbacks
 * ------------------------------------------------------------------------------------------ */

static sfsistat status_of(enum answer answer)
{
    switch (answer) {
    case ANSWER_SKIP:
        return SMFIS_SKIP;
    case ANSWER_TEMPFAIL:
        return SMFIS_TEMPFAIL;
    case ANSWER_REJECT:
        return SMFIS_REJECT;
    default:
        return SMFIS_CONTINUE;
    }
}

/* An MTA that was told not to wait must not be answered; one that does not know how to, must. */
static sfsistat silence(const struct connection *connection, unsigned long event,
                        enum answer answer)
{
    return (connection->silent & event) != 0 ? SMFIS_NOREPLY : status_of(answer);
}

/* What we ask for at each stage, nothing else; an empty list would mean "your default" to Postfix.
 */
static const struct {
    int stage;
    const char *names;
} macro_lists[] = {
    { SMFIM_CONNECT, "j v _ {daemon_name} {client_addr}" },
    { SMFIM_HELO, "{tls_version} {cert_subject} {cert_issuer}" },
    { SMFIM_ENVFROM, "i {auth_authen} {auth_type} {tls_version} {cert_subject} {cert_issuer}" },
    { SMFIM_ENVRCPT, "i {rcpt_mailer}" },
    { SMFIM_DATA, "i" },
    { SMFIM_EOH, "i" },
    { SMFIM_EOM, "i" },
};

enum {
    ACTIONS_NEEDED = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,
    STEPS_UNUSED = SMFIP_NOUNKNOWN | SMFIP_NODATA,
    STEPS_SILENT = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_HDR | SMFIP_NR_EOH
};

static sfsistat handle_negotiate(SMFICTX *ctx, unsigned long offered_actions,
                                 unsigned long offered_steps, unsigned long unused_2,
                                 unsigned long unused_3, unsigned long *actions_r,
                                 unsigned long *steps_r, unsigned long *unused_2_r,
                                 unsigned long *unused_3_r)
{
    (void)unused_2;
    (void)unused_3;
    if ((offered_actions & ACTIONS_NEEDED) != ACTIONS_NEEDED) {
        log_write(LOG_LEVEL_ERR, "the mail system does not offer header changes and quarantine "
                                 "to milters; no message can be judged");
        return SMFIS_REJECT;
    }
    unsigned long wanted_steps = STEPS_UNUSED | STEPS_SILENT | SMFIP_SKIP | SMFIP_HDR_LEADSPC;
    *actions_r = ACTIONS_NEEDED;
    *steps_r = wanted_steps & offered_steps;
    *unused_2_r = 0;
    *unused_3_r = 0;
    if ((offered_actions & SMFIF_SETSYMLIST) != 0) {
        *actions_r |= SMFIF_SETSYMLIST;
        for (size_t i = 0; i < sizeof(macro_lists) / sizeof(macro_lists[0]); i++) {
            call_set_macros(ctx, macro_lists[i].stage, macro_lists[i].names);
        }
    }
    struct connection *connection = connection_new(the_milter, (*steps_r & SMFIP_HDR_LEADSPC) != 0);
    if (connection == NULL || smfi_setpriv(ctx, connection) != MI_SUCCESS) {
        connection_free(&connection);
        return SMFIS_REJECT;
    }
    connection->silent = *steps_r & STEPS_SILENT;
    return SMFIS_CONTINUE;
}

/* Negotiation makes the connection; an MTA that gets past without one is told to come back. */
static struct connection *connection_of(SMFICTX *ctx)
{
    return smfi_getpriv(ctx);
}

static sfsistat handle_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
    struct connection *c = connection_of(ctx);
    return c == NULL
               ? SMFIS_TEMPFAIL
               : silence(c, SMFIP_NR_CONN, on_connect(c, host, (const struct sockaddr *)address));
}

static sfsistat handle_helo(SMFICTX *ctx, char *name)
{
    struct connection *c = connection_of(ctx);
    return c == NULL ? SMFIS_TEMPFAIL : silence(c, SMFIP_NR_HELO, on_helo(c, name));
}

static sfsistat handle_mail(SMFICTX *ctx, char **argv)
{
    struct connection *c = connection_of(ctx);
    return c == NULL ? SMFIS_TEMPFAIL : status_of(on_mail(c, ctx, argv));
}

static sfsistat handle_recipient(SMFICTX *ctx, char **argv)
{
    struct connection *c = connection_of(ctx);
    return c == NULL ? SMFIS_TEMPFAIL : status_of(on_recipient(c, ctx, argv));
}

static sfsistat handle_header(SMFICTX *ctx, char *name, char *value)
{
    struct connection *c = connection_of(ctx);
    return c == NULL ? SMFIS_TEMPFAIL : silence(c, SMFIP_NR_HDR, on_header(c, ctx, name, value));
}

static sfsistat handle_headers_end(SMFICTX *ctx)
{
    struct connection *c = connection_of(ctx);
    return c == NULL ? SMFIS_TEMPFAIL : silence(c, SMFIP_NR_EOH, on_headers_end(c, ctx));
}

static sfsistat handle_body(SMFICTX *ctx, unsigned char *bytes, size_t size)
{
    struct connection *c = connection_of(ctx);
    return c == NULL ? SMFIS_TEMPFAIL : status_of(on_body(c, bytes, size));
}

static sfsistat handle_message_end(SMFICTX *ctx)
{
    struct connection *c = connection_of(ctx);
    return c == NULL ? SMFIS_TEMPFAIL : status_of(on_message_end(c, ctx));
}

static sfsistat handle_abort(SMFICTX *ctx)
{
    struct connection *c = connection_of(ctx);
    return c == NULL ? SMFIS_CONTINUE : status_of(on_abort(c));
}

/* May come without a connect, after a failed negotiation. */
static sfsistat handle_close(SMFICTX *ctx)
{
    struct connection *connection = smfi_getpriv(ctx);
    smfi_setpriv(ctx, NULL);
    connection_free(&connection);
    return SMFIS_CONTINUE;
}

static struct smfiDesc description = {
    .xxfi_name = (char[]){ "egress-milter" },
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = ACTIONS_NEEDED | SMFIF_SETSYMLIST,
    .xxfi_connect = handle_connect,
    .xxfi_helo = handle_helo,
    .xxfi_envfrom = handle_mail,
    .xxfi_envrcpt = handle_recipient,
    .xxfi_header = handle_header,
    .xxfi_eoh = handle_headers_end,
    .xxfi_body = handle_body,
    .xxfi_eom = handle_message_end,
    .xxfi_abort = handle_abort,
    .xxfi_close = handle_close,
    .xxfi_negotiate = handle_negotiate,
};

/* --- serving
 * ---------------------------------------------------------------------------------------------- */

struct milter *milter_new(struct site_holder *holder, const struct world *world)
{
    struct milter *milter = calloc(1, sizeof(*milter));
    if (milter != NULL) {
        milter->holder = holder;
        milter->world = world;
        milter->mta = &mta_libmilter;
        atomic_init(&milter->listen_fd, -1);
    }
    return milter;
}

void milter_free(struct milter **milter)
{
    free(*milter);
    *milter = NULL;
}

bool milter_serve(struct milter *milter, int fd, const char *spec, struct error *error)
{
    char connection_text[32];
    snprintf(connection_text, sizeof(connection_text), "fd:%d", fd);
    the_milter = milter;
    atomic_store(&milter->listen_fd, fd);
    if (atomic_load(&milter->is_draining)) {
        return true; /* told to stop before it began */
    }
    if (smfi_register(description) != MI_SUCCESS) {
        error_set(error, "libmilter does not take our callbacks (a version below 8.14?)");
        return false;
    }
    if (smfi_setconn(connection_text) != MI_SUCCESS || smfi_opensocket(false) != MI_SUCCESS) {
        error_set(error, "libmilter does not take the bound socket of %s", spec);
        return false;
    }
    if (smfi_main() != MI_SUCCESS) {
        error_set(error, "libmilter ended with an error on %s", spec);
        return false;
    }
    return true;
}

/*
 * Connections that have not been accepted yet must stay in the kernel's queue for a successor, so
 * an idle socket of nobody takes the place of the listening one under libmilter's feet.
 */
static void stop_accepting(struct milter *milter)
{
    int listen_fd = atomic_load(&milter->listen_fd);
    if (listen_fd < 0) {
        return;
    }
    int idle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr address = { .sa_family = AF_UNIX }; /* autobind: a name of no file */
    if (idle < 0 || bind(idle, &address, sizeof(address.sa_family)) != 0 || listen(idle, 1) != 0 ||
        dup2(idle, listen_fd) < 0) {
        log_write(LOG_LEVEL_WARNING, "cannot stop accepting connections while draining: %m");
    }
    if (idle >= 0) {
        close(idle);
    }
}

void milter_drain(struct milter *milter, int grace_ms)
{
    enum { STEP_MS = 20 };
    atomic_store(&milter->is_draining, true);
    stop_accepting(milter);
    for (int waited_ms = 0; waited_ms < grace_ms && atomic_load(&milter->open_messages) > 0;
         waited_ms += STEP_MS) {
        poll(NULL, 0, STEP_MS);
    }
}
