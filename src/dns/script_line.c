/*
 * script_line: a line of written answers, in words and quoted strings.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/script_private.h"
#include "util/ip.h"

static const struct {
    const char *name;
    enum dns_result result;
} result_words[] = {
    { "TIMEOUT", DNS_TIMEOUT },   { "SERVFAIL", DNS_SERVFAIL }, { "BOGUS", DNS_BOGUS },
    { "NXDOMAIN", DNS_NXDOMAIN }, { "NODATA", DNS_NODATA },
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the next word off; false at the end of the line or where a comment begins. */
static bool cut_word(struct span *rest_io, struct span *word_r)
{
    struct span rest = span_trim(*rest_io);
    size_t size = 0;
    while (size < rest.size && !is_blank(rest.at[size])) {
        size++;
    }
    *word_r = span_first(rest, size);
    *rest_io = span_from(rest, size);
    return size > 0 && word_r->at[0] != '#';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* \NNN or \c at the beginning of text; the bytes it takes, 0: it is none. */
static size_t read_escape(struct span text, char *byte_r)
{
    if (text.size >= 4 && is_digit(text.at[1]) && is_digit(text.at[2]) && is_digit(text.at[3])) {
        int value = (text.at[1] - '0') * 100 + (text.at[2] - '0') * 10 + (text.at[3] - '0');
        *byte_r = (char)value;
        return value < 256 ? 4 : 0;
    }
    *byte_r = text.size >= 2 ? text.at[1] : '\0';
    return text.size >= 2 ? 2 : 0;
}

/* The string whose opening quote was read goes to out, *rest_io on behind its end. */
static bool cut_quoted(struct span *rest_io, char *out, size_t *size_io)
{
    size_t at = 0;
    while (at < rest_io->size && rest_io->at[at] != '"') {
        size_t taken = 1;
        char byte = rest_io->at[at];
        if (byte == '\\') {
            taken = read_escape(span_from(*rest_io, at), &byte);
        }
        if (taken == 0) {
            return false;
        }
        out[(*size_io)++] = byte;
        at += taken;
    }
    bool is_closed = at < rest_io->size;
    *rest_io = span_from(*rest_io, at + 1);
    return is_closed;
}

/* Strings joined, with or without quotes. */
static bool read_text(struct span rest, struct arena *arena, struct span *data_r)
{
    char *out = arena_alloc(arena, rest.size + 1); /* never more bytes than their spelling */
    size_t size = 0;
    bool has_any = false;
    if (out == NULL) {
        return false;
    }
    for (rest = span_trim(rest); rest.size > 0 && rest.at[0] != '#'; rest = span_trim(rest)) {
        struct span word;
        has_any = true;
        if (rest.at[0] == '"') {
            rest = span_from(rest, 1);
            if (!cut_quoted(&rest, out, &size)) {
                return false;
            }
        } else if (cut_word(&rest, &word)) {
            memcpy(out + size, word.at, word.size);
            size += word.size;
        }
    }
    *data_r = (struct span){ out, size };
    return has_any;
}

static bool read_name(struct span word, struct arena *arena, struct span *data_r)
{
    char name[DNS_NAME_MAX];
    if (!dns_name_normal(word, name)) {
        return false;
    }
    *data_r = arena_copy(arena, span_of(name));
    return data_r->at != NULL;
}

static bool read_address(struct span word, uint8_t family, struct arena *arena, struct span *data_r)
{
    struct ip ip;
    if (!ip_parse(word, &ip) || ip.family != family) {
        return false;
    }
    *data_r = arena_copy(arena, (struct span){ (const char *)ip.bytes, family == 4 ? 4 : 16 });
    return data_r->at != NULL;
}

static bool read_mx(struct span word, struct span rest, struct arena *arena,
                    struct dns_record *record)
{
    uint64_t preference;
    struct span name;
    if (!span_number(word, UINT16_MAX, &preference) || !cut_word(&rest, &name)) {
        return false;
    }
    record->preference = (uint16_t)preference;
    return read_name(name, arena, &record->data);
}

static bool read_record(unsigned type, struct span rest, struct arena *arena,
                        struct dns_record *record)
{
    struct span all = rest, word;
    if (!cut_word(&rest, &word)) {
        return false;
    }
    switch (type) {
    case DNS_A:
        return read_address(word, 4, arena, &record->data);
    case DNS_AAAA:
        return read_address(word, 6, arena, &record->data);
    case DNS_TXT:
        return read_text(all, arena, &record->data);
    case DNS_MX:
        return read_mx(word, rest, arena, record);
    default:
        return read_name(word, arena, &record->data);
    }
}

/* False: it is no type. CNAME, TTL and LATE give a kind of line instead. */
static bool read_type(struct span word, struct script_line *line)
{
    static const enum dns_type types[] = { DNS_A,  DNS_NS,  DNS_SOA, DNS_PTR,
                                           DNS_MX, DNS_TXT, DNS_AAAA };
    line->type = SCRIPT_ANY_TYPE;
    line->kind = span_is_equal_nocase(word, SPAN("CNAME"))  ? SCRIPT_CNAME
                 : span_is_equal_nocase(word, SPAN("TTL"))  ? SCRIPT_TTL
                 : span_is_equal_nocase(word, SPAN("LATE")) ? SCRIPT_LATE
                                                            : SCRIPT_RECORD;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (span_is_equal_nocase(word, span_of(dns_type_name(types[i])))) {
            line->type = types[i];
        }
    }
    return line->kind != SCRIPT_RECORD || line->type != SCRIPT_ANY_TYPE ||
           span_is_equal(word, SPAN("*"));
}

static bool read_result(struct span word, struct script_line *line)
{
    for (size_t i = 0; i < sizeof(result_words) / sizeof(result_words[0]); i++) {
        if (span_is_equal(word, span_of(result_words[i].name))) {
            line->kind = SCRIPT_RESULT;
            line->result = result_words[i].result;
            return true;
        }
    }
    return false;
}

static bool read_ttl(struct span word, struct script_line *line)
{
    uint64_t ttl = 0;
    bool is_number = span_number(word, INT32_MAX, &ttl);
    line->ttl_s = (uint32_t)ttl;
    return is_number;
}

static bool read_rest(struct span rest, struct arena *arena, struct script_line *line)
{
    struct span tail = rest, word;
    if (line->kind == SCRIPT_LATE) {
        return !cut_word(&tail, &word);
    }
    if (!cut_word(&tail, &word)) {
        return false;
    }
    if (line->kind == SCRIPT_TTL) {
        return read_ttl(word, line);
    }
    if (line->kind == SCRIPT_RECORD && read_result(word, line)) {
        return true;
    }
    return (line->kind == SCRIPT_CNAME || line->type != SCRIPT_ANY_TYPE) &&
           read_record(line->type, rest, arena, &line->record);
}

enum script_read script_line_read(struct span text, struct arena *arena, struct script_line *line_r,
                                  struct error *error)
{
    struct span rest = text, name, type;
    *line_r = (struct script_line){ .type = SCRIPT_ANY_TYPE };
    if (!cut_word(&rest, &name)) {
        return SCRIPT_NOTHING;
    }
    if (!dns_name_normal(name, line_r->name)) {
        error_set(error, "\"%.*s\" is no name", SPAN_ARG(name));
        return SCRIPT_WRONG;
    }
    if (!cut_word(&rest, &type) || !read_type(type, line_r)) {
        error_set(error,
                  "%s: a type is missing: A, AAAA, CNAME, MX, NS, PTR, SOA, TXT, TTL, LATE or *",
                  line_r->name);
        return SCRIPT_WRONG;
    }
    if (!read_rest(rest, arena, line_r)) {
        error_set(error, "%s %.*s: these data are none of its type", line_r->name, SPAN_ARG(type));
        return SCRIPT_WRONG;
    }
    return SCRIPT_READ;
}
