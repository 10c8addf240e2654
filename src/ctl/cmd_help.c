/*
 * help: the commands there are and the options each takes, printed from the rows that the parser
 * reads.
 */
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/print.h"
#include "util/json.h"

#define BRIEF_COLUMN 27

static void pad_to(struct buffer *out, size_t begin, size_t column)
{
    while (out->size - begin < column)
        buffer_add_char(out, ' ');
}

static void print_options(struct buffer *out, const struct ctl_option *rows)
{
    for (const struct ctl_option *row = rows; row != NULL && row->name != NULL; row++) {
        size_t begin = out->size;

        if (row->letter != '\0')
            buffer_printf(out, "  -%c, --%s", row->letter, row->name);
        else
            buffer_printf(out, "      --%s", row->name);
        if (row->argument != NULL)
            buffer_printf(out, " %s", row->argument);
        buffer_add_char(out, ' ');
        pad_to(out, begin, BRIEF_COLUMN + 2);
        buffer_printf(out, "%s%s\n", row->brief, row->repeats ? " (may be repeated)" : "");
    }
}

static void print_command(struct ctl *ctl, const struct ctl_command *command)
{
    struct buffer *out = &ctl->out;

    buffer_printf(out, "usage: egressctl [-c FILE] [--json] %s%s%s%s\n", command->name,
                  command->options != NULL ? " [OPTION ...]" : "",
                  command->operands[0] != '\0' ? " " : "", command->operands);
    buffer_printf(out, "\n%s\n", command->brief);
    if (command->details != NULL)
        buffer_printf(out, "\n%s\n", command->details);
    if (command->options != NULL) {
        buffer_add_char(out, '\n');
        print_options(out, command->options);
    }
}

static void print_overview(struct ctl *ctl)
{
    struct buffer *out = &ctl->out;

    buffer_add_text(out, "usage: egressctl [-c FILE] [--json] COMMAND ...\n\n");
    for (size_t i = 0; i < ctl->command_count; i++) {
        const struct ctl_command *command = ctl->commands[i];
        size_t begin = out->size;

        if (command->is_hidden)
            continue;
        buffer_printf(out, "  %s %s ", command->name, command->operands);
        pad_to(out, begin, BRIEF_COLUMN + 2);
        buffer_printf(out, "%s\n", command->brief);
    }
    buffer_add_char(out, '\n');
    print_options(out, ctl_common_options);
    buffer_add_text(out, "\n\"egressctl help COMMAND\" tells the options of one; the manual is "
                         "egressctl(1).\n");
}

static void json_options(struct json *json, const struct ctl_option *rows)
{
    json_open(json, "options", '[');
    for (const struct ctl_option *row = rows; row != NULL && row->name != NULL; row++) {
        json_open(json, NULL, '{');
        json_text(json, "name", span_of(row->name));
        if (row->letter != '\0')
            json_text(json, "letter", (struct span){ &row->letter, 1 });
        if (row->argument != NULL)
            json_text(json, "argument", span_of(row->argument));
        json_bool(json, "repeats", row->repeats);
        json_text(json, "brief", span_of(row->brief));
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_command(struct json *json, const struct ctl_command *command)
{
    json_open(json, NULL, '{');
    json_text(json, "name", span_of(command->name));
    json_text(json, "operands", span_of(command->operands));
    json_text(json, "brief", span_of(command->brief));
    json_bool(json, "hidden", command->is_hidden);
    json_options(json, command->options);
    json_close(json, '}');
}

static void print_json(struct ctl *ctl, const struct ctl_command *only)
{
    struct json json = json_new(&ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "program", SPAN("egressctl"));
    json_text(&json, "version", SPAN(PACKAGE_VERSION));
    json_options(&json, ctl_common_options);
    json_open(&json, "commands", '[');
    for (size_t i = 0; i < ctl->command_count; i++) {
        if (only == NULL || ctl->commands[i] == only)
            json_command(&json, ctl->commands[i]);
    }
    json_close(&json, ']');
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

enum ctl_exit help_print(struct ctl *ctl, const struct ctl_command *command)
{
    if (ctl->is_json)
        print_json(ctl, command);
    else if (command != NULL)
        print_command(ctl, command);
    else
        print_overview(ctl);
    return CTL_GOOD;
}

enum ctl_exit help_version(struct ctl *ctl)
{
    buffer_add_text(&ctl->out, "egressctl " PACKAGE_VERSION "\n");
    return CTL_GOOD;
}

static enum ctl_exit help_run(struct ctl *ctl, const struct ctl_args *args)
{
    const struct ctl_command *command = NULL;
    size_t words = 0;

    if (args->operand_count > 0) {
        command = command_find(ctl, args->operands[0],
                               args->operand_count > 1 ? args->operands[1] : NULL, &words);
        if (command == NULL || words < args->operand_count) {
            ctl_fail(ctl, CTL_USAGE, "there is no command %s%s%s", args->operands[0],
                     args->operand_count > 1 ? " " : "",
                     args->operand_count > 1 ? args->operands[1] : "");
            buffer_add_text(&ctl->err, "try: egressctl help\n");
            return CTL_USAGE;
        }
    }
    return help_print(ctl, command);
}

const struct ctl_command cmd_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .operands_max = 2,
    .brief = "the commands, or the options of one",
    .run = help_run,
};
