/*
 * maillog_source: which kind a name stands for.
 */
#include "feedback/maillog_journal_private.h"

#include <string.h>

#define JOURNAL "journal"

enum { JOURNAL_SIZE = sizeof(JOURNAL) - 1 };

bool maillog_source_is_journal(const char *name)
{
    return strncmp(name, JOURNAL, JOURNAL_SIZE) == 0 &&
           (name[JOURNAL_SIZE] == '\0' || name[JOURNAL_SIZE] == ':');
}

/* NULL: that of the system. */
static const char *directory_of(const char *name)
{
    return name[JOURNAL_SIZE] == ':' ? name + JOURNAL_SIZE + 1 : NULL;
}

bool maillog_source_accepts(const char *name, struct error *error)
{
    bool is_journal = maillog_source_is_journal(name);
    const char *path = is_journal ? directory_of(name) : name;
    if (strlen(name) > MAILLOG_SOURCE_NAME_MAX ||
        (path != NULL && (path[0] != '/' || path[1] == '\0'))) {
        error_set(error,
                  "no log; valid: a file \"/var/log/mail.log\", \"journal\", the journal of a "
                  "directory \"journal:/var/log/journal/remote\", at most %d octets",
                  MAILLOG_SOURCE_NAME_MAX);
        return false;
    }
    if (is_journal && !maillog_journal_is_built()) {
        error_set(error, MAILLOG_JOURNAL_NOT_BUILT);
        return false;
    }
    return true;
}

struct maillog_source *maillog_source_new(const char *name, const char *place, uint64_t again_bytes)
{
    return maillog_source_is_journal(name)
               ? maillog_source_new_journal(directory_of(name), place, again_bytes)
               : maillog_source_new_file(name, place, again_bytes);
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
