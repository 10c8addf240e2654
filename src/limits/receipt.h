/*
 * receipt: what a message was charged, as octets that can be kept until it is known whether the
 * message leaves: a held one that is deleted gets it back. Of limits by address only what counts
 * elsewhere too is given back (limits/unique.h knows no single messages).
 */
#ifndef EM_LIMITS_RECEIPT_H
#define EM_LIMITS_RECEIPT_H

#include <stdbool.h>

#include "limits/books.h"
#include "util/buffer.h"
#include "util/span.h"

enum { RECEIPT_MAX = 4096 };

/* Appends it; lines that find no room in RECEIPT_MAX octets are left out. */
void receipt_write(const struct charge *charge, const struct fleet_receipt *fleet,
                   struct buffer *out);
/* Gives back what it says; may wait as books_give_back(). False: these octets are none, or the
 * store failed (*is_good_r tells). */
bool receipt_give_back(const struct books *books, struct span octets, bool *is_good_r);

#endif
