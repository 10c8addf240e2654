/*
 * settings: the structs behind the settings that are about the site as a whole: mode, outgoing,
 * log, ceilings.
 */
#ifndef EM_SITE_SETTINGS_H
#define EM_SITE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/row.h"

struct error;

enum site_mode { MODE_OBSERVE, MODE_ENFORCE };

struct general_settings {
    int mode; /* enum site_mode */
    const char *user;
};

struct log_settings {
    int level; /* enum log_level */
    const char *facility;
    bool inbound;
    bool redact;
};

struct ceiling_settings {
    int64_t message_bytes;
    int64_t total_bytes; /* of all messages of a process together */
    int64_t connections; /* of all processes together */
};

enum network_kind { NETWORK_RELAY, NETWORK_LIST, NETWORK_FORWARD };
enum network_account { NETWORK_ACCOUNT_NAME, NETWORK_ACCOUNT_SENDER };
enum listener_role { LISTENER_FULL, LISTENER_CHECK, LISTENER_SIGN, LISTENER_OFF };
enum loopback_class { LOOPBACK_LOCAL, LOOPBACK_INBOUND };

struct network_settings {
    const char *name;
    const char *address;      /* network or address; or NULL with a certificate */
    const char *certificate;  /* subject common name */
    const char *issuer;       /* issuer common name */
    int kind;                 /* enum network_kind */
    int account;              /* enum network_account */
    struct config_texts from; /* senders it may use; none: not judged */
    const char *plan;         /* NULL: as its principals have */
    bool is_proxy;            /* where its clients come from tells nothing of people */
    struct config_place place;
};

enum listener_demand { LISTENER_OPTIONAL, LISTENER_REQUIRED };

struct listener_settings {
    const char *daemon;
    int role;           /* enum listener_role */
    int authentication; /* enum listener_demand */
    int tls;            /* enum listener_demand */
    struct config_place place;
};

struct outgoing_settings {
    bool authenticated;
    bool local;
    int loopback; /* enum loopback_class */
    struct config_texts account;
    struct config_list networks;    /* struct network_settings */
    struct config_list listeners;   /* struct listener_settings */
    const char *ticket_file;        /* NULL: no tickets */
    struct config_texts internal;   /* domains, as written */
    struct config_texts local_from; /* senders local mail may use; none: not judged */
    struct config_texts daemons;    /* listeners that require login and TLS */
};

/* For rows: is it a domain name? False with *error filled. */
bool site_accepts_domain(const char *value, struct error *error);

extern const struct config_table site_general_table;
extern const struct config_table site_log_table;
extern const struct config_table site_ceiling_table;
extern const struct config_table site_outgoing_table;
/* What the contract names and this version has not: each use is an error that says so. Ended by
 * NULL. */
extern const struct config_table *const site_planned_tables[];

#endif
