/*
 * settings: the rows of `clamd`.
 */
#include "scan/settings.h"

#include "finding/finding.h"
#include "scan/clamd_place.h"
#include "util/error.h"

static const char *const failure_names[] = { "pass", "defer", NULL };

static bool accepts_directory(const char *value, struct error *error)
{
    if (value[0] == '/') {
        return true;
    }
    error_set(error, "no directory; valid: one named from / on");
    return false;
}

static const struct config_row clamd_rows[] = {
    { .name = "socket",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct clamd_settings, socket),
      .accepts = clamd_place_accepts,
      .brief = "where clamd answers: \"unix:/path\" or \"inet:PORT@HOST\"; absent: nothing is "
               "scanned" },
    { .name = "timeout",
      .type = CONFIG_MILLISECONDS,
      .offset = offsetof(struct clamd_settings, timeout_ms),
      .fallback = "10s",
      .min = 100,
      .max = 240000,
      .brief = "how long one message waits for its scan" },
    { .name = "on_failure",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct clamd_settings, on_failure),
      .fallback = "pass",
      .choices = failure_names,
      .brief = "what becomes of users' mail that could not be scanned" },
    { .name = "max_size",
      .type = CONFIG_SIZE,
      .offset = offsetof(struct clamd_settings, max_bytes),
      .fallback = "25M",
      .min = 1024,
      .max = INT64_C(1) << 30,
      .brief = "larger messages are not scanned; no more than clamd's StreamMaxLength" },
    { .name = "classes",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct clamd_settings, classes),
      .accepts = mail_class_accepts,
      .brief = "whose mail is scanned; absent: all outgoing mail" },
    { .name = "directory",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct clamd_settings, directory),
      .accepts = accepts_directory,
      .brief = "where messages lie while they wait for their scan; absent: state.directory" },
    CONFIG_ROWS_END,
};

/* Whoever sets the rest believes that something is scanned. */
static void check_clamd(const struct config *config, const void *settings,
                        struct config_report *report)
{
    bool has_socket = config_is_set(config, &clamd_settings_table, "socket");
    (void)settings;
    for (const struct config_row *row = clamd_rows; !has_socket && row->name != NULL; row++) {
        if (config_is_set(config, &clamd_settings_table, row->name)) {
            struct config_place place = config_where(config, &clamd_settings_table, row->name);
            config_complain(report, CONFIG_WARNING, &place, "clamd",
                            "has no effect: clamd.socket is not set");
            return;
        }
    }
}

const struct config_table clamd_settings_table = {
    .path = "clamd", .rows = clamd_rows, .size = sizeof(struct clamd_settings), .check = check_clamd
};
