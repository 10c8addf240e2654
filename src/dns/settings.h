/*
 * settings: the option rows of `dns`.
 */
#ifndef EM_DNS_SETTINGS_H
#define EM_DNS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/row.h"

struct dns_settings {
    /* "ADDRESS" or "ADDRESS@PORT"; "system" (the default) stands for those of /etc/resolv.conf;
     * none: asked for from the root on. */
    struct config_texts servers;
    int64_t timeout_ms; /* what one message may wait for answers in all */
};

extern const struct config_table dns_settings_table; /* path "dns" */

#endif
