/*
 * apply: carries the edits of a verdict out through the MTA, and the hold. Instances are numbered
 * as the message arrived, so replacements come first, deletions from the highest instance down, new
 * fields last.
 */
#include <stdlib.h>

#include "log/at_work.h"
#include "milter/connection.h"

/* Name and value as C strings. Without negotiated leading space the MTA adds its own. */
static const char *text_of(struct job *job, struct span text)
{
    return arena_copy(job->arena, text).at;
}

static const char *value_of(struct job *job, const struct edit *edit, bool keeps_space)
{
    struct span value = edit->value;
    if (!keeps_space && value.size > 0 && value.at[0] == ' ') {
        value = span_from(value, 1);
    }
    return text_of(job, value);
}

static bool apply_one(const struct mta *mta, void *handle, struct job *job, const struct edit *edit,
                      bool keeps_space)
{
    const char *name = text_of(job, edit->name);
    const char *value = edit->kind == EDIT_DELETE ? NULL : value_of(job, edit, keeps_space);
    if (name == NULL || (value == NULL && edit->kind != EDIT_DELETE)) {
        return false;
    }
    switch (edit->kind) {
    case EDIT_PREPEND:
        return mta->prepend_header(handle, name, value);
    case EDIT_APPEND:
        return mta->append_header(handle, name, value);
    default:
        return mta->change_header(handle, name, (int)edit->instance, value);
    }
}

static int compare_instances(const void *a, const void *b)
{
    const struct edit *left = *(const struct edit *const *)a;
    const struct edit *right = *(const struct edit *const *)b;
    return (left->instance < right->instance) - (left->instance > right->instance);
}

/* The edits of one kind in the order they must be sent; NULL: out of memory. */
static const struct edit **select_kind(struct job *job, enum edit_kind kind, size_t *count_r)
{
    const struct edit_list *all = &job->verdict.edits;
    const struct edit **chosen = arena_array(job->arena, all->count + 1, sizeof(struct edit *));
    *count_r = 0;
    for (const struct edit *edit = all->first; chosen != NULL && edit != NULL; edit = edit->next) {
        if (edit->kind == kind) {
            chosen[(*count_r)++] = edit;
        }
    }
    if (chosen != NULL && kind == EDIT_DELETE) {
        qsort(chosen, *count_r, sizeof(struct edit *), compare_instances);
    }
    return chosen;
}

static bool apply_all(const struct mta *mta, void *handle, struct job *job, bool keeps_space)
{
    static const enum edit_kind order[] = { EDIT_REPLACE, EDIT_DELETE, EDIT_APPEND, EDIT_PREPEND };
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        size_t count;
        const struct edit **edits = select_kind(job, order[k], &count);
        if (edits == NULL) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (!apply_one(mta, handle, job, edits[i], keeps_space)) {
                return false;
            }
        }
    }
    return job->verdict.disposition != DISPOSITION_HOLD ||
           mta->quarantine(handle, job->verdict.hold_reason);
}

bool apply_edits(const struct mta *mta, void *handle, struct job *job, bool keeps_space)
{
    at_work_begin("the changes", job->message.envelope.queue_id);
    bool is_applied = apply_all(mta, handle, job, keeps_space);
    at_work_end();
    return is_applied;
}
