/*
 * Macros by stage. See mta_macros.h.
 *
 * Postfix sends a macro frame before every event, also before one the filter does not want and
 * before each header field and body chunk; Sendmail sends one per stage. Both were watched on the
 * wire.
 */
#include "mta_macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(stage) (1u << (stage))
#define FROM_HELO (MTA_STAGES_ALL & ~BIT(WIRE_STAGE_CONNECT))
#define FROM_MAIL (FROM_HELO & ~BIT(WIRE_STAGE_HELO))
/* Postfix: cleanup, which speaks from the end of headers on, has no TLS facts. */
#define TLS_POSTFIX (FROM_HELO & ~BIT(WIRE_STAGE_EOH) & ~BIT(WIRE_STAGE_EOM))

static const char *const default_lists[2][WIRE_STAGES] = {
    [MTA_POSTFIX] = {
        [WIRE_STAGE_CONNECT] = "j {daemon_name} {daemon_addr} v _",
        [WIRE_STAGE_HELO] = "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        [WIRE_STAGE_MAIL] =
            "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
        [WIRE_STAGE_RCPT] = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
        [WIRE_STAGE_DATA] = "i",
        [WIRE_STAGE_EOM] = "i",
        [WIRE_STAGE_EOH] = "i",
    },
    [MTA_SENDMAIL] = {
        [WIRE_STAGE_CONNECT] = "j _ {daemon_name} {if_name} {if_addr}",
        [WIRE_STAGE_HELO] = "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        [WIRE_STAGE_MAIL] = "i {auth_type} {auth_authen} {auth_ssf} {auth_author} {mail_mailer} "
                            "{mail_host} {mail_addr}",
        [WIRE_STAGE_RCPT] = "{rcpt_mailer} {rcpt_host} {rcpt_addr}",
        [WIRE_STAGE_DATA] = "i",
        [WIRE_STAGE_EOM] = "{msg_id}",
        [WIRE_STAGE_EOH] = "i",
    },
};

static const struct {
    const char *name;
    const char *postfix; /* NULL: never set */
    const char *sendmail;
    unsigned stages;
} defaults[] = {
    { "j", "mx.example.org", "mx.example.org", MTA_STAGES_ALL },
    { "v", "Postfix 3.7.11", "8.17.1.9", MTA_STAGES_ALL },
    { "_", "client.example.net [192.0.2.25]", "client.example.net [192.0.2.25]", MTA_STAGES_ALL },
    { "{daemon_name}", "SUBMISSION", "SUBMISSION", MTA_STAGES_ALL },
    { "{daemon_addr}", "127.0.0.1", "127.0.0.1", MTA_STAGES_ALL },
    { "{daemon_port}", "587", "587", MTA_STAGES_ALL },
    { "{if_name}", NULL, "mx.example.org", MTA_STAGES_ALL },
    { "{client_addr}", "192.0.2.25", "192.0.2.25", MTA_STAGES_ALL },
    { "{client_port}", "50123", "50123", MTA_STAGES_ALL },
    { "{client_name}", "client.example.net", "client.example.net", MTA_STAGES_ALL },
    { "{client_ptr}", "client.example.net", "client.example.net", MTA_STAGES_ALL },
    { "{client_resolve}", NULL, "OK", MTA_STAGES_ALL },
    { "{client_connections}", "1", "1", MTA_STAGES_ALL },
    { "{tls_version}", "TLSv1.3", "TLSv1.3", 0 },
    { "{cipher}", "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", 0 },
    { "{cipher_bits}", "256", "256", 0 },
    { "{auth_type}", "PLAIN", "PLAIN", FROM_MAIL },
    { "{auth_authen}", "alice@example.org", "alice@example.org", FROM_MAIL },
    { "{auth_ssf}", NULL, "0", FROM_MAIL },
};

void mta_macros_init(struct mta_macros *macros, enum mta_kind kind)
{
    unsigned tls = kind == MTA_POSTFIX ? TLS_POSTFIX : FROM_HELO;

    *macros = (struct mta_macros){ .kind = kind };
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        mta_macros_set(macros, defaults[i].name,
                       kind == MTA_POSTFIX ? defaults[i].postfix : defaults[i].sendmail,
                       defaults[i].stages ? defaults[i].stages : tls);
}

void mta_macros_free(struct mta_macros *macros)
{
    for (size_t i = 0; i < macros->count; i++) {
        free(macros->macro[i].name);
        free(macros->macro[i].value);
    }
    macros->count = 0;
}

static struct wire_text bare_name(const char *name, size_t length)
{
    if (length > 2 && name[0] == '{' && name[length - 1] == '}')
        return (struct wire_text){ name + 1, length - 2 };
    return (struct wire_text){ name, length };
}

static struct mta_macro *find_macro(const struct mta_macros *macros, struct wire_text name)
{
    for (size_t i = 0; i < macros->count; i++) {
        const char *own = macros->macro[i].name;
        struct wire_text bare = bare_name(own, strlen(own));

        if (bare.length == name.length && memcmp(bare.data, name.data, name.length) == 0)
            return (struct mta_macro *)&macros->macro[i];
    }
    return NULL;
}

bool mta_macros_set(struct mta_macros *macros, const char *name, const char *value, unsigned stages)
{
    struct wire_text bare = bare_name(name, strlen(name));
    struct mta_macro *macro = find_macro(macros, bare);
    char braced[128];

    if (!macro) {
        if (!value)
            return true;
        if (macros->count == MTA_MACROS_MAX)
            return false;
        snprintf(braced, sizeof braced, bare.length > 1 ? "{%.*s}" : "%.*s", (int)bare.length,
                 bare.data);
        macro = &macros->macro[macros->count];
        macro->value = NULL;
        macro->name = strdup(braced);
        if (!macro->name)
            return false;
        macros->count++;
    }
    free(macro->value);
    macro->value = value ? strdup(value) : NULL;
    macro->stages = stages;
    return !value || macro->value;
}

bool mta_macros_set_queue_id(struct mta_macros *macros, const char *id)
{
    return mta_macros_set(macros, "i", id, FROM_MAIL);
}

bool mta_macros_set_login(struct mta_macros *macros, const char *login)
{
    return mta_macros_set(macros, "{auth_authen}", login, FROM_MAIL);
}

static bool set_address(struct mta_macros *macros, const char *prefix, const char *address,
                        unsigned stages)
{
    const char *at = strrchr(address, '@');
    char name[3][32];

    snprintf(name[0], sizeof name[0], "{%s_addr}", prefix);
    snprintf(name[1], sizeof name[1], "{%s_host}", prefix);
    snprintf(name[2], sizeof name[2], "{%s_mailer}", prefix);
    return mta_macros_set(macros, name[0], address, stages) &&
           mta_macros_set(macros, name[1], at ? at + 1 : "", stages) &&
           mta_macros_set(macros, name[2], macros->kind == MTA_POSTFIX ? "smtp" : "esmtp", stages);
}

bool mta_macros_set_sender(struct mta_macros *macros, const char *address)
{
    return set_address(macros, "mail", address, FROM_MAIL);
}

bool mta_macros_set_recipient(struct mta_macros *macros, const char *address)
{
    return set_address(macros, "rcpt", address, BIT(WIRE_STAGE_RCPT));
}

/* The stage whose list goes with a command; -1: this MTA sends no macros with it. */
static int stage_of_command(enum mta_kind kind, enum wire_command command)
{
    switch (command) {
    case WIRE_CONNECT:
        return WIRE_STAGE_CONNECT;
    case WIRE_HELO:
        return WIRE_STAGE_HELO;
    case WIRE_MAIL:
        return WIRE_STAGE_MAIL;
    case WIRE_RCPT:
        return WIRE_STAGE_RCPT;
    case WIRE_DATA:
        return WIRE_STAGE_DATA;
    case WIRE_HEADER:
        return kind == MTA_POSTFIX ? WIRE_STAGE_EOH : -1;
    case WIRE_END_OF_HEADERS:
        return WIRE_STAGE_EOH;
    case WIRE_BODY:
        return kind == MTA_POSTFIX ? WIRE_STAGE_EOM : -1;
    case WIRE_END_OF_MESSAGE:
        return WIRE_STAGE_EOM;
    default:
        return -1;
    }
}

static bool is_known_now(const struct mta_macros *macros, const struct mta_macro *macro, int stage,
                         bool has_recipient)
{
    if (!macro->value || !(macro->stages & BIT(stage)))
        return false;
    if (macros->kind == MTA_POSTFIX && strcmp(macro->name, "i") == 0)
        return has_recipient;
    return true;
}

void mta_macros_put(struct wire_buffer *buffer, const struct mta_macros *macros,
                    const struct wire_offer *offer, enum wire_command command, bool has_recipient)
{
    int stage = stage_of_command(macros->kind, command);
    char letter = (char)command;
    struct wire_text list;

    if (stage < 0)
        return;
    list = offer->list[stage];
    if (list.length == 0) { /* both MTAs take an empty list for "your own choice" */
        list.data = default_lists[macros->kind][stage];
        list.length = strlen(list.data);
    }
    wire_begin(buffer, WIRE_MACRO);
    wire_add_bytes(buffer, &letter, 1);
    while (list.length) {
        const struct mta_macro *macro;
        size_t length = 0;

        while (length < list.length && !strchr(" ,", list.data[length]))
            length++;
        macro = length ? find_macro(macros, bare_name(list.data, length)) : NULL;
        if (macro && is_known_now(macros, macro, stage, has_recipient)) {
            wire_add_string(buffer, macro->name);
            wire_add_string(buffer, macro->value);
        }
        length += length < list.length;
        list.data += length;
        list.length -= length;
    }
    wire_end(buffer);
}
