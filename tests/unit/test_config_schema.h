/*
 * test_config_schema: a configuration with a row of every kind, for the tests and the fuzz target
 * of src/config.
 */
#ifndef EM_TEST_CONFIG_SCHEMA_H
#define EM_TEST_CONFIG_SCHEMA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"
#include "config/row.h"
#include "util/error.h"

/* --- lists: domains, with keys in each --- */

struct schema_key {
    const char *selector;
    const char *file;
};

static const struct config_row schema_key_rows[] = { { .name = "selector",
                                                       .type = CONFIG_TEXT,
                                                       .offset =
                                                           offsetof(struct schema_key, selector),
                                                       .required = true },
                                                     { .name = "file",
                                                       .type = CONFIG_TEXT,
                                                       .offset = offsetof(struct schema_key, file),
                                                       .required = true },
                                                     CONFIG_ROWS_END };

struct schema_domain {
    const char *name;
    const char *d;
    bool subdomains;
    int on_failure;
    struct config_texts aliases;
    struct config_list keys;
    struct config_place place;
};

static const char *const schema_failures[] = { "defer", "hold", "pass", NULL };

static const struct config_row schema_domain_rows[] = {
    { .name = "name",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct schema_domain, name),
      .required = true },
    { .name = "d", .type = CONFIG_TEXT, .offset = offsetof(struct schema_domain, d) },
    { .name = "subdomains",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct schema_domain, subdomains),
      .fallback = "true" },
    { .name = "on_failure",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct schema_domain, on_failure),
      .fallback = "hold",
      .choices = schema_failures },
    { .name = "aliases", .type = CONFIG_TEXTS, .offset = offsetof(struct schema_domain, aliases) },
    { .name = "keys",
      .type = CONFIG_LIST,
      .offset = offsetof(struct schema_domain, keys),
      .rows = schema_key_rows,
      .element_size = sizeof(struct schema_key),
      .key = "selector" },
    { .name = "on_unpublished", .type = CONFIG_PLANNED },
    CONFIG_ROWS_END
};

/* --- the top level, in two tables as of two rooms --- */

struct schema_top {
    struct config_texts sockets;
    int mode;
    bool socket_open;
    const char *user;
    const char *domains_from;
    struct config_list domains;
};

static const char *const schema_modes[] = { "observe", "enforce", NULL };

static bool schema_accepts_socket(const char *value, struct error *error)
{
    if (strncmp(value, "unix:", 5) == 0 || strncmp(value, "inet:", 5) == 0) {
        return true;
    }
    error_set(error, "no socket; valid: \"unix:/PATH\" or \"inet:PORT@ADDRESS\"");
    return false;
}

static const struct config_row schema_top_rows[] = {
    { .name = "socket",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct schema_top, sockets),
      .required = true,
      .accepts = schema_accepts_socket },
    { .name = "mode",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct schema_top, mode),
      .fallback = "observe",
      .choices = schema_modes },
    { .name = "socket_open",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct schema_top, socket_open),
      .fallback = "false" },
    { .name = "user",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct schema_top, user),
      .fallback = "egress-milter" },
    { .name = "domains", .type = CONFIG_TEXT, .offset = offsetof(struct schema_top, domains_from) },
    { .name = "domains",
      .type = CONFIG_LIST,
      .offset = offsetof(struct schema_top, domains),
      .rows = schema_domain_rows,
      .element_size = sizeof(struct schema_domain),
      .key = "name",
      .place_offset = offsetof(struct schema_domain, place) },
    { .name = "redis", .type = CONFIG_PLANNED },
    { .name = "limits", .type = CONFIG_PLANNED },
    CONFIG_ROWS_END
};

static const struct config_table schema_top = { .path = "",
                                                .rows = schema_top_rows,
                                                .size = sizeof(struct schema_top) };

struct schema_names {
    struct config_texts internal;
    int role;
};

static const char *const schema_roles[] = { "full", "off", NULL };

static const struct config_row schema_names_rows[] = {
    { .name = "internal",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct schema_names, internal),
      .fallback = "[ localhost, localhost.localdomain ]" },
    { .name = "role",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct schema_names, role),
      .choices = schema_roles },
    CONFIG_ROWS_END
};

static const struct config_table schema_names = { .path = "",
                                                  .rows = schema_names_rows,
                                                  .size = sizeof(struct schema_names) };

/* --- groups, one within another --- */

struct schema_log {
    const char *facility;
    bool inbound;
};

static const struct config_row schema_log_rows[] = {
    { .name = "facility",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct schema_log, facility),
      .fallback = "mail" },
    { .name = "inbound", .type = CONFIG_BOOL, .offset = offsetof(struct schema_log, inbound) },
    CONFIG_ROWS_END
};

static const struct config_table schema_log = { .path = "log",
                                                .rows = schema_log_rows,
                                                .size = sizeof(struct schema_log) };

struct schema_remote {
    const char *host;
    int64_t port;
};

static const struct config_row schema_remote_rows[] = {
    { .name = "host", .type = CONFIG_TEXT, .offset = offsetof(struct schema_remote, host) },
    { .name = "port",
      .type = CONFIG_INT,
      .offset = offsetof(struct schema_remote, port),
      .fallback = "514",
      .min = 1,
      .max = 65535 },
    CONFIG_ROWS_END
};

static const struct config_table schema_remote = { .path = "log.remote",
                                                   .rows = schema_remote_rows,
                                                   .size = sizeof(struct schema_remote) };

struct schema_ceilings {
    int64_t message;
    int64_t expire;
    int64_t delay;
    int64_t shift;
    int64_t total;
};

static const struct config_row schema_ceilings_rows[] = {
    { .name = "message",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct schema_ceilings, message),
      .fallback = "2M",
      .min = 65536,
      .max = 1 << 30 },
    { .name = "expire",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct schema_ceilings, expire),
      .fallback = "7d",
      .min = 3600,
      .max = 90 * 86400 },
    { .name = "delay",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct schema_ceilings, delay),
      .fallback = "90" },
    { .name = "shift",
      .type = CONFIG_INT,
      .offset = offsetof(struct schema_ceilings, shift),
      .fallback = "-5",
      .min = -10,
      .max = 10 },
    { .name = "total", .type = CONFIG_INT, .offset = offsetof(struct schema_ceilings, total) },
    CONFIG_ROWS_END
};

/* Needs two settings to judge. */
static void schema_check_ceilings(const struct config *config, const void *settings,
                                  struct config_report *report);

static const struct config_table schema_ceilings = { .path = "ceilings",
                                                     .rows = schema_ceilings_rows,
                                                     .size = sizeof(struct schema_ceilings),
                                                     .check = schema_check_ceilings };

static void schema_check_ceilings(const struct config *config, const void *settings,
                                  struct config_report *report)
{
    const struct schema_ceilings *ceilings = settings;
    struct config_place place = config_where(config, &schema_ceilings, "delay");
    if (ceilings->delay > ceilings->expire) {
        config_complain(report, CONFIG_WARNING, &place, "ceilings.delay",
                        "never effective beyond ceilings.expire");
    }
}

static const struct config_table *const schema_tables[] = { &schema_top,      &schema_log,
                                                            &schema_names,    &schema_remote,
                                                            &schema_ceilings, NULL };

#endif
