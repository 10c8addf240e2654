/*
 * edit: the list of changes, and the header as it reads when they are done.
 *
 * A change that names a field which is not there changes nothing. (MTAs would add a field instead;
 * whoever sends edits must not send such a one.) A field that is both replaced and deleted is
 * deleted; of two replacements the later one counts.
 */
#include "message/edit.h"

#include "message/header_private.h"

/* What becomes of a field that arrived. */
struct fate {
    bool is_deleted;
    const struct edit *replacement;
};

void edit_list_init(struct edit_list *list)
{
    *list = (struct edit_list){ NULL, NULL, 0 };
}

struct edit *edit_add(struct edit_list *list, struct arena *arena, enum edit_kind kind,
                      struct span name, struct span value, uint32_t instance)
{
    struct edit *edit = arena_alloc(arena, sizeof(*edit));

    if (edit == NULL)
        return NULL;
    *edit = (struct edit){ .kind = kind, .name = name, .value = value, .instance = instance };
    if (list->last != NULL)
        list->last->next = edit;
    else
        list->first = edit;
    list->last = edit;
    list->count++;
    return edit;
}

/* Where the search for a field starts: at the one found before, if it is of the same name. */
struct cursor {
    const struct header_list *list;
    const struct header_field *field;
};

static bool has_name(const struct header_field *field, enum header_id id, struct span name)
{
    return field->id == id && (id != HEADER_OTHER || span_is_equal_nocase(field->name, name));
}

/*
 * Walks up or down from the last hit, so that many edits of one name, in order or in reverse order,
 * cost one walk together. NULL: there is no such field.
 */
static const struct header_field *find_target(struct cursor *cursor, const struct edit *edit)
{
    enum header_id id = header_id_of(edit->name);
    const struct header_field *begin = cursor->list->fields, *end;
    const struct header_field *at = cursor->field;

    if (edit->instance == 0 || edit->instance > cursor->list->counts[id])
        return NULL;
    end = begin + cursor->list->count;
    if (at == NULL || !has_name(at, id, edit->name))
        at = begin;
    if (has_name(at, id, edit->name) && at->instance > edit->instance) {
        while (at > begin && !(has_name(at, id, edit->name) && at->instance == edit->instance))
            at--;
    } else {
        while (at < end && !(has_name(at, id, edit->name) && at->instance == edit->instance))
            at++;
    }
    if (at == end || !has_name(at, id, edit->name) || at->instance != edit->instance)
        return NULL;
    cursor->field = at;
    return at;
}

static struct fate *find_fates(const struct header_list *before, const struct edit_list *edits,
                               struct arena *arena)
{
    struct fate *fates = arena_array(arena, before->count, sizeof(*fates));
    struct cursor cursor = { before, NULL };

    if (fates == NULL)
        return NULL;
    for (const struct edit *edit = edits->first; edit != NULL; edit = edit->next) {
        const struct header_field *target;

        if (edit->kind != EDIT_DELETE && edit->kind != EDIT_REPLACE)
            continue;
        target = find_target(&cursor, edit);
        if (target == NULL)
            continue;
        if (edit->kind == EDIT_DELETE)
            fates[target - before->fields].is_deleted = true;
        else
            fates[target - before->fields].replacement = edit;
    }
    return fates;
}

/* An edit's value in the form of the other values in the view. */
static struct span value_in_view(const struct header_list *view, const struct edit *edit)
{
    if (!view->keeps_space && edit->value.size > 0 && edit->value.at[0] == ' ')
        return span_from(edit->value, 1);
    return edit->value;
}

static bool attach_edit(struct header_list *view, struct arena *arena, const struct edit *edit)
{
    return header_list_attach(view, arena, edit->name, value_in_view(view, edit));
}

static bool attach_prepended(struct header_list *view, const struct edit_list *edits,
                             struct arena *arena)
{
    const struct edit **prepended = arena_array(arena, edits->count, sizeof(*prepended));
    size_t count = 0;

    if (prepended == NULL)
        return false;
    for (const struct edit *edit = edits->first; edit != NULL; edit = edit->next) {
        if (edit->kind == EDIT_PREPEND)
            prepended[count++] = edit;
    }
    while (count > 0) {
        if (!attach_edit(view, arena, prepended[--count]))
            return false;
    }
    return true;
}

static bool attach_arrived(struct header_list *view, const struct header_list *before,
                           const struct fate *fates, struct arena *arena)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct header_field *field = &before->fields[i];
        const struct edit *replacement = fates[i].replacement;

        if (!fates[i].is_deleted &&
            !header_list_attach(view, arena, field->name,
                                replacement != NULL ? value_in_view(view, replacement)
                                                    : field->value))
            return false;
    }
    return true;
}

bool edit_view(const struct header_list *before, const struct edit_list *edits, struct arena *arena,
               struct header_list *view_r)
{
    const struct fate *fates;

    if (edits->count == 0) {
        *view_r = *before;
        return true;
    }
    header_list_init(view_r, before->keeps_space);
    fates = find_fates(before, edits, arena);
    if (fates == NULL || !attach_prepended(view_r, edits, arena) ||
        !attach_arrived(view_r, before, fates, arena))
        return false;
    for (const struct edit *edit = edits->first; edit != NULL; edit = edit->next) {
        if (edit->kind == EDIT_APPEND && !attach_edit(view_r, arena, edit))
            return false;
    }
    return true;
}
