/*
 * spf_macro: the grammar of macro-strings, and their expansion in two passes: how long it gets,
 * then its text. What a record can make of it is bounded by the record's own bounds and by those of
 * the values.
 *
 * The letters c, r and t belong to explanations (7.2) and are refused here. That a text in lower
 * case is looked for in DNS changes nothing, so names come out as they are written.
 */
#include "auth/spf_macro.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 253 /* of a name in DNS without its final dot (RFC 1035 2.3.4) */
#define VALUE_BYTES 1024
#define LETTERS "slodiphv"
#define DELIMITERS ".-+,/_="

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* One %{...}. */
struct macro {
    char letter; /* in lower case */
    bool is_escaped, is_reversed;
    unsigned keep;          /* labels from the right; 0: all */
    bool is_zero;           /* it says 0, which is not allowed */
    struct span delimiters; /* empty: "." */
    size_t size;            /* octets of all of it */
};

/* The macro that begins at the "%{" of `text`; false: there is no '}' where one should be. */
static bool macro_read(struct span text, struct macro *macro_r)
{
    size_t at = 3;
    if (text.size < 4) {
        return false;
    }
    *macro_r = (struct macro){ .letter = ascii_lower(text.at[2]),
                               .is_escaped = text.at[2] >= 'A' && text.at[2] <= 'Z' };
    bool has_digits = is_digit(text.at[at]);
    for (; at < text.size && is_digit(text.at[at]); at++) {
        unsigned more = macro_r->keep * 10 + (unsigned)(text.at[at] - '0');
        macro_r->keep = more < VALUE_BYTES ? more : VALUE_BYTES; /* no value has so many labels */
    }
    macro_r->is_zero = has_digits && macro_r->keep == 0;
    if (at < text.size && ascii_lower(text.at[at]) == 'r') {
        macro_r->is_reversed = true;
        at++;
    }
    macro_r->delimiters = (struct span){ text.at + at, 0 };
    while (at < text.size && text.at[at] != '\0' && strchr(DELIMITERS, text.at[at]) != NULL) {
        macro_r->delimiters.size++;
        at++;
    }
    macro_r->size = at + 1;
    return at < text.size && text.at[at] == '}';
}

static const char *macro_fault(const struct macro *macro)
{
    if (strchr("crt", macro->letter) != NULL) {
        return "has a macro (%{c}, %{r} or %{t}) that only explanations may have";
    }
    if (strchr(LETTERS, macro->letter) == NULL) {
        return "has a macro of a letter that there is not; there are s l o d i p h v";
    }
    return macro->is_zero ? "has a macro that keeps 0 labels" : NULL;
}

/* The escape or macro at the '%' that `text` begins with; its size to *size_r. */
static const char *percent_check(struct span text, struct spf_macro_use *use, size_t *size_r)
{
    struct macro macro;
    *size_r = 2;
    if (text.size >= 2 && text.at[1] != '\0' && strchr("%_-", text.at[1]) != NULL) {
        return NULL;
    }
    if (text.size < 2 || text.at[1] != '{') {
        return "has a % that begins no macro; %% is a single one";
    }
    if (!macro_read(text, &macro)) {
        return "has a macro that is not written %{LETTER...}";
    }
    *size_r = macro.size;
    const char *fault = macro.letter != '\0' ? macro_fault(&macro) : "has a macro without a letter";
    if (fault == NULL) {
        use->letters |= SPF_LETTER(macro.letter);
        use->count++;
    }
    return fault;
}

/* "." toplabel, of a text that ends in no macro. */
static const char *end_check(struct span text)
{
    bool has_alpha = false, has_hyphen = false;
    if (text.size > 0 && text.at[text.size - 1] == '.') {
        text.size--;
    }
    ptrdiff_t dot = span_find_last(text, '.');
    if (dot < 0) {
        return "names no domain: there is no dot in it";
    }
    struct span label = span_from(text, (size_t)dot + 1);
    for (size_t i = 0; i < label.size; i++) {
        if (!is_alpha(label.at[i]) && !is_digit(label.at[i]) && label.at[i] != '-') {
            return "does not end in a domain";
        }
        has_alpha = has_alpha || is_alpha(label.at[i]);
        has_hyphen = has_hyphen || label.at[i] == '-';
    }
    if (label.size == 0 || label.at[0] == '-' || label.at[label.size - 1] == '-') {
        return "does not end in a domain";
    }
    return has_alpha || has_hyphen ? NULL : "ends in a number, so it names no domain";
}

const char *spf_macro_check(struct span text, bool is_domain, struct spf_macro_use *use_io)
{
    bool ends_in_macro = false;
    if (is_domain && text.size == 0) {
        return "names no domain";
    }
    for (size_t at = 0; at < text.size;) {
        size_t size = 1;
        if (text.at[at] == '%') {
            const char *fault = percent_check(span_from(text, at), use_io, &size);
            if (fault != NULL) {
                return fault;
            }
        } else if (text.at[at] < 0x21 || text.at[at] > 0x7e) {
            return "has an octet that is no printable character of ASCII";
        }
        ends_in_macro = text.at[at] == '%';
        at += size;
    }
    return is_domain && !ends_in_macro ? end_check(text) : NULL;
}

/* Counts, and writes where there is room. */
struct sink {
    char *out;
    size_t size;
};

static void sink_add(struct sink *sink, char c)
{
    if (sink->out != NULL) {
        sink->out[sink->size] = c;
    }
    sink->size++;
}

static void sink_add_escaped(struct sink *sink, char c, bool is_escaped)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned octet = (unsigned char)c;
    if (!is_escaped || is_alpha(c) || is_digit(c) || (c != '\0' && strchr("-._~", c) != NULL)) {
        sink_add(sink, c);
        return;
    }
    sink_add(sink, '%');
    sink_add(sink, digits[octet >> 4]);
    sink_add(sink, digits[octet & 15]);
}

/* IPv6 is one hexadecimal digit a label (7.3). */
static struct span print_client(const struct ip *client, char out[static IP_TEXT_MAX + 32])
{
    if (client->family != 6) {
        ip_print(client, out);
        return span_of(out);
    }
    for (size_t i = 0; i < 32; i++) {
        unsigned digit = (i & 1) != 0 ? client->bytes[i / 2] & 15u : client->bytes[i / 2] >> 4u;
        out[2 * i] = "0123456789abcdef"[digit];
        out[2 * i + 1] = '.';
    }
    return (struct span){ out, 63 };
}

static struct span value_of(const struct macro *macro, const struct spf_macro_values *values,
                            char room[static 2 * VALUE_BYTES + 2])
{
    struct span local = span_first(values->local, VALUE_BYTES);
    struct span domain = span_first(values->sender_domain, VALUE_BYTES);
    switch (macro->letter) {
    case 's':
        memcpy(room, local.at != NULL ? local.at : "", local.size);
        room[local.size] = '@';
        memcpy(room + local.size + 1, domain.at != NULL ? domain.at : "", domain.size);
        return (struct span){ room, local.size + 1 + domain.size };
    case 'l':
        return local;
    case 'o':
        return domain;
    case 'd':
        return span_first(values->domain, VALUE_BYTES);
    case 'h':
        return span_first(values->helo, VALUE_BYTES);
    case 'p':
        return span_first(values->validated, VALUE_BYTES);
    case 'i':
        return print_client(&values->client, room);
    default:
        return values->client.family == 6 ? SPAN("ip6") : SPAN("in-addr");
    }
}

static bool is_delimiter(const struct macro *macro, char c)
{
    return macro->delimiters.size == 0 ? c == '.' : span_find(macro->delimiters, c) >= 0;
}

/* The values of a macro as pieces between delimiters, joined by dots again: those from the right
 * that are kept, after they were turned round. */
static void expand_pieces(const struct macro *macro, struct span value, struct sink *sink)
{
    size_t count = 1;
    for (size_t i = 0; i < value.size; i++) {
        count += is_delimiter(macro, value.at[i]);
    }
    size_t keep = macro->keep == 0 || macro->keep > count ? count : macro->keep;
    /* Piece by piece from the side that comes first; of the last `keep` then. */
    struct span rest = value;
    size_t at = macro->is_reversed ? value.size : 0;
    for (size_t piece = 0; piece < count; piece++) {
        size_t start = at, end = at;
        if (macro->is_reversed) {
            while (start > 0 && !is_delimiter(macro, rest.at[start - 1])) {
                start--;
            }
            at = start > 0 ? start - 1 : 0;
        } else {
            while (end < rest.size && !is_delimiter(macro, rest.at[end])) {
                end++;
            }
            at = end + 1;
        }
        if (piece + keep < count) {
            continue;
        }
        if (piece + keep > count) {
            sink_add(sink, '.');
        }
        for (size_t i = start; i < end; i++) {
            sink_add_escaped(sink, rest.at[i], macro->is_escaped);
        }
    }
}

static void expand_into(struct span text, const struct spf_macro_values *values, struct sink *sink)
{
    char room[2 * VALUE_BYTES + 2];
    struct macro macro;
    for (size_t at = 0; at < text.size;) {
        char next = at + 1 < text.size ? text.at[at + 1] : '\0';
        if (text.at[at] != '%') {
            sink_add(sink, text.at[at++]);
        } else if (next == '{' && macro_read(span_from(text, at), &macro)) {
            expand_pieces(&macro, value_of(&macro, values, room), sink);
            at += macro.size;
        } else {
            sink_add(sink, next == '_' ? ' ' : '%');
            if (next == '-') {
                sink_add(sink, '2');
                sink_add(sink, '0');
            }
            at += 2;
        }
    }
}

/* 7.3: whole labels from the left. One label that is too long stays: it is no name. */
static struct span cut_to_name(struct span name)
{
    if (name.size > 0 && name.at[name.size - 1] == '.') {
        name.size--;
    }
    while (name.size > NAME_BYTES && span_find(name, '.') >= 0) {
        name = span_from(name, (size_t)span_find(name, '.') + 1);
    }
    return name;
}

struct span spf_macro_expand(struct span text, const struct spf_macro_values *values,
                             struct arena *arena)
{
    struct sink count = { NULL, 0 };
    expand_into(text, values, &count);
    struct sink sink = { arena_alloc(arena, count.size + 1), 0 };
    if (sink.out == NULL) {
        return (struct span){ NULL, 0 };
    }
    expand_into(text, values, &sink);
    return cut_to_name((struct span){ sink.out, sink.size });
}
