/*
 * attachment: one file after the other, as their octets come. The first of them settle what more
 * is to be seen of it; then it is passed to the looks that want it, and when nobody wants more it
 * is not decoded any further.
 */
#include "message/attachment_private.h"

#include <string.h>

enum {
    MEMORY_MAX = 512 * 1024,
    TEXTS_MAX = 64 * 1024 /* of all names that are kept */
};

struct span attachment_keep_text(struct attachment_texts *texts, struct span text)
{
    if (text.size > ATTACHMENT_NAME_MAX) {
        text = span_from(text, text.size - ATTACHMENT_NAME_MAX);
    }
    if (text.at == NULL || text.size >= texts->left) {
        return (struct span){ NULL, 0 };
    }
    texts->left -= text.size + 1;
    return arena_copy(texts->arena, text);
}

static unsigned all_classes(const struct attachment *attachment)
{
    return attachment->classes | attachment->doubtful | attachment->listed_classes |
           attachment->listed_doubtful;
}

/* Beyond the cap one is kept only for a class that is not there yet. */
static void keep(struct attachment_reader *reader, const struct attachment *attachment)
{
    unsigned classes = all_classes(attachment);
    if (classes == 0) {
        return;
    }
    if (reader->kept >= ATTACHMENTS_KEPT_MAX) {
        reader->found.is_incomplete = true;
        if ((classes & ~reader->kept_classes) == 0) {
            return;
        }
    }
    struct attachment *kept = arena_alloc(reader->arena, sizeof(*kept));
    if (kept == NULL) {
        reader->found.is_incomplete = true;
        return;
    }
    *kept = *attachment;
    kept->next = NULL;
    if (reader->last != NULL) {
        reader->last->next = kept;
    } else {
        reader->found.first = kept;
    }
    reader->last = kept;
    reader->kept++;
    reader->kept_classes |= classes;
}

/* A compressed file is named as an archive of the one that is in it. */
static void list_inner(struct attachment_reader *reader)
{
    struct attachment_listing listing = attachment_listing_of(reader);
    struct span inner = attachment_name_inner(&reader->look.name);
    if (inner.size > 0) {
        attachment_list(&listing, inner, false);
    }
}

static void finish(struct attachment_reader *reader, unsigned marks)
{
    struct attachment_look *look = &reader->look;
    list_inner(reader);
    attachment_judge(&look->attachment, &look->name, marks);
    reader->found.count++;
    keep(reader, &look->attachment);
}

/* A text is no file of its own, unless it has a name. */
static bool is_body(const struct mime_part *part)
{
    return part->file_name.size == 0 &&
           (span_is_equal(part->type, SPAN("text")) || span_is_equal(part->type, SPAN("message")));
}

static bool begin(void *context, const struct mime_part *part)
{
    struct attachment_reader *reader = context;
    struct attachment_look *look = &reader->look;
    bool is_text = is_body(part);
    if (is_text && !span_is_equal(part->subtype, SPAN("plain"))) {
        return false;
    }
    memset(look, 0, offsetof(struct attachment_look, head));
    look->search = (struct attachment_search){ .wanted = 0 };
    look->uu.line_size = 0;
    look->uu.is_cut = look->uu.has_begun = false;
    look->is_text = is_text;
    look->left = ATTACHMENT_LOOK_MAX;
    if (!is_text) {
        look->attachment.name = attachment_keep_text(&reader->texts, part->file_name);
        look->name = attachment_name_read(&reader->own, part->file_name);
        look->is_page = (look->name.extension.traits & ATTACHMENT_PAGE) != 0 ||
                        span_is_equal(part->subtype, SPAN("html"));
        if (reader->tail != NULL) {
            attachment_tail_clear(reader->tail);
        }
    }
    return true;
}

/* Files in a text are small in number, and each is a file like others. */
static bool read_text(struct attachment_reader *reader, const void *bytes, size_t size)
{
    struct attachment_look *look = &reader->look;
    size_t shown = size < look->left ? size : look->left, used;
    struct span text = { bytes, shown }, name;
    unsigned char head[64];
    size_t head_size;
    look->left -= shown;
    while (attachment_uu_feed(&look->uu, text, &used, &name, head, &head_size)) {
        look->attachment = (struct attachment){ .is_uuencoded = true };
        look->attachment.name = attachment_keep_text(&reader->texts, name);
        look->attachment.format = attachment_format_of(head, head_size);
        look->name = attachment_name_read(&reader->own, name);
        finish(reader, 0);
        text = span_from(text, used);
    }
    return look->left > 0;
}

static bool data(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    struct attachment_reader *reader = context;
    struct attachment_look *look = &reader->look;
    if (look->is_text) {
        return read_text(reader, bytes, size);
    }
    size_t room = ATTACHMENT_HEAD_MAX - look->head_size, taken = size < room ? size : room;
    memcpy(look->head + look->head_size, bytes, taken);
    look->head_size += taken;
    if (look->head_size == ATTACHMENT_HEAD_MAX && !look->is_settled) {
        attachment_look_settle(reader, part->encoding != ENCODING_UNKNOWN);
    }
    if (!look->is_settled) {
        return true;
    }
    attachment_look_show(reader, (const char *)bytes + taken, size - taken);
    if (look->left == 0 && attachment_look_wants_more(look)) {
        look->ends_early = true;
    }
    return look->left > 0 && attachment_look_wants_more(look);
}

/* What was kept until it was known what the file is goes first. */
static bool feed_tail(struct attachment_reader *reader, const void *bytes, size_t size)
{
    struct attachment_look *look = &reader->look;
    if (reader->tail == NULL) {
        reader->tail = attachment_tail_new(reader->arena);
    }
    if (reader->tail == NULL) {
        reader->found.is_incomplete = true;
        return false;
    }
    attachment_tail_feed(reader->tail, look->early, look->early_size);
    attachment_tail_feed(reader->tail, bytes, size);
    look->early_size = 0;
    return true;
}

static bool encoded(void *context, const struct mime_part *part, const void *bytes, size_t size)
{
    (void)part;
    struct attachment_reader *reader = context;
    struct attachment_look *look = &reader->look;
    if (look->is_text || (look->is_settled && !look->wants_tail)) {
        return false;
    }
    if (look->is_settled || size > ATTACHMENT_EARLY_MAX - look->early_size) {
        return feed_tail(reader, bytes, size);
    }
    memcpy(look->early + look->early_size, bytes, size);
    look->early_size += size;
    return true;
}

static void end(void *context, const struct mime_part *part)
{
    struct attachment_reader *reader = context;
    struct attachment_look *look = &reader->look;
    if (look->is_text) {
        return;
    }
    if (!look->is_settled) {
        look->is_small = true;
        attachment_look_settle(reader, part->encoding != ENCODING_UNKNOWN);
    }
    attachment_look_end(reader, part->encoding);
    finish(reader, look->search.found);
}

struct attachment_reader *attachment_reader_new(const struct attachment_extensions *own,
                                                struct arena_account *account)
{
    struct arena *arena = arena_new_within(account, MEMORY_MAX);
    struct attachment_reader *reader = arena != NULL ? arena_alloc(arena, sizeof(*reader)) : NULL;
    if (reader == NULL) {
        arena_free(&arena);
        return NULL;
    }
    reader->arena = arena;
    if (own != NULL) {
        reader->own = *own;
    }
    reader->content = (struct content_reader){
        .begin = begin, .data = data, .end = end, .context = reader, .encoded = encoded
    };
    reader->texts = (struct attachment_texts){ arena, TEXTS_MAX };
    reader->looks_left = ATTACHMENT_LOOKS_MAX;
    return reader;
}

void attachment_reader_free(struct attachment_reader **reader)
{
    if (*reader != NULL) {
        struct arena *arena = (*reader)->arena;
        arena_free(&arena);
        *reader = NULL;
    }
}

const struct content_reader *attachment_reader_content(struct attachment_reader *reader)
{
    return &reader->content;
}

const struct attachments *attachment_reader_found(const struct attachment_reader *reader)
{
    return &reader->found;
}
