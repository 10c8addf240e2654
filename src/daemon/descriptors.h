/*
 * descriptors: room for as many open sessions as are allowed.
 */
#ifndef EM_DAEMON_DESCRIPTORS_H
#define EM_DAEMON_DESCRIPTORS_H

#include "daemon/plan.h"

/* Raises the limit of open descriptors to what the plan can need, for this process and its
 * children; where that is not permitted, one warning tells what to set. */
void descriptors_raise(const struct plan *plan);

#endif
