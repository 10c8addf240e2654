/*
 * value: one value, from a tree or from a row's default, into the member of a struct. Reports a
 * value out of range, outside its choices, or refused by the row; the member keeps its default
 * then.
 */
#include "config/load_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/syntax_private.h"
#include "config/text_private.h"
#include "config/units.h"
#include "util/error.h"

/* --- for people --- */

static void add_choices(const struct config_row *row, struct buffer *out)
{
    for (size_t i = 0; row->choices[i] != NULL; i++) {
        buffer_printf(out, "%s\"%s\"", i > 0 ? ", " : "", row->choices[i]);
    }
}

void value_describe(const struct config_row *row, struct buffer *out)
{
    switch (row->type) {
    case CONFIG_BOOL:
        buffer_add_text(out, "true or false");
        break;
    case CONFIG_TEXT:
        buffer_add_text(out, "a text in quotes");
        break;
    case CONFIG_INT:
        buffer_add_text(out, "a whole number");
        break;
    case CONFIG_DURATION:
        buffer_add_text(out, "a duration such as \"90s\", \"15m\", \"12h\" or \"7d\"");
        break;
    case CONFIG_MILLISECONDS:
        buffer_add_text(out, "a duration such as \"500ms\", \"2s\" or \"1m\"");
        break;
    case CONFIG_SIZE:
        buffer_add_text(out, "a size such as \"64K\", \"10M\" or \"1G\"");
        break;
    case CONFIG_CHOICE:
        add_choices(row, out);
        break;
    case CONFIG_TEXTS:
        buffer_add_text(out, "a text in quotes or a list [ ] of texts");
        break;
    case CONFIG_LIST:
        buffer_add_text(out, "a list ( ) of groups { }");
        break;
    case CONFIG_GROUP:
        buffer_add_text(out, "a group { }");
        break;
    case CONFIG_PLANNED:
        break;
    }
}

const char *value_kind(const config_setting_t *node)
{
    switch (config_setting_type(node)) {
    case CONFIG_TYPE_GROUP:
        return "a group { }";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a number";
    case CONFIG_TYPE_FLOAT:
        return "a number with a fraction";
    case CONFIG_TYPE_STRING:
        return "a text";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    case CONFIG_TYPE_ARRAY:
        return "an array [ ]";
    case CONFIG_TYPE_LIST:
        return "a list ( )";
    default:
        return "this";
    }
}

static void add_number(const struct config_row *row, int64_t number, struct buffer *out)
{
    char text[UNITS_TEXT_MAX];
    if (row->type == CONFIG_DURATION && number >= 0) {
        units_print_duration(number, text);
        buffer_add_text(out, text);
    } else if (row->type == CONFIG_MILLISECONDS && number >= 0) {
        units_print_milliseconds(number, text);
        buffer_add_text(out, text);
    } else if (row->type == CONFIG_SIZE && number >= 0) {
        units_print_size(number, text);
        buffer_add_text(out, text);
    } else {
        buffer_printf(out, "%" PRId64, number);
    }
}

/* --- values --- */

static bool number_read(const struct config_row *row, int64_t number, void *member,
                        struct error *error)
{
    int64_t max = row->min == 0 && row->max == 0 ? INT64_MAX : row->max;
    if (number >= row->min && number <= max) {
        *(int64_t *)member = number;
        return true;
    }
    struct buffer text = BUFFER_EMPTY;
    add_number(row, number, &text);
    buffer_add_text(&text, " is out of range; valid: ");
    add_number(row, row->min, &text);
    buffer_add_text(&text, max == INT64_MAX ? " or more" : " to ");
    if (max != INT64_MAX) {
        add_number(row, max, &text);
    }
    error_set(error, "%s", buffer_text(&text));
    buffer_free(&text);
    return false;
}

static bool units_read(const struct config_row *row, const char *text, void *member,
                       struct error *error)
{
    int64_t number;
    bool (*parse)(struct span, int64_t *) = row->type == CONFIG_DURATION ? units_parse_duration
                                            : row->type == CONFIG_MILLISECONDS
                                                ? units_parse_milliseconds
                                                : units_parse_size;
    if (parse(span_of(text), &number)) {
        return number_read(row, number, member, error);
    }
    struct buffer expected = BUFFER_EMPTY;
    value_describe(row, &expected);
    error_set(error, "\"%.100s\" cannot be read; valid: %s", text, buffer_text(&expected));
    buffer_free(&expected);
    return false;
}

static bool choice_read(const struct config_row *row, const char *text, void *member,
                        struct error *error)
{
    for (int i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            *(int *)member = i;
            return true;
        }
    }
    struct buffer choices = BUFFER_EMPTY;
    add_choices(row, &choices);
    error_set(error, "\"%.100s\" is not among the choices; valid: %s", text, buffer_text(&choices));
    buffer_free(&choices);
    return false;
}

/* What the row says against a text begins with the text, whichever row it is. */
static bool row_accepts(const struct config_row *row, const char *text, struct error *error)
{
    if (row->accepts == NULL || row->accepts(text, error)) {
        return true;
    }
    error_prefix(error, "\"%.100s\"", text);
    return false;
}

/* A copy in the configuration; NULL: memory is out, or *error says why the text is refused. */
static const char *text_read(struct loader *loader, const struct config_row *row, const char *text,
                             struct error *error)
{
    if (!text_is_clean(span_of(text), error) || !row_accepts(row, text, error)) {
        return NULL;
    }
    const char *copy = arena_copy(loader->config->arena, span_of(text)).at;
    if (copy == NULL) {
        loader->out_of_memory = true;
        error_set(error, "out of memory");
    }
    return copy;
}

/* A value written as text in the file, or as a row's default. */
static bool scalar_read(struct loader *loader, const struct config_row *row, const char *text,
                        void *member, struct error *error)
{
    switch (row->type) {
    case CONFIG_TEXT: {
        const char *copy = text_read(loader, row, text, error);
        if (copy != NULL) {
            *(const char **)member = copy;
        }
        return copy != NULL;
    }
    case CONFIG_CHOICE:
        return choice_read(row, text, member, error);
    case CONFIG_DURATION:
    case CONFIG_MILLISECONDS:
    case CONFIG_SIZE:
        return units_read(row, text, member, error);
    default: /* the other types are no texts */
        error_set(error, "\"%.100s\" cannot be read", text);
        return false;
    }
}

static const char *node_text(const config_setting_t *node)
{
    const char *text = config_setting_get_string(node);
    return text != NULL ? text : "";
}

const char *value_text(struct loader *loader, const struct config_row *row,
                       const struct found *found, const struct setting_name *name)
{
    struct error error;
    if (config_setting_type(found->node) != CONFIG_TYPE_STRING) {
        loader_complain(loader, source_place(found->source, found->node), name,
                        "cannot be %s; valid: a text in quotes", value_kind(found->node));
        return NULL;
    }
    const char *text = text_read(loader, row, node_text(found->node), &error);
    if (text == NULL) {
        loader_complain(loader, source_place(found->source, found->node), name, "%s", error.text);
    }
    return text;
}

/* False: refused, *error says why. */
static bool node_read(struct loader *loader, const struct config_row *row,
                      const config_setting_t *node, void *member, struct error *error)
{
    int64_t number;
    switch (config_setting_type(node)) {
    case CONFIG_TYPE_BOOL:
        *(bool *)member = config_setting_get_bool(node) == CONFIG_TRUE;
        return true;
    case CONFIG_TYPE_INT:
        number = config_setting_get_int(node);
        return number == SYNTAX_REPORTED_INT || number_read(row, number, member, error);
    case CONFIG_TYPE_INT64:
        number = config_setting_get_int64(node);
        return number == SYNTAX_REPORTED_INT64 || number_read(row, number, member, error);
    default:
        return scalar_read(loader, row, node_text(node), member, error);
    }
}

void value_fill(struct loader *loader, const struct record *record, const struct config_row *row,
                const struct found *found, const struct setting_name *name)
{
    struct error error;
    if (!node_read(loader, row, found->node, record_member(record, row), &error)) {
        loader_complain(loader, source_place(found->source, found->node), name, "%s", error.text);
    }
}

/* --- defaults --- */

/* What stands in "[ a, b ]", else false. */
static bool is_bracketed(struct span text, struct span *inside_r)
{
    if (text.size < 2 || text.at[0] != '[' || text.at[text.size - 1] != ']') {
        return false;
    }
    *inside_r = span_trim(span_first(span_from(text, 1), text.size - 2));
    return true;
}

static size_t count_pieces(struct span text)
{
    struct span piece;
    size_t count = 0;
    while (span_cut(&text, ',', &piece)) {
        count++;
    }
    return count;
}

/* "[ a, b ]" or "a". */
static bool default_texts(struct loader *loader, const struct config_row *row,
                          struct config_texts *member, struct error *error)
{
    struct span rest = span_of(row->fallback), piece;
    char separator = is_bracketed(rest, &rest) ? ',' : '\0';
    size_t room = rest.size > 0 ? count_pieces(rest) : 0;
    const char **texts = loader_array(loader, loader->config->arena, room, sizeof(char *));
    size_t count = 0;
    while (texts != NULL && count < room && span_cut(&rest, separator, &piece)) {
        const char *copy = arena_copy(loader->scratch, span_trim(piece)).at;
        loader->out_of_memory |= copy == NULL;
        texts[count] = copy != NULL ? text_read(loader, row, copy, error) : NULL;
        if (texts[count++] == NULL) {
            return copy == NULL; /* out of memory is reported elsewhere */
        }
    }
    *member = (struct config_texts){ texts, count };
    return true;
}

static bool whole_number(const char *text, int64_t *number_r)
{
    char *end;
    errno = 0;
    *number_r = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool default_read(struct loader *loader, const struct config_row *row, void *member,
                         struct error *error)
{
    int64_t number;
    switch (row->type) {
    case CONFIG_BOOL:
        *(bool *)member = strcmp(row->fallback, "true") == 0;
        if (*(bool *)member || strcmp(row->fallback, "false") == 0) {
            return true;
        }
        break;
    case CONFIG_TEXTS:
        return default_texts(loader, row, member, error);
    case CONFIG_INT:
    case CONFIG_DURATION:
    case CONFIG_SIZE:
        if (whole_number(row->fallback, &number)) {
            return number_read(row, number, member, error);
        }
        break;
    default:
        break;
    }
    return scalar_read(loader, row, row->fallback, member, error);
}

void value_default(struct loader *loader, const struct record *record, const struct config_row *row,
                   const struct setting_name *name)
{
    void *member = record_member(record, row);
    if (row->type == CONFIG_CHOICE) {
        *(int *)member = -1;
    }
    if (row->type == CONFIG_TEXT && row->required) {
        *(const char **)member = "";
    }
    if (row->absent != 0) {
        *(int64_t *)member = row->absent;
    }
    if (row->fallback == NULL || row->type == CONFIG_LIST || row->type == CONFIG_GROUP ||
        row->type == CONFIG_PLANNED) {
        return;
    }
    struct error error;
    if (!default_read(loader, row, member, &error)) {
        loader_complain(loader, (struct config_place){ NULL, 0 }, name, "its default is wrong: %s",
                        error.text);
    }
}
