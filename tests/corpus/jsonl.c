/* Reading lines of JSON. See jsonl.h. */
#include "jsonl.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 32

struct reader {
    const char *at, *end;
    struct arena *arena;
    bool octets;
    unsigned depth;
};

static const struct jsonl *read_value(struct reader *reader, struct span name);

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4) != NULL)
        reader->at++;
}

static bool take(struct reader *reader, const char *word)
{
    size_t size = strlen(word);

    skip_blanks(reader);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

static bool read_hex(struct reader *reader, unsigned *code_r)
{
    char digits[5] = "";
    char *end;

    if (reader->end - reader->at < 4)
        return false;
    memcpy(digits, reader->at, 4);
    reader->at += 4;
    *code_r = (unsigned)strtoul(digits, &end, 16);
    return *end == '\0';
}

static char *put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code >= 0x10000) {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
    } else if (code >= 0x800) {
        *out++ = (char)(0xe0 | code >> 12);
    } else {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
        return out;
    }
    *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    *out++ = (char)(0x80 | (code & 0x3f));
    return out;
}

static bool put_escape(struct reader *reader, char **out_io)
{
    static const char letters[] = "bfnrt\"\\/", values[] = "\b\f\n\r\t\"\\/";
    const char *letter;
    unsigned code, low;

    if (reader->at == reader->end)
        return false;
    if (*reader->at != 'u') {
        letter = strchr(letters, *reader->at++);
        if (letter == NULL || *letter == '\0')
            return false;
        *(*out_io)++ = values[letter - letters];
        return true;
    }
    reader->at++;
    if (!read_hex(reader, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (!take(reader, "\\u") || !read_hex(reader, &low))
            return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (reader->octets && code < 0x100)
        *(*out_io)++ = (char)code;
    else
        *out_io = put_utf8(*out_io, code);
    return true;
}

static bool read_text(struct reader *reader, struct span *text_r)
{
    const char *close;
    char *out;

    if (!take(reader, "\""))
        return false;
    for (close = reader->at; close < reader->end && *close != '"'; close++)
        close += *close == '\\' && close + 1 < reader->end;
    if (close == reader->end)
        return false;
    out = arena_alloc(reader->arena, (size_t)(close - reader->at) + 1);
    text_r->at = out;
    while (out != NULL && reader->at < close) {
        char c = *reader->at++;

        if (c != '\\')
            *out++ = c;
        else if (!put_escape(reader, &out))
            return false;
    }
    reader->at = close + 1;
    text_r->size = out != NULL ? (size_t)(out - text_r->at) : 0;
    return out != NULL;
}

static bool read_members(struct reader *reader, struct jsonl *value, const char *close)
{
    const struct jsonl **link_io = &value->first;

    if (take(reader, close))
        return true;
    do {
        struct span name = { NULL, 0 };
        const struct jsonl *member;

        if (value->kind == JSONL_OBJECT && (!read_text(reader, &name) || !take(reader, ":")))
            return false;
        member = read_value(reader, name);
        if (member == NULL)
            return false;
        *link_io = member;
        link_io = (const struct jsonl **)&((struct jsonl *)member)->next;
    } while (take(reader, ","));
    return take(reader, close);
}

static bool read_number(struct reader *reader, struct span *text_r)
{
    text_r->at = reader->at;
    while (reader->at < reader->end && memchr("+-.0123456789eE", *reader->at, 15) != NULL)
        reader->at++;
    text_r->size = (size_t)(reader->at - text_r->at);
    return text_r->size > 0;
}

static const struct jsonl *read_value(struct reader *reader, struct span name)
{
    struct jsonl *value = arena_alloc(reader->arena, sizeof(*value));
    bool ok = true;

    if (value == NULL || reader->depth == DEPTH_MAX)
        return NULL;
    value->name = name;
    reader->depth++;
    if (take(reader, "null")) {
        value->kind = JSONL_NULL;
    } else if (take(reader, "false")) {
        value->kind = JSONL_FALSE;
    } else if (take(reader, "true")) {
        value->kind = JSONL_TRUE;
    } else if (take(reader, "{")) {
        value->kind = JSONL_OBJECT;
        ok = read_members(reader, value, "}");
    } else if (take(reader, "[")) {
        value->kind = JSONL_ARRAY;
        ok = read_members(reader, value, "]");
    } else if (reader->at < reader->end && *reader->at == '"') {
        value->kind = JSONL_TEXT;
        ok = read_text(reader, &value->text);
    } else {
        value->kind = JSONL_NUMBER;
        ok = read_number(reader, &value->text);
    }
    reader->depth--;
    return ok ? value : NULL;
}

const struct jsonl *jsonl_parse(struct span line, bool octets, struct arena *arena)
{
    struct reader reader = { line.at, line.at + line.size, arena, octets, 0 };
    const struct jsonl *value = read_value(&reader, (struct span){ NULL, 0 });

    skip_blanks(&reader);
    return reader.at == reader.end ? value : NULL;
}

const struct jsonl *jsonl_get(const struct jsonl *value, const char *name)
{
    if (value == NULL || value->kind != JSONL_OBJECT)
        return NULL;
    for (value = value->first; value != NULL; value = value->next) {
        if (span_is_equal(value->name, span_of(name)))
            return value;
    }
    return NULL;
}

struct span jsonl_text(const struct jsonl *value, const char *name)
{
    value = jsonl_get(value, name);
    return value != NULL && value->kind == JSONL_TEXT ? value->text : (struct span){ NULL, 0 };
}

long jsonl_number(const struct jsonl *value, const char *name, long otherwise)
{
    value = jsonl_get(value, name);
    return value != NULL && value->kind == JSONL_NUMBER ? strtol(value->text.at, NULL, 10)
                                                        : otherwise;
}

size_t jsonl_count(const struct jsonl *value)
{
    size_t count = 0;

    for (value = value != NULL ? value->first : NULL; value != NULL; value = value->next)
        count++;
    return count;
}

static bool read_all(FILE *file, struct arena *arena, struct span *file_r)
{
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *bytes = size >= 0 ? arena_alloc(arena, (size_t)size) : NULL;

    rewind(file);
    *file_r = (struct span){ bytes, bytes != NULL ? (size_t)size : 0 };
    return bytes != NULL && fread(bytes, 1, (size_t)size, file) == (size_t)size;
}

bool corpus_read(const char *path, struct arena *arena, struct span *file_r)
{
    const char *corpus = getenv("EGRESS_CORPUS");
    char *name = arena_printf(arena, "%s/%s", corpus != NULL ? corpus : "../shared/corpus", path);
    FILE *file = name != NULL ? fopen(name, "rb") : NULL;
    bool ok;

    if (file == NULL)
        return false;
    ok = read_all(file, arena, file_r);
    fclose(file);
    return ok;
}
