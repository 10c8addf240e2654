/*
 * queue_id: see queue_id.h.
 */
#include "hold/queue_id.h"

enum { SHORTEST = 5 };

bool queue_id_is_good(struct span id)
{
    for (size_t i = 0; i < id.size; i++) {
        char c = ascii_lower(id.at[i]);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) {
            return false;
        }
    }
    return id.size >= SHORTEST && id.size <= QUEUE_ID_MAX;
}
