/*
 * report_limits: takes a request about limits to who answers it, and the words that all answers
 * share.
 */
#include "control/report_limits_private.h"

#include <inttypes.h>
#include <string.h>

#include "config/units.h"
#include "limits/account.h"
#include "site/login.h"

enum { INQUIRY_MEMORY_MAX = 16 * 1024 * 1024 };

static const struct {
    const char *subject;
    bool acts;
    size_t args_min, args_max;
    const char *usage;
    enum control_exit (*answer)(struct limits_inquiry *inquiry);
} subjects[] = {
    { "list", false, 0, 0, "", report_limits_list },
    { "user", false, 1, 2, "NAME [PLAN]", report_limits_user },
    { "top", false, 2, 2, "N used|nearest", report_limits_top },
    { "set", true, 5, 5, "NAME LIMIT MAX UNTIL BECAUSE", report_limits_set },
    { "clear", true, 2, 2, "NAME LIMIT", report_limits_clear },
    { "reset", true, 1, 2, "NAME [LIMIT]", report_limits_reset },
    { "suspend", true, 3, 3, "NAME UNTIL BECAUSE", report_user_suspend },
    { "release", true, 1, 2, "NAME [BECAUSE]", report_user_release },
    { "suspended", false, 0, 0, "", report_user_suspended },
    { "history", false, 1, 1, "NAME", report_user_history },
};

#define SUBJECT_COUNT (sizeof(subjects) / sizeof(subjects[0]))

/* --- words ----------------------------------------------------------------------------------- */

enum control_exit inquiry_refuse(struct limits_inquiry *inquiry, enum control_exit code,
                                 const char *format, ...)
{
    struct buffer text = BUFFER_EMPTY;
    va_list args;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    report_refusal(buffer_text(&text), inquiry->is_json, inquiry->out);
    buffer_free(&text);
    return code;
}

void inquiry_text_max(uint64_t max, struct buffer *out)
{
    if (max == 0) {
        buffer_add_text(out, "unlimited");
    } else {
        buffer_printf(out, "%" PRIu64, max);
    }
}

void inquiry_text_per(const struct limit *limit, struct buffer *out)
{
    char per[UNITS_TEXT_MAX];
    units_print_duration(limit->per_s, per);
    buffer_add_text(out, per);
}

static void add_because(const char *because, struct buffer *out)
{
    if (because != NULL && because[0] != '\0') {
        buffer_add_text(out, " (");
        report_add_printable(out, span_of(because));
        buffer_add_char(out, ')');
    }
}

void inquiry_text_source(struct limits_inquiry *inquiry, const struct limit *limit,
                         const struct limit_value *value, struct buffer *out)
{
    const struct exception_settings *exception = value->exception;
    char until[TIME_TEXT_MAX];
    (void)inquiry;
    switch (value->source) {
    case LIMIT_FROM_OVERRIDE:
        buffer_add_text(out, "override by ");
        report_add_printable(out, span_of(value->override.by));
        if (value->override.until_s != 0) {
            report_print_time(value->override.until_s, until);
            buffer_printf(out, " until %s", until);
        }
        add_because(value->override.because, out);
        return;
    case LIMIT_FROM_EXCEPTION:
        buffer_printf(out, "exception at %s:%u", exception->place.file, exception->place.line);
        if (exception->until != NULL) {
            buffer_printf(out, " until %s", exception->until);
        }
        add_because(exception->because, out);
        return;
    default:
        if (limit->place.file == NULL) {
            buffer_add_text(out, "built-in");
        } else {
            buffer_printf(out, "limits row at %s:%u", limit->place.file, limit->place.line);
        }
    }
}

static void json_place(struct json *json, const struct config_place *place)
{
    if (place->file != NULL) {
        json_text(json, "file", span_of(place->file));
        json_number(json, "line", place->line);
    }
}

void inquiry_json_override(struct json *json, const struct override *override)
{
    char when[TIME_TEXT_MAX];
    json_text(json, "by", span_of(override->by));
    report_print_time(override->set_s, when);
    json_text(json, "set", span_of(when));
    if (override->until_s != 0) {
        report_print_time(override->until_s, when);
        json_text(json, "until", span_of(when));
    }
    json_text(json, "because", span_of(override->because));
}

void inquiry_json_exception(struct json *json, const struct exception_settings *exception)
{
    json_place(json, &exception->place);
    if (exception->until != NULL) {
        json_text(json, "until", span_of(exception->until));
    }
    if (exception->because != NULL) {
        json_text(json, "because", span_of(exception->because));
    }
}

void inquiry_json_source(struct limits_inquiry *inquiry, const struct limit *limit,
                         const struct limit_value *value)
{
    struct json *json = &inquiry->json;
    json_open(json, "source", '{');
    if (value->source == LIMIT_FROM_OVERRIDE) {
        json_text(json, "kind", SPAN("override"));
        inquiry_json_override(json, &value->override);
    } else if (value->source == LIMIT_FROM_EXCEPTION) {
        json_text(json, "kind", SPAN("exception"));
        inquiry_json_exception(json, value->exception);
    } else {
        json_text(json, "kind", limit->place.file == NULL ? SPAN("built-in") : SPAN("row"));
        json_place(json, &limit->place);
    }
    json_close(json, '}');
}

/* --- names ----------------------------------------------------------------------------------- */

const struct network_settings *inquiry_network(const struct limits_inquiry *inquiry,
                                               struct span name)
{
    for (size_t i = 0; i < inquiry->site->network_count; i++) {
        const struct network_settings *settings = inquiry->site->networks[i].settings;
        if (span_is_equal(span_of(settings->name), name)) {
            return settings;
        }
    }
    return NULL;
}

enum mail_class inquiry_class_of_network(const struct network_settings *network)
{
    return network->kind == NETWORK_LIST      ? CLASS_LIST
           : network->kind == NETWORK_FORWARD ? CLASS_FORWARD
                                              : CLASS_RELAY;
}

struct finding_account {
    struct span account;
    bool is_found;
};

static bool note_account(struct span account, const struct ledger_use *uses, size_t count,
                         uint64_t attempts_1h, void *context)
{
    struct finding_account *finding = context;
    (void)uses;
    (void)count;
    (void)attempts_1h;
    finding->is_found = span_is_equal(account, finding->account);
    return false; /* the first in order is the account itself, if it is there */
}

bool inquiry_has_account(struct limits_inquiry *inquiry, enum mail_class mail_class,
                         struct span principal)
{
    struct finding_account finding = {
        account_name(LIMIT_BY_PRINCIPAL, mail_class, principal, inquiry->arena), false
    };
    if (finding.account.size > 0) {
        ledger_walk(inquiry->host->ledger, finding.account, note_account, &finding);
    }
    return finding.is_found;
}

struct span inquiry_principal(struct limits_inquiry *inquiry, struct span name)
{
    bool is_no_login = name.size == 0 || inquiry_network(inquiry, name) != NULL ||
                       span_is_equal(name, SPAN("bounce")) || span_is_equal(name, SPAN("local")) ||
                       name.at[0] == '[' || inquiry_has_account(inquiry, CLASS_LOCAL, name);
    return is_no_login ? name : login_canonical(inquiry->site, name, inquiry->arena);
}

struct span inquiry_domain(const struct limits_inquiry *inquiry, struct span principal)
{
    ptrdiff_t at = span_find_last(principal, '@');
    struct span domain = at >= 0 ? span_from(principal, (size_t)at + 1) : SPAN("");
    return domain.size > 0 && site_is_ours(inquiry->site, domain) ? domain
                                                                  : (struct span){ NULL, 0 };
}

/* --- requests -------------------------------------------------------------------------------- */

static enum control_exit answer(struct limits_inquiry *inquiry, size_t subject)
{
    enum control_exit code;
    if (subjects[subject].acts && !inquiry->asker->may_act) {
        return inquiry_refuse(inquiry, CONTROL_DENIED,
                              "not permitted: only root and the daemon's user may change limits");
    }
    if (inquiry->arg_count < subjects[subject].args_min ||
        inquiry->arg_count > subjects[subject].args_max) {
        return inquiry_refuse(
            inquiry, CONTROL_USAGE, "limits %s wants %s", subjects[subject].subject,
            subjects[subject].usage[0] != '\0' ? subjects[subject].usage : "no arguments");
    }
    if (inquiry->host->store == NULL || inquiry->host->ledger == NULL) {
        return inquiry_refuse(inquiry, CONTROL_INTERNAL, "this process counts nothing");
    }
    code = subjects[subject].answer(inquiry);
    if (arena_is_exhausted(inquiry->arena)) {
        buffer_clear(inquiry->out);
        return inquiry_refuse(inquiry, CONTROL_INTERNAL, "out of memory");
    }
    return code;
}

enum control_exit report_limits(const struct control_host *host, const struct control_asker *asker,
                                const struct control_words *words, bool json, struct buffer *out)
{
    struct limits_inquiry inquiry = { .host = host,
                                      .asker = asker,
                                      .is_json = json,
                                      .out = out,
                                      .json = json_new(out),
                                      .wall_s = clock_wall_s(host->clock) };
    struct span subject = words->count > 1 ? words->at[1] : SPAN("");
    struct site *site;
    enum control_exit code = CONTROL_USAGE;
    size_t at = 0;
    while (at < SUBJECT_COUNT && !span_is_equal(subject, span_of(subjects[at].subject))) {
        at++;
    }
    if (at == SUBJECT_COUNT) {
        return inquiry_refuse(&inquiry, CONTROL_USAGE,
                              "limits of what? valid: list, user, top, set, clear, reset, suspend, "
                              "release, suspended, history");
    }
    site = site_holder_get(host->holder);
    inquiry.site = site;
    inquiry.args = words->at + 2;
    inquiry.arg_count = words->count - 2;
    inquiry.arena = arena_new(INQUIRY_MEMORY_MAX);
    code = inquiry.arena != NULL ? answer(&inquiry, at)
                                 : inquiry_refuse(&inquiry, CONTROL_INTERNAL, "out of memory");
    arena_free(&inquiry.arena);
    site_unref(&site);
    return code;
}
