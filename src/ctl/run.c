/*
 * run: from a command line to the command behind it.
 */
#include <stdarg.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/print.h"
#include "util/json.h"

/* Promised by name, so that nobody builds on another meaning. */
static const char *const planned_commands[] = {
    "doctor",
    "metrics",
};

bool command_is_planned(const char *name)
{
    for (size_t i = 0; i < sizeof(planned_commands) / sizeof(planned_commands[0]); i++) {
        if (strcmp(planned_commands[i], name) == 0)
            return true;
    }
    return false;
}

enum ctl_exit ctl_fail(struct ctl *ctl, enum ctl_exit code, const char *format, ...)
{
    struct buffer text = BUFFER_EMPTY;
    va_list args;

    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    buffer_add_text(&ctl->err, "egressctl: ");
    print_escaped(&ctl->err, buffer_span(&text), text.size);
    buffer_add_char(&ctl->err, '\n');
    buffer_free(&text);
    return code;
}

static enum ctl_exit usage_error(struct ctl *ctl, const struct ctl_args *args,
                                 const struct error *error)
{
    ctl_fail(ctl, CTL_USAGE, "%s", error->text);
    if (args->command != NULL)
        buffer_printf(&ctl->err, "try: egressctl help %s\n", args->command->name);
    else
        buffer_add_text(&ctl->err, "try: egressctl help\n");
    return CTL_USAGE;
}

/* A program that asked for JSON reads one object, whatever happened. */
static void error_as_json(struct ctl *ctl)
{
    struct json json = json_new(&ctl->out);

    if (!ctl->is_json || ctl->out.size > 0 || ctl->err.size == 0)
        return;
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "error", span_trim(buffer_span(&ctl->err)));
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

enum ctl_exit ctl_run(struct ctl *ctl, int argc, const char *const *argv)
{
    struct ctl_args args;
    struct error error = { "" };
    const char *path;
    enum ctl_exit code;

    bool is_understood = args_read(ctl, argc, argv, &args, &error);

    path = args_value(&args, "config");
    ctl->config_path = path != NULL ? path : EM_CONFIG_FILE;
    ctl->is_json = args_has(&args, "json");
    if (!is_understood)
        code = usage_error(ctl, &args, &error);
    else if (args_has(&args, "version"))
        code = help_version(ctl);
    else if (args_has(&args, "help"))
        code = help_print(ctl, args.command);
    else
        code = args.command->run(ctl, &args);
    error_as_json(ctl);
    args_free(&args);
    return code;
}
