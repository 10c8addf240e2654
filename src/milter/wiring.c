/*
 * wiring: counts, and says once what is wrong.
 *
 * What may happen in a sound setup does not count: mail that is not ours says nothing about our
 * listeners, a stranger's MAIL and RCPT without content is an address probe, and so is one that a
 * monitoring system of ours repeats with the same addresses.
 */
#include "milter/wiring.h"

#include <stdarg.h>
#include <string.h>

#include "config/config.h"
#include "log/field.h"
#include "log/log.h"
#include "milter/milter.h"
#include "util/buffer.h"

#define NS_PER_S UINT64_C(1000000000)
#define NAMES_MAIL 200                  /* messages of ours after which a name should have come */
#define NAMES_MAIL_LEAST 20             /* or so many ... */
#define NAMES_AGE_NS (86400 * NS_PER_S) /* ... in a day */
#define BARE_MAX 20
#define LOGINS_MIN 1000
#define LOGINS_AGE_NS (600 * NS_PER_S)
#define CLIENT_AGAIN_NS (86400 * NS_PER_S)

/* --- what an administrator writes --------------------------------------------------------------
 */

enum mta_kind { MTA_UNKNOWN, MTA_POSTFIX, MTA_SENDMAIL };

/* Both set v unless their lists are cut short; only Postfix begins it with its name. */
static enum mta_kind kind_of(const struct session *session)
{
    if (session->mta_version.size == 0)
        return MTA_UNKNOWN;
    return span_has_prefix_nocase(session->mta_version, SPAN("Postfix")) ? MTA_POSTFIX
                                                                         : MTA_SENDMAIL;
}

struct macro_setting {
    const char *name, *list;
};

/* The lists the MTAs have by default, and what we need besides: another milter may need the rest.
 */
static const struct macro_setting postfix_connect = { "milter_connect_macros",
                                                      "j {daemon_name} {daemon_addr} v _" };
static const struct macro_setting postfix_mail = {
    "milter_mail_macros",
    "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}"
};
static const struct macro_setting postfix_rcpt = { "milter_rcpt_macros",
                                                   "i {rcpt_addr} {rcpt_host} {rcpt_mailer}" };
static const struct macro_setting postfix_end = { "milter_end_of_data_macros", "i" };
static const struct macro_setting sendmail_connect = { "CONNECT",
                                                       "j, _, {daemon_name}, {if_name}, {if_addr}, "
                                                       "v" };
static const struct macro_setting sendmail_mail = {
    "ENVFROM",
    "i, {auth_type}, {auth_authen}, {auth_ssf}, {auth_author}, {mail_mailer}, {mail_host}, "
    "{mail_addr}"
};
static const struct macro_setting sendmail_rcpt = { "ENVRCPT",
                                                    "{rcpt_mailer}, {rcpt_host}, {rcpt_addr}" };

enum { MACRO_J, MACRO_V, MACRO_DAEMON_NAME, MACRO_AUTH_AUTHEN, MACRO_RCPT_MAILER, MACRO_I };

static const struct macro {
    const char *name, *then; /* then: what comes of its absence */
    const struct macro_setting *postfix, *sendmail;
} macros[] = {
    [MACRO_J] = { "j", "the name of this host is not known", &postfix_connect, &sendmail_connect },
    [MACRO_V] = { "v", "Postfix and Sendmail cannot be told apart", &postfix_connect,
                  &sendmail_connect },
    [MACRO_DAEMON_NAME] = { "{daemon_name}", "listeners cannot be told apart", &postfix_connect,
                            &sendmail_connect },
    [MACRO_AUTH_AUTHEN] = { "{auth_authen}", "logins are not seen, their mail counts as inbound",
                            &postfix_mail, &sendmail_mail },
    [MACRO_RCPT_MAILER] = { "{rcpt_mailer}", "every recipient counts as outside", &postfix_rcpt,
                            &sendmail_rcpt },
    [MACRO_I] = { "i", "lines of the log have no queue id", &postfix_end, &sendmail_mail },
};

static void add_macro_remedy(struct buffer *text, const struct macro *macro, enum mta_kind kind)
{
    if (kind != MTA_SENDMAIL)
        buffer_printf(text, "; main.cf: %s = %s", macro->postfix->name, macro->postfix->list);
    if (kind != MTA_POSTFIX)
        buffer_printf(text, "; sendmail.mc: define(`confMILTER_MACROS_%s', `%s')dnl",
                      macro->sendmail->name, macro->sendmail->list);
}

/* A line of the log is printable ASCII, whatever a name or a path is. */
static void add_escaped(struct buffer *text, struct span name)
{
    char escaped[256];

    log_escape(name, true, escaped, sizeof(escaped));
    buffer_add_text(text, escaped);
}

static void add_quoted(struct buffer *text, struct span name)
{
    buffer_add_char(text, '"');
    add_escaped(text, name);
    buffer_add_char(text, '"');
}

static void add_listener(struct buffer *text, const struct wiring_listener *listener)
{
    if (listener->name_size == 0) {
        buffer_add_text(text, "a listener without a name");
        return;
    }
    buffer_add_text(text, "listener ");
    add_quoted(text, (struct span){ listener->name, listener->name_size });
}

/* Ends the text. Without memory nothing is said: it is a warning, and the next start says it. */
static void warn(const struct world *world, struct buffer *text)
{
    if (!buffer_has_failed(text))
        world->log->write(world->log, LOG_LEVEL_WARNING,
                          span_first(buffer_span(text), LOG_LINE_MAX));
    buffer_free(text);
}

/* --- listeners ------------------------------------------------------------------------------- */

/* NULL: more names than are kept. */
static struct wiring_listener *listener_of(struct wiring *wiring, struct span name)
{
    struct wiring_listener *listener;

    name = span_first(name, WIRING_NAME_MAX);
    for (size_t i = 0; i < wiring->listener_count; i++) {
        listener = &wiring->listeners[i];
        if (span_is_equal((struct span){ listener->name, listener->name_size }, name))
            return listener;
    }
    if (wiring->listener_count == WIRING_LISTENERS) {
        wiring->has_more_listeners = true;
        return NULL;
    }
    listener = &wiring->listeners[wiring->listener_count++];
    if (name.size > 0)
        memcpy(listener->name, name.at, name.size);
    listener->name_size = name.size;
    return listener;
}

static bool has_listener(const struct wiring *wiring, struct span name)
{
    name = span_first(name, WIRING_NAME_MAX);
    for (size_t i = 0; i < wiring->listener_count; i++) {
        const struct wiring_listener *listener = &wiring->listeners[i];
        if (span_is_equal((struct span){ listener->name, listener->name_size }, name))
            return true;
    }
    return false;
}

/* FNV-1a: nobody gains by making two of these alike. */
static uint64_t digest(uint64_t hash, struct span text)
{
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (unsigned char)text.at[i]) * UINT64_C(0x100000001b3);
    return (hash ^ 0x100) * UINT64_C(0x100000001b3);
}

#define DIGEST_START UINT64_C(0xcbf29ce484222325)

static bool is_ours(const struct job *job)
{
    return !job->is_off && job->mail_class != CLASS_INBOUND;
}

/* --- macros ---------------------------------------------------------------------------------- */

static unsigned missing_macros(const struct wiring_notes *notes, const struct job *job)
{
    const struct session *session = job->message.session;
    const struct envelope *envelope = &job->message.envelope;
    unsigned missing = 0;

    missing |= (unsigned)(session->mta_name.size == 0) << MACRO_J;
    missing |= (unsigned)(session->mta_version.size == 0) << MACRO_V;
    missing |= (unsigned)(session->daemon_name.size == 0) << MACRO_DAEMON_NAME;
    /* Where we ask, a type without a login is no login: milter_macro_defaults may invent one. */
    missing |=
        (unsigned)(!notes->asks_macros && envelope->auth_type.size > 0 && envelope->login.size == 0)
        << MACRO_AUTH_AUTHEN;
    /* Postfix has none for what sendmail(1) hands over. */
    missing |= (unsigned)(!notes->has_mailer && !envelope->sender_is_bare) << MACRO_RCPT_MAILER;
    missing |= (unsigned)(envelope->queue_id.size == 0) << MACRO_I;
    return missing;
}

static void watch_macros(struct wiring_listener *listener, const struct wiring_notes *notes,
                         const struct job *job)
{
    unsigned untold = missing_macros(notes, job) & ~listener->told_macros;

    listener->told_macros |= untold;
    for (size_t i = 0; untold != 0 && i < sizeof(macros) / sizeof(macros[0]); i++) {
        struct buffer text = BUFFER_EMPTY;
        if ((untold & 1u << i) == 0)
            continue;
        add_listener(&text, listener);
        buffer_printf(&text, ": the mail server does not send the macro %s%s: %s", macros[i].name,
                      notes->asks_macros ? ", although it was asked to" : "", macros[i].then);
        if (!notes->asks_macros) /* else the lists of the MTA are not in force */
            add_macro_remedy(&text, &macros[i], kind_of(job->message.session));
        warn(job->world, &text);
    }
}

/* --- transactions without content ------------------------------------------------------------ */

/* Only those who have business sending: users and our networks. */
static bool is_trusted(const struct job *job)
{
    return is_ours(job) && job->mail_class != CLASS_LOCAL && job->mail_class != CLASS_BOUNCE;
}

static bool is_bare(const struct wiring_notes *notes, const struct job *job)
{
    return is_trusted(job) && !notes->has_content && job->message.envelope.recipient_count > 0 &&
           job->verdict.disposition == DISPOSITION_ACCEPT;
}

static void warn_of_bare(const struct wiring_listener *listener, const struct job *job)
{
    struct buffer text = BUFFER_EMPTY;

    add_listener(&text, listener);
    buffer_printf(
        &text,
        ": the last %u transactions of our users had recipients and then no content; a "
        "milter sees none where smtpd_proxy_filter is set, so this mail is neither judged "
        "nor signed; master.cf: -o smtpd_milters= here, and smtpd_milters on the listener "
        "that the filter hands mail back to",
        listener->bare);
    warn(job->world, &text);
}

static void watch_content(struct wiring_listener *listener, const struct wiring_notes *notes,
                          const struct job *job)
{
    const struct envelope *envelope = &job->message.envelope;
    uint64_t addresses;

    if (notes->has_content)
        listener->bare = 0;
    if (listener->told_bare || !is_bare(notes, job))
        return;
    addresses = digest(digest(DIGEST_START, envelope->sender.text), envelope->recipients[0].path);
    if (listener->bare++ == 0) {
        listener->bare_envelope = addresses;
        listener->bare_varies = false;
    }
    listener->bare_varies |= addresses != listener->bare_envelope;
    if (listener->bare >= BARE_MAX && listener->bare_varies) {
        listener->told_bare = true;
        warn_of_bare(listener, job);
    }
}

/* --- names of the configuration -------------------------------------------------------------- */

static bool was_told(struct wiring *wiring, struct span name)
{
    uint64_t hash = digest(DIGEST_START, name);

    for (size_t i = 0; i < wiring->told_name_count; i++) {
        if (wiring->told_names[i] == hash)
            return true;
    }
    if (wiring->told_name_count == WIRING_LISTENERS)
        return true;
    wiring->told_names[wiring->told_name_count++] = hash;
    return false;
}

static void add_seen_names(struct buffer *text, const struct wiring *wiring)
{
    const char *before = "";

    for (size_t i = 0; i < wiring->listener_count; i++) {
        const struct wiring_listener *listener = &wiring->listeners[i];
        if (listener->name_size == 0)
            continue;
        buffer_add_text(text, before);
        add_quoted(text, (struct span){ listener->name, listener->name_size });
        before = ", ";
    }
    if (*before == '\0')
        buffer_add_text(text, "without a name");
}

static void warn_of_name(const struct wiring *wiring, const struct listener_settings *row,
                         const struct job *job)
{
    enum mta_kind kind = kind_of(job->message.session);
    struct buffer text = BUFFER_EMPTY;

    if (row->place.file != NULL) {
        add_escaped(&text, span_of(row->place.file));
        buffer_printf(&text, ":%u: ", row->place.line);
    }
    buffer_add_text(&text, "outgoing.listeners: no mail came by ");
    add_quoted(&text, span_of(row->daemon));
    buffer_printf(&text, " while %u messages of ours came by ", wiring->names_mail);
    add_seen_names(&text, wiring);
    buffer_add_text(&text, "; if the name is right, its listener lacks it");
    if (kind != MTA_SENDMAIL) {
        buffer_add_text(&text, "; master.cf: -o milter_macro_daemon_name=");
        add_escaped(&text, span_of(row->daemon));
    }
    if (kind != MTA_POSTFIX) {
        buffer_add_text(&text, "; sendmail.mc: DAEMON_OPTIONS(`Name=");
        add_escaped(&text, span_of(row->daemon));
        buffer_add_text(&text, ", Port=...')dnl");
    }
    warn(job->world, &text);
}

static bool names_are_due(struct wiring *wiring, const struct job *job)
{
    uint64_t now_ns;

    if (wiring->generation != job->site->generation) {
        wiring->generation = job->site->generation;
        wiring->names_since_ns = clock_mono_ns(job->world->clock);
        wiring->names_mail = 0;
        wiring->names_are_judged = false;
    }
    if (wiring->names_are_judged || !is_ours(job) || ++wiring->names_mail < NAMES_MAIL_LEAST)
        return false;
    if (wiring->names_mail >= NAMES_MAIL)
        return true;
    now_ns = clock_mono_ns(job->world->clock);
    return now_ns - wiring->names_since_ns >= NAMES_AGE_NS;
}

/* Where several sockets are served, each by a process of its own, a listener may have another one.
 */
static bool serves_all(const struct site *site)
{
    const struct socket_settings *sockets = config_settings(site->config, &milter_socket_table);

    return sockets->socket.count <= 1;
}

static void watch_names(struct wiring *wiring, const struct job *job)
{
    const struct config_list *list = &job->site->outgoing->listeners;
    const struct listener_settings *rows = list->at;

    if (list->count == 0 || !names_are_due(wiring, job))
        return;
    wiring->names_are_judged = true;
    if (wiring->has_more_listeners || !serves_all(job->site))
        return;
    for (size_t i = 0; i < list->count; i++) {
        struct span name = span_of(rows[i].daemon);
        if (!has_listener(wiring, name) && !was_told(wiring, name))
            warn_of_name(wiring, &rows[i], job);
    }
}

/* --- one client for all ---------------------------------------------------------------------- */

static bool is_same_client(const struct ip *a, const struct ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static void begin_logins(struct wiring *wiring, const struct ip *client, uint64_t now_ns)
{
    wiring->client = *client;
    wiring->logins = 1;
    wiring->logins_of_others = 0;
    wiring->logins_since_ns = now_ns;
}

static void warn_of_client(const struct wiring *wiring, const struct world *world)
{
    struct buffer text = BUFFER_EMPTY;
    char address[IP_TEXT_MAX];

    ip_print(&wiring->client, address);
    buffer_printf(
        &text,
        "%u of the last %u connections with a login came from %s: NAT or a proxy hides "
        "the clients; let it pass their addresses on (haproxy: main.cf: "
        "smtpd_upstream_proxy_protocol = haproxy; nginx: smtpd_authorized_xclient_hosts); "
        "if it is a machine of ours that sends for its users, such as a webmail server, "
        "name it in outgoing.networks",
        wiring->logins - wiring->logins_of_others, wiring->logins, address);
    warn(world, &text);
}

/* The first address of a run is taken to be everybody's until more than one in twenty of the
 * logins is another's: then a new run begins, so that an address of many soon begins one. */
static void watch_client(struct wiring *wiring, const struct world *world, const struct ip *client)
{
    uint64_t now_ns = clock_mono_ns(world->clock);
    unsigned bound;

    if (wiring->logins == 0) {
        begin_logins(wiring, client, now_ns);
        return;
    }
    wiring->logins++;
    wiring->logins_of_others += !is_same_client(&wiring->client, client);
    bound = wiring->logins > LOGINS_MIN ? wiring->logins : LOGINS_MIN;
    if (wiring->logins_of_others > bound / 20) {
        begin_logins(wiring, client, now_ns);
        return;
    }
    if (wiring->logins < LOGINS_MIN || now_ns - wiring->logins_since_ns < LOGINS_AGE_NS)
        return;
    if (!wiring->has_told_client || now_ns - wiring->told_client_ns >= CLIENT_AGAIN_NS) {
        warn_of_client(wiring, world);
        wiring->has_told_client = true;
        wiring->told_client_ns = now_ns;
    }
    wiring->logins = 0;
}

/* --- the doors ------------------------------------------------------------------------------- */

static bool is_stranger_with_login(const struct job *job)
{
    const struct ip *client = &job->message.session->client;

    return is_ours(job) && job->mail_class == CLASS_SUBMISSION && job->network == NULL &&
           client->family != 0 && !ip_is_loopback(client);
}

void wiring_transaction(struct wiring *wiring, struct wiring_notes *notes, const struct job *job,
                        bool is_complete)
{
    struct wiring_listener *listener;

    pthread_mutex_lock(&wiring->lock);
    listener = listener_of(wiring, job->message.session->daemon_name);
    if (listener != NULL && !job->is_off) {
        watch_content(listener, notes, job);
        if (is_complete)
            watch_macros(listener, notes, job);
    }
    watch_names(wiring, job);
    pthread_mutex_unlock(&wiring->lock);
    notes->is_login |= is_stranger_with_login(job);
    notes->has_mailer = notes->has_content = false;
}

void wiring_connection(struct wiring *wiring, const struct wiring_notes *notes,
                       const struct world *world, const struct ip *client)
{
    if (!notes->is_login)
        return;
    pthread_mutex_lock(&wiring->lock);
    watch_client(wiring, world, client);
    pthread_mutex_unlock(&wiring->lock);
}
