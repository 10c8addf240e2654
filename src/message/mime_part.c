/*
 * mime_part: what the header of a part says about it, and what of that two receivers could read
 * differently.
 */
#include "message/mime_private.h"

#include "message/encoded_word.h"

static void blame(struct mime_scan *scan, unsigned defects)
{
    scan->facts.defects |= defects;
}

static void blame_content(struct mime_scan *scan, unsigned content_defects)
{
    if ((content_defects & CONTENT_DUPLICATE) != 0)
        blame(scan, MIME_DUPLICATE_PARAMETER);
    if ((content_defects & CONTENT_ODD) != 0)
        blame(scan, MIME_BAD_PARAMETER);
}

static void note_calendar(struct mime_facts *facts, const struct mime_part *part)
{
    struct span method = span_first(part->method, MIME_METHOD_MAX - 1);

    if (!span_is_equal(part->type, SPAN("text")) || !span_is_equal(part->subtype, SPAN("calendar")))
        return;
    facts->has_calendar = true;
    if (facts->calendar_method[0] != '\0')
        return;
    for (size_t i = 0; i < method.size; i++) {
        char c = method.at[i];

        facts->calendar_method[i] = c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
    }
}

static bool read_type(struct mime_scan *scan, struct span value, struct mime_level *level,
                      struct content_type *type_r)
{
    struct mime_part *part = &level->part;
    bool is_in_digest = part->parent != NULL &&
                        span_is_equal(part->parent->type, SPAN("multipart")) &&
                        span_is_equal(part->parent->subtype, SPAN("digest"));

    *type_r = (struct content_type){ .count = 0 };
    if (value.at != NULL && !content_type_parse(value, scan->arena, type_r))
        return false;
    blame_content(scan, type_r->defects);
    if ((type_r->defects & CONTENT_BROKEN) != 0)
        blame(scan, MIME_BAD_TYPE);
    part->type = type_r->type;
    part->subtype = type_r->subtype;
    if (part->type.at == NULL) { /* RFC 2045 5.2; RFC 2046 5.1.5 */
        part->type = is_in_digest ? SPAN("message") : SPAN("text");
        part->subtype = is_in_digest ? SPAN("rfc822") : SPAN("plain");
    }
    part->charset = content_parameter(type_r, SPAN("charset"));
    part->method = content_parameter(type_r, SPAN("method"));
    part->is_delsp =
        span_is_equal_nocase(content_parameter(type_r, SPAN("format")), SPAN("flowed")) &&
        span_is_equal_nocase(content_parameter(type_r, SPAN("delsp")), SPAN("yes"));
    note_calendar(&scan->facts, part);
    return true;
}

static bool read_file_name(struct mime_scan *scan, struct span disposition,
                           const struct content_type *type, struct mime_part *part)
{
    struct content_type parsed = { .count = 0 };
    struct span name;

    if (disposition.at != NULL && !content_disposition_parse(disposition, scan->arena, &parsed))
        return false;
    blame_content(scan, parsed.defects);
    name = content_parameter(&parsed, SPAN("filename"));
    if (name.at == NULL)
        name = content_parameter(type, SPAN("name"));
    if (name.at == NULL)
        return true;
    part->file_name = encoded_word_decode(name, scan->arena);
    return part->file_name.at != NULL;
}

static bool is_encoded(const struct mime_part *part)
{
    return part->encoding == ENCODING_BASE64 || part->encoding == ENCODING_QUOTED_PRINTABLE;
}

/* RFC 2046 5.2.1; RFC 6532 3.7: message/global, which may also be encoded; news (RFC 1036) are
 * obsolete, and readers know them still. */
static bool is_message(const struct mime_part *part)
{
    return span_is_equal(part->type, SPAN("message")) &&
           (span_is_equal(part->subtype, SPAN("rfc822")) ||
            span_is_equal(part->subtype, SPAN("global")) ||
            span_is_equal(part->subtype, SPAN("news")));
}

/*
 * Whether other parts are in it. A multipart is read through its encoding, as receivers do, since
 * its boundaries are seen all the same (RFC 2045 6.4 forbids it); an encoded message is not.
 */
static void read_container(struct mime_scan *scan, const struct content_type *type,
                           bool may_contain, struct mime_level *level)
{
    struct mime_part *part = &level->part;
    bool is_multipart = span_is_equal(part->type, SPAN("multipart"));

    if (!is_multipart && !is_message(part))
        return;
    if (is_encoded(part))
        blame(scan, MIME_ENCODED_MULTIPART);
    if (is_multipart)
        level->boundary = mime_boundary_usable(scan, content_parameter(type, SPAN("boundary")));
    part->is_container = is_multipart ? level->boundary.at != NULL : !is_encoded(part);
    if (part->is_container && !may_contain) {
        blame(scan, MIME_TOO_DEEP);
        part->is_container = false;
        level->boundary = (struct span){ NULL, 0 };
    }
}

bool mime_part_read(struct mime_scan *scan, const struct mime_header *header, bool may_contain,
                    struct mime_level *level_r)
{
    struct mime_part *part = &level_r->part;
    struct content_type type;

    scan->facts.parts++;
    if (part->depth > scan->facts.depth)
        scan->facts.depth = part->depth;
    part->encoding = content_encoding_parse(header->fields[MIME_ENCODING]);
    if (part->encoding == ENCODING_UNKNOWN)
        blame(scan, MIME_UNKNOWN_ENCODING);
    if (!read_type(scan, header->fields[MIME_TYPE], level_r, &type))
        return false;
    read_container(scan, &type, may_contain, level_r);
    return read_file_name(scan, header->fields[MIME_DISPOSITION], &type, part);
}
