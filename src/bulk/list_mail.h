/*
 * list_mail: is a message one that many subscribed to, so that its receivers must be able to
 * unsubscribe? Narrow on purpose: a person's mail, an answer of a machine or a notification that
 * somebody asked for is none, however many get it.
 */
#ifndef EM_BULK_LIST_MAIL_H
#define EM_BULK_LIST_MAIL_H

#include "finding/finding.h"
#include "message/message.h"

/* By what it is known: "List-Id", "List-Unsubscribe", "Precedence: bulk", ... NULL: it is none. */
const char *list_mail_sign(const struct message *message, enum mail_class mail_class);

#endif
