/*
 * tags: the tag list of a DKIM-Signature field (RFC 6376 sections 3.2 and 3.5).
 *
 * As strict as the grammar where two readers could see two things: a tag twice, a tag without a
 * name, control bytes, an empty member. Bytes above 127 are let pass (RFC 8616). White space is
 * SP, TAB, CR and LF, since folds may come either way.
 */
#include "dkim/verify.h"

#define TAGS_MOST 64

enum known_tag {
    TAG_V,
    TAG_A,
    TAG_B,
    TAG_BH,
    TAG_C,
    TAG_D,
    TAG_H,
    TAG_I,
    TAG_L,
    TAG_Q,
    TAG_S,
    TAG_T,
    TAG_X,
    TAG_COUNT
};

static const char *const tag_names[TAG_COUNT] = {
    [TAG_V] = "v", [TAG_A] = "a", [TAG_B] = "b", [TAG_BH] = "bh", [TAG_C] = "c",
    [TAG_D] = "d", [TAG_H] = "h", [TAG_I] = "i", [TAG_L] = "l",   [TAG_Q] = "q",
    [TAG_S] = "s", [TAG_T] = "t", [TAG_X] = "x",
};

/* Values as written, white space included; .at == NULL: absent. */
struct tag_values {
    struct span known[TAG_COUNT];
    struct span names[TAGS_MOST];
    size_t count;
};

static bool is_alpha(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static bool is_tag_name(struct span name)
{
    if (name.size == 0 || !is_alpha(name.at[0])) {
        return false;
    }
    for (size_t i = 1; i < name.size; i++) {
        char c = name.at[i];
        if (!is_alpha(c) && !(c >= '0' && c <= '9') && c != '_') {
            return false;
        }
    }
    return true;
}

static bool has_control(struct span value)
{
    for (size_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Tag names are case-sensitive (RFC 6376 3.2). */
static bool add_tag(struct tag_values *values, struct span name, struct span value)
{
    if (!is_tag_name(name) || has_control(value) || values->count == TAGS_MOST) {
        return false;
    }
    for (size_t i = 0; i < values->count; i++) {
        if (span_is_equal(values->names[i], name)) {
            return false;
        }
    }
    values->names[values->count++] = name;
    for (size_t tag = 0; tag < TAG_COUNT; tag++) {
        if (span_is_equal(name, span_of(tag_names[tag]))) {
            values->known[tag] = value;
        }
    }
    return true;
}

static bool split(struct span list, struct tag_values *values)
{
    struct span rest = list;
    struct span piece;
    while (span_cut(&rest, ';', &piece)) {
        ptrdiff_t equals = span_find(piece, '=');
        if (equals < 0) {
            /* nothing but white space may follow the last semicolon */
            return span_trim(piece).size == 0 && rest.at == NULL && values->count > 0;
        }
        struct span name = span_trim(span_first(piece, (size_t)equals));
        if (!add_tag(values, name, span_from(piece, (size_t)equals + 1))) {
            return false;
        }
    }
    return true;
}

/* A value that must be there, hold something, and hold no white space inside. */
static bool take_word(const struct tag_values *values, enum known_tag tag, struct span *word_r)
{
    *word_r = span_trim(values->known[tag]);
    for (size_t i = 0; i < word_r->size; i++) {
        char c = word_r->at[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            return false;
        }
    }
    return word_r->size > 0;
}

/* At most 12 digits (RFC 6376 3.5, t=); absent gives -1. */
static bool take_number(const struct tag_values *values, enum known_tag tag, int64_t *number_r)
{
    struct span digits = span_trim(values->known[tag]);
    *number_r = -1;
    if (values->known[tag].at == NULL) {
        return true;
    }
    uint64_t number = 0;
    bool is_number = digits.size <= 12 && span_number(digits, INT64_MAX, &number);
    *number_r = is_number ? (int64_t)number : -1;
    return is_number;
}

static bool parse_form(struct span name, enum canonical *form_r)
{
    *form_r = span_is_equal_nocase(name, SPAN("relaxed")) ? CANONICAL_RELAXED : CANONICAL_SIMPLE;
    return *form_r == CANONICAL_RELAXED || span_is_equal_nocase(name, SPAN("simple"));
}

/* "header/body"; the body's form is simple where only one is given. */
static bool take_forms(const struct tag_values *values, struct dkim_tags *tags)
{
    struct span rest = span_trim(values->known[TAG_C]);
    struct span header;
    tags->header_form = CANONICAL_SIMPLE;
    tags->body_form = CANONICAL_SIMPLE;
    if (values->known[TAG_C].at == NULL) {
        return true;
    }
    return span_cut(&rest, '/', &header) && parse_form(header, &tags->header_form) &&
           (rest.at == NULL || parse_form(rest, &tags->body_form));
}

/* q= is absent, or dns/txt is among the methods. */
static bool allows_dns(const struct tag_values *values)
{
    struct span rest = values->known[TAG_Q];
    struct span method;
    bool is_found = rest.at == NULL;
    while (span_cut(&rest, ':', &method)) {
        is_found = is_found || span_is_equal_nocase(span_trim(method), SPAN("dns/txt"));
    }
    return is_found;
}

/* i= lies in or below d=. */
static bool identity_fits(struct span identity, struct span domain)
{
    if (identity.at == NULL) {
        return true;
    }
    ptrdiff_t sign = span_find_last(identity, '@');
    struct span host = sign < 0 ? identity : span_from(identity, (size_t)sign + 1);
    if (sign < 0 || !span_has_suffix_nocase(host, domain)) {
        return false;
    }
    return host.size == domain.size || host.at[host.size - domain.size - 1] == '.';
}

static bool names_are_whole(struct span names)
{
    struct span piece;
    while (span_cut(&names, ':', &piece)) {
        if (span_trim(piece).size == 0) {
            return false;
        }
    }
    return true;
}

bool dkim_tags_parse(struct span value, struct dkim_tags *tags_r)
{
    struct tag_values values = { .count = 0 };
    struct span version;
    *tags_r = (struct dkim_tags){ .signed_at_s = -1, .expires_at_s = -1 };
    if (!split(value, &values) || !take_word(&values, TAG_V, &version) ||
        !span_is_equal(version, SPAN("1")) || !take_word(&values, TAG_A, &tags_r->algorithm) ||
        !take_word(&values, TAG_D, &tags_r->domain) ||
        !take_word(&values, TAG_S, &tags_r->selector)) {
        return false;
    }
    tags_r->signed_names = span_trim(values.known[TAG_H]);
    tags_r->body_hash = values.known[TAG_BH];
    tags_r->signature = values.known[TAG_B];
    tags_r->identity =
        values.known[TAG_I].at != NULL ? span_trim(values.known[TAG_I]) : values.known[TAG_I];
    tags_r->has_length = values.known[TAG_L].at != NULL;
    if (tags_r->signed_names.size == 0 || !names_are_whole(tags_r->signed_names) ||
        span_trim(tags_r->body_hash).size == 0 || span_trim(tags_r->signature).size == 0) {
        return false;
    }
    return take_forms(&values, tags_r) && allows_dns(&values) &&
           identity_fits(tags_r->identity, tags_r->domain) &&
           take_number(&values, TAG_T, &tags_r->signed_at_s) &&
           take_number(&values, TAG_X, &tags_r->expires_at_s) &&
           (tags_r->signed_at_s < 0 || tags_r->expires_at_s < 0 ||
            tags_r->expires_at_s > tags_r->signed_at_s);
}
