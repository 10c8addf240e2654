/*
 * content_parameter: parameters put together from their pieces, and out of percents and character
 * sets (RFC 2231 3, 4).
 */
#include "message/content_type_private.h"

#include "message/charset.h"

struct parameter {
    const struct piece *pieces[CONTENT_PARAMETERS_MAX]; /* in the order of their sections */
    size_t count;
    size_t size; /* of all values together */
};

/* A percent that begins no octet stands for itself. */
static char *put_percents(char *out, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        int high = i + 2 < text.size ? ascii_hex(text.at[i + 1]) : -1;
        int low = i + 2 < text.size ? ascii_hex(text.at[i + 2]) : -1;

        if (text.at[i] == '%' && high >= 0 && low >= 0) {
            *out++ = (char)(high << 4 | low);
            i += 2;
        } else {
            *out++ = text.at[i];
        }
    }
    return out;
}

/* Cuts "charset'language'" off the first piece; false: it has none. */
static bool cut_charset(struct span *text_io, struct span *charset_r)
{
    ptrdiff_t first = span_find(*text_io, '\''), second;

    if (first < 0)
        return false;
    second = span_find(span_from(*text_io, (size_t)first + 1), '\'');
    if (second < 0)
        return false;
    *charset_r = span_first(*text_io, (size_t)first);
    *text_io = span_from(*text_io, (size_t)(first + second) + 2);
    return true;
}

static bool join(const struct parameter *parameter, struct arena *arena, struct span *value_r,
                 unsigned *defects_io)
{
    struct span charset = { NULL, 0 }, text;
    char *start = arena_alloc(arena, parameter->size + 1), *out = start;

    if (start == NULL)
        return false;
    for (size_t i = 0; i < parameter->count; i++) {
        const struct piece *piece = parameter->pieces[i];
        struct span value = piece->value;

        if (i == 0 && piece->is_extended && !cut_charset(&value, &charset))
            *defects_io |= CONTENT_ODD;
        if (piece->is_extended) {
            out = put_percents(out, value);
        } else if (value.size > 0) {
            memcpy(out, value.at, value.size);
            out += value.size;
        }
    }
    text = (struct span){ start, (size_t)(out - start) };
    if (charset.size == 0 || !charset_decode(charset, text, arena, value_r))
        *value_r = text;
    return !arena_is_exhausted(arena);
}

/* The untaken piece of this name and section; takes all of them. NULL: there is none. */
static const struct piece *take_piece(struct piece_list *pieces, struct span name, int section,
                                      bool is_extended, unsigned *defects_io)
{
    const struct piece *found = NULL;

    for (size_t i = 0; i < pieces->count; i++) {
        struct piece *piece = &pieces->at[i];

        if (piece->is_taken || piece->section != section ||
            (section < 0 && piece->is_extended != is_extended) ||
            !span_is_equal_nocase(piece->name, name))
            continue;
        piece->is_taken = true;
        if (found != NULL)
            *defects_io |= CONTENT_DUPLICATE;
        else
            found = piece;
    }
    return found;
}

static void add(struct parameter *parameter, const struct piece *piece)
{
    parameter->pieces[parameter->count++] = piece;
    parameter->size += piece->value.size;
}

/* File names are given in an old and a new form on purpose; nothing else is (RFC 2231 is older). */
static bool is_file_name(struct span name)
{
    return span_is_equal_nocase(name, SPAN("name")) || span_is_equal_nocase(name, SPAN("filename"));
}

/* All pieces of `name`: the extended form, or the sections, or the plain form. */
static void collect(struct piece_list *pieces, struct span name, struct parameter *parameter_r,
                    unsigned *defects_io)
{
    const struct piece *extended = take_piece(pieces, name, -1, true, defects_io), *plain, *part;
    struct parameter sections = { .count = 0 };
    unsigned forms;

    while ((part = take_piece(pieces, name, (int)sections.count, false, defects_io)) != NULL)
        add(&sections, part);
    plain = take_piece(pieces, name, -1, false, defects_io);
    forms = (extended != NULL) + (sections.count > 0) + (plain != NULL);
    if (forms > 1 && !is_file_name(name))
        *defects_io |= CONTENT_DUPLICATE;
    *parameter_r = sections;
    if (extended != NULL || (sections.count == 0 && plain != NULL)) {
        parameter_r->count = parameter_r->size = 0;
        add(parameter_r, extended != NULL ? extended : plain);
    }
    /* Sections behind a gap belong to nothing. */
    for (size_t i = 0; i < pieces->count; i++) {
        if (!pieces->at[i].is_taken && span_is_equal_nocase(pieces->at[i].name, name)) {
            pieces->at[i].is_taken = true;
            *defects_io |= CONTENT_ODD;
        }
    }
}

static bool add_parameter(struct piece_list *pieces, const struct piece *first, struct arena *arena,
                          struct content_type *type_io)
{
    struct content_parameter *at = (struct content_parameter *)type_io->parameters;
    struct content_parameter *next = &at[type_io->count];
    struct parameter parameter;
    char *name = arena_alloc(arena, first->name.size);

    if (name == NULL)
        return false;
    for (size_t i = 0; i < first->name.size; i++)
        name[i] = ascii_lower(first->name.at[i]);
    next->name = (struct span){ name, first->name.size };
    collect(pieces, next->name, &parameter, &type_io->defects);
    if (parameter.count == 0)
        return true;
    type_io->count++;
    return join(&parameter, arena, &next->value, &type_io->defects);
}

bool content_join_pieces(struct piece_list *pieces, struct arena *arena,
                         struct content_type *type_io)
{
    if (pieces->count == 0)
        return true;
    type_io->parameters = arena_array(arena, pieces->count, sizeof(*type_io->parameters));
    if (type_io->parameters == NULL)
        return false;
    for (size_t i = 0; i < pieces->count; i++) {
        if (!pieces->at[i].is_taken && !add_parameter(pieces, &pieces->at[i], arena, type_io))
            return false;
    }
    return true;
}

struct span content_parameter(const struct content_type *type, struct span name)
{
    for (size_t i = 0; i < type->count; i++) {
        if (span_is_equal(type->parameters[i].name, name))
            return type->parameters[i].value;
    }
    return (struct span){ NULL, 0 };
}
