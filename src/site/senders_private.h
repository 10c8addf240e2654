/*
 * senders_private: what the files about senders share. Not for other rooms.
 */
#ifndef EM_SITE_SENDERS_PRIVATE_H
#define EM_SITE_SENDERS_PRIVATE_H

#include "site/senders.h"

enum { SENDER_GROUPS_DEEP = 4 /* a group in a group in a group */ };

/* The next of "a, b c"; false at the end. */
bool senders_next_item(struct span *rest_io, struct span *item_r);
/* The local part without its extension; the whole where it has none. */
struct span senders_bare_local(const struct site *site, struct span local);
/* No: receivers may see another address in it, or none. */
bool senders_can_read(const struct address *address);

#endif
