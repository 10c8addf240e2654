/*
 * report_fields: lines, fields and addresses of a report, read more leniently than those of a
 * message: fields of delivery reports are written by many programs and rewritten by gateways.
 */
#include "feedback/report_private.h"
#include "util/utf8.h"

bool report_line(struct span *rest_io, struct span *line_r)
{
    if (rest_io->size == 0 || !span_cut(rest_io, '\n', line_r)) {
        return false;
    }
    if (line_r->size > 0 && line_r->at[line_r->size - 1] == '\r') {
        line_r->size--;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t name_size(struct span line)
{
    size_t size = 0;
    while (size < line.size && line.at[size] > ' ' && line.at[size] < 0x7f &&
           line.at[size] != ':') {
        size++;
    }
    return size < line.size && line.at[size] == ':' ? size : 0;
}

bool report_field(struct span *rest_io, struct span *name_r, struct span *value_r)
{
    struct span line, more;
    *name_r = (struct span){ NULL, 0 };
    if (!report_line(rest_io, &line)) {
        return false;
    }
    *value_r = line;
    size_t size = name_size(line);
    if (size == 0) {
        return true;
    }
    *name_r = span_first(line, size);
    while (rest_io->size > 0 && is_blank(rest_io->at[0])) {
        struct span before = *rest_io;
        if (!report_line(rest_io, &more) || span_trim(more).size == 0) {
            *rest_io = before;
            break;
        }
        line.size = (size_t)(more.at + more.size - line.at);
    }
    *value_r = span_trim(span_from(line, size + 1));
    return true;
}

struct span report_clean(struct arena *arena, struct span text, size_t most)
{
    text = span_first(span_trim(text), most);
    char *out = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    bool wants_blank = false;
    for (size_t i = 0; out != NULL && i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c <= ' ' || c == 0x7f) {
            wants_blank = size > 0;
            continue;
        }
        if (wants_blank) {
            out[size++] = ' ';
            wants_blank = false;
        }
        out[size++] = (char)c;
    }
    return (struct span){ out, out != NULL ? size : 0 };
}

/* A type is one word; "User unknown; see http://..." has none. */
static bool is_type_word(struct span word)
{
    for (size_t i = 0; i < word.size; i++) {
        char c = ascii_lower(word.at[i]);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.') {
            return false;
        }
    }
    return word.size > 0 && word.size <= 20;
}

struct span report_typed(struct span value)
{
    ptrdiff_t end = span_find(value, ';');
    bool has_type = end > 0 && is_type_word(span_trim(span_first(value, (size_t)end)));
    return span_trim(has_type ? span_from(value, (size_t)end + 1) : value);
}

/* --- addresses ------------------------------------------------------------------------------- */

static bool is_local_octet(char c)
{
    unsigned char u = (unsigned char)c;
    return u > ' ' && u != 0x7f && strchr("<>()[]\\,;:@\"", c) == NULL;
}

static bool is_domain_octet(char c)
{
    char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || (unsigned char)c >= 0x80;
}

static size_t quoted_size(struct span text)
{
    for (size_t i = 1; i < text.size && i <= 64 && text.at[i] != '\n'; i++) {
        if (text.at[i] == '"') {
            return i + 1;
        }
        i += text.at[i] == '\\';
    }
    return 0;
}

static size_t domain_size(struct span text)
{
    size_t size = 0;
    if (text.size > 0 && text.at[0] == '[') {
        ptrdiff_t end = span_find(span_first(text, 64), ']');
        return end > 1 ? (size_t)end + 1 : 0;
    }
    while (size < text.size && is_domain_octet(text.at[size])) {
        size++;
    }
    while (size > 0 && (text.at[size - 1] == '.' || text.at[size - 1] == '-')) {
        size--; /* the end of a sentence */
    }
    return size;
}

size_t report_address_at(struct span text)
{
    size_t local = 0;
    text = span_first(text, REPORT_ADDRESS_MAX + 1);
    if (text.size > 0 && text.at[0] == '"') {
        local = quoted_size(text);
    } else {
        while (local < text.size && is_local_octet(text.at[local])) {
            local++;
        }
    }
    if (local == 0 || local >= text.size || text.at[local] != '@') {
        return 0;
    }
    size_t domain = domain_size(span_from(text, local + 1));
    return domain > 0 && local + 1 + domain <= REPORT_ADDRESS_MAX ? local + 1 + domain : 0;
}

/* Back from an '@' to where the local part begins. */
static size_t local_begin(struct span text, size_t at)
{
    size_t begin = at;
    if (begin > 1 && text.at[begin - 1] == '"') {
        for (size_t i = begin - 1; i > 0 && begin - i <= 64; i--) {
            if (text.at[i - 1] == '"') {
                return i - 1;
            }
        }
    }
    while (begin > 0 && at - begin <= 64 && is_local_octet(text.at[begin - 1])) {
        begin--;
    }
    return begin;
}

struct span report_address_in(struct span text)
{
    for (size_t at = 0; at < text.size; at++) {
        if (text.at[at] != '@') {
            continue;
        }
        size_t begin = local_begin(text, at);
        static const char *const before[] = { "mailto:", "smtp=", "'", "=" };
        for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
            struct span prefix = span_of(before[i]);
            if (at - begin > prefix.size &&
                span_has_prefix_nocase(span_from(text, begin), prefix)) {
                begin += prefix.size;
            }
        }
        size_t size = report_address_at(span_from(text, begin));
        if (size > at - begin) {
            return span_first(span_from(text, begin), size);
        }
    }
    return (struct span){ NULL, 0 };
}

/* "\x{FC}" (RFC 6533 3): the octets it takes, 0: it is none. */
static size_t embedded(struct span text, unsigned long *point_r)
{
    size_t at = 3;
    *point_r = 0;
    if (text.size < 5 || memcmp(text.at, "\\x{", 3) != 0) {
        return 0;
    }
    for (; at < text.size && at < 9 && ascii_hex(text.at[at]) >= 0; at++) {
        *point_r = *point_r << 4 | (unsigned long)ascii_hex(text.at[at]);
    }
    bool is_good = at > 3 && at < text.size && text.at[at] == '}' && *point_r > ' ' &&
                   *point_r != 0x7f && *point_r <= 0x10ffff &&
                   (*point_r < 0xd800 || *point_r > 0xdfff);
    return is_good ? at + 1 : 0;
}

/* Both escapes undone; a '+' that two hexadecimal digits follow is xtext (RFC 3461 4) only if what
 * it stands for would need it, for addresses have extensions. */
static struct span undo_escapes(struct span text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.size + 4);
    size_t size = 0, step;
    for (size_t i = 0; out != NULL && i < text.size; i += step) {
        struct span rest = span_from(text, i);
        unsigned long point;
        step = embedded(rest, &point);
        if (step > 0) {
            size += utf8_put(point, out + size);
            continue;
        }
        int high = rest.size > 2 ? ascii_hex(rest.at[1]) : -1;
        int low = rest.size > 2 ? ascii_hex(rest.at[2]) : -1;
        int octet = high >= 0 && low >= 0 ? high << 4 | low : -1;
        if (rest.at[0] == '+' && (octet == '+' || octet == '=' || octet == '@')) {
            out[size++] = (char)octet;
            step = 3;
            continue;
        }
        out[size++] = rest.at[0];
        step = 1;
    }
    return (struct span){ out, out != NULL ? size : 0 };
}

struct span report_address_typed(struct span value, struct arena *arena)
{
    struct span text = undo_escapes(report_typed(value), arena);
    struct span address = { NULL, 0 };
    ptrdiff_t open = span_find(text, '<');
    if (open >= 0) {
        address = report_address_in(span_from(text, (size_t)open));
    }
    if (address.at == NULL && report_address_at(text) > 0) {
        address = span_first(text, report_address_at(text));
    }
    address = address.at != NULL ? address : report_address_in(text);
    /* "user@#example.net": no address, and he whom it was sent to all the same */
    bool is_one_word = span_find(text, '@') > 0 && span_find(text, ' ') < 0;
    return address.at == NULL && is_one_word ? span_first(text, REPORT_ADDRESS_MAX) : address;
}
