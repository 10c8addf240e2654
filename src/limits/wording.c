/*
 * wording: sentences about limits.
 */
#include "limits/wording.h"

#include <inttypes.h>
#include <stdio.h>

#include "limits/account.h"

static uint64_t rounded_up(uint64_t number, uint64_t unit)
{
    return (number + unit - 1) / unit;
}

void wording_of_time(uint64_t s, char text_r[WORDING_TIME_MAX])
{
    static const struct {
        uint64_t least_s, unit_s;
        const char *one, *many;
    } units[] = {
        { 3 * 86400, 86400, "day", "days" },
        { 2 * 3600, 3600, "hour", "hours" },
        { 2 * 60, 60, "minute", "minutes" },
        { 0, 1, "second", "seconds" },
    };
    size_t i = 0;
    /* A whole hour or day is called so. */
    for (; s < units[i].least_s && s != units[i].unit_s; i++) {
    }
    uint64_t count = rounded_up(s, units[i].unit_s);
    snprintf(text_r, WORDING_TIME_MAX, "%" PRIu64 " %s", count,
             count == 1 ? units[i].one : units[i].many);
}

static const char *name_of_scope(const struct limit *limit)
{
    static const char *const names[LIMIT_BY_COUNT] = {
        [LIMIT_BY_PRINCIPAL] = "",
        [LIMIT_BY_PLAN] = " of the plan",
        [LIMIT_BY_DOMAIN] = " of the domain",
        [LIMIT_BY_NETWORK] = " of the network",
        [LIMIT_BY_PROVIDER] = " to the provider",
        [LIMIT_BY_SITE] = " of the site",
    };
    return names[limit->by];
}

static void say_never(const struct charge_line *line, char seen_r[WORDING_MAX],
                      char advice_r[WORDING_MAX])
{
    const char *unit = limit_unit(line->limit);
    snprintf(seen_r, WORDING_MAX, "this message needs %" PRIu64 " %s, limit %s%s is %" PRIu64,
             line->needs, unit, line->limit->name, name_of_scope(line->limit), line->max);
    snprintf(advice_r, WORDING_MAX, "send it in parts of at most %" PRIu64 " %s", line->max, unit);
}

/* The message needs none of them, as a rule. */
static void say_failed(const struct charge_line *line, const char *per, char seen_r[WORDING_MAX])
{
    snprintf(seen_r, WORDING_MAX,
             "limit %s%s: the mail server has refused %" PRIu64
             " recipients in %s, at most %" PRIu64 " may be wrong",
             line->limit->name, name_of_scope(line->limit), line->used + line->amount, per,
             line->max);
}

void wording_of_excess(const struct charge_line *line, char seen_r[WORDING_MAX],
                       char advice_r[WORDING_MAX])
{
    char per[WORDING_TIME_MAX], wait[WORDING_TIME_MAX];
    if (line->fits_in_ms == CHARGE_NEVER) {
        say_never(line, seen_r, advice_r);
        return;
    }
    wording_of_time((uint64_t)line->limit->per_s, per);
    wording_of_time(rounded_up(line->fits_in_ms, 1000), wait);
    if (line->limit->count == LIMIT_FAILED_RECIPIENTS) {
        say_failed(line, per, seen_r);
    } else if (line->used + line->amount <= line->max) {
        snprintf(seen_r, WORDING_MAX,
                 "limit %s%s: at most %" PRIu64 " %s at once, and %" PRIu64 " in %s",
                 line->limit->name, name_of_scope(line->limit), line->burst,
                 limit_unit(line->limit), line->max, per);
    } else {
        snprintf(seen_r, WORDING_MAX,
                 "limit %s%s: %" PRIu64 " of %" PRIu64
                 " %s used in %s, this message needs %" PRIu64,
                 line->limit->name, name_of_scope(line->limit), line->used, line->max,
                 limit_unit(line->limit), per, line->amount);
    }
    snprintf(advice_r, WORDING_MAX, "it fits again in %s", wait);
}

void wording_of_reach(const struct charge_line *line, struct span account, char text_r[WORDING_MAX])
{
    enum limit_by by;
    enum mail_class mail_class;
    struct span name = account;
    char per[WORDING_TIME_MAX], who[200];
    if (account_parse(account, &by, &mail_class, &name) && by == LIMIT_BY_PRINCIPAL) {
        snprintf(who, sizeof(who), "%.*s (%s)", SPAN_ARG(span_first(name, 150)),
                 mail_class_name(mail_class));
    } else {
        snprintf(who, sizeof(who), "%s%s%.*s", limit_by_names[line->limit->by],
                 name.size > 0 ? " " : "", SPAN_ARG(span_first(name, 150)));
    }
    wording_of_time((uint64_t)line->limit->per_s, per);
    bool is_full = line->reached == CHARGE_FULL;
    uint64_t used =
        line->fits_in_ms == 0 || !line->is_strict ? line->used + line->amount : line->used;
    snprintf(text_r, WORDING_MAX, "%s %s limit %s: %" PRIu64 " of %" PRIu64 " %s in %s", who,
             is_full ? "has reached" : "is near", line->limit->name, used, line->max,
             limit_unit(line->limit), per);
}
