/*
 * print: the effective configuration in the file's own syntax. Reading what it writes gives the
 * same values. Settings that have neither value nor default are left out; cannot fail but by the
 * buffer.
 */
#include "config/load_private.h"

#include <inttypes.h>
#include <string.h>

#include "config/text_private.h"
#include "config/units.h"

enum { INDENT = 4 };

static void add_indent(struct buffer *out, unsigned depth)
{
    buffer_printf(out, "%*s", (int)(depth * INDENT), "");
}

static void print_texts(const struct config_texts *texts, struct buffer *out)
{
    buffer_add_char(out, '[');
    for (size_t i = 0; i < texts->count; i++) {
        buffer_add_text(out, i > 0 ? ", " : " ");
        text_add_quoted(out, texts->at[i]);
    }
    buffer_add_text(out, " ]");
}

/* With the suffix that numbers beyond 32 bits need. */
static void print_number(int64_t number, struct buffer *out)
{
    bool is_small = number > INT32_MIN && number <= INT32_MAX;
    buffer_printf(out, "%" PRId64 "%s", number, is_small ? "" : "L");
}

static void print_units(const struct config_row *row, int64_t number, struct buffer *out)
{
    char text[UNITS_TEXT_MAX];
    if (number < 0) { /* units have no sign */
        print_number(number, out);
        return;
    }
    if (row->type == CONFIG_DURATION) {
        units_print_duration(number, text);
    } else if (row->type == CONFIG_MILLISECONDS) {
        units_print_milliseconds(number, text);
    } else {
        units_print_size(number, text);
    }
    text_add_quoted(out, text);
}

static void print_record(const struct record *record, unsigned depth, struct buffer *out);

static void print_list(const struct record *record, const struct config_row *row, unsigned depth,
                       struct buffer *out)
{
    const struct config_list *list = record_member(record, row);
    const struct record *entries = record->entries[row - record->rows];
    buffer_add_char(out, '(');
    for (size_t i = 0; i < list->count; i++) {
        buffer_add_text(out, i > 0 ? ",\n" : "\n");
        add_indent(out, depth + 1);
        buffer_add_text(out, "{\n");
        print_record(&entries[i], depth + 2, out);
        add_indent(out, depth + 1);
        buffer_add_char(out, '}');
    }
    if (list->count > 0) {
        buffer_add_char(out, '\n');
        add_indent(out, depth);
    }
    buffer_add_char(out, ')');
}

static void print_one(const struct record *record, const struct config_row *row, unsigned depth,
                      struct buffer *out)
{
    buffer_add_text(out, "{\n");
    print_record(record->entries[row - record->rows], depth + 1, out);
    add_indent(out, depth);
    buffer_add_char(out, '}');
}

static void print_value(const struct record *record, const struct config_row *row, unsigned depth,
                        struct buffer *out)
{
    const void *member = record_member(record, row);
    switch (row->type) {
    case CONFIG_BOOL:
        buffer_add_text(out, *(const bool *)member ? "true" : "false");
        break;
    case CONFIG_TEXT:
        text_add_quoted(out, *(const char *const *)member);
        break;
    case CONFIG_INT:
        print_number(*(const int64_t *)member, out);
        break;
    case CONFIG_DURATION:
    case CONFIG_MILLISECONDS:
    case CONFIG_SIZE:
        print_units(row, *(const int64_t *)member, out);
        break;
    case CONFIG_CHOICE:
        text_add_quoted(out, row->choices[*(const int *)member]);
        break;
    case CONFIG_TEXTS:
        print_texts(member, out);
        break;
    case CONFIG_LIST:
        print_list(record, row, depth, out);
        break;
    case CONFIG_GROUP:
        print_one(record, row, depth, out);
        break;
    case CONFIG_PLANNED:
        break;
    }
}

/*
 * Of alternatives only one may be written: the one that is set, else the first that has a default.
 */
static bool is_printed(const struct record *record, size_t index)
{
    const struct config_row *row = &record->rows[index];
    bool is_set = record->places[index].file != NULL;
    if (!is_set && row->fallback == NULL) {
        return false;
    }
    for (size_t i = 0; !is_set && i < record->row_count; i++) {
        bool is_better =
            record->places[i].file != NULL || (i < index && record->rows[i].fallback != NULL);
        if (i != index && is_better && strcmp(record->rows[i].name, row->name) == 0) {
            return false;
        }
    }
    return row->type != CONFIG_PLANNED;
}

static void print_record(const struct record *record, unsigned depth, struct buffer *out)
{
    for (size_t i = 0; i < record->row_count; i++) {
        if (!is_printed(record, i)) {
            continue;
        }
        add_indent(out, depth);
        buffer_printf(out, "%s = ", record->rows[i].name);
        print_value(record, &record->rows[i], depth, out);
        buffer_printf(out, ";%s\n", record->places[i].file != NULL ? "" : "  # default");
    }
}

static void print_group(const struct config *config, struct span path, unsigned depth,
                        struct buffer *out);

/* The group that table `index` lies in, unless an earlier table lay in it as well. */
static void print_child(const struct config *config, struct span parent, size_t index,
                        unsigned depth, struct buffer *out)
{
    struct span name = table_child(parent, config->tables[index]);
    for (size_t i = 0; i < index; i++) {
        if (span_is_equal(table_child(parent, config->tables[i]), name)) {
            return;
        }
    }
    if (name.size == 0) {
        return;
    }
    struct buffer body = BUFFER_EMPTY;
    struct span path = { config->tables[index]->path,
                         (size_t)(name.at - config->tables[index]->path) + name.size };
    print_group(config, path, depth + 1, &body);
    if (body.size > 0) {
        add_indent(out, depth);
        buffer_printf(out, "%.*s = {\n", SPAN_ARG(name));
        buffer_add_span(out, buffer_span(&body));
        add_indent(out, depth);
        buffer_add_text(out, "};\n");
    }
    out->failed |= buffer_has_failed(&body);
    buffer_free(&body);
}

static void print_group(const struct config *config, struct span path, unsigned depth,
                        struct buffer *out)
{
    for (size_t i = 0; i < config->table_count; i++) {
        if (span_is_equal(span_of(config->tables[i]->path), path)) {
            print_record(&config->records[i], depth, out);
        }
    }
    for (size_t i = 0; i < config->table_count; i++) {
        print_child(config, path, i, depth, out);
    }
}

void config_print(const struct config *config, struct buffer *out)
{
    print_group(config, SPAN(""), 0, out);
}
