/*
 * load: the snapshot that the configuration file describes, for commands that work on it.
 */
#ifndef EM_CTL_LOAD_H
#define EM_CTL_LOAD_H

#include "config/config.h"
#include "ctl/ctl.h"
#include "site/site.h"

/* All faults, one line each, into ctl->err; warnings only where asked for. */
void load_print_faults(struct ctl *ctl, const struct config_report *report, bool with_warnings);
/* Loads ctl->config_path. NULL: its errors are in ctl->err, and the command ends with CTL_CONFIG.
 */
struct site *load_site(struct ctl *ctl);
/* The same where a configuration with faults, or none at all, is no fault of the command: NULL. */
struct site *load_site_quietly(const struct ctl *ctl);
/* Where keys lie as DOMAIN/SELECTOR.pem: where those of the configuration do (site may be NULL),
 * else in "keys" beside the configuration file. Into the buffer. */
void load_key_directory(const struct ctl *ctl, const struct site *site, struct buffer *path);

#endif
