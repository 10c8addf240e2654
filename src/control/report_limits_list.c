/*
 * report_limits_list: the rows in force and where they stand, and what is different for single
 * principals.
 */
#include "control/report_limits_private.h"

#include <inttypes.h>

/* --- limits ---------------------------------------------------------------------------------- */

static void text_selector(const char *name, const struct config_texts *texts, struct buffer *out)
{
    for (size_t i = 0; i < texts->count; i++) {
        buffer_add_text(out, i == 0 ? "; " : ", ");
        if (i == 0) {
            buffer_printf(out, "%s ", name);
        }
        report_add_printable(out, span_of(texts->at[i]));
    }
}

static void text_limit(struct limits_inquiry *inquiry, const struct limit *limit)
{
    struct buffer *out = inquiry->out, max = BUFFER_EMPTY, per = BUFFER_EMPTY;
    struct limit_value value = { .source = LIMIT_FROM_ROW };
    inquiry_text_max((uint64_t)limit->max, &max);
    inquiry_text_per(limit, &per);
    buffer_printf(out, "%-16s %10s %-30s %-5s %-10s %-8s ", limit->name, buffer_text(&max),
                  limit_unit(limit), buffer_text(&per), limit_by_names[limit->by],
                  action_name((enum action)limit->action));
    inquiry_text_source(inquiry, limit, &value, out);
    text_selector("class", &limit->classes, out);
    text_selector("plan", &limit->plans, out);
    text_selector("principal", &limit->principals, out);
    text_selector("domain", &limit->domains, out);
    text_selector("network", &limit->networks, out);
    if (limit->burst > 0) {
        buffer_printf(out, "; at most %" PRId64 " at once", limit->burst);
    }
    buffer_add_char(out, '\n');
    buffer_free(&max);
    buffer_free(&per);
}

static void json_selector(struct json *json, const char *name, const struct config_texts *texts)
{
    if (texts->count == 0) {
        return;
    }
    json_open(json, name, '[');
    for (size_t i = 0; i < texts->count; i++) {
        json_text(json, NULL, span_of(texts->at[i]));
    }
    json_close(json, ']');
}

static void json_limit(struct limits_inquiry *inquiry, const struct limit *limit)
{
    struct json *json = &inquiry->json;
    struct limit_value value = { .source = LIMIT_FROM_ROW };
    json_open(json, NULL, '{');
    inquiry_json_limit(json, limit);
    json_number(json, "max", limit->max);
    json_selector(json, "class", &limit->classes);
    json_selector(json, "plan", &limit->plans);
    json_selector(json, "principal", &limit->principals);
    json_selector(json, "domain", &limit->domains);
    json_selector(json, "network", &limit->networks);
    inquiry_json_source(inquiry, limit, &value);
    json_close(json, '}');
}

static void tell_limits(struct limits_inquiry *inquiry)
{
    const struct limit_set *set = inquiry->site->limits;
    if (inquiry->is_json) {
        json_open(&inquiry->json, "limits", '[');
    } else {
        buffer_printf(inquiry->out, "%-16s %10s %-30s %-5s %-10s %-8s FROM\n", "LIMIT", "MAX",
                      "UNIT", "PER", "BY", "ACTION");
    }
    for (size_t i = 0; i < limit_set_size(set); i++) {
        if (inquiry->is_json) {
            json_limit(inquiry, limit_set_at(set, i));
        } else {
            text_limit(inquiry, limit_set_at(set, i));
        }
    }
    if (inquiry->is_json) {
        json_close(&inquiry->json, ']');
    }
}

/* --- what is different ----------------------------------------------------------------------- */

static void tell_exceptions(struct limits_inquiry *inquiry)
{
    const struct exceptions_settings *exceptions = inquiry->site->exceptions;
    const struct exception_settings *at = exceptions->rows.at;
    struct json *json = &inquiry->json;
    for (size_t i = 0; i < exceptions->rows.count; i++) {
        struct limit_value value = {
            (uint64_t)at[i].max, LIMIT_FROM_EXCEPTION, &at[i], { .max = 0 }
        };
        if (at[i].limit == NULL) {
            continue;
        }
        if (inquiry->is_json) {
            json_open(json, NULL, '{');
            json_text(json, "name", span_of(at[i].principal));
            json_text(json, "limit", span_of(at[i].limit));
            json_number(json, "max", at[i].max);
            inquiry_json_exception(json, &at[i]);
            json_close(json, '}');
            continue;
        }
        report_add_printable(inquiry->out, span_of(at[i].principal));
        buffer_printf(inquiry->out, ": %s ", at[i].limit);
        inquiry_text_max(value.max, inquiry->out);
        buffer_add_text(inquiry->out, ", ");
        inquiry_text_source(inquiry, &limit_default, &value, inquiry->out);
        buffer_add_char(inquiry->out, '\n');
    }
}

static bool tell_override(const struct override *override, void *context)
{
    struct limits_inquiry *inquiry = context;
    struct limit_value value = { override->max, LIMIT_FROM_OVERRIDE, NULL, *override };
    bool is_over = override_is_over(override, inquiry->wall_s);
    bool is_known = limit_set_find(inquiry->site->limits, span_of(override->limit)) != NULL;
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_text(&inquiry->json, "name", span_of(override->principal));
        json_text(&inquiry->json, "limit", span_of(override->limit));
        json_number(&inquiry->json, "max", (int64_t) override->max);
        inquiry_json_override(&inquiry->json, override);
        json_bool(&inquiry->json, "holds", !is_over && is_known);
        json_close(&inquiry->json, '}');
        return true;
    }
    report_add_printable(inquiry->out, span_of(override->principal));
    buffer_add_text(inquiry->out, ": ");
    report_add_printable(inquiry->out, span_of(override->limit));
    buffer_add_char(inquiry->out, ' ');
    inquiry_text_max(override->max, inquiry->out);
    buffer_add_text(inquiry->out, ", ");
    inquiry_text_source(inquiry, &limit_default, &value, inquiry->out);
    buffer_add_text(inquiry->out, is_over    ? "; it is over\n"
                                  : is_known ? "\n"
                                             : "; there is no such limit any more\n");
    return true;
}

enum control_exit report_limits_list(struct limits_inquiry *inquiry)
{
    bool is_read;
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_number(&inquiry->json, "schema", 1);
    }
    tell_limits(inquiry);
    if (inquiry->is_json) {
        json_open(&inquiry->json, "exceptions", '[');
    } else {
        buffer_add_text(inquiry->out, "\n");
    }
    tell_exceptions(inquiry);
    if (inquiry->is_json) {
        json_close(&inquiry->json, ']');
        json_open(&inquiry->json, "overrides", '[');
    }
    is_read = override_walk(inquiry->host->store, tell_override, inquiry);
    if (inquiry->is_json) {
        json_close(&inquiry->json, ']');
        json_bool(&inquiry->json, "complete", is_read);
        json_close(&inquiry->json, '}');
        buffer_add_char(inquiry->out, '\n');
    } else if (!is_read) {
        buffer_add_text(inquiry->out, "overrides cannot be read\n");
    }
    return is_read ? CONTROL_GOOD : CONTROL_WARNING;
}
