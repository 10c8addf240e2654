/*
 * report_limits_change: other values for single principals. Each change leaves a line in the log:
 * who, what, what it was before, and why.
 */
#include "control/report_limits_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/units.h"
#include "limits/account.h"
#include "log/field.h"
#include "log/log.h"
#include "site/plans.h"

#define LIMIT_VALUE_MAX ((uint64_t)1 << 47) /* as the setting */

/* --- the log --------------------------------------------------------------------------------- */

void inquiry_audit_begin(const struct limits_inquiry *inquiry, const char *what,
                         struct span principal, struct log_fields *line)
{
    log_fields_init(line);
    log_fields_raw(line, "audit:");
    log_fields_add(line, "did", span_of(what));
    log_fields_add(line, "by", span_of(inquiry->asker->name));
    log_fields_add(line, "user", principal);
}

void inquiry_audit_end(const struct log_fields *line)
{
    log_write_line(LOG_LEVEL_NOTICE, log_fields_span(line));
}

static void audit_value(struct limits_inquiry *inquiry, const char *key, const struct limit *limit,
                        const struct limit_value *value, struct log_fields *line)
{
    struct buffer text = BUFFER_EMPTY;
    inquiry_text_max(value->max, &text);
    buffer_add_text(&text, ", ");
    inquiry_text_source(inquiry, limit, value, &text);
    log_fields_add_quoted(line, key, buffer_span(&text));
    buffer_free(&text);
}

/* --- set and clear --------------------------------------------------------------------------- */

/* The limit of this name that is counted by principal; NULL: *code_r is the answer, and it is
 * written. */
static const struct limit *limit_of(struct limits_inquiry *inquiry, struct span name,
                                    enum control_exit *code_r)
{
    const struct limit_set *set = inquiry->site->limits;
    const struct limit *limit = limit_set_find(set, name);
    struct buffer names = BUFFER_EMPTY;
    if (limit != NULL && limit->by == LIMIT_BY_PRINCIPAL) {
        return limit;
    }
    for (size_t i = 0; i < limit_set_size(set); i++) {
        const struct limit *known = limit_set_at(set, i);
        if (known->by == LIMIT_BY_PRINCIPAL) {
            buffer_printf(&names, "%s%s", names.size > 0 ? ", " : "", known->name);
        }
    }
    if (limit != NULL) {
        *code_r = inquiry_refuse(inquiry, CONTROL_USAGE,
                                 "%s is counted by %s, not by principal; limits that are: %s",
                                 limit->name, limit_by_names[limit->by], buffer_text(&names));
    } else {
        *code_r = inquiry_refuse(inquiry, CONTROL_USAGE,
                                 "there is no limit of this name; valid: %s", buffer_text(&names));
    }
    buffer_free(&names);
    return NULL;
}

/* Of the limits that count the same, the one that holds for this principal in its usual class;
 * NULL: this one, or none. */
static const struct limit *other_that_holds(struct limits_inquiry *inquiry,
                                            const struct limit *limit, struct span principal)
{
    struct limit_choice choices[CHARGE_LINES_MAX];
    const struct network_settings *network = inquiry_network(inquiry, principal);
    struct limit_subject subject = { .mail_class = network != NULL
                                                       ? inquiry_class_of_network(network)
                                                       : CLASS_SUBMISSION,
                                     .principal = principal,
                                     .domain = inquiry_domain(inquiry, principal) };
    size_t count;
    if (plans_wait(inquiry->site)) {
        return NULL; /* it depends on the plan */
    }
    subject.plan = plans_of(inquiry->site, network, principal, inquiry->arena);
    if (network != NULL) {
        subject.network = principal;
    }
    count = limit_choose(inquiry->site->limits, &subject, choices, CHARGE_LINES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (choices[i].limit->by == limit->by && choices[i].limit != limit &&
            limit_meter_is_equal(limit_meter_of(choices[i].limit), limit_meter_of(limit))) {
            return choices[i].limit;
        }
    }
    return NULL;
}

static void tell_value(struct limits_inquiry *inquiry, const struct limit *limit,
                       struct span principal, const struct limit_value *now,
                       const struct limit_value *before)
{
    const struct limit *other = other_that_holds(inquiry, limit, principal);
    struct buffer *out = inquiry->out;
    struct json *json = &inquiry->json;
    if (inquiry->is_json) {
        json_open(json, NULL, '{');
        json_number(json, "schema", 1);
        json_text(json, "name", principal);
        json_text(json, "limit", span_of(limit->name));
        json_number(json, "max", (int64_t)now->max);
        inquiry_json_source(inquiry, limit, now);
        json_open(json, "was", '{');
        json_number(json, "max", (int64_t)before->max);
        inquiry_json_source(inquiry, limit, before);
        json_close(json, '}');
        if (other != NULL) {
            json_text(json, "holds_instead", span_of(other->name));
        }
        json_close(json, '}');
        buffer_add_char(out, '\n');
        return;
    }
    buffer_printf(out, "%s for ", limit->name);
    report_add_printable(out, principal);
    buffer_add_text(out, " is now ");
    inquiry_text_max(now->max, out);
    buffer_printf(out, " %s in ", limit_unit(limit));
    inquiry_text_per(limit, out);
    buffer_add_text(out, ": ");
    inquiry_text_source(inquiry, limit, now, out);
    buffer_add_text(out, "\nit was ");
    inquiry_text_max(before->max, out);
    buffer_add_text(out, ": ");
    inquiry_text_source(inquiry, limit, before, out);
    buffer_add_char(out, '\n');
    if (other != NULL) {
        buffer_printf(out, "note: %s counts the same and holds for this name, not %s\n",
                      other->name, limit->name);
    }
}

/* "" or what is wrong. */
static const char *override_fill(struct limits_inquiry *inquiry, const struct limit *limit,
                                 struct span principal, struct override *override)
{
    uint64_t until_s;
    struct span because = span_trim(inquiry->args[4]);
    if (!span_number(inquiry->args[2], LIMIT_VALUE_MAX, &override->max)) {
        return "MAX is a number; 0: unlimited";
    }
    if (limit->count == LIMIT_UNIQUE_RECIPIENTS && override->max > LIMIT_UNIQUE_MAX) {
        return "too many different recipients to keep; valid: up to 20000";
    }
    if (!span_number(inquiry->args[3], INT64_MAX, &until_s) ||
        (until_s != 0 && (int64_t)until_s <= inquiry->wall_s)) {
        return "the end lies in the past";
    }
    if (because.size == 0 || !span_copy(because, override->because, sizeof(override->because))) {
        return "a reason is wanted, of less than 200 octets";
    }
    if (principal.size == 0 ||
        !span_copy(principal, override->principal, sizeof(override->principal))) {
        return "a name is wanted, of less than 256 octets";
    }
    snprintf(override->limit, sizeof(override->limit), "%s", limit->name);
    snprintf(override->by, sizeof(override->by), "%s", inquiry->asker->name);
    override->until_s = (int64_t)until_s;
    override->set_s = inquiry->wall_s;
    return "";
}

enum control_exit report_limits_set(struct limits_inquiry *inquiry)
{
    struct span principal = inquiry_principal(inquiry, inquiry->args[0]);
    struct override override = { .max = 0 };
    struct limit_value before, now;
    struct log_fields line;
    struct error error = { "" };
    enum control_exit code;
    const struct limit *limit = limit_of(inquiry, inquiry->args[1], &code);
    const char *wrong;
    if (limit == NULL) {
        return code;
    }
    wrong = override_fill(inquiry, limit, principal, &override);
    if (wrong[0] != '\0') {
        return inquiry_refuse(inquiry, CONTROL_USAGE, "%s", wrong);
    }
    limit_value_of(inquiry->site, inquiry->host->store, limit, principal, inquiry->wall_s, &before);
    if (!override_put(inquiry->host->store, &override, &error)) {
        return inquiry_refuse(inquiry, CONTROL_INTERNAL, "%s", error.text);
    }
    limit_value_of(inquiry->site, inquiry->host->store, limit, principal, inquiry->wall_s, &now);
    inquiry_audit_begin(inquiry, "limit-set", principal, &line);
    log_fields_add(&line, "limit", span_of(limit->name));
    audit_value(inquiry, "now", limit, &now, &line);
    audit_value(inquiry, "was", limit, &before, &line);
    inquiry_audit_end(&line);
    tell_value(inquiry, limit, principal, &now, &before);
    return CONTROL_GOOD;
}

/* Also of a limit that has left the configuration. */
enum control_exit report_limits_clear(struct limits_inquiry *inquiry)
{
    struct span principal = inquiry_principal(inquiry, inquiry->args[0]);
    struct span name = inquiry->args[1];
    static const struct limit gone = { .name = "", .by = LIMIT_BY_PRINCIPAL };
    const struct limit *limit = limit_set_find(inquiry->site->limits, name);
    struct limit_value before = { .source = LIMIT_FROM_OVERRIDE }, now;
    struct log_fields line;
    struct error error = { "" };
    bool is_known = override_find(inquiry->host->store, principal, name, INT64_MIN,
                                  &before.override); /* one that is over, too */
    if (!is_known || !override_remove(inquiry->host->store, principal, name, &error)) {
        return inquiry_refuse(inquiry, is_known ? CONTROL_INTERNAL : CONTROL_WARNING,
                              is_known ? "%s" : "there is no override of this limit for this name",
                              error.text);
    }
    before.max = before.override.max;
    limit = limit != NULL ? limit : &gone;
    limit_value_of(inquiry->site, inquiry->host->store, limit, principal, inquiry->wall_s, &now);
    inquiry_audit_begin(inquiry, "limit-clear", principal, &line);
    log_fields_add(&line, "limit", name);
    audit_value(inquiry, "was", limit, &before, &line);
    if (limit != &gone) {
        audit_value(inquiry, "now", limit, &now, &line);
    }
    inquiry_audit_end(&line);
    if (limit != &gone || inquiry->is_json) {
        tell_value(inquiry, limit, principal, &now, &before);
    } else {
        buffer_add_text(inquiry->out,
                        "the override is gone; the configuration has no such limit\n");
    }
    return CONTROL_GOOD;
}
