/*
 * start: egress-milter from its options to its end.
 */
#ifndef EM_DAEMON_START_H
#define EM_DAEMON_START_H

#include "daemon/options.h"

/*
 * Reads the configuration, binds the sockets, goes into the background unless told otherwise, and
 * watches over the children. Returns what the program ends with; in the background the process that
 * was started returns as soon as the sockets answer.
 */
int start_run(const struct daemon_options *options);

#endif
