/*
 * queue_id: the names a mail server gives to messages.
 */
#ifndef EM_HOLD_QUEUE_ID_H
#define EM_HOLD_QUEUE_ID_H

#include <stdbool.h>

#include "util/span.h"

#define QUEUE_ID_MAX 31

/* Letters and digits of a length that Postfix (short and long) and Sendmail use: never an option,
 * never a word that a tool takes for all of them ("ALL"), never a path. */
bool queue_id_is_good(struct span id);

#endif
