/*
 * report_limits_reset: counts that begin anew, of a principal in all its classes or of one account.
 * What was used before stands in the log. In a fleet what all nodes count in begins anew, too; of
 * the other nodes what each counts for an outage stays.
 */
#include "control/report_limits_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/units.h"
#include "limits/account.h"
#include "limits/fleet.h"
#include "log/field.h"

enum { USES_TEXT_MAX = 400 };

struct resetting {
    struct span account;
    const struct limit_meter *meter; /* NULL: all */
    char used[USES_TEXT_MAX];        /* for the log */
    bool is_found;
    bool is_away; /* the fleet's count stays: its server does not answer */
};

static bool note_uses(struct span account, const struct ledger_use *uses, size_t count,
                      uint64_t attempts_1h, void *context)
{
    struct resetting *resetting = context;
    size_t size = 0;
    (void)attempts_1h;
    if (!span_is_equal(account, resetting->account)) {
        return false;
    }
    resetting->is_found = true;
    for (size_t i = 0; i < count && size < sizeof(resetting->used) - 1; i++) {
        struct limit limit = { .count = uses[i].meter.count, .to = uses[i].meter.to };
        char per[UNITS_TEXT_MAX];
        if (resetting->meter == NULL || limit_meter_is_equal(*resetting->meter, uses[i].meter)) {
            units_print_duration(uses[i].meter.per_s, per);
            size += (size_t)snprintf(resetting->used + size, sizeof(resetting->used) - size,
                                     "%s%" PRIu64 " %s in %s", size > 0 ? ", " : "", uses[i].used,
                                     limit_unit(&limit), per);
        }
    }
    return false;
}

static void tell_reset(struct limits_inquiry *inquiry, const struct resetting *resetting)
{
    const char *used = resetting->used[0] != '\0' ? resetting->used : "nothing";
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_text(&inquiry->json, "account", resetting->account);
        json_text(&inquiry->json, "was", span_of(resetting->used));
        if (resetting->is_away) {
            json_bool(&inquiry->json, "fleet_is_away", true);
        }
        json_close(&inquiry->json, '}');
        return;
    }
    report_add_printable(inquiry->out, resetting->account);
    buffer_printf(inquiry->out, ": begins anew; it had used %s\n", used);
    if (resetting->is_away) {
        buffer_add_text(inquiry->out, "  on this node alone: redis does not answer; do it again\n");
    }
}

/* What all nodes used stands in the log instead of what this one did. */
static void reset_fleet(struct fleet *fleet, struct resetting *resetting)
{
    struct fleet_use uses[FLEET_USES_MAX];
    struct ledger_use known[FLEET_USES_MAX];
    size_t count;
    uint64_t attempts;
    if (!fleet_uses(fleet, resetting->account, uses, &count, &attempts)) {
        resetting->is_away = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        known[i] = (struct ledger_use){ .meter = uses[i].meter, .used = uses[i].used };
    }
    if (count > 0) {
        note_uses(resetting->account, known, count, attempts, resetting);
        resetting->is_away = !fleet_reset(fleet, resetting->account, resetting->meter);
    }
}

/* False: it could not be written, or not everywhere. Counts what was there. */
static bool reset_one(struct limits_inquiry *inquiry, struct span account,
                      const struct limit *limit, size_t *count_io)
{
    struct limit_meter meter =
        limit != NULL ? limit_meter_of(limit) : (struct limit_meter){ .per_s = 0 };
    struct resetting resetting = { .account = account, .meter = limit != NULL ? &meter : NULL };
    struct log_fields line;
    ledger_walk(inquiry->host->ledger, account, note_uses, &resetting);
    if (inquiry->host->fleet != NULL) {
        reset_fleet(inquiry->host->fleet, &resetting);
    }
    if (!resetting.is_found) {
        return !resetting.is_away;
    }
    if (!ledger_reset(inquiry->host->ledger, account, resetting.meter)) {
        return false;
    }
    ++*count_io;
    inquiry_audit_begin(inquiry, "limit-reset", account, &line);
    log_fields_add(&line, "limit", limit != NULL ? span_of(limit->name) : SPAN("*"));
    log_fields_add_quoted(&line, "was", span_of(resetting.used));
    inquiry_audit_end(&line);
    tell_reset(inquiry, &resetting);
    return !resetting.is_away;
}

/* All buckets of a principal, or the account that is named. */
static bool reset_all(struct limits_inquiry *inquiry, struct span name, const struct limit *limit,
                      size_t *count_io)
{
    enum mail_class mail_class;
    enum limit_by by;
    struct span principal;
    if (account_parse(name, &by, &mail_class, &principal)) {
        return reset_one(inquiry, name, limit, count_io);
    }
    bool is_done = true;
    principal = inquiry_principal(inquiry, name);
    for (int c = 0; c < CLASS_INBOUND; c++) {
        struct span account =
            account_name(LIMIT_BY_PRINCIPAL, (enum mail_class)c, principal, inquiry->arena);
        if (account.size > 0 && !reset_one(inquiry, account, limit, count_io)) {
            is_done = false;
        }
    }
    return is_done;
}

enum control_exit report_limits_reset(struct limits_inquiry *inquiry)
{
    struct span name = inquiry->args[0];
    const struct limit *limit = NULL;
    size_t count = 0;
    bool is_done;
    if (inquiry->arg_count > 1) {
        limit = limit_set_find(inquiry->site->limits, inquiry->args[1]);
        if (limit == NULL) {
            return inquiry_refuse(inquiry, CONTROL_USAGE, "there is no limit of this name");
        }
    }
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_number(&inquiry->json, "schema", 1);
        json_open(&inquiry->json, "reset", '[');
    }
    is_done = reset_all(inquiry, name, limit, &count);
    if (inquiry->is_json) {
        json_close(&inquiry->json, ']');
        json_bool(&inquiry->json, "complete", is_done);
        json_close(&inquiry->json, '}');
        buffer_add_char(inquiry->out, '\n');
    } else if (!is_done) {
        buffer_add_text(inquiry->out, "not all is reset: a store cannot be written, see the log\n");
    } else if (count == 0) {
        buffer_add_text(inquiry->out, "nothing is counted for this name\n");
    }
    return !is_done ? CONTROL_INTERNAL : count == 0 ? CONTROL_WARNING : CONTROL_GOOD;
}
