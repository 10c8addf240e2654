/*
 * exceptions: the rows, and which of them holds. There are few, so they are looked through.
 */
#include "site/exceptions.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "limits/choose.h"
#include "limits/limit.h"
#include "site/site.h"
#include "util/calendar.h"
#include "util/clock.h"
#include "util/error.h"

/* "2026-12-31" to the second its day ends, local time. */
static bool read_day(const char *text, int64_t *end_s_r)
{
    struct calendar_time day;
    struct span rest;
    int64_t begin_s;
    if (strlen(text) != sizeof("2026-12-31") - 1 || !calendar_parse(span_of(text), &day, &rest) ||
        rest.size > 0 || !calendar_seconds(&day, &begin_s)) {
        return false;
    }
    *end_s_r = calendar_from_local(&clock_system, begin_s + 86400);
    return true;
}

static bool accepts_day(const char *value, struct error *error)
{
    int64_t end_s;
    if (read_day(value, &end_s)) {
        return true;
    }
    error_set(error, "not a day; valid: \"2026-12-31\"");
    return false;
}

static bool accepts_finding(const char *value, struct error *error)
{
    enum finding_id id;
    if (finding_id_parse(span_of(value), &id) && finding_is_ruled(id)) {
        return true;
    }
    error_set(error, "no finding that rules decide; valid: the names of rules");
    return false;
}

static const struct config_row exception_rows[] = {
    { .name = "principal",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct exception_settings, principal),
      .required = true,
      .brief = "whom it is for: a login in its canonical form, a network's name, or @domain" },
    { .name = "rule",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct exception_settings, rule),
      .accepts = accepts_finding,
      .brief = "the finding it is about, with action" },
    { .name = "action",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct exception_settings, action),
      .choices = action_names,
      .brief = "what is done about the finding" },
    { .name = "until",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct exception_settings, until),
      .accepts = accepts_day,
      .brief = "the last day it holds, local time" },
    { .name = "because",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct exception_settings, because),
      .brief = "why, for whoever reads it later" },
    { .name = "limit",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct exception_settings, limit),
      .brief = "the limit it is about, with max" },
    { .name = "max",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct exception_settings, max),
      .absent = -1,
      .min = 0,
      .max = INT64_C(1) << 47,
      .brief = "the limit's other value; 0: unlimited" },
    CONFIG_ROWS_END,
};

static const struct config_row rows[] = {
    { .name = "exceptions",
      .type = CONFIG_LIST,
      .offset = offsetof(struct exceptions_settings, rows),
      .rows = exception_rows,
      .element_size = sizeof(struct exception_settings),
      .place_offset = offsetof(struct exception_settings, place),
      .brief = "what is different for single principals, perhaps for a time" },
    CONFIG_ROWS_END,
};

static const struct limit *find_limit(const struct config *config, const char *name)
{
    const struct limits_settings *limits = config_settings(config, &limits_table);
    const struct limit *rows_of = limits->rows.at;
    for (size_t i = 0; i < limits->rows.count; i++) {
        if (strcmp(rows_of[i].name, name) == 0) {
            return &rows_of[i];
        }
    }
    return strcmp(limit_default.name, name) == 0 ? &limit_default : NULL;
}

/* What is wrong with what it is about; NULL: nothing. */
static const char *fault_of(const struct config *config, const struct exception_settings *row)
{
    if ((row->rule != NULL) == (row->limit != NULL)) {
        return "is about a rule (with action) or about a limit (with max): set one of them";
    }
    if (row->rule != NULL) {
        return row->action < 0 ? "needs an action: what is done about the finding"
               : row->max >= 0 ? "has a max, which is for limits"
                               : NULL;
    }
    const struct limit *limit = find_limit(config, row->limit);
    return limit == NULL                     ? "names a limit that is not there"
           : limit->by != LIMIT_BY_PRINCIPAL ? "names a limit that is not by principal"
           : row->max < 0                    ? "needs a max: the limit's other value"
           : limit->count == LIMIT_UNIQUE_RECIPIENTS && row->max > LIMIT_UNIQUE_MAX
               ? "has too many different recipients to keep; valid: up to 20000"
           : row->action >= 0 ? "has an action, which is for rules"
                              : NULL;
}

static void check_row(const struct config *config, const struct exception_settings *row, size_t at,
                      struct config_report *report)
{
    const char *fault = fault_of(config, row);
    char name[48];
    if (fault != NULL) {
        snprintf(name, sizeof(name), "exceptions[%zu]", at);
        config_complain(report, CONFIG_ERROR, &row->place, name, "%s", fault);
    }
}

/* One that has run out is no fault, but somebody should take it away. */
static void check_exceptions(const struct config *config, const void *settings,
                             struct config_report *report)
{
    const struct exceptions_settings *exceptions = settings;
    const struct exception_settings *at = exceptions->rows.at;
    for (size_t i = 0; i < exceptions->rows.count; i++) {
        char name[48];
        int64_t end_s;
        enum finding_id id;
        if (at[i].until != NULL && read_day(at[i].until, &end_s) &&
            end_s <= clock_wall_s(&clock_system)) {
            snprintf(name, sizeof(name), "exceptions[%zu].until", i);
            config_complain(report, CONFIG_WARNING, &at[i].place, name,
                            "%s is over: it has no effect any more", at[i].until);
        }
        check_row(config, &at[i], i, report);
        if (at[i].action == ACTION_REPAIR && at[i].rule != NULL &&
            finding_id_parse(span_of(at[i].rule), &id) && !finding_is_repairable(id)) {
            snprintf(name, sizeof(name), "exceptions[%zu].action", i);
            config_complain(report, CONFIG_ERROR, &at[i].place, name,
                            "there is no repair for %s; valid: off, observe, hold, defer, reject",
                            at[i].rule);
        }
    }
}

const struct config_table site_exceptions_table = {
    .path = "", .rows = rows, .size = sizeof(struct exceptions_settings), .check = check_exceptions
};

static bool is_good(const struct exception_settings *row, int64_t wall_s)
{
    int64_t end_s;
    return row->until == NULL || (read_day(row->until, &end_s) && wall_s < end_s);
}

const struct exception_settings *exceptions_find(const struct site *site, struct span principal,
                                                 enum finding_id finding, int64_t wall_s)
{
    const struct exception_settings *at = site->exceptions->rows.at;
    for (size_t i = 0; i < site->exceptions->rows.count; i++) {
        bool is_meant = at[i].rule != NULL &&
                        span_is_equal(span_of(at[i].rule), span_of(finding_name(finding))) &&
                        limit_names(at[i].principal, principal);
        if (is_meant && is_good(&at[i], wall_s)) {
            return &at[i];
        }
    }
    return NULL;
}

const struct exception_settings *exceptions_find_max(const struct site *site, struct span principal,
                                                     const char *limit, int64_t wall_s,
                                                     uint64_t *max_r)
{
    const struct exception_settings *at = site->exceptions->rows.at;
    for (size_t i = 0; i < site->exceptions->rows.count; i++) {
        bool is_meant = at[i].limit != NULL && strcmp(at[i].limit, limit) == 0 &&
                        limit_names(at[i].principal, principal);
        if (is_meant && is_good(&at[i], wall_s)) {
            *max_r = (uint64_t)at[i].max;
            return &at[i];
        }
    }
    return NULL;
}
