/*
 * hold_queue: the mail server's quarantine, through its own tools (hold.command): what lies there,
 * and how it goes.
 *
 *   postsuper   COMMAND -H - and COMMAND -d - hold, queue ids on standard input; postqueue -j and
 *               postcat beside it, with the arguments of the command
 *   sendmail    COMMAND -qQ -qIID ... -Q; COMMAND -bp -qQ; there is no way to delete, so the files
 *               of the message go from the queue, under its lock
 */
#ifndef EM_CTL_HOLD_QUEUE_H
#define EM_CTL_HOLD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "hold/queue_id.h"
#include "hold/settings.h"
#include "util/buffer.h"
#include "util/error.h"

/* Queue ids; every one is a good one (queue_id_is_good). */
struct hold_ids {
    char (*at)[QUEUE_ID_MAX + 1];
    size_t count, room;
    bool failed; /* out of memory */
};

/* What is no queue id is left out. */
void hold_ids_add(struct hold_ids *ids, struct span id);
/* Before hold_ids_has(). */
void hold_ids_sort(struct hold_ids *ids);
bool hold_ids_has(const struct hold_ids *ids, struct span id);
void hold_ids_free(struct hold_ids *ids);

struct hold_queue_calls {
    /* All that lies there. */
    bool (*list)(const struct hold_settings *settings, struct hold_ids *ids, struct error *error);
    /* Lets go, deletes: whether it worked is seen by list(). */
    bool (*release)(const struct hold_settings *settings, const struct hold_ids *ids,
                    struct error *error);
    bool (*remove)(const struct hold_settings *settings, const struct hold_ids *ids,
                   struct error *error);
    /* The header of one, any bytes. */
    bool (*header)(const struct hold_settings *settings, const char *id, struct buffer *out,
                   struct error *error);
};

extern const struct hold_queue_calls hold_queue_postfix, hold_queue_sendmail;
/* By the name of the command. */
const struct hold_queue_calls *hold_queue_of(const struct hold_settings *settings);

#endif
