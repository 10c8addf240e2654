/*
 * name_count: how many fields of a name came so far, for names that have no identifier.
 *
 * A Patricia tree in the message's arena. The cost of a look-up is bounded by the length of the
 * name, whatever names were chosen before: no stranger can make a long header slow. Case does not
 * matter.
 */
#ifndef EM_MESSAGE_NAME_COUNT_PRIVATE_H
#define EM_MESSAGE_NAME_COUNT_PRIVATE_H

#include <stdint.h>

#include "util/arena.h"
#include "util/span.h"

struct name_node;

/*
 * The counter of `name`, made with 0 when the name is new (the text is not copied, it must live as
 * long as the arena). *root_io is NULL at first. NULL: arena exhausted.
 */
uint32_t *name_count(struct name_node **root_io, struct arena *arena, struct span name);

#endif
