/*
 * opendkim_table: texts of OpenDKIM's tables, read as OpenDKIM reads them. Where it would go on
 * with half a row (a key without a value) we fail, naming the line: the table is being written, or
 * somebody meant something else.
 */
#include "dkim/opendkim_table.h"

#include <string.h>

enum { ROWS_FIRST = 64, KEY_SHOWN_BYTES = 80 };

/* --- where the tables are -------------------------------------------------------------------- */

static const char valid_spec[] = "valid: \"opendkim:/path/KeyTable,/path/SigningTable\", "
                                 "\"file:\" or \"refile:\" before either path, "
                                 "\",MultipleSignatures\" behind both";

static bool take_prefix(struct span *text, struct span prefix)
{
    if (!span_has_prefix_nocase(*text, prefix)) {
        return false;
    }
    *text = span_from(*text, prefix.size);
    return true;
}

static bool read_source(struct span text, struct opendkim_source *source_r, struct error *error)
{
    struct span path = span_trim(text);
    source_r->is_pattern = take_prefix(&path, SPAN("refile:"));
    if (!source_r->is_pattern) {
        take_prefix(&path, SPAN("file:"));
    }
    source_r->path = path;
    if (path.size > 1 && path.at[0] == '/') {
        return true;
    }
    ptrdiff_t colon = span_find(path, ':');
    if (colon > 0) {
        error_set(error, "tables of type \"%.*s\" cannot be read; %s",
                  (int)(colon < 20 ? colon : 20), path.at, valid_spec);
    } else {
        error_set(error, "not the absolute path of a table; %s", valid_spec);
    }
    return false;
}

bool opendkim_spec_read(struct span text, struct opendkim_spec *spec_r, struct error *error)
{
    struct span keys, signing, word;
    *spec_r = (struct opendkim_spec){ .is_multiple = false };
    if (!take_prefix(&text, SPAN("opendkim:")) || !span_cut(&text, ',', &keys) ||
        !span_cut(&text, ',', &signing)) {
        error_set(error, "names no two tables; %s", valid_spec);
        return false;
    }
    if (span_cut(&text, ',', &word)) {
        spec_r->is_multiple = span_is_equal_nocase(span_trim(word), SPAN("MultipleSignatures"));
        if (!spec_r->is_multiple || text.at != NULL) {
            error_set(error, "something else stands behind the tables; %s", valid_spec);
            return false;
        }
    }
    return read_source(keys, &spec_r->keys, error) && read_source(signing, &spec_r->signing, error);
}

/* --- rows ------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span trim(struct span text)
{
    while (text.size > 0 && is_blank(text.at[0])) {
        text = span_from(text, 1);
    }
    while (text.size > 0 && is_blank(text.at[text.size - 1])) {
        text.size--;
    }
    return text;
}

static bool grow(struct opendkim_rows *rows, size_t *room_io, struct arena *arena)
{
    if (rows->count < *room_io) {
        return true;
    }
    size_t room = *room_io > 0 ? *room_io * 2 : ROWS_FIRST;
    struct opendkim_row *grown = arena_array(arena, room, sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    if (rows->count > 0) {
        memcpy(grown, rows->at, rows->count * sizeof(*grown));
    }
    rows->at = grown;
    *room_io = room;
    return true;
}

/* The row in `line`, if there is one; false with *error. */
static bool read_line(struct span line, struct arena *arena, struct opendkim_row *row_r,
                      bool *has_row_r, struct error *error)
{
    ptrdiff_t hash = span_find(line, '#');
    struct span row = trim(hash >= 0 ? span_first(line, (size_t)hash) : line);
    *has_row_r = row.size > 0;
    if (memchr(row.size > 0 ? row.at : "-", '\0', row.size > 0 ? row.size : 1) != NULL) {
        error_set(error, "a NUL byte; this is no text file");
        return false;
    }
    size_t end = 0;
    while (end < row.size && !is_blank(row.at[end])) {
        end++;
    }
    struct span value = trim(span_from(row, end));
    if (row.size > 0 && value.size == 0) {
        error_set(error, "\"%.*s\" has no value",
                  (int)(end < KEY_SHOWN_BYTES ? end : KEY_SHOWN_BYTES), row.at);
        return false;
    }
    if (row.size > 0) {
        row_r->key = arena_copy(arena, span_first(row, end));
        row_r->value = arena_copy(arena, value);
        if (row_r->key.at == NULL || row_r->value.at == NULL) {
            error_set(error, "out of memory");
            return false;
        }
    }
    return true;
}

bool opendkim_rows_read(struct span text, struct arena *arena, struct opendkim_rows *rows_r,
                        unsigned *line_r, struct error *error)
{
    struct span line;
    size_t room = 0;
    *rows_r = (struct opendkim_rows){ NULL, 0 };
    if (span_has_prefix_nocase(text, SPAN("\xef\xbb\xbf"))) { /* some editors' UTF-8 mark */
        text = span_from(text, 3);
    }
    for (*line_r = 1; span_cut(&text, '\n', &line); ++*line_r) {
        struct opendkim_row row = { .line = *line_r };
        bool has_row;
        if (!read_line(line, arena, &row, &has_row, error)) {
            return false;
        }
        if (has_row && (rows_r->count == OPENDKIM_ROWS_MAX || !grow(rows_r, &room, arena))) {
            error_set(error, rows_r->count == OPENDKIM_ROWS_MAX ? "more rows than can be read"
                                                                : "out of memory");
            return false;
        }
        if (has_row) {
            rows_r->at[rows_r->count++] = row;
        }
    }
    *line_r = 0;
    if (rows_r->count == 0) {
        error_set(error, "holds no row");
    }
    return rows_r->count > 0;
}

/* --- values ---------------------------------------------------------------------------------- */

/* OpenDKIM of 2026 knows the algorithm as a part behind the path. */
static struct span without_algorithm(struct span path)
{
    static const struct span names[] = { { ":rsa-sha256", 11 },
                                         { ":ed25519-sha256", 15 },
                                         { ":rsa-sha1", 9 } };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (span_has_suffix_nocase(path, names[i])) {
            return span_first(path, path.size - names[i].size);
        }
    }
    return path;
}

bool opendkim_key_read(struct span value, struct opendkim_key *key_r, struct error *error)
{
    struct span domain = { NULL, 0 }, selector = { NULL, 0 };
    bool has_parts = span_cut(&value, ':', &domain) && span_cut(&value, ':', &selector);
    struct span rest = trim(value);
    *key_r = (struct opendkim_key){ .domain = trim(domain), .selector = trim(selector) };
    if (!has_parts || key_r->domain.size == 0 || key_r->selector.size == 0 || rest.size == 0) {
        error_set(error, "not DOMAIN:SELECTOR:PATH");
        return false;
    }
    if (take_prefix(&rest, SPAN("file:/"))) { /* not OpenDKIM's, but there is only one meaning */
        rest = (struct span){ rest.at - 1, rest.size + 1 };
    }
    if (rest.at[0] == '/' || rest.at[0] == '.') {
        key_r->file = without_algorithm(rest);
    } else {
        key_r->text = rest;
    }
    return true;
}

bool opendkim_name_read(struct span value, struct span *name_r, struct span *signer_r)
{
    struct span name = { NULL, 0 };
    span_cut(&value, ':', &name);
    *name_r = trim(name);
    if (signer_r != NULL) {
        *signer_r = trim(value);
    }
    return name_r->size > 0;
}

/* --- patterns -------------------------------------------------------------------------------- */

bool opendkim_matches(struct span pattern, struct span text)
{
    size_t at = 0, in = 0, star = pattern.size, retry = 0;
    while (in < text.size) {
        if (at < pattern.size && pattern.at[at] == '*') {
            star = at++;
            retry = in;
        } else if (at < pattern.size && pattern.at[at] == text.at[in]) {
            at++;
            in++;
        } else if (star < pattern.size) { /* the last '*' takes one byte more */
            at = star + 1;
            in = ++retry;
        } else {
            return false;
        }
    }
    while (at < pattern.size && pattern.at[at] == '*') {
        at++;
    }
    return at == pattern.size;
}

struct span opendkim_fill(struct span text, struct span domain, struct arena *arena)
{
    size_t marks = 0, used = 0;
    for (size_t i = 0; i < text.size; i++) {
        marks += text.at[i] == '%';
    }
    char *filled = arena_alloc(arena, text.size + marks * domain.size + 1);
    if (filled == NULL) {
        return (struct span){ NULL, 0 };
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '%') {
            memcpy(filled + used, domain.at, domain.size);
            used += domain.size;
        } else {
            filled[used++] = text.at[i];
        }
    }
    return (struct span){ filled, used };
}
