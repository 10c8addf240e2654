/*
 * spf_record: cuts a record into terms and reads each by the grammar of RFC 7208 12. A record is
 * read to its first fault, since one anywhere makes all of it void (4.6).
 */
#include "auth/spf_record.h"

#include <string.h>

#include "auth/spf_macro.h"
#include "auth/spf_name.h"

#define VERSION SPAN("v=spf1")

static bool is_printable(char c)
{
    return c >= 0x20 && c < 0x7f;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_record(struct span text)
{
    return span_has_prefix_nocase(text, VERSION) &&
           (text.size == VERSION.size || text.at[VERSION.size] == ' ');
}

enum spf_selection spf_record_select(const struct dns_answer *answer, struct span *text_r)
{
    size_t found = 0;
    for (size_t i = 0; i < answer->count; i++) {
        if (is_record(answer->records[i].data)) {
            *text_r = answer->records[i].data;
            found++;
        }
    }
    return found == 0 ? SPF_NO_RECORD : found == 1 ? SPF_SELECTED : SPF_SEVERAL_RECORDS;
}

bool spf_kind_asks(enum spf_kind kind)
{
    return kind != SPF_ALL && kind != SPF_IP4 && kind != SPF_IP6;
}

static const struct kind_row {
    struct span name;
    enum spf_kind kind;
    bool takes_target, needs_target, takes_prefix;
} kinds[] = {
    { { "all", 3 }, SPF_ALL, false, false, false },
    { { "include", 7 }, SPF_INCLUDE, true, true, false },
    { { "a", 1 }, SPF_A, true, false, true },
    { { "mx", 2 }, SPF_MX, true, false, true },
    { { "ptr", 3 }, SPF_PTR, true, false, false },
    { { "ip4", 3 }, SPF_IP4, true, true, false },
    { { "ip6", 3 }, SPF_IP6, true, true, false },
    { { "exists", 6 }, SPF_EXISTS, true, true, false },
};

/* What people write for another word. */
static const struct {
    struct span written;
    const char *meant;
} mistakes[] = {
    { { "ip", 2 }, "ip4 or ip6" },
    { { "ipv4", 4 }, "ip4" },
    { { "ipv6", 4 }, "ip6" },
    { { "ip-4", 4 }, "ip4" },
    { { "ip-6", 4 }, "ip6" },
    { { "includes", 8 }, "include" },
    { { "redirect", 8 }, "redirect=" },
    { { "exp", 3 }, "exp=" },
    { { "host", 4 }, "a" },
    { { "aaaa", 4 }, "a" },
    { { "txt", 3 }, "include" },
};

/* One record being read. */
struct reader {
    struct arena *arena;
    struct spf_record *record;
    struct spf_term *terms;
    struct spf_term redirect;
    struct spf_macro_use use;
    bool has_exp;
    bool is_starved;
};

/* Always false. */
static bool fail(struct reader *reader, struct span term, const char *what)
{
    reader->record->fault =
        arena_printf(reader->arena, "%s: %s", spf_shown(term, reader->arena), what);
    reader->is_starved = reader->record->fault == NULL;
    return false;
}

static bool fail_unknown(struct reader *reader, struct span term, struct span name)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        if (span_is_equal_nocase(name, mistakes[i].written)) {
            const char *what = arena_printf(
                reader->arena, "there is no such mechanism; %s is meant?", mistakes[i].meant);
            reader->is_starved = what == NULL;
            return what != NULL && fail(reader, term, what);
        }
    }
    return fail(reader, term,
                "no mechanism; there are all, include, a, mx, ptr, ip4, ip6 and exists");
}

/* "0", or digits without a leading 0, up to `max`; false: it is none. */
static bool read_bits(struct span digits, unsigned max, uint8_t *bits_r)
{
    unsigned value = 0;
    if (digits.size == 0 || digits.size > 3 || (digits.size > 1 && digits.at[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (!is_digit(digits.at[i])) {
            return false;
        }
        value = value * 10 + (unsigned)(digits.at[i] - '0');
    }
    *bits_r = (uint8_t)value;
    return value <= max;
}

/* Cuts "/DIGITS" off the end; false: it does not end so. */
static bool cut_bits(struct span *text_io, struct span *digits_r)
{
    size_t end = text_io->size;
    while (end > 0 && is_digit(text_io->at[end - 1])) {
        end--;
    }
    if (end == 0 || text_io->at[end - 1] != '/' || end == text_io->size) {
        return false;
    }
    *digits_r = span_from(*text_io, end);
    text_io->size = end - 1;
    return true;
}

/* dual-cidr-length at the end of *text_io. A lone "/" there is left to the domain-spec to refuse.
 */
static bool read_dual(struct reader *reader, struct spf_term *term, struct span *text_io)
{
    struct span digits;
    if (!cut_bits(text_io, &digits)) {
        return true;
    }
    bool is_v6 = text_io->size > 0 && text_io->at[text_io->size - 1] == '/';
    if (is_v6) {
        text_io->size--;
        if (!read_bits(digits, 128, &term->prefix[1])) {
            return fail(reader, term->text, "the length of an IPv6 network is 0 to 128");
        }
        if (!cut_bits(text_io, &digits)) {
            return true;
        }
    }
    return read_bits(digits, 32, &term->prefix[0]) ||
           fail(reader, term->text,
                "the length of an IPv4 network is 0 to 32 (/24, and //64 for IPv6)");
}

static bool read_network(struct reader *reader, struct spf_term *term, struct span text)
{
    unsigned family = term->kind == SPF_IP4 ? 4 : 6, bits = family == 4 ? 32 : 128;
    uint8_t *prefix = &term->prefix[family == 6];
    ptrdiff_t slash = span_find(text, '/');
    struct span address = slash >= 0 ? span_first(text, (size_t)slash) : text;
    if (slash >= 0 && !read_bits(span_from(text, (size_t)slash + 1), bits, prefix)) {
        return fail(reader, term->text,
                    family == 4 ? "the length of an IPv4 network is 0 to 32"
                                : "the length of an IPv6 network is 0 to 128");
    }
    /* ip_parse() takes more: brackets, "IPv6:" before it, and it makes ::ffff:192.0.2.1 IPv4. */
    bool is_bare = address.size > 0 && address.at[0] != '[' && ascii_lower(address.at[0]) != 'i';
    bool has_colon = span_find(address, ':') >= 0;
    if (!is_bare || has_colon != (family == 6) || !ip_parse(address, &term->address)) {
        return fail(reader, term->text, family == 4 ? "no IPv4 address" : "no IPv6 address");
    }
    if (family == 6 && term->address.family == 4) {
        static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
        struct ip whole = { .family = 6 };
        memcpy(whole.bytes, mapped, sizeof(mapped));
        memcpy(whole.bytes + sizeof(mapped), term->address.bytes, 4);
        term->address = whole;
    }
    return true;
}

static bool read_target(struct reader *reader, struct spf_term *term, struct span text)
{
    struct spf_macro_use use = { 0 };
    const char *fault = spf_macro_check(text, true, &use);
    if (fault != NULL) {
        return fail(reader, term->text, fault);
    }
    term->target = text;
    term->letters = use.letters;
    reader->use.count += use.count;
    return true;
}

/* What stands behind the name of a mechanism, ':' or '/' and more. */
static bool read_value(struct reader *reader, const struct kind_row *row, struct spf_term *term,
                       struct span value)
{
    if (row->takes_prefix && !read_dual(reader, term, &value)) {
        return false;
    }
    if (value.size == 0) {
        return !row->needs_target || fail(reader, term->text, "a value is missing");
    }
    if (value.at[0] != ':' || !row->takes_target) {
        return fail(reader, term->text,
                    row->kind == SPF_ALL ? "\"all\" takes no value"
                                         : "is not written as it should");
    }
    value = span_from(value, 1);
    return row->kind == SPF_IP4 || row->kind == SPF_IP6 ? read_network(reader, term, value)
                                                        : read_target(reader, term, value);
}

static bool read_mechanism(struct reader *reader, struct span text)
{
    struct spf_term term = { .qualifier = '+', .text = text, .prefix = { 32, 128 } };
    struct span rest = text;
    size_t end = 0;
    if (strchr("+-~?", text.at[0]) != NULL) {
        term.qualifier = text.at[0];
        rest = span_from(text, 1);
    }
    while (end < rest.size && rest.at[end] != ':' && rest.at[end] != '/') {
        end++;
    }
    struct span name = span_first(rest, end);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (span_is_equal_nocase(name, kinds[i].name)) {
            term.kind = kinds[i].kind;
            if (!read_value(reader, &kinds[i], &term, span_from(rest, end))) {
                return false;
            }
            reader->record->has_all = reader->record->has_all || term.kind == SPF_ALL;
            reader->terms[reader->record->count++] = term;
            return true;
        }
    }
    return fail_unknown(reader, text, name);
}

static bool read_modifier(struct reader *reader, struct span text, struct span name)
{
    struct spf_term term = { .kind = SPF_REDIRECT, .qualifier = '+', .text = text };
    struct span value = span_from(text, name.size + 1);
    if (span_is_equal_nocase(name, SPAN("redirect"))) {
        if (reader->record->has_redirect) {
            return fail(reader, text, "there may be one redirect only");
        }
        reader->record->has_redirect = true;
        return read_target(reader, &term, value) && (reader->redirect = term, true);
    }
    if (span_is_equal_nocase(name, SPAN("exp"))) {
        if (reader->has_exp) {
            return fail(reader, text, "there may be one exp only");
        }
        reader->has_exp = true;
        return read_target(reader, &term, value);
    }
    const char *fault = spf_macro_check(value, false, &reader->use);
    return fault == NULL || fail(reader, text, fault);
}

/* The name of a modifier: what stands before '='; absent: it is none. */
static struct span modifier_name(struct span text)
{
    ptrdiff_t equals = span_find(text, '=');
    struct span name = equals > 0 ? span_first(text, (size_t)equals) : (struct span){ NULL, 0 };
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.at[i]);
        bool is_alpha = c >= 'a' && c <= 'z';
        if (!is_alpha && (i == 0 || (!is_digit(c) && c != '-' && c != '_' && c != '.'))) {
            return (struct span){ NULL, 0 };
        }
    }
    return name;
}

static bool read_term(struct reader *reader, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_printable(text.at[i])) {
            return fail(reader, text, "has an octet that is no printable character of ASCII");
        }
    }
    struct span name = modifier_name(text);
    return name.size > 0 ? read_modifier(reader, text, name) : read_mechanism(reader, text);
}

static bool read_terms(struct reader *reader, struct span text)
{
    struct span rest = span_from(text, VERSION.size), term;
    while (rest.at != NULL && span_cut(&rest, ' ', &term)) {
        if (term.size > 0 && !read_term(reader, term)) {
            return false;
        }
    }
    return true;
}

/* What libraries at receivers fall over, valid or not. */
static const char *bounds_fault(const struct reader *reader, struct span text)
{
    if (text.size > SPF_RECORD_MAX) {
        return arena_printf(reader->arena, "the record has %zu octets; over %d are not read",
                            text.size, SPF_RECORD_MAX);
    }
    return arena_printf(reader->arena, "the record has %u macros; over %d are not read",
                        reader->use.count, SPF_RECORD_MACROS_MAX);
}

bool spf_record_parse(struct span text, struct arena *arena, struct spf_record *record_r)
{
    struct reader reader = { .arena = arena, .record = record_r };
    size_t room = 1;
    *record_r = (struct spf_record){ .fault = NULL };
    if (text.size <= SPF_RECORD_MAX) {
        for (size_t i = 0; i < text.size; i++) {
            room += text.at[i] == ' ';
        }
        reader.terms = arena_array(arena, room, sizeof(*reader.terms));
        if (reader.terms == NULL || (!read_terms(&reader, text) && reader.is_starved)) {
            return false;
        }
    }
    if (record_r->fault == NULL &&
        (text.size > SPF_RECORD_MAX || reader.use.count > SPF_RECORD_MACROS_MAX)) {
        record_r->is_unread = true;
        record_r->fault = bounds_fault(&reader, text);
        return record_r->fault != NULL;
    }
    if (record_r->has_redirect) {
        reader.terms[record_r->count++] = reader.redirect;
    }
    record_r->terms = reader.terms;
    return true;
}
