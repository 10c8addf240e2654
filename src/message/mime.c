/*
 * mime: the lines of a body that are boundaries or belong to headers of parts, and the content
 * between them.
 *
 * Within content only a line end with "--" behind it is of interest, so the search jumps from line
 * end to line end; a line that may be a boundary is held back, with the line end before it, until
 * it is known, in a place of fixed size. A boundary counts when it stands alone in its line but for
 * "--" and blanks; RFC 2046 5.1.1 lets receivers also stop at its beginning, so a line that goes on
 * otherwise is a defect. Of several open boundaries the innermost that fits is meant (5.1.2: an
 * outer one ends what is inside).
 */
#include "message/mime_private.h"

#include <stdint.h>

/* How the line that is held came to be complete. */
enum line_end {
    LINE_ENDED, /* its LF is the last octet */
    LINE_FULL,  /* it goes on */
    LINE_LAST   /* the body ended */
};

static void blame(struct mime_scan *scan, unsigned defects)
{
    scan->facts.defects |= defects;
}

static bool has_high(const char *bytes, size_t size)
{
    uint64_t all = 0, word[4];
    size_t i = 0;

    for (; i + sizeof(word) <= size; i += sizeof(word)) {
        memcpy(word, bytes + i, sizeof(word));
        all |= word[0] | word[1] | word[2] | word[3];
    }
    for (; i < size; i++)
        all |= (uint64_t)(unsigned char)bytes[i];
    return (all & UINT64_C(0x8080808080808080)) != 0;
}

static struct mime_level *innermost(struct mime_walk *walk)
{
    return &walk->levels[walk->open - 1];
}

static bool promises_7bit(const struct mime_part *part)
{
    return part->encoding != ENCODING_8BIT && part->encoding != ENCODING_BINARY &&
           part->encoding != ENCODING_UNKNOWN;
}

static void give(struct mime_scan *scan, const struct mime_part *part, const char *bytes,
                 size_t size)
{
    if (scan->handler != NULL && scan->handler->part_data != NULL)
        scan->handler->part_data(scan->handler->context, part, bytes, size);
}

static void give_content(struct mime_scan *scan, const char *bytes, size_t size)
{
    const struct mime_part *part = &innermost(scan->walk)->part;

    if (size == 0 || part->is_container)
        return;
    if (!scan->facts.has_8bit_in_7bit && promises_7bit(part))
        scan->facts.has_8bit_in_7bit = has_high(bytes, size);
    give(scan, part, bytes, size);
}

static void give_line_end(struct mime_scan *scan)
{
    unsigned size = scan->walk->line_end_size;

    give_content(scan, size == 2 ? "\r\n" : "\n", size);
    scan->walk->line_end_size = 0;
}

/* At the start of a line, whose line end before is `line_end_size` octets that may be content. */
static void begin_line(struct mime_walk *walk, unsigned line_end_size)
{
    walk->state = MIME_IN_LINE;
    walk->line_size = 0;
    walk->line_end_size = line_end_size;
}

static void begin_header(struct mime_scan *scan)
{
    if (scan->facts.parts >= MIME_PARTS_MAX) {
        blame(scan, MIME_TOO_MANY);
        scan->walk->is_stopped = true;
        return;
    }
    scan->walk->in_header = true;
    mime_header_begin(scan->walk);
    begin_line(scan->walk, 0);
}

static void begin_part(struct mime_scan *scan, const struct mime_part *part)
{
    if (scan->handler != NULL && scan->handler->part_begin != NULL)
        scan->handler->part_begin(scan->handler->context, part);
}

static void end_part(struct mime_scan *scan, const struct mime_part *part)
{
    if (scan->handler != NULL && scan->handler->part_end != NULL)
        scan->handler->part_end(scan->handler->context, part);
}

/* The part whose header was read begins; a message in it begins with a header again. */
static void end_header(struct mime_scan *scan)
{
    struct mime_walk *walk = scan->walk;
    const struct mime_part *parent = &innermost(walk)->part;
    struct mime_level *level = &walk->levels[walk->open];
    struct mime_header header = mime_header_fields(walk);

    *level = (struct mime_level){
        .part = { .parent = parent, .index = scan->facts.parts, .depth = parent->depth + 1 }
    };
    walk->in_header = false;
    if (!mime_part_read(scan, &header, walk->open + 1 < MIME_DEPTH_MAX, level)) {
        walk->is_stopped = true;
        return;
    }
    innermost(walk)->has_part = true;
    walk->open++;
    begin_part(scan, &level->part);
    if (level->part.is_container && level->boundary.at == NULL)
        begin_header(scan);
    else
        begin_line(walk, 0);
}

/* Ends all parts from the innermost to levels[open]. */
static void end_parts(struct mime_scan *scan, unsigned open)
{
    struct mime_walk *walk = scan->walk;

    while (walk->open > open) {
        const struct mime_level *level = innermost(walk);

        if (level->boundary.at != NULL && !walk->is_stopped)
            blame(scan,
                  (level->is_closed ? 0 : MIME_UNCLOSED) | (level->has_part ? 0 : MIME_NO_PART));
        end_part(scan, &level->part);
        walk->open--;
    }
}

/*
 * A boundary ends a header that is being read, and the part of it has no content; but right behind
 * another boundary no part has begun, as most readers have it (RFC 2046 5.1.1: the line end before
 * a delimiter is its own, and that one is taken).
 */
static void cut_header(struct mime_scan *scan)
{
    struct mime_walk *walk = scan->walk;

    if (walk->in_header && walk->header.read_bytes == 0 && innermost(walk)->boundary.at != NULL) {
        blame(scan, MIME_DOUBLE_BOUNDARY);
        walk->in_header = false;
    }
    while (walk->in_header && !walk->is_stopped)
        end_header(scan);
}

static bool take_boundary(struct mime_scan *scan, struct span line)
{
    enum mime_match match = MIME_MATCH_NONE;
    int level = mime_boundary_find(scan, line, &match);

    if (level < 0)
        return false;
    if (scan->walk->line_end_size == 1)
        blame(scan, MIME_BARE_LF_BOUNDARY);
    cut_header(scan);
    end_parts(scan, (unsigned)level + 1);
    scan->walk->levels[level].is_closed = match == MIME_MATCH_CLOSE;
    if (match == MIME_MATCH_NEXT)
        begin_header(scan);
    else
        begin_line(scan->walk, 0);
    return true;
}

/* The line that was held is content; the CR at its end may belong to a line end to come. */
static void give_line(struct mime_scan *scan, struct span line, enum line_end end,
                      unsigned line_end_size)
{
    struct mime_walk *walk = scan->walk;

    give_line_end(scan);
    walk->state = MIME_IN_CONTENT;
    walk->after_cr = end == LINE_FULL && line.at[line.size - 1] == '\r';
    give_content(scan, line.at, line.size - (walk->after_cr ? 1 : 0));
    if (end == LINE_ENDED)
        begin_line(walk, line_end_size);
}

static void take_header_line(struct mime_scan *scan, struct span line, enum line_end end,
                             unsigned line_end_size)
{
    struct mime_walk *walk = scan->walk;

    while (walk->in_header && !walk->is_stopped) {
        if (mime_header_line(scan, line)) {
            walk->after_cr = line.size > 0 && line.at[line.size - 1] == '\r';
            walk->state = end == LINE_FULL ? MIME_IN_HEADER_LINE : MIME_IN_LINE;
            walk->line_size = 0;
            return;
        }
        blame(scan, MIME_BAD_HEADER);
        end_header(scan); /* of a message in this part, perhaps, it is a line of the header */
    }
    if (!walk->is_stopped)
        give_line(scan, line, end, line_end_size);
}

static void take_line(struct mime_scan *scan, enum line_end end)
{
    struct mime_walk *walk = scan->walk;
    struct span line = { walk->line, walk->line_size };
    unsigned line_end_size = 0;
    bool has_cr;

    if (end == LINE_ENDED) {
        line.size--;
        line_end_size = 1;
    }
    has_cr = end != LINE_FULL && line.size > 0 && line.at[line.size - 1] == '\r';
    if (has_cr && end == LINE_ENDED) {
        line.size--;
        line_end_size = 2;
    }
    if (end != LINE_FULL &&
        take_boundary(scan, has_cr && end == LINE_LAST ? span_first(line, line.size - 1) : line)) {
        if (line_end_size == 1)
            blame(scan, MIME_BARE_LF_BOUNDARY);
        return;
    }
    if (end == LINE_FULL) {
        enum mime_match match;

        mime_boundary_find(scan, line, &match); /* only for its defects */
    }
    if (!walk->in_header) {
        give_line(scan, line, end, line_end_size);
        return;
    }
    if (line_end_size == 1)
        blame(scan, MIME_BARE_LF_BOUNDARY);
    if (line.size == 0 && end == LINE_ENDED)
        end_header(scan);
    else
        take_header_line(scan, line, end, line_end_size);
}

/* All three readers take something of [at, end) and give what is left. */
static const char *read_line(struct mime_scan *scan, const char *at, const char *end)
{
    struct mime_walk *walk = scan->walk;
    size_t room = MIME_LINE_MAX - walk->line_size, size = (size_t)(end - at);
    const char *line_end;

    if (!walk->in_header && walk->line_size == 0 && *at != '-') {
        give_line_end(scan);
        walk->state = MIME_IN_CONTENT;
        walk->after_cr = false;
        return at;
    }
    size = size < room ? size : room;
    line_end = memchr(at, '\n', size);
    if (line_end != NULL)
        size = (size_t)(line_end - at) + 1;
    memcpy(walk->line + walk->line_size, at, size);
    walk->line_size += size;
    if (line_end != NULL)
        take_line(scan, LINE_ENDED);
    else if (walk->line_size == MIME_LINE_MAX)
        take_line(scan, LINE_FULL);
    return at + size;
}

/* The LF of the first line end with "--" behind it, as far as that can be seen; NULL: none. */
static const char *find_dashes(const char *at, const char *end)
{
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (at + 1 == end || (at[1] == '-' && (at + 2 == end || at[2] == '-')))
            return at;
        at++;
    }
    return NULL;
}

static const char *read_content(struct mime_scan *scan, const char *at, const char *end)
{
    struct mime_walk *walk = scan->walk;
    const char *line_end;
    bool has_cr;

    if (walk->after_cr) {
        walk->after_cr = false;
        if (*at == '\n') {
            begin_line(walk, 2);
            return at + 1;
        }
        give_content(scan, "\r", 1);
    }
    line_end = find_dashes(at, end);
    has_cr = line_end != NULL ? line_end > at && line_end[-1] == '\r' : end[-1] == '\r';
    give_content(scan, at, (size_t)((line_end != NULL ? line_end : end) - at) - (has_cr ? 1 : 0));
    if (line_end == NULL) {
        walk->after_cr = has_cr;
        return end;
    }
    begin_line(walk, has_cr ? 2 : 1);
    return line_end + 1;
}

static const char *read_header_line(struct mime_scan *scan, const char *at, const char *end)
{
    struct mime_walk *walk = scan->walk;
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    size_t size = (size_t)((line_end != NULL ? line_end : end) - at);

    if (size > 0) {
        mime_header_more(scan, (struct span){ at, size });
        walk->after_cr = at[size - 1] == '\r';
    }
    if (line_end == NULL)
        return end;
    if (!walk->after_cr)
        blame(scan, MIME_BARE_LF_BOUNDARY);
    mime_header_line_end(walk);
    begin_line(walk, 0);
    return line_end + 1;
}

void mime_scan_init(struct mime_scan *scan, struct span content_type,
                    struct span content_transfer_encoding, struct arena *arena,
                    const struct mime_handler *handler)
{
    struct mime_header header = {
        { [MIME_TYPE] = content_type, [MIME_ENCODING] = content_transfer_encoding }
    };
    struct mime_level level = { .is_closed = false };

    *scan = (struct mime_scan){ .arena = arena, .handler = handler };
    if (!mime_part_read(scan, &header, true, &level))
        level.part.is_container = false;
    scan->message = level.part;
    if (!level.part.is_container) {
        begin_part(scan, &scan->message);
        return;
    }
    scan->walk = arena_alloc(arena, sizeof(*scan->walk));
    if (scan->walk == NULL)
        return;
    scan->walk->levels[0] = level;
    scan->walk->open = 1;
    begin_part(scan, &scan->walk->levels[0].part);
    if (level.boundary.at == NULL)
        begin_header(scan);
}

void mime_scan_feed(struct mime_scan *scan, const void *bytes, size_t size)
{
    struct mime_walk *walk = scan->walk;
    const char *at = bytes, *end = at + size;

    if (size == 0)
        return;
    if (walk == NULL) {
        give(scan, &scan->message, bytes, size);
        return;
    }
    while (at < end && !walk->is_stopped) {
        if (walk->state == MIME_IN_CONTENT)
            at = read_content(scan, at, end);
        else if (walk->state == MIME_IN_LINE)
            at = read_line(scan, at, end);
        else
            at = read_header_line(scan, at, end);
    }
}

/* What was held back at the end of the body. */
static void flush(struct mime_scan *scan)
{
    struct mime_walk *walk = scan->walk;

    if (walk->state == MIME_IN_LINE && walk->line_size > 0)
        take_line(scan, LINE_LAST);
    if (walk->state == MIME_IN_CONTENT && walk->after_cr)
        give_content(scan, "\r", 1);
    else if (walk->state == MIME_IN_LINE && !walk->in_header)
        give_line_end(scan);
    while (walk->in_header && !walk->is_stopped)
        end_header(scan);
}

const struct mime_facts *mime_scan_finish(struct mime_scan *scan, bool body_has_8bit)
{
    if (scan->walk == NULL) {
        scan->facts.has_8bit_in_7bit = body_has_8bit && promises_7bit(&scan->message);
        end_part(scan, &scan->message);
        return &scan->facts;
    }
    if (!scan->walk->is_stopped)
        flush(scan);
    end_parts(scan, 0);
    return &scan->facts;
}
