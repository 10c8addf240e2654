/*
 * redis_settings: the rows of `redis`.
 */
#include "state/redis_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "state/redis_private.h"
#include "util/error.h"
#include "util/file.h"
#include "util/span.h"

static bool accepts_address(const char *value, struct error *error)
{
    struct redis_place place;
    return redis_place_read(value, &place, error);
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

static bool accepts_name(const char *value, struct error *error)
{
    size_t size = 0;
    while (is_name_char(value[size])) {
        size++;
    }
    if (size > 0 && size <= REDIS_NAME_MAX && value[size] == '\0') {
        return true;
    }
    error_set(error, "no name; valid: letters, digits, '-', '_', '.', at most %d of them",
              REDIS_NAME_MAX);
    return false;
}

static bool accepts_path(const char *value, struct error *error)
{
    if (value[0] == '/') {
        return true;
    }
    error_set(error, "not an absolute path; valid: \"/etc/egress-milter/redis.pw\"");
    return false;
}

/* 0: no share. */
static unsigned read_share(const char *text)
{
    unsigned percent = 0;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && i < 4; i++) {
        percent = percent * 10 + (unsigned)(text[i] - '0');
    }
    return digits > 0 && strcmp(text + digits, "%") == 0 && percent <= 100 ? percent : 0;
}

static bool accepts_share(const char *value, struct error *error)
{
    if (read_share(value) > 0) {
        return true;
    }
    error_set(error, "no share; valid: \"1%%\" to \"100%%\"");
    return false;
}

static const struct config_row redis_rows[] = {
    { .name = "addresses",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct redis_settings, addresses),
      .accepts = accepts_address,
      .brief = "servers of one and the same data, tried in turn; without one this node counts for "
               "itself" },
    { .name = "fleet",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct redis_settings, fleet),
      .fallback = "mx",
      .accepts = accepts_name,
      .brief = "whose counts these are: all nodes with this name count together" },
    { .name = "node",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct redis_settings, node),
      .accepts = accepts_name,
      .brief = "what this node is called, another than every other; absent: the host's name" },
    { .name = "user",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct redis_settings, user),
      .brief = "whom to log in as (ACL); absent: the server's default user" },
    { .name = "password_file",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct redis_settings, password_file),
      .accepts = accepts_path,
      .brief = "file with the password; read anew for each connection" },
    { .name = "share",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct redis_settings, share),
      .fallback = "25%",
      .accepts = accepts_share,
      .brief = "how much of each limit this node allows by itself while no server answers" },
    { .name = "deadline",
      .type = CONFIG_MILLISECONDS,
      .offset = offsetof(struct redis_settings, deadline_ms),
      .fallback = "30ms",
      .min = 5,
      .max = 1000,
      .brief = "how long a message waits for an answer at most" },
    CONFIG_ROWS_END,
};

unsigned redis_share_percent(const struct redis_settings *settings)
{
    return read_share(settings->share);
}

void redis_node_name(const struct redis_settings *settings, char out[static REDIS_NAME_MAX + 1])
{
    char host[256] = "";
    if (settings->node != NULL) {
        snprintf(out, REDIS_NAME_MAX + 1, "%s", settings->node);
        return;
    }
    if (gethostname(host, sizeof(host) - 1) < 0 || host[0] == '\0') {
        strcpy(host, "node");
    }
    snprintf(out, REDIS_NAME_MAX + 1, "%.*s", REDIS_NAME_MAX, host);
    for (char *c = out; *c != '\0'; c++) {
        *c = is_name_char(*c) ? *c : '_';
    }
}

static void complain(const struct config *config, struct config_report *report,
                     enum config_severity severity, const char *name, const char *what)
{
    struct config_place place = config_where(config, &redis_settings_table, name);
    char setting[64];
    snprintf(setting, sizeof(setting), "redis.%s", name);
    config_complain(report, severity, &place, setting, "%s", what);
}

/* The first row that is set; NULL: none is. */
static const char *first_set(const struct config *config)
{
    for (const struct config_row *row = redis_rows; row->name != NULL; row++) {
        if (config_is_set(config, &redis_settings_table, row->name)) {
            return row->name;
        }
    }
    return NULL;
}

/* It may be written later, and is read for each connection: a warning. */
static void check_password_file(const struct config *config, const char *path,
                                struct config_report *report)
{
    struct buffer password = BUFFER_EMPTY;
    struct error error;
    bool is_read = file_read(path, REDIS_PASSWORD_BYTES_MAX, &password, &error);
    if (!is_read || !file_is_private(path, "password", &error)) {
        complain(config, report, CONFIG_WARNING, "password_file", error.text);
    }
    if (password.at != NULL) {
        explicit_bzero(password.at, password.size);
    }
    buffer_free(&password);
}

static void check(const struct config *config, const void *settings, struct config_report *report)
{
    const struct redis_settings *redis = settings;
    const char *name = first_set(config);
    if (redis->addresses.count > 0 && !redis_wire_is_built()) {
        complain(config, report, CONFIG_ERROR, "addresses",
                 "this build has no hiredis; build with it, or remove the setting");
    } else if (name != NULL && !config_is_set(config, &redis_settings_table, "addresses")) {
        complain(config, report, CONFIG_WARNING, name, "has no effect without redis.addresses");
    }
    if (redis->addresses.count > REDIS_ADDRESSES_MAX) {
        complain(config, report, CONFIG_ERROR, "addresses", "more than 16; valid: at most 16");
    }
    if (redis->password_file != NULL) {
        check_password_file(config, redis->password_file, report);
    }
    if (redis->user != NULL && redis->password_file == NULL) {
        complain(config, report, CONFIG_ERROR, "user",
                 "a user without a password; set redis.password_file, too");
    }
}

const struct config_table redis_settings_table = {
    .path = "redis", .rows = redis_rows, .size = sizeof(struct redis_settings), .check = check
};
