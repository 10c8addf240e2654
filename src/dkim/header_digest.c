/*
 * header_digest: see header_digest.h. Work is bounded by names times fields: every name has a
 * cursor that moves up the header only, however often h= mentions it.
 */
#include "dkim/digest.h"
#include "dkim/header_digest.h"

#define OTHER_NAMES_MOST 64

/* The fields from `cursor` on down are used up. */
struct other_name {
    struct span name;
    size_t cursor;
};

struct selection {
    const struct header_list *view;
    const struct header_field *skipped;
    size_t cursors[HEADER_COUNT];
    struct other_name others[OTHER_NAMES_MOST];
    size_t other_count;
};

static void selection_begin(struct selection *selection,
                            const struct header_digest_request *request)
{
    selection->view = request->view;
    selection->skipped = request->skipped;
    selection->other_count = 0;
    for (size_t id = 0; id < HEADER_COUNT; id++) {
        selection->cursors[id] = request->view->count;
    }
}

/* The cursor of a name; NULL when there are too many names. */
static size_t *find_cursor(struct selection *selection, enum header_id id, struct span name)
{
    if (id != HEADER_OTHER) {
        return &selection->cursors[id];
    }
    for (size_t i = 0; i < selection->other_count; i++) {
        if (span_is_equal_nocase(selection->others[i].name, name)) {
            return &selection->others[i].cursor;
        }
    }
    if (selection->other_count == OTHER_NAMES_MOST) {
        return NULL;
    }
    struct other_name *other = &selection->others[selection->other_count++];
    *other = (struct other_name){ name, selection->view->count };
    return &other->cursor;
}

/* The lowest field of this name not yet taken, or NULL. */
static const struct header_field *take(struct selection *selection, size_t *cursor,
                                       enum header_id id, struct span name)
{
    while (*cursor > 0) {
        const struct header_field *field = &selection->view->fields[--*cursor];
        if (field->id == id && field != selection->skipped &&
            (id != HEADER_OTHER || span_is_equal_nocase(field->name, name))) {
            return field;
        }
    }
    return NULL;
}

static bool add_named_fields(struct selection *selection,
                             const struct header_digest_request *request, struct digest *digest)
{
    struct span rest = request->names;
    struct span piece;
    while (span_cut(&rest, ':', &piece)) {
        struct span name = span_trim(piece);
        enum header_id id = header_id_of(name);
        size_t *cursor = find_cursor(selection, id, name);
        if (cursor == NULL) {
            return false;
        }
        const struct header_field *field = take(selection, cursor, id, name);
        if (field != NULL) {
            canonical_header(request->form, field->name, field->value, false, digest_add, digest);
        }
    }
    return true;
}

bool header_digest(const struct header_digest_request *request,
                   uint8_t digest_r[static DKIM_DIGEST_SIZE])
{
    struct selection selection;
    struct digest digest;
    selection_begin(&selection, request);
    digest_begin(&digest);
    bool is_whole = add_named_fields(&selection, request, &digest);
    canonical_header(request->form, request->signature_name, request->signature_value, true,
                     digest_add, &digest);
    return digest_end(&digest, digest_r) && is_whole;
}
