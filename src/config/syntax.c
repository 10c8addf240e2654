/*
 * syntax: the grammar of libconfig 1.5, a function for each of its rules.
 *
 *   settings = { NAME ( "=" | ":" ) value [ ";" | "," ] }
 *   value    = BOOL | INT | INT64 | FLOAT | TEXT { TEXT } | "{" settings "}"
 *            | "[" [ scalar { "," scalar } ] "]" | "(" [ value { "," value } ] ")"
 *
 * Stricter in two points: two texts beside each other in a list are a forgotten comma, not one
 * text, and nesting has a bound. Fails at the first fault, with its line and the setting it stands
 * in.
 */
#include "config/syntax_private.h"

#include <stdlib.h>

#include "config/token_private.h"

enum { DEPTH_MAX = 32 };

/* A setting of a group still open. */
struct seen {
    struct span name;
    unsigned line;
};

struct parser {
    struct token_reader reader;
    struct token token; /* the one to be looked at */
    unsigned last_line; /* of the token before it */
    const char *file;
    struct config_report *report;
    struct syntax *out;
    struct buffer path; /* the setting being read: domains[2].name */
    struct seen *seen;  /* a stack: the innermost group's settings are on top */
    size_t seen_count, seen_room;
    unsigned depth;
    bool out_of_memory;
};

static bool read_value(struct parser *parser);

static void fault_at(struct parser *parser, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fault_at(struct parser *parser, unsigned line, const char *format, ...)
{
    struct config_place place = { parser->file, line };
    struct buffer text = BUFFER_EMPTY;
    va_list args;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    config_complain(parser->report, CONFIG_ERROR, &place, buffer_text(&parser->path), "%s",
                    buffer_text(&text));
    buffer_free(&text);
}

/* The token as a person sees it, in `out`. */
static const char *token_shown(const struct token *token, struct buffer *out)
{
    if (token->type == TOKEN_END) {
        buffer_add_text(out, "the end of the file");
    } else if (token->type == TOKEN_TEXT) {
        buffer_add_span(out, token->text);
    } else {
        buffer_printf(out, "\"%.*s\"", SPAN_ARG(token->text));
    }
    return buffer_text(out);
}

/* "EXPECTED expected, found TOKEN" */
static bool fault_expected(struct parser *parser, const char *expected)
{
    struct buffer found = BUFFER_EMPTY;
    fault_at(parser, parser->token.line, "%s expected, found %s", expected,
             token_shown(&parser->token, &found));
    buffer_free(&found);
    return false;
}

static bool advance(struct parser *parser)
{
    struct error error;
    parser->last_line = parser->token.line;
    if (!token_read(&parser->reader, &parser->token, &error)) {
        fault_at(parser, parser->token.line, "%s", error.text);
        return false;
    }
    return true;
}

/* Hands the token to libconfig and goes on to the next. */
static bool accept(struct parser *parser)
{
    buffer_add_span(&parser->out->prepared, parser->token.text);
    buffer_add_char(&parser->out->prepared, '\n');
    return advance(parser);
}

static bool accept_mark(struct parser *parser, char mark)
{
    if (token_is(&parser->token, mark)) {
        return accept(parser);
    }
    char expected[] = { '"', mark, '"', '\0' };
    return fault_expected(parser, expected);
}

static bool note_line(struct parser *parser)
{
    struct syntax *out = parser->out;
    if (out->line_count == out->line_room) {
        size_t room = out->line_room > 0 ? out->line_room * 2 : 256;
        unsigned *grown = reallocarray(out->lines, room, sizeof(unsigned));
        if (grown == NULL) {
            parser->out_of_memory = true;
            return false;
        }
        out->lines = grown;
        out->line_room = room;
    }
    out->lines[out->line_count++] = parser->token.line;
    return true;
}

/* Takes off what was added since the buffer had this size. */
static void cut(struct buffer *buffer, size_t size)
{
    buffer->size = size;
    if (buffer->at != NULL) {
        buffer->at[size] = '\0';
    }
}

static bool seen_push(struct parser *parser, struct span name, unsigned line)
{
    if (parser->seen_count == parser->seen_room) {
        size_t room = parser->seen_room > 0 ? parser->seen_room * 2 : 64;
        struct seen *grown = reallocarray(parser->seen, room, sizeof(struct seen));
        if (grown == NULL) {
            parser->out_of_memory = true;
            return false;
        }
        parser->seen = grown;
        parser->seen_room = room;
    }
    parser->seen[parser->seen_count++] = (struct seen){ name, line };
    return true;
}

/* The line where the group that began at `group` already has this setting; 0: it has not. */
static unsigned seen_line(const struct parser *parser, size_t group, struct span name)
{
    for (size_t i = group; i < parser->seen_count; i++) {
        if (span_is_equal(parser->seen[i].name, name)) {
            return parser->seen[i].line;
        }
    }
    return 0;
}

static bool read_integer(struct parser *parser)
{
    const struct token *token = &parser->token;
    if (!token->is_out_of_range) {
        return accept(parser);
    }
    bool is_64 = token->type == TOKEN_INT64;
    struct span shown = span_first(token->text, 60);
    fault_at(parser, token->line, "%.*s is too large; valid: %s", SPAN_ARG(shown),
             is_64 ? "-9223372036854775807L to 9223372036854775807L"
                   : "-2147483647 to 2147483647, beyond that with L at the end");
    buffer_printf(&parser->out->prepared, "%s\n", is_64 ? "-9223372036854775808L" : "-2147483648");
    return advance(parser);
}

static bool read_texts(struct parser *parser, bool is_entry)
{
    if (!accept(parser)) {
        return false;
    }
    while (parser->token.type == TOKEN_TEXT) {
        if (is_entry) {
            fault_at(parser, parser->last_line, "a comma is missing after this text");
            return false;
        }
        if (!accept(parser)) {
            return false;
        }
    }
    return true;
}

static bool fault_no_value(struct parser *parser, bool is_entry)
{
    const struct token *token = &parser->token;
    /* A name on the next line is the next setting, but for entries, which have none. */
    if (token->type == TOKEN_NAME && (is_entry || token->line == parser->last_line)) {
        fault_at(parser, token->line, "texts need quotes: \"%.*s\"", SPAN_ARG(token->text));
    } else {
        fault_at(parser, parser->last_line, "a value is missing here");
    }
    return false;
}

static bool read_scalar(struct parser *parser, bool is_entry)
{
    switch (parser->token.type) {
    case TOKEN_TEXT:
        return read_texts(parser, is_entry);
    case TOKEN_INT:
    case TOKEN_INT64:
        return read_integer(parser);
    case TOKEN_BOOL:
    case TOKEN_FLOAT:
        return accept(parser);
    case TOKEN_END:
    case TOKEN_MARK:
    case TOKEN_NAME:
        break;
    }
    return fault_no_value(parser, is_entry);
}

static bool is_opening(const struct token *token)
{
    return token_is(token, '{') || token_is(token, '(') || token_is(token, '[');
}

static bool is_scalar(const struct token *token)
{
    return token->type != TOKEN_END && token->type != TOKEN_MARK && token->type != TOKEN_NAME;
}

/* An entry of an array: a plain value, all of the first one's type. */
static bool read_array_entry(struct parser *parser, enum token_type *type_io)
{
    const struct token *token = &parser->token;
    if (is_opening(token)) {
        fault_at(parser, token->line, "an array [ ] holds plain values only; write a list ( )");
        return false;
    }
    if (*type_io == TOKEN_END) {
        *type_io = token->type;
    }
    if (token->type != *type_io && is_scalar(token)) {
        fault_at(parser, token->line,
                 "the values of an array [ ] are of one type; write a list ( )");
        return false;
    }
    return note_line(parser) && read_scalar(parser, true);
}

static bool read_list_entry(struct parser *parser)
{
    if (!note_line(parser)) {
        return false;
    }
    return is_opening(&parser->token) ? read_value(parser) : read_scalar(parser, true);
}

/* After an entry: 1 another follows, 0 the end, -1 fault. */
static int read_separator(struct parser *parser, char close)
{
    if (token_is(&parser->token, close)) {
        return 0;
    }
    if (!token_is(&parser->token, ',')) {
        char expected[] = "\",\" or \"?\"";
        expected[sizeof(expected) - 3] = close;
        fault_expected(parser, expected);
        return -1;
    }
    if (!accept(parser)) {
        return -1;
    }
    if (token_is(&parser->token, close)) {
        fault_at(parser, parser->last_line, "remove the comma before \"%c\"", close);
        return -1;
    }
    return 1;
}

static bool read_entries(struct parser *parser, char close)
{
    bool is_array = close == ']';
    enum token_type type = TOKEN_END;
    size_t path_size = parser->path.size;
    int more = token_is(&parser->token, close) ? 0 : 1;
    for (size_t index = 0; more == 1; index++) {
        buffer_printf(&parser->path, "[%zu]", index);
        bool is_good = is_array ? read_array_entry(parser, &type) : read_list_entry(parser);
        if (!is_good) {
            return false;
        }
        cut(&parser->path, path_size);
        more = read_separator(parser, close);
    }
    return more == 0;
}

static bool fault_no_setting(struct parser *parser, unsigned open_line)
{
    const struct token *token = &parser->token;
    if (token->type == TOKEN_END) {
        fault_at(parser, token->line, "\"{\" of line %u is never closed", open_line);
        return false;
    }
    if (token_is(token, ';') || token_is(token, ',')) {
        fault_at(parser, token->line, "no setting stands before this \"%c\"; remove it",
                 token->text.at[0]);
        return false;
    }
    return fault_expected(parser, "the name of a setting");
}

static bool read_setting_value(struct parser *parser)
{
    if (!accept(parser)) { /* the name */
        return false;
    }
    if (!token_is(&parser->token, '=') && !token_is(&parser->token, ':')) {
        return fault_expected(parser, "\"=\"");
    }
    return accept(parser) && read_value(parser);
}

static bool read_terminator(struct parser *parser)
{
    bool is_one = token_is(&parser->token, ';') || token_is(&parser->token, ',');
    return !is_one || accept(parser);
}

/* `group`: where the settings of its group begin in the stack. */
static bool read_setting(struct parser *parser, size_t group)
{
    struct syntax *out = parser->out;
    size_t path_size = parser->path.size, prepared_size = out->prepared.size;
    size_t line_count = out->line_count;
    struct span name = parser->token.text;
    buffer_printf(&parser->path, "%s%.*s", path_size > 0 ? "." : "", SPAN_ARG(name));
    unsigned first_line = seen_line(parser, group, name);
    if (first_line > 0) {
        fault_at(parser, parser->token.line, "already set at %s:%u", parser->file, first_line);
    } else if (!seen_push(parser, name, parser->token.line)) {
        return false;
    }
    if (!note_line(parser) || !read_setting_value(parser)) {
        return false;
    }
    cut(&parser->path, path_size); /* what follows a terminator is not this setting's fault */
    if (!read_terminator(parser)) {
        return false;
    }
    if (first_line > 0) { /* libconfig would stop here */
        cut(&out->prepared, prepared_size);
        out->line_count = line_count;
    }
    return true;
}

/* The settings of the group that was opened at open_line, 0: of the whole file. */
static bool read_settings(struct parser *parser, unsigned open_line)
{
    size_t group = parser->seen_count;
    for (;;) {
        bool is_end =
            open_line > 0 ? token_is(&parser->token, '}') : parser->token.type == TOKEN_END;
        if (is_end) {
            parser->seen_count = group;
            return true;
        }
        if (parser->token.type != TOKEN_NAME) {
            return fault_no_setting(parser, open_line);
        }
        if (!read_setting(parser, group)) {
            return false;
        }
    }
}

static bool read_value(struct parser *parser)
{
    const struct token *token = &parser->token;
    bool is_group = token_is(token, '{'), is_list = token_is(token, '(');
    if (!is_opening(token)) {
        return read_scalar(parser, false);
    }
    if (parser->depth == DEPTH_MAX) {
        fault_at(parser, token->line, "nested too deeply; no setting goes this deep");
        return false;
    }
    parser->depth++;
    unsigned line = token->line;
    char close = is_group ? '}' : is_list ? ')' : ']';
    bool is_good = accept(parser) &&
                   (is_group ? read_settings(parser, line) : read_entries(parser, close)) &&
                   accept_mark(parser, close);
    parser->depth--;
    return is_good;
}

/* A NUL byte would end the text for libconfig; a byte order mark is no part of it. */
static bool check_bytes(struct parser *parser)
{
    struct span *rest = &parser->reader.rest;
    const char *nul = rest->size > 0 ? memchr(rest->at, '\0', rest->size) : NULL;
    if (nul != NULL) {
        unsigned line = 1;
        for (const char *at = rest->at; at < nul; at++) {
            line += *at == '\n';
        }
        fault_at(parser, line, "a NUL byte; this is no text file");
        return false;
    }
    if (span_has_prefix_nocase(*rest, SPAN("\xEF\xBB\xBF"))) {
        *rest = span_from(*rest, 3);
    }
    return true;
}

bool syntax_read(const char *file, struct span text, struct config_report *report,
                 struct syntax *syntax_r)
{
    *syntax_r = (struct syntax){ .prepared = BUFFER_EMPTY };
    struct parser parser = {
        .reader = { text, 1 }, .file = file, .report = report, .out = syntax_r, .path = BUFFER_EMPTY
    };
    bool is_good = check_bytes(&parser) && advance(&parser) && read_settings(&parser, 0);
    /* A path cut short only shortens a complaint; the rest must be whole. */
    if (parser.out_of_memory || buffer_has_failed(&syntax_r->prepared)) {
        config_complain(report, CONFIG_ERROR, NULL, file, "out of memory");
        is_good = false;
    }
    buffer_free(&parser.path);
    free(parser.seen);
    return is_good;
}

void syntax_free(struct syntax *syntax)
{
    buffer_free(&syntax->prepared);
    free(syntax->lines);
    *syntax = (struct syntax){ .prepared = BUFFER_EMPTY };
}
