/*
 * maillog_source: which kind a name stands for.
 */
#include "feedback/maillog_source_private.h"

#include <string.h>

bool maillog_source_accepts(const char *name, struct error *error)
{
    if (name[0] == '/' && name[1] != '\0' && strlen(name) <= MAILLOG_SOURCE_NAME_MAX) {
        return true;
    }
    error_set(error, "no path of a file; valid: \"/var/log/mail.log\", at most %d octets",
              MAILLOG_SOURCE_NAME_MAX);
    return false;
}

struct maillog_source *maillog_source_new(const char *name, const char *place, uint64_t again_bytes)
{
    return maillog_source_new_file(name, place, again_bytes);
}

void maillog_source_free(struct maillog_source **source)
{
    if (*source != NULL) {
        (*source)->calls->free(*source);
    }
    *source = NULL;
}

enum maillog_follow_answer maillog_source_step(struct maillog_source *source, size_t most_bytes,
                                               maillog_follow_take *take, void *context,
                                               struct error *error)
{
    return source->calls->step(source, most_bytes, take, context, error);
}

void maillog_source_bound(struct maillog_source *source)
{
    source->calls->bound(source);
}

bool maillog_source_is_before(const struct maillog_source *source)
{
    return source->is_before;
}

bool maillog_source_place(const struct maillog_source *source,
                          char place[static MAILLOG_SOURCE_PLACE_MAX])
{
    return !source->is_before && source->calls->place(source, place);
}

const struct maillog_source_counts *maillog_source_counts(const struct maillog_source *source)
{
    return &source->counts;
}
