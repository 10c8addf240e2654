/*
 * source: one configuration file, read and parsed into libconfig's tree.
 */
#ifndef EM_CONFIG_SOURCE_PRIVATE_H
#define EM_CONFIG_SOURCE_PRIVATE_H

#include <libconfig.h>
#include <stdbool.h>

#include "config/config.h"
#include "util/span.h"

struct source {
    const char *file; /* as named in complaints; the caller's, must outlive the configuration */
    config_t tree;    /* all its settings know their line: source_line() */
};

/* False: reported, and nothing to free. */
bool source_parse(struct source *source_r, const char *file, struct span text,
                  struct config_report *report);
/* The same from the disk; what was read is also added to `kept`, see kept.c. */
bool source_read(struct source *source_r, const char *file, struct buffer *kept,
                 struct config_report *report);
void source_free(struct source *source);

/* Where a setting, or an entry of a list or array, begins. */
struct config_place source_place(const struct source *source, const config_setting_t *node);

#endif
