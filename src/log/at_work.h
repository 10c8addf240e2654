/*
 * at_work: what a thread is at work on, so that a process that crashes can say so. Two stores per
 * step of a message; read by nobody but the handler of a deadly signal, in the same thread.
 */
#ifndef EM_LOG_AT_WORK_H
#define EM_LOG_AT_WORK_H

#include "util/span.h"

/* `step` is a literal; `what` must stay where it is until at_work_end(). */
void at_work_begin(const char *step, struct span what);
void at_work_end(void);
/* "at work on STEP of WHAT", or "at no message", to fd. Async-signal-safe. */
void at_work_tell(int fd);

#endif
