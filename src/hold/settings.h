/*
 * settings: the rows of `hold`.
 */
#ifndef EM_HOLD_SETTINGS_H
#define EM_HOLD_SETTINGS_H

#include "config/config.h"
#include "config/row.h"

enum hold_notify { HOLD_NOTIFY_NOBODY, HOLD_NOTIFY_ADMIN };

struct hold_settings {
    int64_t per_principal, total; /* messages */
    int notify;                   /* enum hold_notify */
    struct config_texts command;  /* argv of what lets held mail go or deletes it; see queue.h */
};

extern const struct config_table hold_settings_table;

#endif
