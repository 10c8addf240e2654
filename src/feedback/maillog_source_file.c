/*
 * maillog_source_file: a followed file as a source. What lies before the place is the same file,
 * read once more from farther up.
 */
#include "feedback/maillog_source_private.h"

#include <stdlib.h>

struct file_source {
    struct maillog_source base;
    struct maillog_follow *follow;
    uint64_t again_bytes;
    bool is_open;          /* it was, once */
    uint64_t place_offset; /* up to there it was read before, */
    uint64_t place_inode;  /* in that file */
    maillog_follow_take *take;
    void *context;
};

static void file_free(struct maillog_source *source)
{
    struct file_source *file = (struct file_source *)source;
    maillog_follow_free(&file->follow);
    free(file);
}

/* Opens it where it was left, and goes back. */
static bool file_open(struct file_source *file, struct error *error)
{
    struct maillog_place place;
    if (maillog_follow_step(file->follow, 0, NULL, NULL, error) == MAILLOG_FOLLOW_FAILED) {
        return false;
    }
    file->is_open = true;
    file->place_offset = maillog_follow_rewind(file->follow, file->again_bytes);
    file->base.is_before = maillog_follow_place(file->follow, &place) && file->place_offset > 0;
    file->place_inode = place.inode;
    return true;
}

static void take_line(void *context, struct span line)
{
    struct file_source *file = context;
    struct maillog_place place;
    if (file->base.is_before) {
        /* Another file: the one that was read before has been left behind. */
        file->base.is_before = maillog_follow_place(file->follow, &place) &&
                               place.inode == file->place_inode &&
                               maillog_follow_behind(file->follow) <= file->place_offset;
    }
    file->take(file->context, line);
}

static enum maillog_follow_answer file_step(struct maillog_source *source, size_t most_bytes,
                                            maillog_follow_take *take, void *context,
                                            struct error *error)
{
    struct file_source *file = (struct file_source *)source;
    const struct maillog_follow_counts *counts = maillog_follow_counts(file->follow);
    enum maillog_follow_answer answer;
    if (!file->is_open && !file_open(file, error)) {
        return MAILLOG_FOLLOW_FAILED;
    }
    file->take = take;
    file->context = context;
    answer = maillog_follow_step(file->follow, most_bytes, take_line, file, error);
    if (answer == MAILLOG_FOLLOW_DONE) {
        source->is_before = false; /* nothing came since */
    }
    source->counts = (struct maillog_source_counts){ .lines = counts->lines,
                                                     .left_out = counts->long_lines,
                                                     .gaps = counts->gaps };
    return answer;
}

static void file_bound(struct maillog_source *source)
{
    maillog_follow_bound(((struct file_source *)source)->follow);
}

static bool file_place(const struct maillog_source *source,
                       char place[static MAILLOG_SOURCE_PLACE_MAX])
{
    struct maillog_place own;
    struct buffer text = BUFFER_EMPTY;
    bool is_there = maillog_follow_place(((const struct file_source *)source)->follow, &own);
    if (is_there) {
        maillog_place_write(&own, &text);
        is_there = !buffer_has_failed(&text) &&
                   span_copy(buffer_span(&text), place, MAILLOG_SOURCE_PLACE_MAX);
    }
    buffer_free(&text);
    return is_there;
}

static const struct maillog_source_calls file_calls = {
    .free = file_free, .step = file_step, .bound = file_bound, .place = file_place
};

struct maillog_source *maillog_source_new_file(const char *path, const char *place,
                                               uint64_t again_bytes)
{
    struct file_source *file = calloc(1, sizeof(*file));
    struct maillog_place own;
    bool has_place = place != NULL && maillog_place_read(span_of(place), &own);
    if (file == NULL) {
        return NULL;
    }
    file->base.calls = &file_calls;
    file->again_bytes = again_bytes;
    file->follow = maillog_follow_new(path, MAILLOG_FROM_END, has_place ? &own : NULL);
    if (file->follow == NULL) {
        free(file);
        return NULL;
    }
    return &file->base;
}
