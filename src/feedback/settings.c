/*
 * settings: the rows of `suppression` and `feedback`.
 */
#include "feedback/settings.h"

#include <stddef.h>
#include <string.h>

#include "config/config.h"
#include "feedback/maillog_source.h"
#include "util/error.h"

static const struct config_row suppression_rows[] = {
    { .name = "after",
      .type = CONFIG_INT,
      .offset = offsetof(struct suppression_settings, after),
      .fallback = "2",
      .min = 1,
      .max = 20,
      .brief = "hard bounces of different messages that bring an address on the list" },
    { .name = "apart",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct suppression_settings, apart_s),
      .fallback = "1d",
      .min = 0,
      .max = INT64_C(31) * 86400,
      .brief = "how far apart they must be; those between do not count" },
    { .name = "keep",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct suppression_settings, keep_s),
      .fallback = "90d",
      .min = 86400,
      .max = INT64_C(3650) * 86400,
      .brief = "how long a bounce counts, and an address that bounced stays on the list" },
    { .name = "max",
      .type = CONFIG_INT,
      .offset = offsetof(struct suppression_settings, max),
      .fallback = "100000",
      .min = 100,
      .max = 200000, /* all of them fit into one answer of the control socket */
      .brief = "addresses on the list and those that bounced; none is dropped for a new one" },
    CONFIG_ROWS_END,
};

static void check_suppression(const struct config *config, const void *settings,
                              struct config_report *report)
{
    const struct suppression_settings *own = settings;
    struct config_place place = config_where(config, &suppression_table, "keep");
    if (own->after > 1 && own->keep_s < own->apart_s) {
        config_complain(report, CONFIG_ERROR, &place, "suppression.keep",
                        "shorter than suppression.apart: a bounce would be forgotten before the "
                        "next one counts");
    }
}

const struct config_table suppression_table = { .path = "suppression",
                                                .rows = suppression_rows,
                                                .size = sizeof(struct suppression_settings),
                                                .check = check_suppression };

/* --- the mail server's log ------------------------------------------------------------------- */

static bool accepts_name(const char *value, struct error *error)
{
    size_t size = strlen(value);
    if (size > 0 && size <= 64 && strpbrk(value, " []:") == NULL && value[size - 1] != '/') {
        return true;
    }
    error_set(error, "no name of a program in a log; valid: \"postfix\", \"postfix-out\"");
    return false;
}

static const struct config_row feedback_rows[] = {
    { .name = "log",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct feedback_settings, log),
      .accepts = maillog_source_accepts,
      .brief = "files the mail server logs to, or the systemd journal, which are followed; none: "
               "its outcomes teach nothing" },
    { .name = "postfix",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct feedback_settings, postfix),
      .accepts = accepts_name,
      .brief = "syslog_name of Postfix and its instances; absent: what begins with postfix" },
    { .name = "sendmail",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct feedback_settings, sendmail),
      .accepts = accepts_name,
      .brief = "names of Sendmail in the log; absent: sendmail, and what begins with sm-" },
    { .name = "lifetime",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct feedback_settings, lifetime_s),
      .fallback = "6d",
      .min = 3600,
      .max = INT64_C(60) * 86400,
      .brief = "how long the mail server keeps a message at most; what becomes of it later is "
               "nobody's" },
    { .name = "messages",
      .type = CONFIG_INT,
      .offset = offsetof(struct feedback_settings, messages),
      .fallback = "50000",
      .min = 100,
      .max = 2000000,
      .brief = "messages whose outcomes are waited for at a time; the oldest gives way" },
    { .name = "remembered",
      .type = CONFIG_INT,
      .offset = offsetof(struct feedback_settings, remembered),
      .fallback = "100000",
      .min = 100,
      .max = 10000000,
      .brief = "messages of the last week that reports by mail may be about; a report about "
               "another teaches nothing" },
    CONFIG_ROWS_END,
};

static void check_feedback(const struct config *config, const void *settings,
                           struct config_report *report)
{
    const struct feedback_settings *own = settings;
    struct config_place place = config_where(config, &feedback_table, "log");
    for (size_t i = 0; i < own->log.count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(own->log.at[i], own->log.at[k]) == 0) {
                config_complain(report, CONFIG_ERROR, &place, "feedback.log",
                                "%s is named twice: each of its lines would count twice",
                                own->log.at[i]);
            }
        }
    }
}

const struct config_table feedback_table = { .path = "feedback",
                                             .rows = feedback_rows,
                                             .size = sizeof(struct feedback_settings),
                                             .check = check_feedback };
