/*
 * published_text: the tag list of a key record (RFC 6376 3.2, 3.6.1).
 *
 * Lenient where receivers are (white space anywhere, unknown tags, a v= that is not the first);
 * what makes a list invalid (3.2: a tag twice, a member that is no tag) makes it a defect, since
 * then some verify and some do not.
 */
#include "dkim/published.h"

#define TAGS_MAX 32

static bool is_tag_name(struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.at[i]);
        bool is_letter = c >= 'a' && c <= 'z';
        if (!is_letter && (i == 0 || (c != '_' && !(c >= '0' && c <= '9')))) {
            return false;
        }
    }
    return name.size > 0;
}

static void find_defect(struct dkim_key_text *text, const char *what)
{
    text->is_well_formed = false;
    if (text->defect == NULL) {
        text->defect = what;
    }
}

static struct span *member(struct dkim_key_text *text, char tag)
{
    switch (tag) {
    case 'k':
        return &text->type;
    case 'h':
        return &text->hashes;
    case 's':
        return &text->services;
    case 't':
        return &text->flags;
    case 'p':
        return &text->key;
    default:
        return NULL;
    }
}

/* Tag names are case-sensitive (3.2). The first of several counts. */
static void take_tag(struct dkim_key_text *text, struct span name, struct span value,
                     struct span *names, size_t *count_io)
{
    for (size_t i = 0; i < *count_io; i++) {
        if (span_is_equal(names[i], name)) {
            find_defect(text, "a tag stands there twice");
            return;
        }
    }
    if (*count_io == TAGS_MAX) {
        find_defect(text, "it has too many tags");
        return;
    }
    names[(*count_io)++] = name;
    struct span *place = name.size == 1 ? member(text, name.at[0]) : NULL;
    if (place != NULL) {
        *place = value;
    }
}

/* What the record says it is; absent: it has no v=. */
static struct span version_of(struct span record)
{
    struct span piece;
    while (span_cut(&record, ';', &piece)) {
        ptrdiff_t equals = span_find(piece, '=');
        if (equals > 0 && span_is_equal(span_trim(span_first(piece, (size_t)equals)), SPAN("v"))) {
            return span_trim(span_from(piece, (size_t)equals + 1));
        }
    }
    return (struct span){ NULL, 0 };
}

void dkim_key_text_parse(struct span record, struct dkim_key_text *text_r)
{
    struct span names[TAGS_MAX], rest = record, piece;
    size_t count = 0;
    *text_r = (struct dkim_key_text){ .is_well_formed = true };
    while (span_cut(&rest, ';', &piece)) {
        ptrdiff_t equals = span_find(piece, '=');
        struct span name = equals >= 0 ? span_trim(span_first(piece, (size_t)equals)) : SPAN("");
        if (equals < 0 && span_trim(piece).size == 0 && rest.at == NULL) {
            break; /* nothing behind the last semicolon */
        }
        if (!is_tag_name(name)) {
            find_defect(text_r, "something stands there that is no tag");
        } else {
            take_tag(text_r, name, span_from(piece, (size_t)equals + 1), names, &count);
        }
    }
    struct span version = version_of(record);
    text_r->is_key =
        version.at != NULL ? span_is_equal(version, SPAN("DKIM1")) : text_r->key.at != NULL;
}
