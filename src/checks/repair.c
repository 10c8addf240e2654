/*
 * repair: edits that checks propose. A proposal stands outside every list; policy copies it into
 * the message's edits when the action is repair.
 */
#include "checks/checks.h"

struct edit *check_repair_append(struct arena *arena, enum header_id id, const char *text)
{
    struct edit *edit = arena_alloc(arena, sizeof(*edit));
    const char *value = arena_printf(arena, " %s", text);
    if (edit == NULL || value == NULL) {
        return NULL;
    }
    *edit = (struct edit){ .kind = EDIT_APPEND, .name = header_name(id), .value = span_of(value) };
    return edit;
}

void check_repair_delete(struct check_deletions *deletions, const struct header_field *field)
{
    struct edit *edit = deletions->count < CHECK_DELETIONS_MAX
                            ? arena_alloc(deletions->arena, sizeof(*edit))
                            : NULL;
    if (edit == NULL) {
        return;
    }
    *edit = (struct edit){ .kind = EDIT_DELETE,
                           .name = field->name,
                           .instance = field->instance,
                           .next = deletions->first };
    deletions->first = edit;
    deletions->count++;
}
