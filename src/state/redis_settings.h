/*
 * redis_settings: the option rows of `redis`.
 */
#ifndef EM_STATE_REDIS_SETTINGS_H
#define EM_STATE_REDIS_SETTINGS_H

#include <stdint.h>

#include "config/row.h"

#define REDIS_ADDRESSES_MAX 16
#define REDIS_NAME_MAX 64 /* octets of a fleet's or a node's name */

struct redis_settings {
    struct config_texts
        addresses; /* "127.0.0.1:6379", "[::1]:6379", "unix:/path"; none: no fleet */
    const char *fleet;
    const char *node; /* NULL: the name of the host */
    const char *user, *password_file;
    const char *share;
    int64_t deadline_ms;
};

extern const struct config_table redis_settings_table; /* path "redis" */

/* `share` as a number, 1 to 100. */
unsigned redis_share_percent(const struct redis_settings *settings);
/* `node`, or what stands for it. */
void redis_node_name(const struct redis_settings *settings, char out[static REDIS_NAME_MAX + 1]);

#endif
