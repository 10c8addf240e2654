/*
 * explain_text: the decision about one message, for a person.
 */
#include <inttypes.h>
#include <string.h>

#include "ctl/explain.h"
#include "ctl/print.h"

#define SEEN_MAX 300      /* octets printed of a text that a message may lengthen */
#define RECIPIENTS_MAX 20 /* recipients printed */

static void end_line(struct buffer *out)
{
    buffer_add_char(out, '\n');
}

/* A second line of a label. */
static void indent(struct buffer *out)
{
    buffer_add_text(out, "            ");
}

static void print_message(struct ctl *ctl, const struct explanation *explanation)
{
    struct buffer *out = &ctl->out;
    const struct explain_input *input = explanation->input;

    print_label(ctl, out, "message");
    print_escaped(out, span_of(explanation->path), 4096);
    buffer_printf(out, ", %zu octets\n", input->drive.message.size);
    for (size_t i = 0; i < input->note_count; i++) {
        print_label(ctl, out, "note");
        print_escaped(out, span_of(input->notes[i]), SEEN_MAX);
        end_line(out);
    }
}

static const char *side_text(enum recipient_side side)
{
    switch (side) {
    case RECIPIENT_INTERNAL:
        return "internal";
    case RECIPIENT_EXTERNAL:
        return "external";
    case RECIPIENT_UNKNOWN:
        break;
    }
    return "unknown, counts as external";
}

static void print_envelope(struct ctl *ctl, const struct explanation *explanation)
{
    struct buffer *out = &ctl->out;
    const struct explain_input *input = explanation->input;
    const struct envelope *envelope = &explanation->job->message.envelope;

    print_label(ctl, out, "from");
    print_escaped(out, input->drive.sender, SEEN_MAX);
    buffer_printf(out, "%s (%s)\n", input->drive.sender.size == 0 ? "null" : "",
                  input->sender_from);
    for (size_t i = 0; i < envelope->recipient_count && i < RECIPIENTS_MAX; i++) {
        print_label(ctl, out, "to");
        buffer_add_char(out, '<');
        print_escaped(out, envelope->recipients[i].path, SEEN_MAX);
        buffer_printf(out, "> (%s; %s)\n", input->recipients_from,
                      side_text(envelope->recipients[i].side));
    }
    if (envelope->recipient_count > RECIPIENTS_MAX) {
        indent(out);
        buffer_printf(out, "and %zu more\n", envelope->recipient_count - RECIPIENTS_MAX);
    }
    if (explanation->job->turned_away > 0) {
        print_label(ctl, out, "refused");
        buffer_printf(out, "%" PRIu64 " of the recipients, for what is found about them\n",
                      explanation->job->turned_away);
    }
}

static void print_why(struct ctl *ctl, const char *label, const char *value, size_t value_size,
                      const char *why)
{
    struct buffer *out = &ctl->out;

    print_label(ctl, out, label);
    print_escaped(out, (struct span){ value, value_size }, SEEN_MAX);
    if (why != NULL) {
        buffer_add_text(out, ": ");
        buffer_add_text(out, why);
    }
    end_line(out);
}

static void print_identity(struct ctl *ctl, const struct explanation *explanation)
{
    const struct job *job = explanation->job;
    struct arena *arena = explanation->input->arena;
    const char *name = mail_class_name(job->mail_class);

    if (job->is_off)
        name = "off";
    print_why(ctl, "class", name, strlen(name), explain_class_why(job, arena));
    if (!job->is_off && job->principal.at != NULL)
        print_why(ctl, "principal", job->principal.at, job->principal.size,
                  explain_principal_why(job, arena));
    if (explanation->is_forced)
        print_why(ctl, "mode", "enforce", 7, "by --enforce; the configuration says observe");
    else if (job->site->general->mode == MODE_OBSERVE)
        print_why(ctl, "mode", "observe", 7,
                  "nothing is stopped or changed; --enforce shows what would be");
    else
        print_why(ctl, "mode", "enforce", 7, NULL);
}

static void print_forecast(struct ctl *ctl, const struct job *job)
{
    const struct forecast *forecast = job->evidence.forecast;
    const char *spf, *dmarc;

    if (forecast == NULL)
        return;
    spf = forecast_spf_name(forecast->spf);
    dmarc = forecast_dmarc_name(forecast->dmarc);
    print_why(ctl, "spf", spf, strlen(spf), forecast->spf_why);
    print_why(ctl, "dmarc", dmarc, strlen(dmarc), forecast->why);
    if (forecast->policy.why != NULL &&
        (forecast->why == NULL || strcmp(forecast->policy.why, forecast->why) != 0))
        print_why(ctl, "", forecast->policy.why, strlen(forecast->policy.why), NULL);
    if (forecast->policy.difference != NULL)
        print_why(ctl, "", forecast->policy.difference, strlen(forecast->policy.difference), NULL);
}

static void print_finding(struct ctl *ctl, const struct explanation *explanation,
                          const struct finding *finding)
{
    struct buffer *out = &ctl->out;
    bool is_stopping = finding->action >= ACTION_HOLD;
    const char *why = explain_action_why(explanation->job, finding, explanation->input->arena);

    print_label(ctl, out, finding == explanation->job->findings.first ? "findings" : "");
    buffer_printf(out, "%s: ", finding_name(finding->id));
    print_styled(ctl, out, is_stopping ? PRINT_BAD : PRINT_PLAIN, action_name(finding->action));
    if (why != NULL)
        buffer_printf(out, " (%s)", why);
    end_line(out);
    indent(out);
    buffer_add_text(out, "  ");
    print_escaped(out, span_of(finding->seen), SEEN_MAX);
    if (finding->advice != NULL) {
        buffer_add_text(out, "; ");
        print_escaped(out, span_of(finding->advice), SEEN_MAX);
    }
    end_line(out);
}

static void print_findings(struct ctl *ctl, const struct explanation *explanation)
{
    const struct finding_list *findings = &explanation->job->findings;

    if (findings->first == NULL) {
        print_label(ctl, &ctl->out, "findings");
        buffer_add_text(&ctl->out, "none\n");
    }
    for (const struct finding *finding = findings->first; finding != NULL; finding = finding->next)
        print_finding(ctl, explanation, finding);
}

static void print_verdict(struct ctl *ctl, const struct explanation *explanation)
{
    struct buffer *out = &ctl->out;
    const struct verdict *verdict = &explanation->job->verdict;
    bool is_accepted = explain_is_accepted(explanation->job);
    const char *why = explain_verdict_why(explanation->job);

    print_label(ctl, out, "verdict");
    print_styled(ctl, out, is_accepted ? PRINT_GOOD : PRINT_BAD,
                 disposition_name(verdict->disposition));
    if (verdict->would != verdict->disposition)
        buffer_printf(out, " (outside observe: %s)", disposition_name(verdict->would));
    if (verdict->by != NULL)
        buffer_printf(out, ", by %s", finding_name(verdict->by->id));
    end_line(out);
    if (why != NULL)
        print_why(ctl, "", why, strlen(why), NULL);
    if (verdict->reply.code[0] != '\0') {
        print_label(ctl, out, is_accepted ? "would reply" : "reply");
        buffer_printf(out, "%s %s ", verdict->reply.code, verdict->reply.enhanced);
        print_escaped(out, span_of(verdict->reply.text), sizeof(verdict->reply.text));
        end_line(out);
    }
    if (verdict->disposition == DISPOSITION_HOLD && verdict->hold_reason != NULL)
        print_why(ctl, "reason", verdict->hold_reason, strlen(verdict->hold_reason), NULL);
}

/* A value line by line, each behind the sign: folded fields read as they will stand. */
static void print_value(struct buffer *out, char sign, struct span name, struct span value)
{
    struct span line, rest = span_first(value, SEEN_MAX * 20);
    bool is_first = true;

    while (span_cut(&rest, '\n', &line)) {
        buffer_printf(out, "  %c ", sign);
        if (is_first) {
            print_escaped(out, name, SEEN_MAX);
            buffer_add_char(out, ':');
        }
        /* A TAB opens folded lines; as spaces it stays readable. */
        if (line.size > 0 && line.at[0] == '\t') {
            buffer_add_text(out, "    ");
            line = span_from(line, 1);
        }
        print_escaped(out, line, SEEN_MAX);
        end_line(out);
        is_first = false;
    }
}

static void print_edit(struct buffer *out, const struct job *job, const struct edit *edit)
{
    const struct header_field *old = explain_edited_field(job, edit);
    struct span old_value = old != NULL ? old->value : SPAN("");

    switch (edit->kind) {
    case EDIT_PREPEND:
    case EDIT_APPEND:
        print_value(out, '+', edit->name, edit->value);
        break;
    case EDIT_REPLACE:
        print_value(out, '-', edit->name, old_value);
        print_value(out, '~', edit->name, edit->value);
        break;
    case EDIT_DELETE:
        print_value(out, '-', edit->name, old_value);
        break;
    }
}

static void print_edits(struct ctl *ctl, const struct job *job)
{
    struct buffer *out = &ctl->out;

    print_label(ctl, out, "edits");
    buffer_add_text(out, job->verdict.edits.first == NULL ? "none\n"
                                                          : "+ added, - gone, ~ changed to\n");
    for (const struct edit *edit = job->verdict.edits.first; edit != NULL; edit = edit->next)
        print_edit(out, job, edit);
}

static void print_signatures(struct ctl *ctl, const struct job *job)
{
    struct buffer *out = &ctl->out;
    struct span domain, selector;

    if (job->signing.count == 0) {
        const char *reason = job->signing.reason != NULL ? job->signing.reason : "not asked for";

        print_why(ctl, "signatures", "none", 4, reason);
    }
    for (size_t i = 0; i < job->signing.count; i++) {
        const char *algorithm = explain_signature(job, job->signing.names[i], &domain, &selector);

        print_label(ctl, out, i == 0 ? "signatures" : "");
        buffer_add_text(out, "d=");
        print_escaped(out, domain, SEEN_MAX);
        buffer_add_text(out, " s=");
        print_escaped(out, selector, SEEN_MAX);
        buffer_printf(out, " a=%s\n", algorithm);
    }
}

static void print_log(struct ctl *ctl, const struct explanation *explanation)
{
    struct buffer *out = &ctl->out;
    struct span line, rest = explanation->other_lines;

    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0)
            print_why(ctl, "log", line.at, line.size, NULL);
    }
    print_label(ctl, out, "log");
    if (explanation->log_line.size > 0)
        print_escaped(out, explanation->log_line, explanation->log_line.size);
    else
        buffer_add_text(out, "no line for this class of mail");
    end_line(out);
}

void explain_print_text(struct ctl *ctl, const struct explanation *explanation)
{
    struct buffer *out = &ctl->out;

    print_message(ctl, explanation);
    print_envelope(ctl, explanation);
    print_identity(ctl, explanation);
    print_forecast(ctl, explanation->job);
    print_findings(ctl, explanation);
    print_verdict(ctl, explanation);
    print_edits(ctl, explanation->job);
    print_signatures(ctl, explanation->job);
    print_log(ctl, explanation);
    if (explanation->output_path != NULL) {
        print_label(ctl, out, "written");
        print_escaped(out, span_of(explanation->output_path), 4096);
        end_line(out);
    }
}
