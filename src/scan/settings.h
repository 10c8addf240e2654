/*
 * settings: the rows of `clamd`.
 */
#ifndef EM_SCAN_SETTINGS_H
#define EM_SCAN_SETTINGS_H

#include "config/config.h"
#include "config/row.h"

enum clamd_failure { CLAMD_FAILURE_PASS, CLAMD_FAILURE_DEFER };

struct clamd_settings {
    const char *socket; /* "unix:/path" or "inet:PORT@HOST"; NULL: nothing is scanned */
    int64_t timeout_ms; /* of one message, all of it */
    int on_failure;     /* enum clamd_failure */
    int64_t max_bytes;
    struct config_texts classes; /* names of classes; none: all outgoing mail */
    const char *directory;       /* where messages lie meanwhile; NULL: the state's */
};

extern const struct config_table clamd_settings_table; /* path "clamd" */

#endif
