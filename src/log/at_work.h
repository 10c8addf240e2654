/*
 * at_work: what a thread is at work on, so that a process that crashes can say so. Two stores per
 * step of a message; read by nobody but the handler of a deadly signal, in the same thread. Such a
 * handler needs a stack to stand on when it is the thread's own that is exhausted.
 */
#ifndef EM_LOG_AT_WORK_H
#define EM_LOG_AT_WORK_H

#include <stdbool.h>

#include "util/span.h"

/* Gives the calling thread a spare stack for signal handlers; does nothing the second time. */
void at_work_prepare(void);
/* Prepares the thread, too. `step` is a literal; `what` must stay where it is until at_work_end().
 */
void at_work_begin(const char *step, struct span what);
void at_work_end(void);
/* "at work on STEP of WHAT", or "at no message", to fd. Async-signal-safe. */
void at_work_tell(int fd);

#endif
