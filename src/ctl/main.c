/*
 * egressctl: what an administrator asks of egress-milter: of its configuration, of a saved message,
 * of the keys, of the running daemon. The commands are the table below, one file each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/settings.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "log/log.h"

#define AUDIT_WAIT_MS 1000

static const struct ctl_command *const commands[] = {
    &cmd_check,
    &cmd_explain,
    &cmd_status,
    &cmd_health,
    &cmd_reload,
    &cmd_restart,
    &cmd_top,
    &cmd_user_show,
    &cmd_user_suspend,
    &cmd_user_release,
    &cmd_user_suspended,
    &cmd_user_history,
    &cmd_user_messages,
    &cmd_limit_list,
    &cmd_limit_set,
    &cmd_limit_clear,
    &cmd_limit_reset,
    &cmd_plans,
    &cmd_replay,
    &cmd_key_new,
    &cmd_key_list,
    &cmd_key_show,
    &cmd_key_prove,
    &cmd_key_rotate,
    &cmd_key_retire,
    &cmd_would,
    &cmd_owners,
    &cmd_learn_owners,
    &cmd_help,
    &cmd_settings,
    &cmd_import_opendkim,
    &cmd_hold_list,
    &cmd_hold_show,
    &cmd_hold_release,
    &cmd_hold_delete,
    &cmd_suppress_list,
    &cmd_suppress_add,
    &cmd_suppress_remove,
    &cmd_suppress_export,
    &cmd_readiness,
    &cmd_lists,
    &cmd_feedback,
    &cmd_causes,
    &cmd_log_summary,
};

/* https://no-color.org: set and not empty. */
static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return (no_colour == NULL || no_colour[0] == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0 && isatty(STDOUT_FILENO) == 1;
}

/* stderr second: what went wrong stays the last thing on the screen. */
static int hand_out(struct ctl *ctl, enum ctl_exit code)
{
    bool is_whole = !buffer_has_failed(&ctl->out) && !buffer_has_failed(&ctl->err);

    if (ctl->out.size > 0 && fwrite(ctl->out.at, 1, ctl->out.size, stdout) != ctl->out.size)
        is_whole = false;
    if (fflush(stdout) != 0)
        is_whole = false;
    if (ctl->err.size > 0)
        fwrite(ctl->err.at, 1, ctl->err.size, stderr);
    if (!is_whole) {
        fputs("egressctl: the output could not be written completely\n", stderr);
        return CTL_INTERNAL;
    }
    return (int)code;
}

/* Lines of ours go to stderr before and after. */
static void audit_write(struct ctl_audit *audit, const char *facility, struct span line)
{
    (void)audit;
    log_open_syslog("egressctl", facility);
    log_write_line(LOG_LEVEL_NOTICE, line);
    log_drain(AUDIT_WAIT_MS);
    log_open_stderr("egressctl");
}

int main(int argc, char **argv)
{
    struct ctl_audit audit = { audit_write };
    struct ctl ctl = {
        .commands = commands,
        .command_count = sizeof(commands) / sizeof(commands[0]),
        .tables = all_config_tables(),
        .clock = &clock_system,
        .asks_dns = true,
        .has_colour = wants_colour(),
        .audit = &audit,
    };
    int code;

    log_open_stderr("egressctl");
    code = hand_out(&ctl, ctl_run(&ctl, argc, (const char *const *)argv));
    buffer_free(&ctl.out);
    buffer_free(&ctl.err);
    return code;
}
