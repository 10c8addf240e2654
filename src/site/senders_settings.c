/*
 * senders_settings: the rows of `senders` and `groups`.
 */
#include <stddef.h>

#include "site/senders.h"
#include "tables/table.h"
#include "util/domain.h"
#include "util/error.h"

static const char *const matches[] = { "first", "union", NULL };
static const char *const unlisted[] = { "own-address", "own-domain", "observe", "reject", NULL };

static const struct config_row sender_rows[] = {
    { .name = "owners",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct sender_settings, owners),
      .accepts = table_accepts,
      .brief = "table of sender address to the logins that may use it" },
    { .name = "match",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct sender_settings, match),
      .fallback = "first",
      .choices = matches,
      .brief = "first: the first row that fits decides, as in Postfix; union: all rows that fit "
               "count together" },
    { .name = "unlisted",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct sender_settings, unlisted),
      .fallback = "own-address",
      .choices = unlisted,
      .brief = "what a login owns without a row" },
    { .name = "alias_domains",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct sender_settings, alias_domains),
      .accepts = table_accepts_local,
      .brief = "table of alias domain to the domain it stands for" },
    { .name = "timeout",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct sender_settings, timeout_s),
      .fallback = "2",
      .min = 1,
      .max = 30,
      .brief = "how long a socketmap is waited for" },
    { .name = "cache",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct sender_settings, cache_s),
      .fallback = "30",
      .min = 0,
      .max = 3600,
      .brief = "how long an answer of a socketmap counts; that there is no row, a third of it" },
    CONFIG_ROWS_END,
};

static const struct config_row group_rows[] = {
    { .name = "groups",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct group_settings, groups),
      .accepts = table_accepts,
      .brief = "table of group name to logins, used as group:NAME" },
    CONFIG_ROWS_END,
};

const struct config_table site_group_table = { .path = "",
                                               .rows = group_rows,
                                               .size = sizeof(struct group_settings) };

static void check_senders(const struct config *config, const void *settings,
                          struct config_report *report)
{
    const struct sender_settings *senders = settings;
    struct config_place match = config_where(config, &site_sender_table, "match");
    if (senders->owners == NULL && match.file != NULL) {
        config_complain(report, CONFIG_WARNING, &match, "senders.match",
                        "has no effect: senders.owners is not set");
    }
    struct config_place groups = config_where(config, &site_group_table, "groups");
    if (senders->owners == NULL && groups.file != NULL) {
        config_complain(report, CONFIG_WARNING, &groups, "groups",
                        "has no effect: senders.owners is not set");
    }
}

const struct config_table site_sender_table = { .path = "senders",
                                                .rows = sender_rows,
                                                .size = sizeof(struct sender_settings),
                                                .check = check_senders };

bool senders_list_accepts(const char *value, struct error *error)
{
    struct span text = span_of(value);
    ptrdiff_t at = span_find_last(text, '@');
    char name[DOMAIN_MAX];
    if (at >= 0 && domain_to_ascii(span_from(text, (size_t)at + 1), name) &&
        span_find(text, ' ') < 0) {
        return true;
    }
    error_set(error, "no sender; valid: \"@example.org\", \"alice@example.org\"");
    return false;
}
