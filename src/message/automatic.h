/*
 * automatic: was this message written by a program in answer to one that came in? (RFC 3834)
 */
#ifndef EM_MESSAGE_AUTOMATIC_H
#define EM_MESSAGE_AUTOMATIC_H

#include "message/message.h"
#include "util/arena.h"

enum automatic {
    AUTOMATIC_NO,
    AUTOMATIC_REPLY, /* a vacation notice, a ticket system's confirmation */
    AUTOMATIC_REPORT /* a bounce, a receipt: multipart/report (RFC 6522) */
};

/*
 * By the header alone. What a program sends of its own accord (Auto-Submitted: auto-generated) is
 * no answer unless it names what it answers; nor is mail of lists, whatever its Precedence.
 * Nothing is guessed from a Subject.
 */
enum automatic message_automatic(const struct message *message, struct arena *arena);

#endif
