/*
 * report_user_suspend: a principal is suspended or released by command, who is suspended, and what
 * happened to one lately. Each change leaves a line in the log, an entry in the history and an
 * event for hooks.
 */
#include "control/report_limits_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "behaviour/book.h"
#include "behaviour/history.h"
#include "behaviour/suspension.h"
#include "limits/account.h"
#include "notice/notice.h"

enum { GRACE_S = 7 * 86400, NAMES_TOLD = 5 };

/* --- changes --------------------------------------------------------------------------------- */

/* "" or what is wrong. */
static const char *fill(const struct limits_inquiry *inquiry, struct span principal,
                        struct span because, struct suspension *suspension)
{
    if (principal.size == 0 ||
        !span_copy(principal, suspension->principal, sizeof(suspension->principal))) {
        return "a name is wanted, of less than 256 octets";
    }
    if (!span_copy(span_trim(because), suspension->because, sizeof(suspension->because))) {
        return "a reason has less than 400 octets";
    }
    suspension->set_s = inquiry->wall_s;
    snprintf(suspension->by, sizeof(suspension->by), "%s", inquiry->asker->name);
    return "";
}

static void note_history(const struct limits_inquiry *inquiry, const struct suspension *suspension)
{
    bool is_suspended = suspension->state == PRINCIPAL_SUSPENDED;
    struct history_entry entry = { .at_ms = inquiry->wall_s * 1000,
                                   .kind = is_suspended ? HISTORY_SUSPEND : HISTORY_RELEASE };
    snprintf(entry.principal, sizeof(entry.principal), "%s", suspension->principal);
    snprintf(entry.by, sizeof(entry.by), "%s", suspension->by);
    snprintf(entry.text, sizeof(entry.text), "%s", suspension->because);
    (void)history_add(inquiry->host->store, &entry); /* the log has it, too */
}

static void tell_hooks(const struct limits_inquiry *inquiry, const struct suspension *suspension)
{
    bool is_suspended = suspension->state == PRINCIPAL_SUSPENDED;
    char text[512];
    const struct notice_fact facts[] = {
        { "user", span_of(suspension->principal) },
        { "by", span_of(suspension->by) },
        { "because", span_of(suspension->because) },
    };
    snprintf(text, sizeof(text), "%.200s is %s by %s%s%.200s", suspension->principal,
             is_suspended ? "suspended" : "released", suspension->by,
             suspension->because[0] != '\0' ? ": " : "", suspension->because);
    const struct notice notice = { .kind = is_suspended ? NOTICE_SUSPENDED : NOTICE_RELEASED,
                                   .text = span_of(text),
                                   .facts = facts,
                                   .fact_count = sizeof(facts) / sizeof(facts[0]) };
    if (inquiry->host->notices != NULL) {
        notice_send(inquiry->host->notices, inquiry->site->config, &notice);
    }
}

static void audit(const struct limits_inquiry *inquiry, const struct suspension *suspension,
                  const char *what)
{
    struct log_fields line;
    inquiry_audit_begin(inquiry, what, span_of(suspension->principal), &line);
    if (suspension->until_s != 0) {
        log_fields_add_number(&line, "until", (uint64_t)suspension->until_s);
    }
    log_fields_add_quoted(&line, "because", span_of(suspension->because));
    inquiry_audit_end(&line);
}

/* The object is open. */
static void json_suspension(struct json *json, const struct suspension *suspension)
{
    char when[TIME_TEXT_MAX];
    json_text(json, "name", span_of(suspension->principal));
    json_text(json, "state",
              suspension->state == PRINCIPAL_SUSPENDED ? SPAN("suspended") : SPAN("released"));
    report_print_time(suspension->set_s, when);
    json_text(json, "since", span_of(when));
    if (suspension->until_s != 0) {
        report_print_time(suspension->until_s, when);
        json_text(json, "until", span_of(when));
    }
    json_text(json, "by", span_of(suspension->by));
    json_text(json, "because", span_of(suspension->because));
}

static void text_suspension(struct buffer *out, const struct suspension *suspension)
{
    char when[TIME_TEXT_MAX];
    bool is_suspended = suspension->state == PRINCIPAL_SUSPENDED;
    report_add_printable(out, span_of(suspension->principal));
    report_print_time(suspension->set_s, when);
    buffer_printf(out, " %s since %s", is_suspended ? "is suspended" : "was released, is on trial",
                  when);
    if (suspension->until_s != 0) {
        report_print_time(suspension->until_s, when);
        buffer_printf(out, " until %s", when);
    } else if (is_suspended) {
        buffer_add_text(out, " until released");
    }
    buffer_add_text(out, ", by ");
    report_add_printable(out, span_of(suspension->by));
    if (suspension->because[0] != '\0') {
        buffer_add_text(out, ": ");
        report_add_printable(out, span_of(suspension->because));
    }
    buffer_add_char(out, '\n');
}

static enum control_exit change(struct limits_inquiry *inquiry, const struct suspension *suspension)
{
    struct error error = { "" };
    if (!suspension_put(inquiry->host->store, suspension, &error)) {
        return inquiry_refuse(inquiry, CONTROL_INTERNAL, "%s", error.text);
    }
    bool is_suspended = suspension->state == PRINCIPAL_SUSPENDED;
    audit(inquiry, suspension, is_suspended ? "user-suspend" : "user-release");
    note_history(inquiry, suspension);
    tell_hooks(inquiry, suspension);
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_number(&inquiry->json, "schema", 1);
        json_suspension(&inquiry->json, suspension);
        json_close(&inquiry->json, '}');
        buffer_add_char(inquiry->out, '\n');
    } else {
        text_suspension(inquiry->out, suspension);
    }
    return CONTROL_GOOD;
}

enum control_exit report_user_suspend(struct limits_inquiry *inquiry)
{
    struct suspension suspension = { .state = PRINCIPAL_SUSPENDED };
    struct span principal = inquiry_principal(inquiry, inquiry->args[0]);
    const char *wrong = fill(inquiry, principal, inquiry->args[2], &suspension);
    uint64_t until_s;
    if (wrong[0] == '\0' && suspension.because[0] == '\0') {
        wrong = "a reason is wanted";
    }
    if (wrong[0] == '\0' && span_is_equal(principal, SPAN("bounce"))) {
        wrong = "bounces are nobody's, and cannot be suspended";
    }
    if (wrong[0] == '\0' && (!span_number(inquiry->args[1], INT64_MAX, &until_s) ||
                             (until_s != 0 && (int64_t)until_s <= inquiry->wall_s))) {
        wrong = "the end lies in the past";
    }
    if (wrong[0] != '\0') {
        return inquiry_refuse(inquiry, CONTROL_USAGE, "%s", wrong);
    }
    suspension.until_s = (int64_t)until_s;
    return change(inquiry, &suspension);
}

/* In every class he sends in: what held or throttled him ends. */
static bool calm_down(const struct limits_inquiry *inquiry, struct span principal,
                      const struct ladder_pardon *pardon)
{
    uint64_t now_ms = ledger_now_ms(inquiry->host->ledger);
    bool was_stopped = false;
    for (int c = 0; c < CLASS_COUNT; c++) {
        struct span account =
            account_name(LIMIT_BY_PRINCIPAL, (enum mail_class)c, principal, inquiry->arena);
        if (account.at != NULL && book_release(inquiry->host->store, account, now_ms, pardon)) {
            was_stopped = true;
        }
    }
    return was_stopped;
}

enum control_exit report_user_release(struct limits_inquiry *inquiry)
{
    struct suspension before, suspension = { .state = PRINCIPAL_RELEASED };
    struct span principal = inquiry_principal(inquiry, inquiry->args[0]);
    struct span because = inquiry->arg_count > 1 ? inquiry->args[1] : SPAN("");
    const char *wrong = fill(inquiry, principal, because, &suspension);
    if (wrong[0] != '\0') {
        return inquiry_refuse(inquiry, CONTROL_USAGE, "%s", wrong);
    }
    bool was_suspended =
        suspension_find(inquiry->host->store, principal, inquiry->wall_s, &before) &&
        before.state == PRINCIPAL_SUSPENDED;
    suspension.until_s = inquiry->wall_s + GRACE_S;
    const struct ladder_pardon pardon = suspension_pardon(&suspension, inquiry->wall_s);
    bool may_be_elsewhere = inquiry->host->fleet != NULL; /* held by another node's profile */
    if (!calm_down(inquiry, principal, &pardon) && !was_suspended && !may_be_elsewhere) {
        return inquiry_refuse(inquiry, CONTROL_WARNING,
                              "nobody of this name is suspended, held or throttled");
    }
    return change(inquiry, &suspension);
}

/* --- who ------------------------------------------------------------------------------------- */

struct listing {
    struct limits_inquiry *inquiry;
    uint64_t count;
};

static bool list_one(const struct suspension *suspension, void *context)
{
    struct listing *listing = context;
    struct limits_inquiry *inquiry = listing->inquiry;
    if (suspension_is_over(suspension, inquiry->wall_s)) {
        return true;
    }
    listing->count++;
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_suspension(&inquiry->json, suspension);
        json_close(&inquiry->json, '}');
    } else {
        text_suspension(inquiry->out, suspension);
    }
    return true;
}

enum control_exit report_user_suspended(struct limits_inquiry *inquiry)
{
    struct listing listing = { .inquiry = inquiry };
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_number(&inquiry->json, "schema", 1);
        json_open(&inquiry->json, "principals", '[');
    }
    (void)suspension_walk(inquiry->host->store, list_one, &listing);
    if (inquiry->is_json) {
        json_close(&inquiry->json, ']');
        json_close(&inquiry->json, '}');
        buffer_add_char(inquiry->out, '\n');
    } else if (listing.count == 0) {
        buffer_add_text(inquiry->out, "nobody is suspended\n");
    }
    return CONTROL_GOOD;
}

/* --- what happened --------------------------------------------------------------------------- */

static bool tell_entry(const struct history_entry *entry, void *context)
{
    struct listing *listing = context;
    struct limits_inquiry *inquiry = listing->inquiry;
    char when[TIME_TEXT_MAX];
    listing->count++;
    report_print_time(entry->at_ms / 1000, when);
    if (inquiry->is_json) {
        struct json *json = &inquiry->json;
        json_open(json, NULL, '{');
        json_text(json, "at", span_of(when));
        json_text(json, "what", span_of(history_kind_name(entry->kind)));
        json_text(json, "by", span_of(entry->by));
        if (entry->queue_id[0] != '\0') {
            json_text(json, "queue_id", span_of(entry->queue_id));
        }
        json_text(json, "text", span_of(entry->text));
        json_close(json, '}');
        return true;
    }
    buffer_printf(inquiry->out, "%s  %-9s ", when, history_kind_name(entry->kind));
    if (entry->queue_id[0] != '\0') {
        report_add_printable(inquiry->out, span_of(entry->queue_id));
        buffer_add_text(inquiry->out, ": ");
    } else if (entry->by[0] != '\0') {
        buffer_add_text(inquiry->out, "by ");
        report_add_printable(inquiry->out, span_of(entry->by));
        buffer_add_text(inquiry->out, entry->text[0] != '\0' ? ": " : "");
    }
    report_add_printable(inquiry->out, span_of(entry->text));
    buffer_add_char(inquiry->out, '\n');
    return true;
}

enum control_exit report_user_history(struct limits_inquiry *inquiry)
{
    struct listing listing = { .inquiry = inquiry };
    struct span principal = inquiry_principal(inquiry, inquiry->args[0]);
    if (inquiry->is_json) {
        json_open(&inquiry->json, NULL, '{');
        json_number(&inquiry->json, "schema", 1);
        json_text(&inquiry->json, "name", principal);
        json_open(&inquiry->json, "history", '[');
    }
    (void)history_walk(inquiry->host->store, principal, tell_entry, &listing);
    if (inquiry->is_json) {
        json_close(&inquiry->json, ']');
        json_close(&inquiry->json, '}');
        buffer_add_char(inquiry->out, '\n');
    } else if (listing.count == 0) {
        buffer_add_text(inquiry->out, "nothing is noted of this name on this node\n");
    }
    return CONTROL_GOOD;
}

void inquiry_tell_suspension(struct limits_inquiry *inquiry, struct span principal)
{
    struct suspension suspension;
    bool is_known = suspension_find(inquiry->host->store, principal, inquiry->wall_s, &suspension);
    if (is_known && inquiry->is_json) {
        json_open(&inquiry->json, "suspension", '{');
        json_suspension(&inquiry->json, &suspension);
        json_close(&inquiry->json, '}');
    } else if (is_known) {
        buffer_add_text(inquiry->out, "  ");
        text_suspension(inquiry->out, &suspension);
    }
}

/* --- health and status ------------------------------------------------------------------------ */

struct naming {
    int64_t wall_s;
    uint64_t count;
    struct buffer names;
};

static bool name_one(const struct suspension *suspension, void *context)
{
    struct naming *naming = context;
    if (suspension->state == PRINCIPAL_SUSPENDED &&
        !suspension_is_over(suspension, naming->wall_s) && naming->count++ < NAMES_TOLD) {
        buffer_add_text(&naming->names, naming->names.size > 0 ? ", " : "");
        report_add_printable(&naming->names, span_of(suspension->principal));
    }
    return true;
}

static struct naming name_all(const struct control_host *host)
{
    struct naming naming = { .wall_s = clock_wall_s(host->clock), .names = BUFFER_EMPTY };
    if (host->store != NULL) {
        (void)suspension_walk(host->store, name_one, &naming);
    }
    return naming;
}

void report_text_suspended(const struct control_host *host, struct buffer *out)
{
    struct naming naming = name_all(host);
    if (naming.count > 0) {
        buffer_printf(out, "suspended        %" PRIu64 ": %s%s\n", naming.count,
                      buffer_text(&naming.names), naming.count > NAMES_TOLD ? ", ..." : "");
    }
    buffer_free(&naming.names);
}

void report_json_suspended(const struct control_host *host, struct json *json)
{
    struct naming naming = name_all(host);
    if (host->store != NULL) {
        json_number(json, "suspended", (int64_t)naming.count);
    }
    buffer_free(&naming.names);
}
