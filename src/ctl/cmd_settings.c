/*
 * settings: every row that a configuration may hold and every finding with its default actions, as
 * the program itself knows them. Hidden: it is what the manual and the sample are checked against.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "finding/finding.h"
#include "util/json.h"

static const char *type_name(enum config_type type)
{
    static const char *const names[] = {
        [CONFIG_BOOL] = "boolean",
        [CONFIG_TEXT] = "text",
        [CONFIG_INT] = "integer",
        [CONFIG_DURATION] = "duration",
        [CONFIG_SIZE] = "size",
        [CONFIG_CHOICE] = "choice",
        [CONFIG_TEXTS] = "texts",
        [CONFIG_LIST] = "list",
        [CONFIG_GROUP] = "group",
        [CONFIG_PLANNED] = "planned",
        [CONFIG_MILLISECONDS] = "duration",
    };

    return names[type];
}

/* "outgoing.networks" + "kind". */
static void path_join(char *out, size_t size, const char *path, const char *name)
{
    snprintf(out, size, "%s%s%s", path, path[0] != '\0' ? "." : "", name);
}

/* A number of a range as it would be written: whole units where they fit. */
static void number_print(enum config_type type, int64_t value, char *out, size_t size)
{
    static const struct {
        enum config_type type;
        int64_t unit;
        char letter;
    } units[] = {
        { CONFIG_DURATION, 86400, 'd' }, { CONFIG_DURATION, 3600, 'h' },
        { CONFIG_DURATION, 60, 'm' },    { CONFIG_DURATION, 1, 's' },
        { CONFIG_SIZE, 1 << 30, 'G' },   { CONFIG_SIZE, 1 << 20, 'M' },
        { CONFIG_SIZE, 1 << 10, 'K' },
    };

    if (type == CONFIG_MILLISECONDS && value % 1000 != 0) {
        snprintf(out, size, "%" PRId64 "ms", value);
        return;
    }
    if (type == CONFIG_MILLISECONDS) {
        type = CONFIG_DURATION;
        value /= 1000;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && value != 0; i++) {
        if (units[i].type == type && value % units[i].unit == 0) {
            snprintf(out, size, "%" PRId64 "%c", value / units[i].unit, units[i].letter);
            return;
        }
    }
    snprintf(out, size, "%" PRId64, value);
}

static bool has_range(const struct config_row *row)
{
    bool is_number = row->type == CONFIG_INT || row->type == CONFIG_DURATION ||
                     row->type == CONFIG_MILLISECONDS || row->type == CONFIG_SIZE;

    return is_number && (row->min != 0 || row->max != 0);
}

static void range_print(const struct config_row *row, char *min, char *max, size_t size)
{
    number_print(row->type, row->min, min, size);
    number_print(row->type, row->max, max, size);
}

static void json_row(struct json *json, const char *path, const struct config_row *row,
                     bool is_element)
{
    char name[256], min[32], max[32];

    path_join(name, sizeof(name), path, row->name);
    json_open(json, NULL, '{');
    json_text(json, "path", span_of(name));
    json_text(json, "type", span_of(type_name(row->type)));
    json_bool(json, "planned", row->type == CONFIG_PLANNED);
    json_bool(json, "element", is_element);
    json_bool(json, "required", row->required);
    if (row->fallback != NULL)
        json_text(json, "default", span_of(row->fallback));
    if (has_range(row)) {
        range_print(row, min, max, sizeof(min));
        json_text(json, "min", span_of(min));
        json_text(json, "max", span_of(max));
    }
    if (row->type == CONFIG_CHOICE) {
        json_open(json, "choices", '[');
        for (size_t i = 0; row->choices[i] != NULL; i++)
            json_text(json, NULL, span_of(row->choices[i]));
        json_close(json, ']');
    }
    if (row->brief != NULL)
        json_text(json, "brief", span_of(row->brief));
    json_close(json, '}');
}

static void json_rows(struct json *json, const char *path, const struct config_row *rows,
                      bool is_element)
{
    char inner[256];

    for (const struct config_row *row = rows; row->name != NULL; row++) {
        json_row(json, path, row, is_element);
        if (row->rows != NULL) {
            path_join(inner, sizeof(inner), path, row->name);
            json_rows(json, inner, row->rows, true);
        }
    }
}

static void json_findings(struct json *json)
{
    json_open(json, "findings", '[');
    for (int id = 0; id < FINDING_COUNT; id++) {
        json_open(json, NULL, '{');
        json_text(json, "name", span_of(finding_name((enum finding_id)id)));
        for (int class = 0; class < CLASS_COUNT; class ++) {
            enum action action =
                finding_default_action((enum finding_id)id, (enum mail_class) class);

            json_text(json, mail_class_name((enum mail_class) class), span_of(action_name(action)));
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void print_json(struct ctl *ctl)
{
    struct json json = json_new(&ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_open(&json, "build", '{');
    json_text(&json, "user", SPAN(EM_USER));
    json_text(&json, "run_directory", SPAN(EM_RUN_DIR));
    json_text(&json, "state_directory", SPAN(EM_STATE_DIR));
    json_text(&json, "configuration", SPAN(EM_CONFIG_FILE));
    json_close(&json, '}');
    json_open(&json, "settings", '[');
    for (size_t i = 0; ctl->tables[i] != NULL; i++)
        json_rows(&json, ctl->tables[i]->path, ctl->tables[i]->rows, false);
    json_close(&json, ']');
    json_findings(&json);
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

static void text_row(struct buffer *out, const char *path, const struct config_row *row)
{
    char name[256], min[32], max[32];

    path_join(name, sizeof(name), path, row->name);
    buffer_printf(out, "%-32s %-8s", name, type_name(row->type));
    if (row->fallback != NULL)
        buffer_printf(out, " default %s", row->fallback);
    if (has_range(row)) {
        range_print(row, min, max, sizeof(min));
        buffer_printf(out, " range %s to %s", min, max);
    }
    for (size_t i = 0; row->type == CONFIG_CHOICE && row->choices[i] != NULL; i++)
        buffer_printf(out, "%s%s", i == 0 ? " one of " : ", ", row->choices[i]);
    if (row->brief != NULL)
        buffer_printf(out, "; %s", row->brief);
    buffer_add_char(out, '\n');
}

static void text_rows(struct buffer *out, const char *path, const struct config_row *rows)
{
    char inner[256];

    for (const struct config_row *row = rows; row->name != NULL; row++) {
        text_row(out, path, row);
        if (row->rows != NULL) {
            path_join(inner, sizeof(inner), path, row->name);
            text_rows(out, inner, row->rows);
        }
    }
}

static enum ctl_exit settings_run(struct ctl *ctl, const struct ctl_args *args)
{
    (void)args;
    if (ctl->is_json) {
        print_json(ctl);
        return CTL_GOOD;
    }
    for (size_t i = 0; ctl->tables[i] != NULL; i++)
        text_rows(&ctl->out, ctl->tables[i]->path, ctl->tables[i]->rows);
    return CTL_GOOD;
}

const struct ctl_command cmd_settings = {
    .name = "settings",
    .operands = "",
    .brief = "every setting: path, type, default, range",
    .is_hidden = true,
    .run = settings_run,
};
