/*
 * settings: the rows of `control`, and the array of everybody's tables.
 *
 * This is the one place that sees all rooms' settings, so what makes one setting useless because of
 * another room's is said here.
 */
#include "control/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk/settings.h"
#include "checks/check.h"
#include "config/config.h"
#include "dkim/domains.h"
#include "dns/settings.h"
#include "feedback/settings.h"
#include "hold/settings.h"
#include "limits/backscatter.h"
#include "limits/limit.h"
#include "lists/zone.h"
#include "milter/listen.h"
#include "milter/milter.h"
#include "notice/settings.h"
#include "scan/settings.h"
#include "site/site.h"
#include "site/store_size.h"
#include "state/redis_settings.h"
#include "state/settings.h"
#include "watch/domains_settings.h"

static bool accepts_group(const char *value, struct error *error)
{
    if (value[0] != '\0')
        return true;
    error_set(error, "empty; valid: the name of a group");
    return false;
}

static const struct config_row control_rows[] = {
    { .name = "socket",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct control_settings, socket),
      .fallback = EM_RUN_DIR "/control.sock",
      .accepts = listen_path_accepts,
      .brief = "path of the socket egressctl talks to" },
    { .name = "read_group",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct control_settings, read_group),
      .accepts = accepts_group,
      .brief =
          "group that may look: status, health, limits, suppress; root and the daemon's user may "
          "everything" },
    CONFIG_ROWS_END,
};

static void complain_useless(const struct config *config, struct config_report *report,
                             const struct config_table *table, const char *name, const char *why)
{
    struct config_place place = config_where(config, table, name);
    char setting[96];

    if (!config_is_set(config, table, name))
        return;
    snprintf(setting, sizeof(setting), "%s%s%s", table->path, table->path[0] != '\0' ? "." : "",
             name);
    config_complain(report, CONFIG_WARNING, &place, setting, "has no effect: %s", why);
}

/* All rows of a table. */
static void complain_useless_table(const struct config *config, struct config_report *report,
                                   const struct config_table *table, const char *why)
{
    for (const struct config_row *row = table->rows; row->name != NULL; row++) {
        if (row->type != CONFIG_PLANNED)
            complain_useless(config, report, table, row->name, why);
    }
}

static bool is_network(const struct outgoing_settings *outgoing, const char *name)
{
    const struct network_settings *at = outgoing->networks.at;

    for (size_t i = 0; i < outgoing->networks.count; i++) {
        if (strcasecmp(at[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool has_plans(const struct config *config, const struct outgoing_settings *outgoing)
{
    const struct network_settings *at = outgoing->networks.at;
    bool is_some = config_is_set(config, &site_plan_table, "table") ||
                   config_is_set(config, &site_plan_table, "default");

    for (size_t i = 0; i < outgoing->networks.count && !is_some; i++)
        is_some = at[i].plan != NULL;
    return is_some;
}

/* A limit that fits nobody's mail is believed in all the same. */
static void check_limits(const struct config *config, struct config_report *report,
                         const struct outgoing_settings *outgoing)
{
    const struct limits_settings *limits = config_settings(config, &limits_table);
    const struct limit *at = limits->rows.at;
    bool has_some = has_plans(config, outgoing);
    char setting[64];

    for (size_t i = 0; i < limits->rows.count; i++) {
        for (size_t k = 0; k < at[i].networks.count; k++) {
            if (is_network(outgoing, at[i].networks.at[k]))
                continue;
            snprintf(setting, sizeof(setting), "limits[%zu].network", i);
            config_complain(report, CONFIG_WARNING, &at[i].place, setting,
                            "has no effect: no row of outgoing.networks is called \"%s\"",
                            at[i].networks.at[k]);
        }
        if (has_some || (at[i].plans.count == 0 && at[i].by != LIMIT_BY_PLAN))
            continue;
        snprintf(setting, sizeof(setting), "limits[%zu].%s", i,
                 at[i].plans.count > 0 ? "plan" : "by");
        config_complain(report, CONFIG_WARNING, &at[i].place, setting,
                        "has no effect: nobody is on a plan, see plans.table");
    }
}

static void check_control(const struct config *config, const void *settings,
                          struct config_report *report)
{
    const struct control_settings *control = settings;
    const struct socket_settings *sockets = config_settings(config, &milter_socket_table);
    const struct outgoing_settings *outgoing = config_settings(config, &site_outgoing_table);
    const struct general_settings *general = config_settings(config, &site_general_table);
    struct config_place place = config_where(config, &control_table, "socket");

    for (size_t i = 0; i < sockets->socket.count; i++) {
        struct listen_spec spec;
        struct error error;
        if (listen_parse(sockets->socket.at[i], &spec, &error) && spec.family == LISTEN_UNIX &&
            strcmp(spec.path, control->socket) == 0)
            config_complain(report, CONFIG_ERROR, &place, "control.socket",
                            "%s is a milter socket already: choose another path", spec.path);
    }
    if (!config_is_set(config, &dkim_domains_table, "domains"))
        complain_useless_table(config, report, &dkim_signing_table,
                               "no domains are configured, nothing is signed");
    else if (general->mode == MODE_ENFORCE)
        complain_useless(config, report, &dkim_signing_table, "in_observe", "mode is enforce");
    if (!outgoing->authenticated)
        complain_useless_table(config, report, &site_login_table,
                               "outgoing.authenticated is false");
    check_limits(config, report, outgoing);
    store_size_check(config, report);
}

const struct config_table control_table = { .path = "control",
                                            .rows = control_rows,
                                            .size = sizeof(struct control_settings),
                                            .check = check_control };

static const struct config_table *const fixed_tables[] = {
    &site_general_table,   &site_log_table,      &site_ceiling_table,     &site_outgoing_table,
    &site_egress_table,    &site_login_table,    &site_sender_table,      &site_group_table,
    &site_behaviour_table, &site_plan_table,     &site_exceptions_table,  &site_rules_table,
    &dkim_signing_table,   &dkim_domains_table,  &milter_socket_table,    &control_table,
    &state_settings_table, &dns_settings_table,  &domains_settings_table, &notice_settings_table,
    &hook_settings_table,  &hold_settings_table, &limits_table,           &redis_settings_table,
    &suppression_table,    &backscatter_table,   &clamd_settings_table,   &bulk_settings_table,
    &lists_table,          &listings_table,      &feedback_table,
};
#define FIXED_COUNT (sizeof(fixed_tables) / sizeof(fixed_tables[0]))

/* Built once: how many checks there are and which have settings is known at run time only. */
static const struct config_table **every_table;
static pthread_once_t every_table_once = PTHREAD_ONCE_INIT;

static void gather(void)
{
    size_t planned = 0, count = 0;
    const struct config_table **tables;

    while (site_planned_tables[planned] != NULL)
        planned++;
    tables = calloc(FIXED_COUNT + check_count + planned + 1, sizeof(const struct config_table *));
    if (tables == NULL)
        abort(); /* some hundred bytes at the very start: nothing could be done without them */
    for (size_t i = 0; i < FIXED_COUNT; i++)
        tables[count++] = fixed_tables[i];
    for (size_t i = 0; i < check_count; i++) {
        if (check_table[i]->settings != NULL)
            tables[count++] = check_table[i]->settings;
    }
    for (size_t i = 0; i < planned; i++)
        tables[count++] = site_planned_tables[i];
    every_table = tables;
}

const struct config_table *const *all_config_tables(void)
{
    pthread_once(&every_table_once, gather);
    return every_table;
}
