/*
 * report_parts: the parts of a report by the MIME walk. The body is fed to it line by line, so that
 * where a part begins and ends is known as a place in the body, too: the header of a message that
 * lies in it unencoded is not told otherwise.
 *
 * Where a multipart has no part that can be found, its body is text for people: reports of broken
 * programs are reports all the same.
 */
#include "feedback/report_private.h"

#include "message/charset.h"
#include "message/content.h"

enum piece_kind { PIECE_TEXT, PIECE_HTML, PIECE_STATUS, PIECE_FEEDBACK, PIECE_RETURNED };

struct piece {
    enum piece_kind kind;
    struct span text;
    struct span charset;
};

struct splitting {
    struct arena *arena;
    struct span body;
    size_t line_at, line_end; /* of the line that is being fed */
    bool line_is_empty;
    char *pool; /* decoded content, one part behind the other; never more than the body has */
    size_t pool_size, pool_room;
    struct piece pieces[REPORT_PARTS_MAX];
    size_t count;
    bool is_open;            /* the last piece takes content */
    unsigned returned_depth; /* of the message in a part whose header is being passed; 0: none */
    size_t returned_at;      /* where it begins */
    bool has_returned;
};

static bool is_type(const struct mime_part *part, const char *type, const char *subtype)
{
    return span_is_equal(part->type, span_of(type)) &&
           (subtype == NULL || span_is_equal(part->subtype, span_of(subtype)));
}

static bool is_in_message(const struct mime_part *part)
{
    for (const struct mime_part *above = part->parent; above != NULL; above = above->parent) {
        if (is_type(above, "message", NULL) && above->parent != NULL) {
            return true;
        }
    }
    return false;
}

static bool kind_of(const struct mime_part *part, enum piece_kind *kind_r)
{
    static const struct {
        const char *type, *subtype;
        enum piece_kind kind;
    } rows[] = {
        { "message", "delivery-status", PIECE_STATUS },
        { "message", "global-delivery-status", PIECE_STATUS },
        { "message", "feedback-report", PIECE_FEEDBACK },
        { "text", "rfc822-headers", PIECE_RETURNED },
        { "text", "rfc822", PIECE_RETURNED },
        { "message", "rfc822-headers", PIECE_RETURNED },
        { "message", "global-headers", PIECE_RETURNED },
        { "message", "rfc822", PIECE_RETURNED },
        { "message", "global", PIECE_RETURNED },
        { "text", "html", PIECE_HTML },
        { "text", NULL, PIECE_TEXT },
        { "multipart", NULL, PIECE_TEXT },
        { "message", NULL, PIECE_TEXT },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (is_type(part, rows[i].type, rows[i].subtype)) {
            *kind_r = rows[i].kind;
            return true;
        }
    }
    return false;
}

/* Where content behind the line that is being fed begins. */
static size_t place(const struct splitting *splitting)
{
    return splitting->line_is_empty ? splitting->line_end : splitting->line_at;
}

static bool begin_content(void *context, const struct mime_part *part)
{
    struct splitting *splitting = context;
    struct piece piece = { .charset = part->charset };
    if (splitting->count == REPORT_PARTS_MAX || is_in_message(part) ||
        !kind_of(part, &piece.kind)) {
        return false;
    }
    piece.text.at = splitting->pool + splitting->pool_size;
    splitting->pieces[splitting->count++] = piece;
    return true;
}

static bool take_content(void *context, const struct mime_part *part, const void *bytes,
                         size_t size)
{
    struct splitting *splitting = context;
    struct piece *piece = &splitting->pieces[splitting->count - 1];
    (void)part;
    if (size > splitting->pool_room - splitting->pool_size) {
        return false;
    }
    memcpy(splitting->pool + splitting->pool_size, bytes, size);
    splitting->pool_size += size;
    piece->text.size += size;
    return true;
}

/* The tap does not show containers. */
struct watching {
    struct splitting *splitting;
    const struct mime_handler *tap;
};

static void begin_part(void *context, const struct mime_part *part)
{
    struct watching *watching = context;
    struct splitting *splitting = watching->splitting;
    if (part->is_container && part->parent != NULL && is_type(part, "message", NULL) &&
        !splitting->has_returned && splitting->returned_depth == 0) {
        splitting->returned_depth = part->depth;
        splitting->returned_at = place(splitting);
    }
    watching->tap->part_begin(watching->tap->context, part);
}

static void take_part(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    struct watching *watching = context;
    watching->tap->part_data(watching->tap->context, part, bytes, size);
}

static void end_part(void *context, const struct mime_part *part)
{
    struct watching *watching = context;
    struct splitting *splitting = watching->splitting;
    if (part->is_container && splitting->returned_depth != 0 &&
        part->depth == splitting->returned_depth) {
        splitting->has_returned = true;
        splitting->returned_depth = 0;
        if (splitting->count < REPORT_PARTS_MAX) {
            struct span text =
                span_from(span_first(splitting->body, splitting->line_at), splitting->returned_at);
            splitting->pieces[splitting->count++] =
                (struct piece){ .kind = PIECE_RETURNED, .text = text };
        }
    }
    watching->tap->part_end(watching->tap->context, part);
}

static void feed(struct mime_scan *scan, struct splitting *splitting)
{
    struct span rest = splitting->body;
    size_t at = 0;
    while (at < rest.size) {
        const char *end = memchr(rest.at + at, '\n', rest.size - at);
        size_t next = end != NULL ? (size_t)(end - rest.at) + 1 : rest.size;
        splitting->line_at = at;
        splitting->line_end = next;
        splitting->line_is_empty = next - at <= 2 && (rest.at[at] == '\n' || rest.at[at] == '\r');
        mime_scan_feed(scan, rest.at + at, next - at);
        at = next;
    }
    splitting->line_at = splitting->line_end = rest.size;
}

static struct span value_of(const struct header_list *headers, enum header_id id)
{
    const struct header_field *field = header_first(headers, id);
    return field != NULL ? field->value : (struct span){ NULL, 0 };
}

static void split(const struct header_list *headers, struct splitting *splitting)
{
    struct mime_scan scan;
    struct content_tap tap;
    struct content_reader reader = { .begin = begin_content,
                                     .data = take_content,
                                     .context = splitting };
    struct watching watching = { .splitting = splitting };
    struct mime_handler handler = {
        .part_begin = begin_part, .part_data = take_part, .part_end = end_part, .context = &watching
    };
    content_tap_init(&tap);
    content_tap_add(&tap, &reader);
    watching.tap = content_tap_handler(&tap);
    mime_scan_init(&scan, value_of(headers, HEADER_CONTENT_TYPE),
                   value_of(headers, HEADER_CONTENT_TRANSFER_ENCODING), splitting->arena, &handler);
    feed(&scan, splitting);
    mime_scan_finish(&scan, false);
}

/* Tags out of it: those that end a line end it here, too. Enough to read a notice by. */
static struct span without_tags(struct arena *arena, struct span html)
{
    static const struct {
        const char *name, *text;
    } entities[] = { { "&lt;", "<" },    { "&gt;", ">" },  { "&amp;", "&" }, { "&nbsp;", " " },
                     { "&quot;", "\"" }, { "&#64;", "@" }, { "&#39;", "'" }, { "&#32;", " " } };
    static const char *const breaks[] = { "br", "p", "/p", "div", "/div", "tr", "/tr", "li", "h" };
    char *out = arena_alloc(arena, html.size);
    size_t size = 0;
    for (size_t i = 0; out != NULL && i < html.size;) {
        struct span rest = span_from(html, i);
        /* "<user@example.org>" was not escaped by whoever wrote it */
        size_t address = rest.at[0] == '<' ? report_address_at(span_from(rest, 1)) : 0;
        bool is_address = address > 0 && address + 1 < rest.size && rest.at[address + 1] == '>';
        if (rest.at[0] == '<' && !is_address) {
            ptrdiff_t end = span_find(rest, '>');
            struct span tag = span_from(span_first(rest, end < 0 ? rest.size : (size_t)end), 1);
            for (size_t k = 0; k < sizeof(breaks) / sizeof(breaks[0]); k++) {
                if (span_has_prefix_nocase(tag, span_of(breaks[k]))) {
                    out[size++] = '\n';
                    break;
                }
            }
            i += end < 0 ? rest.size : (size_t)end + 1;
            continue;
        }
        size_t step = 1;
        out[size] = rest.at[0];
        for (size_t k = 0; rest.at[0] == '&' && k < sizeof(entities) / sizeof(entities[0]); k++) {
            if (span_has_prefix_nocase(rest, span_of(entities[k].name))) {
                step = strlen(entities[k].name);
                out[size] = entities[k].text[0];
            }
        }
        size++;
        i += step;
    }
    return (struct span){ out, out != NULL ? size : 0 };
}

static struct span text_of(struct splitting *splitting, const struct piece *piece, size_t most)
{
    struct span text = span_first(piece->text, most), decoded;
    if (piece->charset.at != NULL &&
        charset_decode(piece->charset, text, splitting->arena, &decoded)) {
        text = decoded;
    }
    return piece->kind == PIECE_HTML ? without_tags(splitting->arena, text) : text;
}

/* All texts of one kind, one behind the other, an empty line between them. */
static struct span join(struct splitting *splitting, enum piece_kind kind, size_t most)
{
    struct span texts[REPORT_PARTS_MAX];
    size_t count = 0, size = 0, at = 0;
    for (size_t i = 0; i < splitting->count && size < most; i++) {
        if (splitting->pieces[i].kind != kind) {
            continue;
        }
        texts[count] = kind == PIECE_STATUS
                           ? splitting->pieces[i].text
                           : text_of(splitting, &splitting->pieces[i], most - size);
        texts[count] = span_first(texts[count], most - size);
        size += texts[count++].size + 2;
    }
    char *all = count > 0 ? arena_alloc(splitting->arena, size) : NULL;
    for (size_t i = 0; all != NULL && i < count; i++) {
        if (texts[i].size > 0) {
            memcpy(all + at, texts[i].at, texts[i].size);
        }
        memcpy(all + at + texts[i].size, "\n\n", 2);
        at += texts[i].size + 2;
    }
    return (struct span){ all, all != NULL ? size : 0 };
}

static struct span first_of(const struct splitting *splitting, enum piece_kind kind, size_t most)
{
    for (size_t i = 0; i < splitting->count; i++) {
        if (splitting->pieces[i].kind == kind && splitting->pieces[i].text.size > 0) {
            return span_first(splitting->pieces[i].text, most);
        }
    }
    return (struct span){ NULL, 0 };
}

static void read_type(const struct header_list *headers, struct arena *arena,
                      struct report_parts *parts)
{
    struct content_type type;
    struct span value = value_of(headers, HEADER_CONTENT_TYPE);
    if (value.at != NULL && content_type_parse(value, arena, &type)) {
        parts->is_report = span_is_equal(type.type, SPAN("multipart")) &&
                           span_is_equal(type.subtype, SPAN("report"));
        parts->report_type = content_parameter(&type, SPAN("report-type"));
    }
}

bool report_parts_read(const struct header_list *headers, struct span body, struct arena *arena,
                       struct report_parts *parts_r)
{
    struct splitting *splitting = arena_alloc(arena, sizeof(*splitting));
    *parts_r = (struct report_parts){ .is_report = false };
    if (splitting == NULL) {
        return false;
    }
    splitting->arena = arena;
    splitting->body = body;
    splitting->pool_room = body.size + TRANSFER_HELD_MAX;
    splitting->pool = arena_alloc(arena, splitting->pool_room);
    if (splitting->pool == NULL) {
        return false;
    }
    read_type(headers, arena, parts_r);
    split(headers, splitting);
    parts_r->notice = join(splitting, PIECE_TEXT, REPORT_NOTICE_MAX);
    if (span_trim(parts_r->notice).size == 0) {
        parts_r->notice = join(splitting, PIECE_HTML, REPORT_NOTICE_MAX);
    }
    parts_r->status = join(splitting, PIECE_STATUS, REPORT_BODY_MAX);
    parts_r->feedback = first_of(splitting, PIECE_FEEDBACK, REPORT_NOTICE_MAX);
    parts_r->returned = first_of(splitting, PIECE_RETURNED, REPORT_RETURNED_MAX);
    if (span_trim(parts_r->notice).size == 0 && parts_r->status.at == NULL &&
        parts_r->feedback.at == NULL && parts_r->returned.at == NULL) {
        parts_r->notice = span_first(body, REPORT_NOTICE_MAX);
    }
    return !arena_is_exhausted(arena);
}
