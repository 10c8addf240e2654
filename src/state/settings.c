/*
 * settings: where the store lies, how often it is copied, how large it may become.
 */
#include "state/settings.h"

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"

static bool accepts_directory(const char *value, struct error *error)
{
    if (value[0] == '/') {
        return true;
    }
    error_set(error, "not an absolute path; valid: \"/var/lib/egress-milter\"");
    return false;
}

static const struct config_row state_rows[] = {
    { .name = "directory",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct state_settings, directory),
      .fallback = EM_STATE_DIR,
      .accepts = accepts_directory,
      .brief = "where what outlives a process is kept; not on a network file system" },
    { .name = "checkpoint",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct state_settings, checkpoint_s),
      .fallback = "60s",
      .min = 1,
      .max = 86400,
      .brief = "how often a copy is made, which takes over when the original is damaged" },
    { .name = "size",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct state_settings, size_bytes),
      .fallback = "1G",
      .min = (int64_t)STATE_SIZE_MIN,
      .max = (int64_t)STATE_SIZE_MAX,
      .brief = "how much may be kept; an account takes about half a kilobyte" },
    CONFIG_ROWS_END,
};

const struct config_table state_settings_table = { .path = "state",
                                                   .rows = state_rows,
                                                   .size = sizeof(struct state_settings) };
