/*
 * report_limits_top_tell: the accounts that were found, as text or as JSON.
 */
#include "control/report_limits_top_private.h"

#include <inttypes.h>

#include "config/units.h"
#include "limits/account.h"

/* --- text ------------------------------------------------------------------------------------ */

static void text_name(const struct top_entry *entry, struct buffer *out)
{
    enum mail_class mail_class;
    enum limit_by by;
    struct span name;
    if (!account_parse(span_of(entry->account), &by, &mail_class, &name)) {
        return;
    }
    if (by != LIMIT_BY_PRINCIPAL) {
        buffer_printf(out, "%s ", limit_by_names[by]);
    }
    report_add_printable(out, name);
    if (by == LIMIT_BY_PRINCIPAL && mail_class != CLASS_SUBMISSION) {
        buffer_printf(out, " (%s)", mail_class_name(mail_class));
    }
}

static const char *unit_of(struct limit_meter meter)
{
    struct limit limit = { .count = meter.count, .to = meter.to };
    return limit_unit(&limit);
}

static void text_use(const struct ledger_use *use, struct buffer *out)
{
    char per[UNITS_TEXT_MAX];
    units_print_duration(use->meter.per_s, per);
    buffer_printf(out, "%" PRIu64 " %s in %s", use->used, unit_of(use->meter), per);
}

static void text_nearest(const struct top *top, struct buffer *out)
{
    buffer_printf(out, "%5s %-21s %-9s WHO: LIMIT\n", "USED", "USED/LIMIT", "REFUSED");
    for (size_t i = 0; i < top->count; i++) {
        const struct top_entry *entry = &top->entries[i];
        struct buffer used = BUFFER_EMPTY;
        buffer_printf(&used, "%" PRIu64 "/%" PRIu64, entry->used, entry->max);
        buffer_printf(out, "%4.0f%% %-21s %-9" PRIu64 " ", 100 * entry->rank, buffer_text(&used),
                      entry->attempts_1h);
        text_name(entry, out);
        buffer_printf(out, ": %s, %s in ", entry->limit->name, limit_unit(entry->limit));
        inquiry_text_per(entry->limit, out);
        buffer_add_char(out, '\n');
        buffer_free(&used);
    }
}

static void text_used(const struct top *top, struct buffer *out)
{
    buffer_printf(out, "%-9s WHO: USED\n", "REFUSED");
    for (size_t i = 0; i < top->count; i++) {
        const struct top_entry *entry = &top->entries[i];
        const char *separator = ": ";
        buffer_printf(out, "%-9" PRIu64 " ", entry->attempts_1h);
        text_name(entry, out);
        for (size_t k = 0; k < entry->use_count; k++) {
            buffer_add_text(out, separator);
            text_use(&entry->uses[k], out);
            separator = ", ";
        }
        buffer_add_char(out, '\n');
    }
}

static void text_end(const struct top *top, struct buffer *out)
{
    if (top->count == 0) {
        buffer_add_text(out, top->is_nearest ? "nobody has used anything of a limit\n"
                                             : "nobody has sent anything that is counted\n");
    }
    buffer_printf(out, "of %" PRIu64 " accounts", top->accounts);
    if (!top->is_nearest && top->has_meter) {
        char per[UNITS_TEXT_MAX];
        units_print_duration(top->meter.per_s, per);
        buffer_printf(out, ", by %s in %s", unit_of(top->meter), per);
    }
    buffer_add_text(out, "; REFUSED: attempts beyond a limit in the last hour\n");
}

void report_limits_top_text(const struct top *top)
{
    struct buffer *out = top->inquiry->out;
    if (top->count > 0 && top->is_nearest) {
        text_nearest(top, out);
    } else if (top->count > 0) {
        text_used(top, out);
    }
    text_end(top, out);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_uses(struct json *json, const struct top_entry *entry)
{
    json_open(json, "uses", '[');
    for (size_t i = 0; i < entry->use_count; i++) {
        const struct ledger_use *use = &entry->uses[i];
        json_open(json, NULL, '{');
        json_text(json, "count", span_of(limit_count_names[use->meter.count]));
        json_text(json, "recipients", span_of(limit_to_names[use->meter.to]));
        json_number(json, "per_s", use->meter.per_s);
        json_number(json, "used", (int64_t)use->used);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_entry(struct json *json, const struct top *top, const struct top_entry *entry)
{
    enum mail_class mail_class;
    enum limit_by by;
    struct span name;
    json_open(json, NULL, '{');
    json_text(json, "account", span_of(entry->account));
    if (account_parse(span_of(entry->account), &by, &mail_class, &name)) {
        json_text(json, "by", span_of(limit_by_names[by]));
        json_text(json, "name", name);
        if (by == LIMIT_BY_PRINCIPAL) {
            json_text(json, "class", span_of(mail_class_name(mail_class)));
        }
    }
    json_number(json, "attempts_1h", (int64_t)entry->attempts_1h);
    if (top->is_nearest) {
        json_text(json, "limit", span_of(entry->limit->name));
        json_number(json, "used", (int64_t)entry->used);
        json_number(json, "max", (int64_t)entry->max);
    }
    json_uses(json, entry);
    json_close(json, '}');
}

void report_limits_top_json(const struct top *top)
{
    struct json *json = &top->inquiry->json;
    json_open(json, NULL, '{');
    json_number(json, "schema", 1);
    json_text(json, "by", top->is_nearest ? SPAN("nearest") : SPAN("used"));
    json_number(json, "accounts", (int64_t)top->accounts);
    json_open(json, "top", '[');
    for (size_t i = 0; i < top->count; i++) {
        json_entry(json, top, &top->entries[i]);
    }
    json_close(json, ']');
    json_close(json, '}');
    buffer_add_char(top->inquiry->out, '\n');
}
