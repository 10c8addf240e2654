/*
 * settings: the rows of `notices` and `hooks`.
 */
#ifndef EM_NOTICE_SETTINGS_H
#define EM_NOTICE_SETTINGS_H

#include "config/config.h"
#include "config/row.h"
#include "notice/kind.h"

struct error;

struct notice_settings {
    struct config_texts admin;   /* addresses; none: no mail is sent */
    const char *from;            /* NULL: the first of admin */
    struct config_texts command; /* argv; reads the message from its standard input */
};

struct hook_settings {
    struct config_texts at[NOTICE_KIND_COUNT]; /* argv; none: nothing is run */
};

extern const struct config_table notice_settings_table, hook_settings_table;

/* For tables with a row that is an argv: complains unless its first word is an absolute path. */
void notice_check_command(const struct config *config, const struct config_table *table,
                          const char *name, const struct config_texts *command,
                          struct config_report *report);

#endif
