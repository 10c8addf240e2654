/*
 * loop: one poll thread that watches descriptors and deadlines for whoever talks to sockets.
 *
 * The room starts no thread: the daemon runs loop_run() in one of its own. Callbacks run in that
 * thread, one at a time, and must not wait. loop_watch/_unwatch/_arm may be called from callbacks
 * only, or before loop_run(); loop_stop() and loop_wake() from any thread and from signal handlers.
 */
#ifndef EM_IO_LOOP_H
#define EM_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;

/* What happened: poll(2) events in `revents` (those asked for, and POLLERR, POLLHUP, POLLNVAL), or
 * 0 when the deadline passed. A deadline passes once; loop_arm() sets the next. */
typedef void loop_callback(struct loop *loop, struct loop_watch *watch, short revents,
                           void *context);

struct loop *loop_new(void);
/* Frees the loop and all watches; descriptors stay open, they are the owners'. Clears the pointer.
 */
void loop_free(struct loop **loop);
/*
 * Watches fd for poll(2) `events` (0: only the deadline). timeout_ms < 0: none. The watch lives
 * until loop_unwatch(). NULL: out of memory.
 */
struct loop_watch *loop_watch(struct loop *loop, int fd, short events, int timeout_ms,
                              loop_callback *callback, void *context);
/* Changes events and restarts the deadline from now. */
void loop_arm(struct loop *loop, struct loop_watch *watch, short events, int timeout_ms);
/* Ends a watch and clears the pointer; safe inside its own callback. */
void loop_unwatch(struct loop *loop, struct loop_watch **watch);
/* What to call, in the loop's thread, after loop_wake(); several wakes may become one call. One for
 * each loop, set before loop_run(). */
typedef void loop_wake_callback(struct loop *loop, void *context);
void loop_on_wake(struct loop *loop, loop_wake_callback *callback, void *context);
void loop_wake(struct loop *loop);
/* Serves until loop_stop(), which may also come before; can then be called again. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
