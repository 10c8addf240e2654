/*
 * explain_json: the decision about one message, for a program. Nothing is cut but what the message
 * itself could make endless; names are those of the log line where there is one.
 */
#include <string.h>

#include "ctl/explain.h"
#include "util/json.h"

#define VALUE_MAX 65536

static const char *edit_name(enum edit_kind kind)
{
    static const char *const names[] = { [EDIT_PREPEND] = "prepend",
                                         [EDIT_APPEND] = "append",
                                         [EDIT_REPLACE] = "replace",
                                         [EDIT_DELETE] = "delete" };

    return names[kind];
}

static void add_optional(struct json *json, const char *name, const char *text)
{
    if (text != NULL)
        json_text(json, name, span_of(text));
}

static const char *side_name(enum recipient_side side)
{
    return side == RECIPIENT_INTERNAL   ? "internal"
           : side == RECIPIENT_EXTERNAL ? "external"
                                        : "unknown";
}

static void add_envelope(struct json *json, const struct explanation *explanation)
{
    const struct explain_input *input = explanation->input;
    const struct envelope *envelope = &explanation->job->message.envelope;

    json_open(json, "envelope", '{');
    json_text(json, "from", input->drive.sender);
    json_text(json, "from_source", span_of(input->sender_from));
    json_text(json, "recipients_source", span_of(input->recipients_from));
    json_open(json, "recipients", '[');
    for (size_t i = 0; i < envelope->recipient_count; i++) {
        json_open(json, NULL, '{');
        json_text(json, "path", span_first(envelope->recipients[i].path, VALUE_MAX));
        json_text(json, "side", span_of(side_name(envelope->recipients[i].side)));
        json_close(json, '}');
    }
    json_close(json, ']');
    json_number(json, "refused", (int64_t)explanation->job->turned_away);
    json_close(json, '}');
}

static void add_identity(struct json *json, const struct explanation *explanation)
{
    const struct job *job = explanation->job;
    struct arena *arena = explanation->input->arena;

    json_text(json, "class", job->is_off ? SPAN("off") : span_of(mail_class_name(job->mail_class)));
    add_optional(json, "class_why", explain_class_why(job, arena));
    if (!job->is_off && job->principal.at != NULL) {
        json_text(json, "user", job->principal);
        add_optional(json, "user_why", explain_principal_why(job, arena));
    }
    json_text(json, "mode",
              job->site->general->mode == MODE_OBSERVE ? SPAN("observe") : SPAN("enforce"));
    json_bool(json, "mode_is_forced", explanation->is_forced);
}

static void add_forecast(struct json *json, const struct job *job)
{
    const struct forecast *forecast = job->evidence.forecast;

    if (forecast == NULL)
        return;
    json_open(json, "forecast", '{');
    json_text(json, "spf", span_of(forecast_spf_name(forecast->spf)));
    json_text(json, "spf_domain", forecast->spf_domain);
    json_text(json, "spf_record", forecast->spf_record);
    add_optional(json, "spf_why", forecast->spf_why);
    add_optional(json, "spf_failing", forecast->spf_failing);
    json_text(json, "dmarc", span_of(forecast_dmarc_name(forecast->dmarc)));
    json_text(json, "dmarc_domain", forecast->policy.domain);
    json_text(json, "dmarc_record", forecast->policy.record);
    json_text(json, "policy", span_of(dmarc_action_name(forecast->policy.action)));
    add_optional(json, "dmarc_why", forecast->why);
    add_optional(json, "policy_why", forecast->policy.why);
    add_optional(json, "difference", forecast->policy.difference);
    json_close(json, '}');
}

static void add_findings(struct json *json, const struct explanation *explanation)
{
    const struct job *job = explanation->job;

    json_open(json, "findings", '[');
    for (const struct finding *finding = job->findings.first; finding != NULL;
         finding = finding->next) {
        json_open(json, NULL, '{');
        json_text(json, "name", span_of(finding_name(finding->id)));
        json_text(json, "action", span_of(action_name(finding->action)));
        add_optional(json, "action_why",
                     explain_action_why(job, finding, explanation->input->arena));
        json_text(json, "seen", span_first(span_of(finding->seen), VALUE_MAX));
        add_optional(json, "advice", finding->advice);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void add_verdict(struct json *json, const struct job *job)
{
    const struct verdict *verdict = &job->verdict;

    json_bool(json, "accepted", explain_is_accepted(job));
    json_text(json, "verdict", span_of(disposition_name(verdict->disposition)));
    json_text(json, "would", span_of(disposition_name(verdict->would)));
    if (verdict->by != NULL)
        json_text(json, "by", span_of(finding_name(verdict->by->id)));
    if (verdict->reply.code[0] != '\0') {
        json_open(json, "reply", '{');
        json_text(json, "code", span_of(verdict->reply.code));
        json_text(json, "enhanced", span_of(verdict->reply.enhanced));
        json_text(json, "text", span_of(verdict->reply.text));
        json_close(json, '}');
    }
    if (verdict->disposition == DISPOSITION_HOLD)
        add_optional(json, "hold_reason", verdict->hold_reason);
    add_optional(json, "verdict_why", explain_verdict_why(job));
}

static void add_edits(struct json *json, const struct job *job)
{
    json_open(json, "edits", '[');
    for (const struct edit *edit = job->verdict.edits.first; edit != NULL; edit = edit->next) {
        const struct header_field *old = explain_edited_field(job, edit);

        json_open(json, NULL, '{');
        json_text(json, "kind", span_of(edit_name(edit->kind)));
        json_text(json, "name", edit->name);
        if (edit->kind != EDIT_DELETE)
            json_text(json, "value", edit->value);
        if (old != NULL) {
            json_number(json, "instance", edit->instance);
            json_text(json, "old_value", span_first(old->value, VALUE_MAX));
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void add_signatures(struct json *json, const struct job *job)
{
    struct span domain, selector;

    json_open(json, "signatures", '[');
    for (size_t i = 0; i < job->signing.count; i++) {
        const char *algorithm = explain_signature(job, job->signing.names[i], &domain, &selector);

        json_open(json, NULL, '{');
        json_text(json, "d", domain);
        json_text(json, "s", selector);
        json_text(json, "a", span_of(algorithm));
        json_close(json, '}');
    }
    json_close(json, ']');
    if (job->signing.count == 0)
        add_optional(json, "unsigned_reason", job->signing.reason);
}

void explain_print_json(struct ctl *ctl, const struct explanation *explanation)
{
    struct json json = json_new(&ctl->out);
    const struct explain_input *input = explanation->input;

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "file", span_of(explanation->path));
    json_number(&json, "octets", (int64_t)input->drive.message.size);
    add_envelope(&json, explanation);
    add_identity(&json, explanation);
    add_forecast(&json, explanation->job);
    add_findings(&json, explanation);
    add_verdict(&json, explanation->job);
    add_edits(&json, explanation->job);
    add_signatures(&json, explanation->job);
    if (explanation->log_line.size > 0)
        json_text(&json, "log", explanation->log_line);
    add_optional(&json, "written", explanation->output_path);
    json_open(&json, "notes", '[');
    for (size_t i = 0; i < input->note_count; i++)
        json_text(&json, NULL, span_of(input->notes[i]));
    json_close(&json, ']');
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}
