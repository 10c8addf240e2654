/*
 * libmilter: the only file that speaks libmilter: its callbacks, its calls behind struct mta,
 * negotiation, and what serve.c needs of it to start.
 *
 * libmilter knows one filter per process and hands no context to a callback but a session's own, so
 * the one struct milter of the process stands here behind a door: set before smfi_main(), read by
 * new sessions.
 */
#include <stdbool.h>

#include <libmilter/mfapi.h>

#include <stdint.h>

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

const struct mta mta_libmilter = {
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
    { SMFIM_HELO, "{tls_version} {cipher} {cert_subject} {cert_issuer}" },
    { SMFIM_ENVFROM,
      "i {auth_authen} {auth_type} {tls_version} {cipher} {cert_subject} {cert_issuer}" },
    { SMFIM_ENVRCPT, "i {rcpt_mailer} {rcpt_host}" },
    { SMFIM_DATA, "i" },
    { SMFIM_EOH, "i" },
    { SMFIM_EOM, "i" },
};

enum {
    ACTIONS_NEEDED = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,
    STEPS_UNUSED = SMFIP_NOUNKNOWN | SMFIP_NODATA,
    STEPS_SILENT = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_HDR | SMFIP_NR_EOH
};

/* Limits and behaviour count recipients that the MTA refused; only with macros, without which
 * nobody could tell them from others. */
static bool wants_refused(unsigned long offered_actions)
{
    return (offered_actions & SMFIF_SETSYMLIST) != 0;
}

/* It comes again with every connection. */
static void refuse_useless(void)
{
    unsigned refused = overload_tally(&the_milter->useless, the_milter->world->clock);
    if (refused > 0) {
        log_write(LOG_LEVEL_ERR,
                  "the mail system does not offer header changes and quarantine to milters; no "
                  "message can be judged; sessions refused since the last such line: %u",
                  refused);
    }
}

static sfsistat handle_negotiate(SMFICTX *ctx, unsigned long offered_actions,
                                 unsigned long offered_steps, unsigned long unused_2,
                                 unsigned long unused_3, unsigned long *actions_r,
                                 unsigned long *steps_r, unsigned long *unused_2_r,
                                 unsigned long *unused_3_r)
{
    (void)unused_2;
    (void)unused_3;
    *unused_2_r = 0;
    *unused_3_r = 0;
    milter_guard(the_milter);
    if (offered_actions == KICKER_ACTIONS) {
        *actions_r = 0;
        *steps_r = 0;
        return smfi_setpriv(ctx, the_milter->own) == MI_SUCCESS ? SMFIS_CONTINUE : SMFIS_REJECT;
    }
    if ((offered_actions & ACTIONS_NEEDED) != ACTIONS_NEEDED) {
        refuse_useless();
        return SMFIS_REJECT;
    }
    unsigned long wanted_steps = STEPS_UNUSED | STEPS_SILENT | SMFIP_SKIP | SMFIP_HDR_LEADSPC;
    wanted_steps |= wants_refused(offered_actions) ? SMFIP_RCPT_REJ : 0;
    *actions_r = ACTIONS_NEEDED;
    *steps_r = wanted_steps & offered_steps;
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
    connection->sees_refused = (*steps_r & SMFIP_RCPT_REJ) != 0;
    connection->notes.asks_macros = (*actions_r & SMFIF_SETSYMLIST) != 0;
    return SMFIS_CONTINUE;
}

/* One of the kicker's, which says nothing but CONNECT and HELO. */
static bool is_own(SMFICTX *ctx)
{
    return smfi_getpriv(ctx) == the_milter->own;
}

/* Negotiation makes the connection; an MTA that gets past without one is told to come back. */
static struct connection *connection_of(SMFICTX *ctx)
{
    return is_own(ctx) ? NULL : smfi_getpriv(ctx);
}

static sfsistat handle_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
    if (is_own(ctx)) {
        return SMFIS_CONTINUE;
    }
    struct connection *c = connection_of(ctx);
    return c == NULL
               ? SMFIS_TEMPFAIL
               : silence(c, SMFIP_NR_CONN, on_connect(c, host, (const struct sockaddr *)address));
}

static sfsistat handle_helo(SMFICTX *ctx, char *name)
{
    if (is_own(ctx)) {
        return SMFIS_CONTINUE;
    }
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
    struct connection *connection = connection_of(ctx);
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

/* --- starting
 * --------------------------------------------------------------------------------------------- */

bool library_register(struct milter *milter)
{
    the_milter = milter;
    return smfi_register(description) == MI_SUCCESS;
}

bool library_listen(const char *where)
{
    return smfi_setconn((char *)(uintptr_t)where) == MI_SUCCESS &&
           smfi_opensocket(false) == MI_SUCCESS;
}

bool library_run(void)
{
    return smfi_main() == MI_SUCCESS;
}
