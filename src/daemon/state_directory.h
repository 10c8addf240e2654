/*
 * state_directory: the directory of the store (settings `state`), made for the user of the
 * children.
 */
#ifndef EM_DAEMON_STATE_DIRECTORY_H
#define EM_DAEMON_STATE_DIRECTORY_H

#include <stdbool.h>

#include "daemon/plan.h"
#include "util/error.h"

/* In the parent: makes it where it is missing and we are root. What goes wrong is found by who uses
 * it. */
void state_directory_make(const struct plan *plan);
/* As the user of the children: complains of one that cannot be used, which is a warning: the daemon
 * works from memory then. */
void state_directory_check(const struct plan *plan, struct config_report *report);

#endif
