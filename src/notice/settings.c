/*
 * settings: whom notices go to, and what is run when there is one.
 */
#include "notice/settings.h"

#include <stdio.h>
#include <string.h>

#include "util/error.h"

enum { ADMIN_MAX = 20 };

/* What may stand in a header field without quoting, and is never an option of a command. */
static bool accepts_address(const char *value, struct error *error)
{
    const char *at = strchr(value, '@');
    bool is_good = at != NULL && at != value && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
                   value[0] != '-' && strlen(value) <= 254;

    for (const char *c = value; *c != '\0' && is_good; c++) {
        is_good = *c > 0x20 && *c < 0x7f && strchr("<>()[]\\,;:\"", *c) == NULL;
    }
    if (!is_good) {
        error_set(error, "no address; valid: \"postmaster@example.org\", in ASCII");
    }
    return is_good;
}

static const struct config_row notice_rows[] = {
    { .name = "admin",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct notice_settings, admin),
      .accepts = accepts_address,
      .brief = "whom notices are mailed to; none: they go to the log and to hooks only" },
    { .name = "from",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct notice_settings, from),
      .accepts = accepts_address,
      .brief = "the author of that mail; absent: the first of admin" },
    { .name = "command",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct notice_settings, command),
      .fallback = "[ /usr/sbin/sendmail, -t, -oi ]",
      .brief = "what sends that mail: argv, no shell; it reads the message" },
    CONFIG_ROWS_END,
};

#define HOOK_ROW(id, word, title, is_logged, pause_s, hourly)                                      \
    { .name = word,                                                                                \
      .type = CONFIG_TEXTS,                                                                        \
      .offset = offsetof(struct hook_settings, at) + NOTICE_##id * sizeof(struct config_texts),    \
      .brief = "argv, no shell: run when there is such a notice" },

static const struct config_row hook_rows[] = {
    NOTICE_ROWS(HOOK_ROW) CONFIG_ROWS_END,
};

void notice_check_command(const struct config *config, const struct config_table *table,
                          const char *name, const struct config_texts *command,
                          struct config_report *report)
{
    struct config_place place = config_where(config, table, name);
    char setting[96];

    if (command->count > 0 && command->at[0][0] == '/') {
        return;
    }
    snprintf(setting, sizeof(setting), "%s.%s", table->path, name);
    config_complain(report, CONFIG_ERROR, &place, setting,
                    "a command is a list of words, the first of them an absolute path; valid: "
                    "[ \"/usr/local/sbin/program\", \"argument\" ]");
}

static void check_notices(const struct config *config, const void *settings,
                          struct config_report *report)
{
    const struct notice_settings *notices = settings;
    struct config_place place = config_where(config, &notice_settings_table, "from");

    notice_check_command(config, &notice_settings_table, "command", &notices->command, report);
    if (notices->admin.count > ADMIN_MAX) {
        place = config_where(config, &notice_settings_table, "admin");
        config_complain(report, CONFIG_ERROR, &place, "notices.admin",
                        "%zu addresses; valid: at most %d, or one of a list", notices->admin.count,
                        ADMIN_MAX);
        place = config_where(config, &notice_settings_table, "from");
    }
    if (notices->admin.count == 0 && notices->from != NULL) {
        config_complain(report, CONFIG_WARNING, &place, "notices.from",
                        "has no effect: notices.admin names nobody");
    }
}

static void check_hooks(const struct config *config, const void *settings,
                        struct config_report *report)
{
    const struct hook_settings *hooks = settings;

    for (size_t i = 0; i < NOTICE_KIND_COUNT; i++) {
        if (config_is_set(config, &hook_settings_table, notice_kinds[i].name)) {
            notice_check_command(config, &hook_settings_table, notice_kinds[i].name, &hooks->at[i],
                                 report);
        }
    }
}

const struct config_table notice_settings_table = { .path = "notices",
                                                    .rows = notice_rows,
                                                    .size = sizeof(struct notice_settings),
                                                    .check = check_notices };
const struct config_table hook_settings_table = {
    .path = "hooks", .rows = hook_rows, .size = sizeof(struct hook_settings), .check = check_hooks
};
