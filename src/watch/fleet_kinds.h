/*
 * fleet_kinds: which tables of the store the nodes of a fleet share (limits/fleet_share.h).
 */
#ifndef EM_WATCH_FLEET_KINDS_H
#define EM_WATCH_FLEET_KINDS_H

#include "limits/fleet_share.h"
#include "log/log.h"

enum fleet_kind { FLEET_OVERRIDES, FLEET_SUPPRESSED, FLEET_SUSPENDED, FLEET_KIND_COUNT };

struct fleet_kind_row {
    struct fleet_share_kind share;
    const char *title;    /* what the log calls it */
    enum log_level level; /* of a line about changes */
    unsigned budget_ms;   /* of a run */
};

extern const struct fleet_kind_row fleet_kinds[FLEET_KIND_COUNT];

#endif
