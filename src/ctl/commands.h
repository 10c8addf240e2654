/*
 * commands: every command of egressctl, one file cmd_<name>.c each; main.c puts them in a table.
 */
#ifndef EM_CTL_COMMANDS_H
#define EM_CTL_COMMANDS_H

#include "ctl/ctl.h"

extern const struct ctl_command cmd_causes;
extern const struct ctl_command cmd_check;
extern const struct ctl_command cmd_explain;
extern const struct ctl_command cmd_feedback;
extern const struct ctl_command cmd_health;
extern const struct ctl_command cmd_help;
extern const struct ctl_command cmd_hold_delete;
extern const struct ctl_command cmd_hold_list;
extern const struct ctl_command cmd_hold_release;
extern const struct ctl_command cmd_hold_show;
extern const struct ctl_command cmd_import_opendkim;
extern const struct ctl_command cmd_key_list;
extern const struct ctl_command cmd_key_new;
extern const struct ctl_command cmd_key_prove;
extern const struct ctl_command cmd_key_retire;
extern const struct ctl_command cmd_key_rotate;
extern const struct ctl_command cmd_key_show;
extern const struct ctl_command cmd_learn_owners;
extern const struct ctl_command cmd_limit_clear;
extern const struct ctl_command cmd_limit_list;
extern const struct ctl_command cmd_limit_reset;
extern const struct ctl_command cmd_limit_set;
extern const struct ctl_command cmd_lists;
extern const struct ctl_command cmd_log_summary;
extern const struct ctl_command cmd_owners;
extern const struct ctl_command cmd_plans;
extern const struct ctl_command cmd_readiness;
extern const struct ctl_command cmd_reload;
extern const struct ctl_command cmd_replay;
extern const struct ctl_command cmd_restart;
extern const struct ctl_command cmd_settings;
extern const struct ctl_command cmd_status;
extern const struct ctl_command cmd_suppress_add;
extern const struct ctl_command cmd_suppress_export;
extern const struct ctl_command cmd_suppress_list;
extern const struct ctl_command cmd_suppress_remove;
extern const struct ctl_command cmd_top;
extern const struct ctl_command cmd_user_history;
extern const struct ctl_command cmd_user_messages;
extern const struct ctl_command cmd_user_release;
extern const struct ctl_command cmd_user_show;
extern const struct ctl_command cmd_user_suspend;
extern const struct ctl_command cmd_user_suspended;
extern const struct ctl_command cmd_would;

/* The list of commands (command NULL), or the usage of one. */
enum ctl_exit help_print(struct ctl *ctl, const struct ctl_command *command);
enum ctl_exit help_version(struct ctl *ctl);

#endif
