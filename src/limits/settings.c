/*
 * settings: the rows of `limits`, and what is wrong with them as a whole.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "limits/charge.h"
#include "limits/limit.h"
#include "limits/provider.h"
#include "limits/record.h"
#include "util/error.h"
#include "util/span.h"

enum { PER_MIN_S = 60, PER_MAX_S = 31 * 86400, NAME_MAX_OCTETS = 60 };

/* It stands in replies, log lines and keys. */
static bool accepts_name(const char *value, struct error *error)
{
    size_t size = strlen(value);
    bool is_good = size > 0 && size <= NAME_MAX_OCTETS;
    for (size_t i = 0; i < size; i++) {
        is_good &= value[i] > ' ' && value[i] < 0x7f && strchr(":/,=\"\\%", value[i]) == NULL;
    }
    if (!is_good) {
        error_set(error, "no name; valid: up to %d letters, digits and -_.@+", NAME_MAX_OCTETS);
    }
    return is_good;
}

static bool accepts_text(const char *value, struct error *error)
{
    if (value[0] != '\0') {
        return true;
    }
    error_set(error, "empty, fits nothing; leave the setting out to fit all");
    return false;
}

static const struct config_row limit_rows[] = {
    { .name = "name",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct limit, name),
      .accepts = accepts_name,
      .required = true,
      .brief = "what replies, log and commands call it" },
    { .name = "count",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct limit, count),
      .choices = limit_count_names,
      .required = true,
      .brief = "what is counted" },
    { .name = "by",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct limit, by),
      .fallback = "principal",
      .choices = limit_by_names,
      .brief = "who shares one count" },
    { .name = "max",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct limit, max),
      .min = 0,
      .max = INT64_C(1) << 47,
      .required = true,
      .brief = "how much may be sent in the time; 0: unlimited" },
    { .name = "per",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct limit, per_s),
      .min = PER_MIN_S,
      .max = PER_MAX_S,
      .required = true,
      .brief = "the time: any stretch of this length, not a calendar's hour or day" },
    { .name = "burst",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct limit, burst),
      .fallback = "0",
      .min = 0,
      .max = INT64_C(1) << 47,
      .brief = "how much may come at once, and evenly from then on; 0: up to max" },
    { .name = "action",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct limit, action),
      .fallback = "defer",
      .choices = action_names,
      .brief = "what is done with a message beyond it: observe, hold, defer, reject" },
    { .name = "recipients",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct limit, to),
      .fallback = "external",
      .choices = limit_to_names,
      .brief = "which recipients count" },
    { .name = "class",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct limit, classes),
      .accepts = mail_class_accepts,
      .brief = "the classes of mail it is for" },
    { .name = "plan",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct limit, plans),
      .accepts = accepts_text,
      .brief = "the plans it is for" },
    { .name = "principal",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct limit, principals),
      .accepts = accepts_text,
      .brief = "whom it is for: logins, names of networks, @domain" },
    { .name = "domain",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct limit, domains),
      .accepts = accepts_text,
      .brief = "the sender domains it is for" },
    { .name = "network",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct limit, networks),
      .accepts = accepts_text,
      .brief = "the rows of outgoing.networks it is for" },
    CONFIG_ROWS_END,
};

static const struct config_row rows[] = {
    { .name = "limits",
      .type = CONFIG_LIST,
      .offset = offsetof(struct limits_settings, rows),
      .rows = limit_rows,
      .element_size = sizeof(struct limit),
      .key = "name",
      .place_offset = offsetof(struct limit, place),
      .brief = "how much may be sent in which time" },
    CONFIG_ROWS_END,
};

static void complain(struct config_report *report, enum config_severity severity, size_t at,
                     const struct limit *limit, const char *member, const char *text)
{
    char setting[64];
    snprintf(setting, sizeof(setting), "limits[%zu].%s", at, member);
    config_complain(report, severity, &limit->place, setting, "%s", text);
}

static bool counts_addresses(const struct limit *limit)
{
    return limit->count == LIMIT_UNIQUE_RECIPIENTS || limit->count == LIMIT_NEW_RECIPIENTS;
}

static void check_limit(const struct limit *limit, size_t at, struct config_report *report)
{
    if (limit->action == ACTION_OFF || limit->action == ACTION_REPAIR) {
        complain(
            report, CONFIG_ERROR, at, limit, "action",
            "no action for a limit; valid: observe, hold, defer, reject (max = 0 takes a limit "
            "away)");
    }
    if (limit->burst > 0 && (counts_addresses(limit) || limit->count == LIMIT_FAILED_RECIPIENTS)) {
        complain(report, CONFIG_ERROR, at, limit, "burst",
                 "only messages, recipients and bytes can have one");
    }
    if (limit->burst > 0 && limit->max > 0 && limit->burst >= limit->max) {
        complain(report, CONFIG_WARNING, at, limit, "burst", "has no effect: it is not below max");
    }
    if (limit->count == LIMIT_UNIQUE_RECIPIENTS && limit->max > LIMIT_UNIQUE_MAX) {
        complain(report, CONFIG_ERROR, at, limit, "max",
                 "too many different recipients to keep; valid: up to 20000");
    }
    if (limit->count == LIMIT_FAILED_RECIPIENTS && limit->by == LIMIT_BY_PROVIDER) {
        complain(report, CONFIG_ERROR, at, limit, "by",
                 "recipients that the mail server refuses have no provider");
    }
}

static bool has_text(const struct config_texts *texts, const char *text)
{
    size_t i = 0;
    while (i < texts->count && strcasecmp(texts->at[i], text) != 0) {
        i++;
    }
    return i < texts->count;
}

static bool are_texts_among(const struct config_texts *texts, const struct config_texts *others)
{
    size_t i = 0;
    while (i < texts->count && has_text(others, texts->at[i])) {
        i++;
    }
    return i == texts->count;
}

/* In whatever order, and however often. */
static bool are_texts_equal(const struct config_texts *a, const struct config_texts *b)
{
    return are_texts_among(a, b) && are_texts_among(b, a);
}

static bool count_the_same(const struct limit *a, const struct limit *b)
{
    return a->by == b->by && limit_meter_is_equal(limit_meter_of(a), limit_meter_of(b));
}

/* Two such rows would hold for the same mail, and the first would win without a word. */
static bool are_rivals(const struct limit *a, const struct limit *b)
{
    return count_the_same(a, b) && are_texts_equal(&a->classes, &b->classes) &&
           are_texts_equal(&a->plans, &b->plans) &&
           are_texts_equal(&a->principals, &b->principals) &&
           are_texts_equal(&a->domains, &b->domains) && are_texts_equal(&a->networks, &b->networks);
}

/* Local mail has those by principal twice (limits/bill.h). */
static size_t lines_of(const struct limit *limit)
{
    return limit->by == LIMIT_BY_PROVIDER    ? PROVIDER_COUNT
           : limit->by == LIMIT_BY_PRINCIPAL ? 2
                                             : 1;
}

/* What finds no room in a charge or a record would hold for nobody. */
static void check_room(const struct limits_settings *limits, struct config_report *report)
{
    const struct limit *at = limits->rows.at;
    size_t groups = 0, lines = 0;
    bool has_default = false;
    for (size_t i = 0; i < limits->rows.count; i++) {
        bool is_first = true;
        for (size_t k = 0; is_first && k < i; k++) {
            is_first = !count_the_same(&at[i], &at[k]);
        }
        groups += is_first;
        lines += is_first ? lines_of(&at[i]) : 0;
        has_default |=
            strcmp(at[i].name, limit_default.name) == 0 || count_the_same(&at[i], &limit_default);
    }
    groups += !has_default;
    lines += has_default ? 0 : lines_of(&limit_default);
    if (groups > RECORD_METERS_MAX || lines > CHARGE_LINES_MAX) {
        size_t last = limits->rows.count - 1;
        complain(report, CONFIG_ERROR, last, &at[last], "name",
                 "too much is counted for one message; valid: up to 48 rows that differ in count, "
                 "by, recipients or per, and 64 together where each by principal makes 2 and each "
                 "by provider 17");
    }
}

static void check_limits(const struct config *config, const void *settings,
                         struct config_report *report)
{
    const struct limits_settings *limits = settings;
    const struct limit *at = limits->rows.at;
    (void)config;
    for (size_t i = 0; i < limits->rows.count; i++) {
        check_limit(&at[i], i, report);
        for (size_t k = 0; k < i; k++) {
            if (are_rivals(&at[i], &at[k])) {
                char text[160];
                snprintf(text, sizeof(text),
                         "counts the same for the same mail as \"%s\": which of them holds?",
                         at[k].name);
                complain(report, CONFIG_ERROR, i, &at[i], "name", text);
                break;
            }
        }
    }
    check_room(limits, report);
    if (limits->rows.count > LIMIT_ROWS_MAX) {
        complain(report, CONFIG_ERROR, LIMIT_ROWS_MAX, &at[LIMIT_ROWS_MAX], "name",
                 "too many rows; valid: up to 1000 (values for single principals are exceptions)");
    }
}

const struct config_table limits_table = {
    .path = "", .rows = rows, .size = sizeof(struct limits_settings), .check = check_limits
};

const struct limit limit_default = { .name = "default",
                                     .count = LIMIT_RECIPIENTS,
                                     .by = LIMIT_BY_PRINCIPAL,
                                     .to = LIMIT_TO_EXTERNAL,
                                     .max = 500,
                                     .per_s = 3600,
                                     .action = ACTION_DEFER };
