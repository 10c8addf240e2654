/*
 * maillog_source_private: what a kind of source is made of. Not for other rooms.
 */
#ifndef EM_FEEDBACK_MAILLOG_SOURCE_PRIVATE_H
#define EM_FEEDBACK_MAILLOG_SOURCE_PRIVATE_H

#include "feedback/maillog_source.h"

struct maillog_source_calls {
    void (*free)(struct maillog_source *source);
    enum maillog_follow_answer (*step)(struct maillog_source *source, size_t most_bytes,
                                       maillog_follow_take *take, void *context,
                                       struct error *error);
    void (*bound)(struct maillog_source *source);
    bool (*place)(const struct maillog_source *source, char place[static MAILLOG_SOURCE_PLACE_MAX]);
};

/* The first member of every kind. */
struct maillog_source {
    const struct maillog_source_calls *calls;
    bool is_before;
    struct maillog_source_counts counts;
};

struct maillog_source *maillog_source_new_file(const char *path, const char *place,
                                               uint64_t again_bytes);

#endif
