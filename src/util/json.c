/*
 * json: writes RFC 8259 text. The caller keeps brackets in pairs; commas, names and escapes are
 * done here. What comes out is always UTF-8, whatever goes in.
 */
#include "util/json.h"

#include <inttypes.h>

struct json json_new(struct buffer *out)
{
    return (struct json){ out, false };
}

/* Size of the UTF-8 sequence at the start of s (RFC 3629: shortest form, no surrogates), 0 if none.
 */
static size_t utf8_size(struct span s)
{
    unsigned char lead = (unsigned char)s.at[0];
    size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    unsigned char second;

    if (size <= 1)
        return size;
    if (lead > 0xf4 || s.size < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)s.at[i] & 0xc0) != 0x80)
            return 0;
    }
    second = (unsigned char)s.at[1];
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
        return 0;
    return size;
}

static void add_string(struct buffer *out, struct span text)
{
    buffer_add_char(out, '"');
    while (text.size > 0) {
        unsigned char c = (unsigned char)text.at[0];
        size_t size = utf8_size(text);

        if (size == 0) {
            buffer_add_text(out, "\xef\xbf\xbd");
            size = 1;
        } else if (c == '"' || c == '\\') {
            buffer_add_char(out, '\\');
            buffer_add_char(out, (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            buffer_printf(out, "\\u%04x", c);
        } else {
            buffer_add(out, text.at, size);
        }
        text = span_from(text, size);
    }
    buffer_add_char(out, '"');
}

/* Comma where one is due, and the name. */
static void begin_value(struct json *json, const char *name)
{
    if (json->needs_comma)
        buffer_add_char(json->out, ',');
    json->needs_comma = true;
    if (name != NULL) {
        add_string(json->out, span_of(name));
        buffer_add_char(json->out, ':');
    }
}

void json_open(struct json *json, const char *name, char bracket)
{
    begin_value(json, name);
    buffer_add_char(json->out, bracket);
    json->needs_comma = false;
}

void json_close(struct json *json, char bracket)
{
    buffer_add_char(json->out, bracket == '{' ? '}' : bracket == '[' ? ']' : bracket);
    json->needs_comma = true;
}

void json_text(struct json *json, const char *name, struct span value)
{
    begin_value(json, name);
    add_string(json->out, value);
}

void json_number(struct json *json, const char *name, int64_t value)
{
    begin_value(json, name);
    buffer_printf(json->out, "%" PRId64, value);
}

void json_bool(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    buffer_add_text(json->out, value ? "true" : "false");
}
