/*
 * edit: changes to the header as one list, and the edited view: the header as it will be once they
 * are applied.
 *
 * The same list is applied by the milter, signed by dkim and printed by `explain`; nobody else
 * changes a message.
 */
#ifndef EM_MESSAGE_EDIT_H
#define EM_MESSAGE_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/header.h"
#include "util/arena.h"
#include "util/span.h"

enum edit_kind {
    EDIT_PREPEND, /* a new field above everything, the MTA's own Received included (index 0) */
    EDIT_APPEND,  /* a new field below all others */
    EDIT_REPLACE, /* the value of instance `instance` of `name` */
    EDIT_DELETE   /* instance `instance` of `name` */
};

struct edit {
    enum edit_kind kind;
    struct span name;
    struct span
        value; /* always with its leading space, whatever the session keeps; LF + WSP folds */
    uint32_t instance; /* REPLACE, DELETE: numbered in the message as it arrived */
    struct edit *next;
};

/* In the order they were decided. */
struct edit_list {
    struct edit *first, *last;
    size_t count;
};

void edit_list_init(struct edit_list *list);
/* Copies nothing: name and value live in the message's arena. NULL: arena exhausted. */
struct edit *edit_add(struct edit_list *list, struct arena *arena, enum edit_kind kind,
                      struct span name, struct span value, uint32_t instance);
/*
 * The header after the edits into *view_r (same field form, instances renumbered; texts and,
 * without edits, the fields themselves are shared with `before`). Prepended fields: the last one
 * decided is topmost. DELETE and REPLACE of an instance that is not there change nothing; deleted
 * beats replaced; the later of two replacements counts. False: arena exhausted.
 */
bool edit_view(const struct header_list *before, const struct edit_list *edits, struct arena *arena,
               struct header_list *view_r);

#endif
