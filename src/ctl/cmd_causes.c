/*
 * causes: why deliveries fail, out of the set there is, what large providers mean by codes of their
 * own, and what can be done.
 */
#include <string.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/print.h"
#include "feedback/cause.h"
#include "util/json.h"

/* What is asked about; each may be "any". */
struct question {
    int cause;    /* -1: any */
    int provider; /* CAUSE_ANYBODY: any */
    const char *code;
};

/* "x.7.26" for 4.7.26 and 5.7.26, and marks as they are told: TSS04 for its own row and for TSS*.
 */
static bool is_code(const struct cause_rule *rule, const char *code)
{
    size_t size;

    if (rule->mark != NULL) {
        size = strlen(rule->mark);
        bool may_go_on = rule->mark[size - 1] == '*';
        size -= may_go_on;
        return strncasecmp(rule->mark, code, size) == 0 && (may_go_on || code[size] == '\0');
    }
    return rule->code != NULL &&
           (strcmp(rule->code, code) == 0 || cause_code_is(rule->code, span_of(code)));
}

static bool is_asked(const struct cause_rule *rule, const struct question *question)
{
    return (question->cause < 0 || rule->cause == (enum cause)question->cause) &&
           (question->code == NULL || is_code(rule, question->code));
}

/* "TSS*" says nothing of TSS04 where that has a row of its own. */
static bool is_for_the_rest(const struct cause_rule *rule, const struct question *question)
{
    return question->code != NULL && rule->mark != NULL && strchr(rule->mark, '*') != NULL;
}

static const char *name_of(const struct cause_rule *rule)
{
    return rule->code != NULL ? rule->code : rule->mark != NULL ? rule->mark : "";
}

static const char *advice_of(const struct cause_rule *rule)
{
    return rule->advice != NULL ? rule->advice : cause_advice(rule->cause);
}

/* --- text ------------------------------------------------------------------------------------ */

static void print_cause(struct ctl *ctl, enum cause cause)
{
    buffer_printf(&ctl->out, "%s (%s)\n  %s\n", cause_name(cause),
                  cause_class_name(cause_class_of(cause)), cause_advice(cause));
}

static void print_rule(struct ctl *ctl, const struct cause_rule *rule)
{
    const char *name = name_of(rule);

    buffer_printf(&ctl->out, "  %s", cause_provider_row(rule->provider)->title);
    if (name[0] != '\0')
        buffer_printf(&ctl->out, " %s", name);
    if (rule->text != NULL)
        buffer_printf(&ctl->out, " \"%s\"", rule->text);
    buffer_printf(&ctl->out, ": %s [%s]\n", rule->means, cause_name(rule->cause));
    if (rule->advice != NULL)
        buffer_printf(&ctl->out, "    %s\n", rule->advice);
}

static void print_sources(struct ctl *ctl, const bool *is_used)
{
    for (int i = CAUSE_ANYBODY + 1; i < CAUSE_PROVIDER_COUNT; i++) {
        const struct cause_provider_row *row = cause_provider_row((enum cause_provider)i);
        if (is_used[i])
            buffer_printf(&ctl->out, "%s: as of %s, %s\n", row->title, row->checked, row->page);
    }
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_cause(struct json *json, enum cause cause)
{
    json_open(json, NULL, '{');
    json_text(json, "name", span_of(cause_name(cause)));
    json_text(json, "class", span_of(cause_class_name(cause_class_of(cause))));
    json_text(json, "advice", span_of(cause_advice(cause)));
    json_close(json, '}');
}

static void json_rule(struct json *json, const struct cause_rule *rule)
{
    const struct cause_provider_row *row = cause_provider_row(rule->provider);

    json_open(json, NULL, '{');
    json_text(json, "provider", span_of(row->name));
    json_text(json, "code", span_of(name_of(rule)));
    if (rule->text != NULL)
        json_text(json, "text", span_of(rule->text));
    json_text(json, "cause", span_of(cause_name(rule->cause)));
    json_text(json, "means", span_of(rule->means));
    json_text(json, "advice", span_of(advice_of(rule)));
    json_text(json, "page", span_of(row->page));
    json_text(json, "checked", span_of(row->checked));
    json_close(json, '}');
}

/* --- the answer ------------------------------------------------------------------------------ */

static void tell_causes(struct ctl *ctl, struct json *json, const struct question *question)
{
    if (ctl->is_json)
        json_open(json, "causes", '[');
    for (int i = 0; i < CAUSE_COUNT; i++) {
        if (question->code != NULL || question->provider != CAUSE_ANYBODY ||
            (question->cause >= 0 && question->cause != i))
            continue;
        if (ctl->is_json)
            json_cause(json, (enum cause)i);
        else
            print_cause(ctl, (enum cause)i);
    }
    if (ctl->is_json)
        json_close(json, ']');
}

/* All rows only for whoever asks about something: the list of causes stays a list of causes. */
static size_t tell_codes(struct ctl *ctl, struct json *json, const struct question *question)
{
    bool is_used[CAUSE_PROVIDER_COUNT] = { false };
    bool is_all =
        question->cause < 0 && question->code == NULL && question->provider == CAUSE_ANYBODY;
    size_t count = 0;

    for (int i = CAUSE_ANYBODY + 1; i < CAUSE_PROVIDER_COUNT && (ctl->is_json || !is_all); i++) {
        const struct cause_rule *rule;
        if (question->provider != CAUSE_ANYBODY && question->provider != i)
            continue;
        for (size_t k = 0; (rule = cause_provider_rule((enum cause_provider)i, k)) != NULL; k++) {
            if (!is_asked(rule, question) || (count > 0 && is_for_the_rest(rule, question)))
                continue;
            is_used[i] = true;
            count++;
            if (ctl->is_json)
                json_rule(json, rule);
            else
                print_rule(ctl, rule);
        }
    }
    if (!ctl->is_json)
        print_sources(ctl, is_used);
    return count;
}

static struct question question_of(const char *word)
{
    struct question question = { .cause = -1, .provider = CAUSE_ANYBODY };
    enum cause cause;

    if (word == NULL)
        return question;
    question.provider = (int)cause_provider_by_name(span_of(word));
    if (cause_by_name(span_of(word), &cause))
        question.cause = (int)cause;
    else if (question.provider == CAUSE_ANYBODY)
        question.code = word;
    return question;
}

static enum ctl_exit causes_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *word = args->operand_count > 0 ? args->operands[0] : NULL;
    struct question question = question_of(word);
    struct json json = json_new(&ctl->out);

    if (ctl->is_json) {
        json_open(&json, NULL, '{');
        json_number(&json, "schema", 1);
    }
    tell_causes(ctl, &json, &question);
    if (ctl->is_json)
        json_open(&json, "codes", '[');
    size_t count = tell_codes(ctl, &json, &question);
    if (ctl->is_json) {
        json_close(&json, ']');
        json_close(&json, '}');
        buffer_add_char(&ctl->out, '\n');
    }
    if (question.code != NULL && count == 0)
        return ctl_fail(ctl, CTL_NO,
                        "\"%s\" is no cause, no provider and no code of a provider that is known "
                        "here; egressctl causes lists the causes",
                        question.code);
    return CTL_GOOD;
}

const struct ctl_command cmd_causes = {
    .name = "causes",
    .operands = "[CAUSE|CODE|PROVIDER]",
    .operands_max = 1,
    .brief = "why deliveries fail, what providers mean by their codes, what to do",
    .details =
        "All causes; or one, a code of Google, Microsoft, Yahoo or Apple (4.7.28, TSS04, S3150),\n"
        "or all codes of one of them (google, microsoft, yahoo, apple).",
    .run = causes_run,
};
