/*
 * reply_memory: how often did this sender answer that recipient automatically within the last hour?
 * Two autoresponders that answer each other do it for ever.
 *
 * Of one process; of a fixed size: where there are too many pairs the oldest of some is forgotten,
 * and a loop is found later. Thread safe.
 */
#ifndef EM_POLICY_REPLY_MEMORY_H
#define EM_POLICY_REPLY_MEMORY_H

#include <stdint.h>

#include "util/span.h"

#define REPLY_MEMORY_S 3600

struct reply_memory;

/* NULL: out of memory. */
struct reply_memory *reply_memory_new(void);
void reply_memory_free(struct reply_memory **memory);
/* One more; how many it is within the hour that began with the first. Addresses in any case. */
unsigned reply_memory_note(struct reply_memory *memory, struct span sender, struct span recipient,
                           uint64_t now_ns);

#endif
