/*
 * links: which parts are read, how much of them, and the list of what was found.
 */
#include "message/links_private.h"

#include <stdint.h>

#define CONVERTED_MAX 1000 /* microseconds each */

struct links *links_new(struct arena *arena)
{
    struct links *links = arena_alloc(arena, sizeof(*links));

    if (links != NULL) {
        links->arena = arena;
    }
    return links;
}

const struct link_list *links_found(const struct links *links)
{
    return &links->list;
}

static size_t slot_of(const struct links *links, struct span host)
{
    uint32_t hash = 2166136261u;
    size_t slot;

    for (size_t i = 0; i < host.size; i++) {
        hash = (hash ^ (unsigned char)host.at[i]) * 16777619u;
    }
    slot = hash % LINK_SLOTS;
    while (links->slots[slot] != NULL && !span_is_equal(links->slots[slot]->host, host)) {
        slot = (slot + 1) % LINK_SLOTS;
    }
    return slot;
}

static struct link *append(struct links *links, struct span host, bool is_address)
{
    struct link *link;

    if (links->list.count == LINKS_MAX) {
        links->list.cuts |= LINK_CUT_COUNT;
        return NULL;
    }
    link = arena_alloc(links->arena, sizeof(*link));
    host = arena_copy(links->arena, host);
    if (link == NULL || host.at == NULL) {
        links->list.cuts |= LINK_CUT_MEMORY;
        return NULL;
    }
    link->host = host;
    link->is_address = is_address;
    if (links->last != NULL) {
        links->last->next = link;
    } else {
        links->list.first = link;
    }
    links->last = link;
    links->list.count++;
    return link;
}

struct link *links_add(struct links *links, struct span host, bool is_address, unsigned flags)
{
    size_t slot = slot_of(links, host);

    if (links->slots[slot] == NULL) {
        links->slots[slot] = append(links, host, is_address);
    }
    if (links->slots[slot] == NULL) {
        return NULL;
    }
    links->slots[slot]->flags |= flags;
    if (links->recent_count < LINK_RECENT_MAX) {
        links->recent[links->recent_count++] = links->slots[slot];
    }
    return links->slots[slot];
}

bool links_is_affordable(struct links *links, struct span host)
{
    bool is_plain = true;

    for (size_t i = 0; i < host.size; i++) {
        is_plain &= (unsigned char)host.at[i] < 0x80 && host.at[i] != '%';
    }
    if (!is_plain && links->converted == CONVERTED_MAX) {
        links->list.cuts |= LINK_CUT_COUNT;
        return false;
    }
    links->converted += is_plain ? 0 : 1;
    return true;
}

void links_compare(struct links *links, struct span shown, struct link *const *targets,
                   size_t count)
{
    char host[DOMAIN_MAX];

    if (count == 0 || !links_shown_host(shown, host)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (links_is_same_site(span_of(host), targets[i]->host)) {
            return;
        }
    }
    targets[0]->flags |= LINK_MISMATCH;
    if (targets[0]->shown.at == NULL) {
        targets[0]->shown = arena_copy(links->arena, span_of(host));
    }
}

void links_take(struct links *links, const char *text, size_t size)
{
    if (links->is_html) {
        links_html(links, text, size);
    } else {
        links_join(links, text, size);
    }
}

static bool has_html_name(const struct mime_part *part)
{
    static const struct span suffixes[] = {
        { ".html", 5 }, { ".htm", 4 }, { ".xhtml", 6 }, { ".shtml", 6 }, { ".xht", 4 }
    };

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (span_has_suffix_nocase(part->file_name, suffixes[i])) {
            return true;
        }
    }
    return false;
}

/* By type, and by name where the type says nothing: a browser will open it. */
static bool is_html(const struct mime_part *part)
{
    return span_is_equal(part->subtype, SPAN("html")) ||
           span_is_equal(part->subtype, SPAN("xhtml+xml")) ||
           span_is_equal(part->subtype, SPAN("x-amp-html")) ||
           span_is_equal(part->subtype, SPAN("watch-html")) || has_html_name(part);
}

/* A returned header is no text of this message. */
static bool is_text(const struct mime_part *part)
{
    return span_is_equal(part->type, SPAN("text")) &&
           !span_is_equal(part->subtype, SPAN("rfc822-headers"));
}

static enum link_joining joining_of(const struct mime_part *part)
{
    if (part->is_delsp) {
        return LINK_JOIN_FLOWED;
    }
    return span_is_equal(part->subtype, SPAN("calendar")) ||
                   span_has_suffix_nocase(part->subtype, SPAN("vcard"))
               ? LINK_JOIN_FOLDED
               : LINK_JOIN_NOTHING;
}

static bool is_utf8(struct span charset)
{
    return charset.size == 0 || span_is_equal_nocase(charset, SPAN("utf-8")) ||
           span_is_equal_nocase(charset, SPAN("utf8")) ||
           span_is_equal_nocase(charset, SPAN("us-ascii"));
}

static bool begin_part(void *context, const struct mime_part *part)
{
    struct links *links = context;

    links->is_html = is_html(part);
    if (!links->is_html && !is_text(part)) {
        return false;
    }
    if (links->parts == LINKS_PARTS_MAX) {
        links->list.cuts |= LINK_CUT_PARTS;
        return false;
    }
    links->parts++;
    links->part_octets = 0;
    links->part_max = part->file_name.size > 0 && !links->is_html ? LINKS_FILE_MAX : LINKS_PART_MAX;
    links->charset = is_utf8(part->charset) ? (struct span){ NULL, 0 } : part->charset;
    links->joiner = (struct link_joiner){ .kind = joining_of(part) };
    links_decoder_begin(&links->decoder, part->charset);
    links_html_begin(links);
    return true;
}

static size_t room_left(const struct links *links)
{
    size_t part = links->part_max - links->part_octets, all = LINKS_OCTETS_MAX - links->octets;

    return part < all ? part : all;
}

static bool take_data(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    struct links *links = context;
    size_t room = room_left(links);
    bool is_cut = size > room;

    (void)part;
    if (is_cut) {
        links->list.cuts |= LINK_CUT_OCTETS;
        size = room;
    }
    links->octets += size;
    links->part_octets += size;
    links_decode(links, bytes, size);
    return !is_cut;
}

static void end_part(void *context, const struct mime_part *part)
{
    struct links *links = context;

    (void)part;
    if (links->is_html) {
        links_html_end(links);
    } else {
        links_join_end(links);
    }
    links_flush(links);
}

struct content_reader links_reader(struct links *links)
{
    return (struct content_reader){
        .begin = begin_part, .data = take_data, .end = end_part, .context = links
    };
}
