/*
 * quiet: has everybody else in this process done what was under way?
 *
 * libmilter writes the answer to a message after our callback has returned, and tells nobody. A
 * thread that is in between runs, or would if it were let: on a busy machine, or after SIGCONT, for
 * longer than any fixed pause. A thread that sleeps has written. So each thread is looked at until
 * it was seen asleep; a lock it may have slept at is why it is looked at more than once.
 */
#ifndef EM_DAEMON_QUIET_H
#define EM_DAEMON_QUIET_H

#include <stdbool.h>

/*
 * Waits until every other thread there is now has ended or was seen asleep, at most within_ms.
 * False: one was not, or /proc does not tell (then all of the time was waited).
 */
bool quiet_await(int within_ms);

#endif
