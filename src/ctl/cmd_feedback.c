/*
 * feedback: what bounces, complaints and automatic replies in files say: of whom, why, and what can
 * be done. It reads and tells; nothing is noted anywhere.
 */
#include <string.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/print.h"
#include "feedback/report.h"
#include "util/file.h"
#include "util/json.h"

enum { FILE_BYTES_MAX = 64 * 1024 * 1024, FILES_MAX = 1000, SHOWN_MAX = 1000 };

static const char *const kind_titles[REPORT_KIND_COUNT] = {
    [REPORT_NONE] = "no report",
    [REPORT_DELIVERY] = "delivery report",
    [REPORT_COMPLAINT] = "complaint",
    [REPORT_AUTOMATIC_REPLY] = "automatic reply",
};

/* --- text ------------------------------------------------------------------------------------ */

static void print_value(struct ctl *ctl, const char *label, struct span value)
{
    if (value.size == 0)
        return;
    buffer_printf(&ctl->out, "    %s: ", label);
    print_escaped(&ctl->out, value, SHOWN_MAX);
    buffer_add_char(&ctl->out, '\n');
}

static bool has_failed(const struct report_recipient *recipient)
{
    return recipient->action == REPORT_FAILED || recipient->action == REPORT_DELAYED;
}

static void print_cause(struct ctl *ctl, const struct report_recipient *recipient)
{
    const struct cause_found *found = &recipient->cause;

    buffer_printf(&ctl->out, "    cause: %s (%s)%s\n", cause_name(found->cause),
                  cause_class_name(cause_class_of(found->cause)),
                  found->is_hard ? ", counts against the address" : "");
    if (found->rule != NULL && found->rule->means != NULL)
        buffer_printf(&ctl->out, "    %s: %s\n", cause_provider_row(found->rule->provider)->title,
                      found->rule->means);
    buffer_printf(&ctl->out, "    to do: %s\n", cause_found_advice(found));
}

static void print_recipient(struct ctl *ctl, const struct report *report,
                            const struct report_recipient *recipient)
{
    buffer_add_text(&ctl->out, "  ");
    print_escaped(&ctl->out, recipient->address, SHOWN_MAX);
    if (report->kind == REPORT_DELIVERY)
        buffer_printf(&ctl->out, ": %s", report_action_name(recipient->action));
    if (recipient->status.size > 0)
        buffer_printf(&ctl->out, ", %.*s", SPAN_ARG(recipient->status));
    else if (report->kind == REPORT_DELIVERY)
        buffer_printf(&ctl->out, ", class %u", recipient->status_class);
    buffer_add_char(&ctl->out, '\n');
    print_value(ctl, "delivered to", recipient->final);
    print_value(ctl, "host", recipient->remote_mta);
    print_value(ctl, "said", recipient->text);
    if (report->kind == REPORT_DELIVERY && has_failed(recipient))
        print_cause(ctl, recipient);
}

static void print_ids(struct ctl *ctl, const struct report *report)
{
    for (size_t i = 0; i < report->message_id_count; i++) {
        print_value(ctl, "Message-ID", report->message_ids[i]);
    }
    for (size_t i = 0; i < report->queue_id_count; i++) {
        buffer_add_text(&ctl->out, "    queue id: ");
        print_escaped(&ctl->out, report->queue_ids[i].id, SHOWN_MAX);
        if (report->queue_ids[i].host.size > 0) {
            buffer_add_text(&ctl->out, " of ");
            print_escaped(&ctl->out, report->queue_ids[i].host, SHOWN_MAX);
        }
        buffer_add_char(&ctl->out, '\n');
    }
    print_value(ctl, "envelope id", report->envelope_id);
}

static void print_complaint(struct ctl *ctl, const struct report *report)
{
    print_value(ctl, "type", report->feedback_type);
    print_value(ctl, "source", report->source_ip);
    for (size_t i = 0; i < report->reported_domain_count; i++) {
        print_value(ctl, "domain", report->reported_domains[i]);
    }
    print_value(ctl, "program", report->user_agent);
}

static bool has_message(const struct report *report)
{
    return report->message_id_count > 0 || report->queue_id_count > 0 || report->from.size > 0 ||
           report->mail_from.size > 0 || report->envelope_id.size > 0;
}

static void print_text(struct ctl *ctl, const char *path, const struct report *report)
{
    print_escaped(&ctl->out, span_of(path), 4096);
    buffer_printf(&ctl->out, ": %s", kind_titles[report->kind]);
    if (report->format[0] != '\0')
        buffer_printf(&ctl->out, " (%s)", report->format);
    buffer_add_char(&ctl->out, '\n');
    if (report->kind == REPORT_COMPLAINT)
        print_complaint(ctl, report);
    print_value(ctl, "reported by", report->reporting_mta);
    for (size_t i = 0; i < report->recipient_count; i++) {
        print_recipient(ctl, report, &report->recipients[i]);
    }
    if (report->is_cut)
        buffer_add_text(&ctl->out, "  there is more than was read\n");
    if (has_message(report)) {
        buffer_add_text(&ctl->out, "  about the message\n");
        print_value(ctl, "from", report->from);
        print_value(ctl, "sender", report->mail_from);
        print_value(ctl, "arrived", report->arrival_date);
        print_ids(ctl, report);
    }
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_given(struct json *json, const char *name, struct span value)
{
    if (value.size > 0)
        json_text(json, name, value);
}

static void json_recipient(struct json *json, const struct report *report,
                           const struct report_recipient *recipient)
{
    json_open(json, NULL, '{');
    json_text(json, "address", recipient->address);
    json_given(json, "final", recipient->final);
    if (report->kind == REPORT_DELIVERY) {
        json_text(json, "action", span_of(report_action_name(recipient->action)));
        json_number(json, "class", recipient->status_class);
        json_given(json, "status", recipient->status);
        json_given(json, "reply", recipient->reply_code);
        json_given(json, "host", recipient->remote_mta);
        json_given(json, "text", recipient->text);
    }
    if (report->kind == REPORT_DELIVERY && has_failed(recipient)) {
        enum cause cause = recipient->cause.cause;
        json_text(json, "cause", span_of(cause_name(cause)));
        json_text(json, "cause_class", span_of(cause_class_name(cause_class_of(cause))));
        json_bool(json, "hard", recipient->cause.is_hard);
        json_text(json, "advice", span_of(cause_found_advice(&recipient->cause)));
    }
    json_close(json, '}');
}

static void json_texts(struct json *json, const char *name, const struct span *texts, size_t count)
{
    json_open(json, name, '[');
    for (size_t i = 0; i < count; i++) {
        json_text(json, NULL, texts[i]);
    }
    json_close(json, ']');
}

static void json_message(struct json *json, const struct report *report)
{
    json_open(json, "message", '{');
    json_given(json, "from", report->from);
    json_given(json, "sender", report->mail_from);
    json_given(json, "arrived", report->arrival_date);
    json_texts(json, "message_ids", report->message_ids, report->message_id_count);
    json_open(json, "queue_ids", '[');
    for (size_t i = 0; i < report->queue_id_count; i++) {
        json_open(json, NULL, '{');
        json_text(json, "id", report->queue_ids[i].id);
        json_given(json, "host", report->queue_ids[i].host);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_given(json, "envelope_id", report->envelope_id);
    json_close(json, '}');
}

static void json_report(struct json *json, const char *path, const struct report *report)
{
    json_open(json, NULL, '{');
    json_text(json, "file", span_of(path));
    json_text(json, "kind", span_of(report_kind_name(report->kind)));
    json_given(json, "format", span_of(report->format));
    json_given(json, "reporting_mta", report->reporting_mta);
    json_given(json, "feedback_type", report->feedback_type);
    json_given(json, "source_ip", report->source_ip);
    json_given(json, "user_agent", report->user_agent);
    json_texts(json, "reported_domains", report->reported_domains, report->reported_domain_count);
    json_bool(json, "cut", report->is_cut);
    json_open(json, "recipients", '[');
    for (size_t i = 0; i < report->recipient_count; i++) {
        json_recipient(json, report, &report->recipients[i]);
    }
    json_close(json, ']');
    json_message(json, report);
    json_close(json, '}');
}

/* --- files ----------------------------------------------------------------------------------- */

static enum ctl_exit tell(struct ctl *ctl, struct json *json, const char *path, struct span file)
{
    struct arena *arena = arena_new(REPORT_ARENA + 2 * (size_t)FILE_BYTES_MAX);
    struct report report;
    enum ctl_exit code = CTL_INTERNAL;

    if (arena != NULL && report_read_file(file, arena, &report)) {
        if (ctl->is_json)
            json_report(json, path, &report);
        else
            print_text(ctl, path, &report);
        code = report.kind == REPORT_NONE ? CTL_NO : CTL_GOOD;
    }
    arena_free(&arena);
    return code == CTL_INTERNAL ? ctl_fail(ctl, code, "out of memory") : code;
}

static enum ctl_exit tell_file(struct ctl *ctl, struct json *json, const char *path)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;
    enum ctl_exit code;

    bool is_read = strcmp(path, "-") == 0 ? file_read_stdin(FILE_BYTES_MAX, &text, &error)
                                          : file_read(path, FILE_BYTES_MAX, &text, &error);
    code = is_read ? tell(ctl, json, path, text.size > 0 ? buffer_span(&text) : SPAN(""))
                   : ctl_fail(ctl, CTL_INPUT, "%s", error.text);
    buffer_free(&text);
    return code;
}

static enum ctl_exit feedback_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct json json = json_new(&ctl->out);
    enum ctl_exit worst = CTL_GOOD;

    if (ctl->is_json) {
        json_open(&json, NULL, '{');
        json_number(&json, "schema", 1);
        json_open(&json, "reports", '[');
    }
    for (size_t i = 0; i < args->operand_count; i++) {
        enum ctl_exit code = tell_file(ctl, &json, args->operands[i]);
        worst = code > worst ? code : worst;
    }
    if (ctl->is_json) {
        json_close(&json, ']');
        json_close(&json, '}');
        buffer_add_char(&ctl->out, '\n');
    }
    return worst;
}

const struct ctl_command cmd_feedback = {
    .name = "feedback",
    .operands = "FILE|- ...",
    .operands_min = 1,
    .operands_max = FILES_MAX,
    .brief = "what a bounce, a complaint or an automatic reply says",
    .details =
        "Of each recipient what became of his mail, why, and what to do about it; and the ids\n"
        "of the message it is about. Nothing is noted. Ends 1 where a file is no report.",
    .run = feedback_run,
};
