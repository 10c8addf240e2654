/*
 * settings: how much may be held, who hears of it, and by what it is let go.
 */
#include "hold/settings.h"

#include <string.h>

#include "notice/settings.h"

static const char *const notify_names[] = { "nobody", "admin", NULL };

static const struct config_row hold_rows[] = {
    { .name = "per_principal",
      .type = CONFIG_INT,
      .offset = offsetof(struct hold_settings, per_principal),
      .fallback = "100",
      .min = 1,
      .max = 1000000,
      .brief = "messages of one principal that may be held at a time; more are deferred" },
    { .name = "total",
      .type = CONFIG_INT,
      .offset = offsetof(struct hold_settings, total),
      .fallback = "5000",
      .min = 1,
      .max = 1000000,
      .brief = "messages of all together that may be held at a time; more are deferred" },
    { .name = "notify",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct hold_settings, notify),
      .fallback = "admin",
      .choices = notify_names,
      .brief = "who gets mail (`notices`) about mail that is held" },
    { .name = "command",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct hold_settings, command),
      .fallback = "[ /usr/sbin/postsuper ]",
      .brief = "the mail server's tool: postsuper, or sendmail; argv, no shell" },
    CONFIG_ROWS_END,
};

static bool is_tool(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    return strcmp(name, "postsuper") == 0 || strcmp(name, "sendmail") == 0;
}

static void check_hold(const struct config *config, const void *settings,
                       struct config_report *report)
{
    const struct hold_settings *hold = settings;
    struct config_place place = config_where(config, &hold_settings_table, "command");

    notice_check_command(config, &hold_settings_table, "command", &hold->command, report);
    if (hold->command.count > 0 && hold->command.at[0][0] == '/' && !is_tool(hold->command.at[0])) {
        config_complain(report, CONFIG_ERROR, &place, "hold.command",
                        "%s: not known how to use; valid: the path of postsuper or of sendmail, "
                        "with options like -c or -C behind it",
                        hold->command.at[0]);
    }
    if (hold->per_principal > hold->total) {
        place = config_where(config, &hold_settings_table, "per_principal");
        config_complain(report, CONFIG_WARNING, &place, "hold.per_principal",
                        "has no effect: hold.total is %lld", (long long)hold->total);
    }
}

const struct config_table hold_settings_table = {
    .path = "hold", .rows = hold_rows, .size = sizeof(struct hold_settings), .check = check_hold
};
