/*
 * check: is the configuration right, and what does it amount to? Faults go to stderr, the effective
 * configuration to stdout in the file's own syntax.
 *
 * It reads as the user who calls it; whether the daemon's user can read the same files is asked by
 * `egress-milter -t`.
 */
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "util/json.h"

static void print_json(struct ctl *ctl, const struct config_report *report, const struct site *site,
                       bool is_good)
{
    struct json json = json_new(&ctl->out);
    struct buffer effective = BUFFER_EMPTY;

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "file", span_of(ctl->config_path));
    json_bool(&json, "good", is_good);
    json_number(&json, "errors", (int64_t)config_report_count(report, CONFIG_ERROR));
    json_number(&json, "warnings", (int64_t)config_report_count(report, CONFIG_WARNING));
    json_open(&json, "faults", '[');
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);

        json_open(&json, NULL, '{');
        json_text(&json, "severity",
                  fault->severity == CONFIG_ERROR ? SPAN("error") : SPAN("warning"));
        json_text(&json, "text", span_of(fault->text));
        json_close(&json, '}');
    }
    json_close(&json, ']');
    if (site != NULL) {
        config_print(site->config, &effective);
        json_text(&json, "effective", buffer_span(&effective));
    }
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
    buffer_free(&effective);
}

static void print_text(struct ctl *ctl, const struct config_report *report, const struct site *site,
                       bool is_good)
{
    size_t errors = config_report_count(report, CONFIG_ERROR);
    size_t warnings = config_report_count(report, CONFIG_WARNING);

    if (site != NULL)
        config_print(site->config, &ctl->out);
    load_print_faults(ctl, report, true);
    print_escaped(&ctl->err, span_of(ctl->config_path), 4096);
    buffer_add_text(&ctl->err, is_good ? ": good" : ": not good");
    if (errors > 0)
        buffer_printf(&ctl->err, ", %zu error%s", errors, errors == 1 ? "" : "s");
    if (warnings > 0)
        buffer_printf(&ctl->err, ", %zu warning%s", warnings, warnings == 1 ? "" : "s");
    buffer_add_char(&ctl->err, '\n');
}

static enum ctl_exit check_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct config_report *report = config_report_new();
    struct site *site;
    bool is_good;

    if (report == NULL)
        return ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    site = site_load(ctl->config_path, ctl->tables, report);
    is_good = site != NULL &&
              !(args_has(args, "strict") && config_report_count(report, CONFIG_WARNING) > 0);
    if (ctl->is_json)
        print_json(ctl, report, site, is_good);
    else
        print_text(ctl, report, site, is_good);
    site_unref(&site);
    config_report_free(&report);
    return is_good ? CTL_GOOD : CTL_CONFIG;
}

static const struct ctl_option check_options[] = {
    { .name = "strict", .brief = "warnings (a key fault, for one) count as errors" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_check = {
    .name = "check",
    .operands = "",
    .options = check_options,
    .brief = "the configuration: its faults, and what it amounts to",
    .details = "Faults are told on stderr as FILE:LINE: setting: what is wrong, the effective\n"
               "configuration on stdout. Ends 0 when the daemon would start with it, else 78.",
    .run = check_run,
};
