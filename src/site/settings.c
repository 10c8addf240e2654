/*
 * settings: the rows of the settings about the site as a whole. Each row is the one place a
 * setting's name, type, default and range stand; manual and sample are checked against it.
 */
#include "site/settings.h"

#include <stddef.h>
#include <stdio.h>

#include "log/log.h"
#include "site/senders.h"
#include "util/domain.h"
#include "util/error.h"
#include "util/ip.h"

static const char *const modes[] = { "observe", "enforce", NULL };

static const struct config_row general_rows[] = {
    { .name = "mode",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct general_settings, mode),
      .fallback = "observe",
      .choices = modes,
      .brief = "observe: every verdict is accept and nothing is changed; enforce: verdicts count" },
    { .name = "user",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct general_settings, user),
      .fallback = EM_USER,
      .brief = "user the daemon drops to; ignored when not started as root" },
    CONFIG_ROWS_END,
};

const struct config_table site_general_table = { .path = "",
                                                 .rows = general_rows,
                                                 .size = sizeof(struct general_settings) };

/* In the order of enum log_level. */
static const char *const levels[] = { "err", "warning", "notice", "info", "debug", NULL };

static const struct config_row log_rows[] = {
    { .name = "level",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct log_settings, level),
      .fallback = "info",
      .choices = levels,
      .brief = "least important level that is logged" },
    { .name = "facility",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct log_settings, facility),
      .fallback = "mail",
      .accepts = log_facility_accepts,
      .brief = "syslog facility" },
    { .name = "inbound",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct log_settings, inbound),
      .fallback = "false",
      .brief = "also write the line of inbound messages" },
    { .name = "redact",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct log_settings, redact),
      .fallback = "false",
      .brief = "leave local parts and Message-IDs out of the line" },
    CONFIG_ROWS_END,
};

const struct config_table site_log_table = { .path = "log",
                                             .rows = log_rows,
                                             .size = sizeof(struct log_settings) };

static const struct config_row ceiling_rows[] = {
    { .name = "message",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct ceiling_settings, message_bytes),
      .fallback = "2M",
      .min = 64 * 1024,
      .max = 1024 * 1024 * 1024,
      .brief = "memory kept for one message: header fields and recipients" },
    { .name = "total",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct ceiling_settings, total_bytes),
      .fallback = "512M",
      .min = 16 * 1024 * 1024,
      .max = (int64_t)1024 * 1024 * 1024 * 1024,
      .brief = "memory kept for all messages of a socket together" },
    { .name = "connections",
      .type = CONFIG_INT,
      .offset = offsetof(struct ceiling_settings, connections),
      .fallback = "2000",
      .min = 1,
      .max = 100000,
      .brief = "sessions at once, on all sockets together" },
    CONFIG_ROWS_END,
};

static void check_ceilings(const struct config *config, const void *settings,
                           struct config_report *report)
{
    const struct ceiling_settings *ceilings = settings;
    struct config_place place = config_where(config, &site_ceiling_table, "message");
    if (ceilings->message_bytes > ceilings->total_bytes) {
        config_complain(report, CONFIG_ERROR, &place, "ceilings.message",
                        "is above ceilings.total: one message could not have so much");
    }
}

const struct config_table site_ceiling_table = { .path = "ceilings",
                                                 .rows = ceiling_rows,
                                                 .size = sizeof(struct ceiling_settings),
                                                 .check = check_ceilings };

static bool accepts_network(const char *value, struct error *error)
{
    struct ip_network network;
    bool has_host_bits = false;
    if (!ip_network_parse(span_of(value), &network, &has_host_bits)) {
        error_set(error, has_host_bits
                             ? "bits are set beyond the prefix; valid: \"192.0.2.0/24\""
                             : "no address or network; valid: \"192.0.2.7\", \"192.0.2.0/24\", "
                               "\"2001:db8::/32\"");
        return false;
    }
    return true;
}

bool site_accepts_domain(const char *value, struct error *error)
{
    char name[DOMAIN_MAX];
    if (!domain_to_ascii(span_of(value), name)) {
        error_set(error, "not a domain name; valid: \"example.org\"");
        return false;
    }
    return true;
}

static bool accepts_account(const char *value, struct error *error)
{
    struct span text = span_of(value);
    if (span_is_equal(text, SPAN("sender")) || span_is_equal(text, SPAN("sender-domain")) ||
        (span_has_prefix_nocase(text, SPAN("header:")) && text.size > 7)) {
        return true;
    }
    error_set(error, "not known; valid: \"header:NAME\", \"sender-domain\", \"sender\"");
    return false;
}

static const char *const kinds[] = { "relay", "list", "forward", NULL };
static const char *const accounts[] = { "name", "sender", NULL };

static const struct config_row network_rows[] = {
    { .name = "name",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct network_settings, name),
      .required = true,
      .brief = "what the log and accounting call it" },
    { .name = "address",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct network_settings, address),
      .accepts = accepts_network,
      .brief = "address or network of the clients" },
    { .name = "certificate",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct network_settings, certificate),
      .brief = "common name of the client certificate's subject; needs issuer" },
    { .name = "issuer",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct network_settings, issuer),
      .brief = "common name of the client certificate's issuer" },
    { .name = "kind",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct network_settings, kind),
      .fallback = "relay",
      .choices = kinds,
      .brief = "class of the mail that comes from there" },
    { .name = "account",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct network_settings, account),
      .fallback = "name",
      .choices = accounts,
      .brief = "whom the mail is accounted to: the network's name, or the sender" },
    { .name = "from",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct network_settings, from),
      .accepts = senders_list_accepts,
      .brief = "senders the network may use: addresses and @domains; absent: not judged" },
    { .name = "plan",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct network_settings, plan),
      .brief = "plan of the network's mail" },
    { .name = "proxy",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct network_settings, is_proxy),
      .brief = "others connect through it: where its clients come from tells nothing of people" },
    CONFIG_ROWS_END,
};

/* In the order of enum listener_role. */
static const char *const roles[] = { "full", "check", "sign", "off", NULL };

/* In the order of enum listener_demand. */
static const char *const demands[] = { "optional", "required", NULL };

static const struct config_row listener_rows[] = {
    { .name = "daemon",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct listener_settings, daemon),
      .required = true,
      .brief = "the listener's name: the macro {daemon_name}" },
    { .name = "role",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct listener_settings, role),
      .fallback = "full",
      .choices = roles,
      .brief = "full: judge and sign; check: judge and leave a ticket; sign: sign what has one; "
               "off: let everything pass untouched" },
    { .name = "authentication",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct listener_settings, authentication),
      .fallback = "optional",
      .choices = demands,
      .brief = "required: mail without login is refused; loopback and named networks aside" },
    { .name = "tls",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct listener_settings, tls),
      .fallback = "optional",
      .choices = demands,
      .brief = "required: mail of a login without TLS is refused; loopback aside" },
    CONFIG_ROWS_END,
};

static bool accepts_ticket_file(const char *value, struct error *error)
{
    if (value[0] == '/') {
        return true;
    }
    error_set(error, "not an absolute path; valid: \"/etc/egress-milter/ticket.secret\"");
    return false;
}

static const char *const loopbacks[] = { "local", "inbound", NULL };

static const struct config_row outgoing_rows[] = {
    { .name = "authenticated",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct outgoing_settings, authenticated),
      .fallback = "true",
      .brief = "mail of authenticated clients is outgoing (class submission)" },
    { .name = "local",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct outgoing_settings, local),
      .fallback = "true",
      .brief = "mail of sendmail(1), cron and web applications is outgoing (class local)" },
    { .name = "loopback",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct outgoing_settings, loopback),
      .fallback = "local",
      .choices = loopbacks,
      .brief = "class of SMTP from 127.0.0.1 and ::1 without login" },
    { .name = "account",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct outgoing_settings, account),
      .fallback = "[ header:X-PHP-Originating-Script, sender-domain, sender ]",
      .accepts = accepts_account,
      .brief = "whom local mail is accounted to; the first that says something" },
    { .name = "networks",
      .type = CONFIG_LIST,
      .offset = offsetof(struct outgoing_settings, networks),
      .rows = network_rows,
      .element_size = sizeof(struct network_settings),
      .key = "name",
      .place_offset = offsetof(struct network_settings, place),
      .brief = "clients whose mail is outgoing without a login; the first row that fits" },
    { .name = "listeners",
      .type = CONFIG_LIST,
      .offset = offsetof(struct outgoing_settings, listeners),
      .rows = listener_rows,
      .element_size = sizeof(struct listener_settings),
      .key = "daemon",
      .place_offset = offsetof(struct listener_settings, place),
      .brief = "what is done on single listeners of the MTA" },
    { .name = "ticket_file",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct outgoing_settings, ticket_file),
      .accepts = accepts_ticket_file,
      .brief = "secrets of the roles check and sign, one a line; the first makes tickets" },
    { .name = "internal",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct outgoing_settings, internal),
      .accepts = site_accepts_domain,
      .brief = "recipient domains that do not leave the site" },
    { .name = "local_from",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct outgoing_settings, local_from),
      .accepts = senders_list_accepts,
      .brief = "senders local mail may use: addresses and @domains; absent: not judged" },
    { .name = "daemons",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct outgoing_settings, daemons),
      .brief = "names of listeners, short for rows with role full where login and TLS are "
               "required" },
    CONFIG_ROWS_END,
};

/* A network is found by its address or by a certificate of a named issuer, never by a subject
 * alone. */
static void check_networks(const struct outgoing_settings *outgoing, struct config_report *report)
{
    const struct network_settings *rows = outgoing->networks.at;
    for (size_t i = 0; i < outgoing->networks.count; i++) {
        const struct network_settings *row = &rows[i];
        char name[48];
        snprintf(name, sizeof(name), "outgoing.networks[%zu]", i);
        if ((row->address != NULL) == (row->certificate != NULL)) {
            config_complain(report, CONFIG_ERROR, &row->place, name,
                            "set either address or certificate (with issuer)");
        } else if ((row->certificate != NULL) != (row->issuer != NULL)) {
            config_complain(report, CONFIG_ERROR, &row->place, name,
                            "certificate and issuer go together: a subject alone proves nothing");
        }
    }
}

/* Roles that make or believe tickets, and the secret that makes them worth something. */
static void check_listeners(const struct config *config, const struct outgoing_settings *outgoing,
                            struct config_report *report)
{
    const struct listener_settings *rows = outgoing->listeners.at;
    bool has_secret = config_is_set(config, &site_outgoing_table, "ticket_file");
    bool is_used = false;
    for (size_t i = 0; i < outgoing->listeners.count; i++) {
        if (rows[i].role != LISTENER_CHECK && rows[i].role != LISTENER_SIGN) {
            continue;
        }
        is_used = true;
        if (!has_secret) {
            char name[48];
            snprintf(name, sizeof(name), "outgoing.listeners[%zu].role", i);
            config_complain(report, CONFIG_ERROR, &rows[i].place, name,
                            "\"%s\" needs outgoing.ticket_file: openssl rand -base64 32 > FILE",
                            roles[rows[i].role]);
        }
    }
    if (has_secret && !is_used) {
        struct config_place place = config_where(config, &site_outgoing_table, "ticket_file");
        config_complain(report, CONFIG_WARNING, &place, "outgoing.ticket_file",
                        "has no effect: no listener has the role check or sign");
    }
}

/* One name, one row. */
static void check_daemons(const struct config *config, const struct outgoing_settings *outgoing,
                          struct config_report *report)
{
    const struct listener_settings *rows = outgoing->listeners.at;
    struct config_place place = config_where(config, &site_outgoing_table, "daemons");
    for (size_t i = 0; i < outgoing->daemons.count; i++) {
        for (size_t k = 0; k < outgoing->listeners.count; k++) {
            if (span_is_equal(span_of(outgoing->daemons.at[i]), span_of(rows[k].daemon))) {
                config_complain(report, CONFIG_ERROR, &place, "outgoing.daemons",
                                "\"%s\" has a row in outgoing.listeners already", rows[k].daemon);
            }
        }
    }
}

static void check_outgoing(const struct config *config, const void *settings,
                           struct config_report *report)
{
    check_networks(settings, report);
    check_listeners(config, settings, report);
    check_daemons(config, settings, report);
}

const struct config_table site_outgoing_table = { .path = "outgoing",
                                                  .rows = outgoing_rows,
                                                  .size = sizeof(struct outgoing_settings),
                                                  .check = check_outgoing };
