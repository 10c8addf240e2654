/*
 * client: asks the running daemon. Blocking, with a deadline; for egressctl.
 */
#ifndef EM_CONTROL_CLIENT_H
#define EM_CONTROL_CLIENT_H

#include <stdbool.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/span.h"

/*
 * Sends `request` ("status", "reload json"; no newline) to the daemon at socket_path and reads the
 * answer until it closes, all within deadline_ms (0: what the request needs at most).
 *
 * True: *exit_r is the N of "exit N", answer holds what followed. False: not reachable, no answer
 * in time, or an answer that is none; *error says which and what to look at (egressctl ends 69).
 */
bool control_ask(const char *socket_path, struct span request, int deadline_ms, int *exit_r,
                 struct buffer *answer, struct error *error);

#endif
