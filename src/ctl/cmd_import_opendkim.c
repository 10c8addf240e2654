/*
 * import opendkim: a configuration of OpenDKIM as one of ours, on stdout or in a new file, and a
 * line for everything of it that has no counterpart.
 *
 * What is printed has been loaded before, as the daemon would. Fails with nothing printed when
 * OpenDKIM's own files cannot be read, or when the result does not load; ends 1 when something is
 * different afterwards.
 */
#include <stdlib.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/import.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "util/file.h"
#include "util/json.h"

#define CONF_STANDARD "/etc/opendkim.conf"

enum { MEMORY_MAX = 256 << 20, MODE_WRITTEN = 0644 };

/* --- what is told ---------------------------------------------------------------------------- */

static size_t count_losses(const struct import *import)
{
    size_t count = 0;
    for (size_t i = 0; i < import->note_count; i++) {
        count += import->notes[i].is_loss;
    }
    return count;
}

static void print_notes(struct import *import, bool is_loss)
{
    struct buffer *err = &import->ctl->err;
    for (size_t i = 0; i < import->note_count; i++) {
        const struct import_note *note = &import->notes[i];
        if (note->is_loss != is_loss) {
            continue;
        }
        print_escaped(err, span_of(note->file), 4096);
        buffer_printf(err, ":%u: ", note->line);
        print_escaped(err, span_of(note->setting), 200);
        if (note->value[0] != '\0') {
            buffer_add_char(err, ' ');
            print_escaped(err, span_of(note->value), 200);
        }
        buffer_add_text(err, ": ");
        print_escaped(err, span_of(note->why), 1024);
        buffer_add_char(err, '\n');
    }
}

static void print_faults(struct import *import)
{
    struct span rest = buffer_span(&import->faults), line;
    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0) {
            print_escaped(&import->ctl->err, line, line.size);
            buffer_add_char(&import->ctl->err, '\n');
        }
    }
}

static void print_text(struct import *import, const char *output)
{
    struct buffer *err = &import->ctl->err;
    size_t losses = count_losses(import);
    if (output == NULL) {
        buffer_add_span(&import->ctl->out, buffer_span(&import->out));
    }
    print_faults(import);
    if (import->note_count > losses) {
        buffer_add_text(err, "needs no counterpart, or is not for a signer:\n");
        print_notes(import, false);
    }
    if (losses > 0) {
        buffer_add_text(err, "not carried over:\n");
        print_notes(import, true);
    }
}

static void print_json(struct import *import, const char *output)
{
    struct json json = json_new(&import->ctl->out);
    struct span rest = buffer_span(&import->faults), line;
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    if (output != NULL) {
        json_text(&json, "file", span_of(output));
    }
    json_text(&json, "configuration", buffer_span(&import->out));
    json_open(&json, "not_carried", '[');
    for (size_t i = 0; i < import->note_count; i++) {
        const struct import_note *note = &import->notes[i];
        json_open(&json, NULL, '{');
        json_text(&json, "file", span_of(note->file));
        json_number(&json, "line", note->line);
        json_text(&json, "setting", span_of(note->setting));
        json_text(&json, "value", span_of(note->value));
        json_text(&json, "why", span_of(note->why));
        json_bool(&json, "loss", note->is_loss);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_open(&json, "faults", '[');
    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0) {
            json_text(&json, NULL, line);
        }
    }
    json_close(&json, ']');
    json_close(&json, '}');
    buffer_add_char(&import->ctl->out, '\n');
}

/* --- the work -------------------------------------------------------------------------------- */

/* Does the result load? What is said against it goes to the faults, unless the tables said so. */
static bool loads(struct import *import)
{
    struct config_report *report = config_report_new();
    struct site *site = report != NULL ? site_load_text("(imported)", buffer_span(&import->out),
                                                        import->ctl->tables, report)
                                       : NULL;
    bool is_told = import->faults.size > 0;
    for (size_t i = 0; report != NULL && i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        if (fault->severity == CONFIG_ERROR || !is_told) {
            buffer_add_text(&import->faults, fault->text);
            buffer_add_char(&import->faults, '\n');
        }
    }
    bool is_good = site != NULL;
    site_unref(&site);
    config_report_free(&report);
    return is_good;
}

static bool make(struct import *import)
{
    import_settings(import);
    import_networks(import);
    import_domains(import);
    import_others(import);
    return !import->has_failed && !buffer_has_failed(&import->out);
}

static enum ctl_exit finish(struct import *import, const char *output)
{
    struct error error;
    if (output != NULL &&
        !file_write_atomic(output, import->out.at, import->out.size, MODE_WRITTEN, false, &error)) {
        return ctl_fail(import->ctl, CTL_CANNOT_WRITE, "%s", error.text);
    }
    if (import->ctl->is_json) {
        print_json(import, output);
    } else {
        print_text(import, output);
    }
    return count_losses(import) > 0 ? CTL_WARNING : CTL_GOOD;
}

static enum ctl_exit run(struct import *import, const char *output)
{
    struct error error;
    if (import->conf.arena == NULL) {
        return ctl_fail(import->ctl, CTL_INTERNAL, "out of memory");
    }
    if (!opendkim_conf_read(&import->conf, import->path, &error)) {
        return ctl_fail(import->ctl, CTL_INPUT, "%s", error.text);
    }
    if (!make(import)) {
        print_faults(import);
        return ctl_fail(import->ctl, CTL_INPUT, "the tables cannot be carried over");
    }
    if (!loads(import)) {
        print_faults(import);
        return ctl_fail(import->ctl, CTL_CONFIG, "what comes of %s does not load", import->path);
    }
    return finish(import, output);
}

static enum ctl_exit import_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct import import = { .ctl = ctl,
                             .path = args->operand_count > 0 ? args->operands[0] : CONF_STANDARD,
                             .is_live = args_has(args, "live"),
                             .conf = { .arena = arena_new(MEMORY_MAX) } };
    enum ctl_exit code = run(&import, args_value(args, "output"));
    arena_free(&import.conf.arena);
    buffer_free(&import.out);
    buffer_free(&import.faults);
    free(import.notes);
    return code;
}

static const struct ctl_option import_options[] = {
    { .name = "live",
      .brief = "KeyTable and SigningTable stay where they are, and are read there" },
    { .name = "output",
      .argument = "FILE",
      .brief = "write there, never over a file that is there" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_import_opendkim = {
    .name = "import opendkim",
    .operands = "[FILE]",
    .operands_max = 1,
    .options = import_options,
    .brief = "a configuration out of opendkim.conf and its tables",
    .details =
        "FILE is /etc/opendkim.conf where none is given. The configuration goes to stdout, a\n"
        "line for each setting and row that has no counterpart to stderr. It begins in mode\n"
        "observe and signs there. Ends 1 when something was not carried over.",
    .run = import_run,
};
