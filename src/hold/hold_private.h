/*
 * hold_private: the kept form of a record (held_record.c). Not for other rooms.
 */
#ifndef EM_HOLD_HOLD_PRIVATE_H
#define EM_HOLD_HOLD_PRIVATE_H

#include "hold/held.h"

bool held_write(const struct held *held, struct buffer *out);
/* Without the queue id, which is the key. False: of another layout, or damaged. */
bool held_read(struct span bytes, struct held *held_r);

#endif
