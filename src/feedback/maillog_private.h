/*
 * maillog_private: how the readers of log lines move over a text. Not for other rooms.
 */
#ifndef EM_FEEDBACK_MAILLOG_PRIVATE_H
#define EM_FEEDBACK_MAILLOG_PRIVATE_H

#include "feedback/maillog_event.h"

/* By the tag's daemon; false as maillog_event_read(). */
bool maillog_postfix_read(const struct maillog_line *line, struct maillog_event *event);
bool maillog_postfix_delivery(struct span rest, struct span daemon, struct maillog_event *event);
/* "reject: RCPT from ...", and hold, discard; with "milter-" before and "_warning" behind. */
bool maillog_postfix_refusal(struct span rest, struct maillog_event *event);
/* "pc.example.org[192.0.2.1]: SASL LOGIN authentication failed: ..." */
bool maillog_postfix_auth(struct span rest, struct maillog_event *event);
/* "disconnect from unknown[192.0.2.1] ehlo=1 auth=0/3 quit=1 commands=2/5" */
bool maillog_postfix_disconnect(struct span rest, struct maillog_event *event);
bool maillog_sendmail_read(const struct maillog_line *line, struct maillog_event *event);
/* "ruleset=check_rcpt, ...", "Milter: ...", "AUTH failure (LOGIN): ..." */
bool maillog_sendmail_refusal(struct span rest, struct maillog_event *event);

/* Takes `text` off the beginning. */
bool maillog_skip(struct span *rest_io, struct span text);
/* Where the text first, or last, stands; -1. */
ptrdiff_t maillog_find(struct span where, struct span text);
ptrdiff_t maillog_find_last(struct span where, struct span text);
/* What stands before the first, and *rest_io behind it; false: it is not there. */
bool maillog_cut(struct span *rest_io, struct span text, struct span *before_r);
/* "4Xk2vR3m5Wz1q7: " at the beginning. A queue id of Postfix, short or long, or of Sendmail; no
 * word as "warning". */
bool maillog_take_id(struct span *rest_io, struct span *id_r);
/* Letters and digits at the beginning, as many as a queue id has; absent: none. */
struct span maillog_id_at(struct span text);
/* Digits at the beginning; false: none, or more than any count has. */
bool maillog_take_number(struct span *rest_io, uint64_t *number_r);
/* "1.9", "0.01", "30" to milliseconds; false: it is no such number. */
bool maillog_seconds(struct span text, int64_t *ms_r);
/* "550", "550-" or "550 " to 550; 0: no reply code. */
uint16_t maillog_code(struct span text);
/* "5.1.1" at the beginning (RFC 3463); absent: none. */
struct span maillog_dsn(struct span text);
/* "pc.example.org[192.0.2.25]", up to the bracket that closes and with a port behind; *rest_io is
 * what follows. */
bool maillog_take_client(struct span *rest_io, struct span *name_r, struct span *address_r);
/* "<a@example.org>" without its brackets; as it is without them. */
struct span maillog_address(struct span text);

#endif
