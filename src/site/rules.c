/*
 * rules: one row a finding in group `rules`, made from the finding table itself, and the matrix
 * policy reads.
 */
#include "site/rules.h"

#include <stddef.h>
#include <stdio.h>

#include "config/row.h"

struct rule_settings {
    int action[FINDING_COUNT]; /* -1: the default of the finding and class */
};

/* In the order of enum action. */
static const char *const actions[] = {
    "off", "observe", "repair", "hold", "defer", "reject", NULL
};

static const struct config_row rule_rows[] = {
#define RULE_ROW(id, finding_name, submission, others, lists, code, enhanced)                      \
    { .name = finding_name,                                                                        \
      .type = CONFIG_CHOICE,                                                                       \
      .offset = offsetof(struct rule_settings, action) + FINDING_##id * sizeof(int),               \
      .choices = actions,                                                                          \
      .brief = "what is done about " finding_name " in every class" },
    FINDING_ROWS(RULE_ROW)
#undef RULE_ROW
        CONFIG_ROWS_END,
};

static void complain(const struct config *config, struct config_report *report, enum finding_id id,
                     enum config_severity severity, const char *what)
{
    struct config_place place = config_where(config, &site_rules_table, finding_name(id));
    char setting[80];
    snprintf(setting, sizeof(setting), "rules.%s", finding_name(id));
    config_complain(report, severity, &place, setting, "%s", what);
}

/* A repair only where there is one to make; signing-failed belongs to the domain, overload to the
 * ceilings. */
static void check_rules(const struct config *config, const void *settings,
                        struct config_report *report)
{
    const struct rule_settings *rules = settings;
    for (int id = 0; id < FINDING_COUNT; id++) {
        if (rules->action[id] == ACTION_REPAIR &&
            finding_default_action((enum finding_id)id, CLASS_SUBMISSION) != ACTION_REPAIR) {
            complain(config, report, (enum finding_id)id, CONFIG_ERROR,
                     "there is no repair for it; valid: off, observe, hold, defer, reject");
        }
    }
    if (rules->action[FINDING_SIGNING_FAILED] >= 0) {
        complain(config, report, FINDING_SIGNING_FAILED, CONFIG_ERROR,
                 "is decided per domain; set domains[].on_failure");
    }
    if (rules->action[FINDING_OVERLOAD] >= 0) {
        complain(config, report, FINDING_OVERLOAD, CONFIG_ERROR,
                 "is always deferred; set ceilings.connections and ceilings.total");
    }
    int ceiling = rules->action[FINDING_MESSAGE_CEILING];
    if (ceiling >= 0 && ceiling < ACTION_HOLD) {
        complain(config, report, FINDING_MESSAGE_CEILING, CONFIG_ERROR,
                 "such a message is not known completely; valid: hold, defer, reject");
    }
}

const struct config_table site_rules_table = {
    .path = "rules", .rows = rule_rows, .size = sizeof(struct rule_settings), .check = check_rules
};

void rules_build(const struct config *config, struct rules *rules_r)
{
    const struct rule_settings *settings = config_settings(config, &site_rules_table);
    for (int id = 0; id < FINDING_COUNT; id++) {
        for (int c = 0; c < CLASS_COUNT; c++) {
            enum action action = finding_default_action((enum finding_id)id, (enum mail_class)c);
            if (settings->action[id] >= 0 && c != CLASS_INBOUND) {
                action = (enum action)settings->action[id];
            }
            rules_r->action[id][c] = action;
        }
    }
}
