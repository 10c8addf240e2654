/*
 * hold_queue: sets of queue ids, and which mail server it is.
 */
#include "ctl/hold_queue.h"

#include <stdlib.h>
#include <string.h>

void hold_ids_add(struct hold_ids *ids, struct span id)
{
    if (!queue_id_is_good(id) || ids->failed)
        return;
    if (ids->count == ids->room) {
        size_t room = ids->room > 0 ? 2 * ids->room : 64;
        void *grown = realloc(ids->at, room * sizeof(*ids->at));
        ids->failed = grown == NULL;
        if (ids->failed)
            return;
        ids->at = grown;
        ids->room = room;
    }
    memcpy(ids->at[ids->count], id.at, id.size);
    ids->at[ids->count++][id.size] = '\0';
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A list of a queue in motion may name a message twice. */
void hold_ids_sort(struct hold_ids *ids)
{
    size_t kept = 0;

    if (ids->count > 0)
        qsort(ids->at, ids->count, sizeof(*ids->at), compare);
    for (size_t i = 0; i < ids->count; i++) {
        if (kept == 0 || strcmp(ids->at[kept - 1], ids->at[i]) != 0)
            memmove(ids->at[kept++], ids->at[i], sizeof(*ids->at));
    }
    ids->count = kept;
}

bool hold_ids_has(const struct hold_ids *ids, struct span id)
{
    char text[QUEUE_ID_MAX + 1];

    if (id.size > QUEUE_ID_MAX || ids->count == 0)
        return false;
    memcpy(text, id.at, id.size);
    text[id.size] = '\0';
    return bsearch(text, ids->at, ids->count, sizeof(*ids->at), compare) != NULL;
}

void hold_ids_free(struct hold_ids *ids)
{
    free(ids->at);
    *ids = (struct hold_ids){ NULL, 0, 0, false };
}

/* The rows of `hold` let no other name through. */
const struct hold_queue_calls *hold_queue_of(const struct hold_settings *settings)
{
    const char *slash = strrchr(settings->command.at[0], '/');

    return strcmp(slash + 1, "sendmail") == 0 ? &hold_queue_sendmail : &hold_queue_postfix;
}
