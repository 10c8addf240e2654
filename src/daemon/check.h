/*
 * check: `egress-milter -t`: everything checked as the user the daemon becomes, nothing started.
 */
#ifndef EM_DAEMON_CHECK_H
#define EM_DAEMON_CHECK_H

#include "daemon/options.h"
#include "daemon/plan.h"

/* Faults go to stderr; returns what the program ends with. */
int check_run(const struct daemon_options *options);
/*
 * The child's part alone: loads everything in a process of its own that has become the plan's user,
 * and prints its faults to stderr. DAEMON_GOOD, DAEMON_CONFIG or DAEMON_INTERNAL.
 */
int check_as_user(const struct plan *plan, bool strict);
/*
 * After the parent's part failed: its errors go to stderr, then what the child's part would find,
 * so that one run names every fault. Returns DAEMON_CONFIG.
 */
int check_explain(const struct plan *plan, const struct config_report *report);

#endif
