/*
 * rules: a row and its staged alternative for each finding in group `rules`, made from the finding
 * table itself, and the matrix policy reads.
 */
#include "site/rules.h"

#include <stddef.h>
#include <stdio.h>

#include "config/row.h"
#include "site/plans.h"
#include "util/error.h"

struct rule_settings {
    int action[FINDING_COUNT]; /* -1: the default of the finding and class */
    struct config_list staged[FINDING_COUNT];
};

struct rule_stage {
    int action;
    int otherwise; /* -1: the default */
    struct config_texts plans, classes;
    struct config_place place;
};

static const struct config_row stage_rows[] = {
    { .name = "action",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct rule_stage, action),
      .choices = action_names,
      .required = true,
      .brief = "what is done where plan and class fit" },
    { .name = "plans",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct rule_stage, plans),
      .brief = "the plans it is for; absent: all" },
    { .name = "classes",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct rule_stage, classes),
      .accepts = mail_class_accepts,
      .brief = "the classes it is for; absent: all" },
    { .name = "otherwise",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct rule_stage, otherwise),
      .choices = action_names,
      .brief = "what is done elsewhere; absent: the default" },
    CONFIG_ROWS_END,
};

static const struct config_row rule_rows[] = {
#define RULE_ROW(id, finding_name, submission, others, lists, code, enhanced)                      \
    { .name = finding_name,                                                                        \
      .type = CONFIG_CHOICE,                                                                       \
      .offset = offsetof(struct rule_settings, action) + FINDING_##id * sizeof(int),               \
      .choices = action_names,                                                                     \
      .brief = "what is done about " finding_name },                                               \
        { .name = finding_name,                                                                    \
          .type = CONFIG_GROUP,                                                                    \
          .offset =                                                                                \
              offsetof(struct rule_settings, staged) + FINDING_##id * sizeof(struct config_list),  \
          .rows = stage_rows,                                                                      \
          .element_size = sizeof(struct rule_stage),                                               \
          .place_offset = offsetof(struct rule_stage, place),                                      \
          .brief = "the same, for some plans or classes" },
    FINDING_ROWS(RULE_ROW)
#undef RULE_ROW
        CONFIG_ROWS_END,
};

static void complain(const struct config *config, struct config_report *report, enum finding_id id,
                     const char *what)
{
    struct config_place place = config_where(config, &site_rules_table, finding_name(id));
    char setting[80];
    snprintf(setting, sizeof(setting), "rules.%s", finding_name(id));
    config_complain(report, CONFIG_ERROR, &place, setting, "%s", what);
}

static void check_action(const struct config *config, struct config_report *report,
                         enum finding_id id, int action)
{
    if (action == ACTION_REPAIR && !finding_is_repairable(id)) {
        complain(config, report, id,
                 "there is no repair for it; valid: off, observe, hold, defer, reject");
    }
    if (id == FINDING_MESSAGE_CEILING && action >= 0 && action < ACTION_HOLD) {
        complain(config, report, id,
                 "such a message is not known completely; valid: hold, defer, reject");
    }
}

static void check_plans(const struct config *config, struct config_report *report,
                        enum finding_id id, const struct rule_stage *stage)
{
    if (stage->plans.count > 0 && !config_is_set(config, &site_plan_table, "table") &&
        !config_is_set(config, &site_plan_table, "default")) {
        complain(config, report, id, "names plans, but nobody is on one: set plans.table");
    }
}

/* A repair only where there is one to make; signing-failed belongs to the domain, overload to the
 * ceilings. */
static void check_rules(const struct config *config, const void *settings,
                        struct config_report *report)
{
    const struct rule_settings *rules = settings;
    for (int i = 0; i < FINDING_COUNT; i++) {
        enum finding_id id = (enum finding_id)i;
        const struct rule_stage *stage = rules->staged[id].at;
        check_action(config, report, id, rules->action[id]);
        if (rules->staged[id].count > 0) {
            check_action(config, report, id, stage->action);
            check_action(config, report, id, stage->otherwise);
            check_plans(config, report, id, stage);
        }
        bool is_set = rules->action[id] >= 0 || rules->staged[id].count > 0;
        if (is_set && id == FINDING_SIGNING_FAILED) {
            complain(config, report, id, "is decided per domain; set domains[].on_failure");
        } else if (is_set && id == FINDING_OVERLOAD) {
            complain(config, report, id,
                     "is always deferred; set ceilings.connections and ceilings.total");
        }
    }
}

const struct config_table site_rules_table = {
    .path = "rules", .rows = rule_rows, .size = sizeof(struct rule_settings), .check = check_rules
};

static bool names_class(const struct config_texts *classes, enum mail_class mail_class)
{
    for (size_t i = 0; i < classes->count; i++) {
        enum mail_class named;
        if (mail_class_parse(span_of(classes->at[i]), &named) && named == mail_class) {
            return true;
        }
    }
    return classes->count == 0;
}

/* Whose mail a list or a forwarder carries is never for the rules of senders to stop. */
static enum action capped(enum finding_id id, enum mail_class mail_class, enum action action)
{
    bool is_carried = mail_class == CLASS_LIST || mail_class == CLASS_FORWARD;
    bool is_about_senders = id == FINDING_SENDER_NOT_OWNED || id == FINDING_FROM_NOT_OWNED;
    return is_carried && is_about_senders && action > ACTION_OBSERVE ? ACTION_OBSERVE : action;
}

static void build_rule(const struct rule_settings *settings, enum finding_id id,
                       enum mail_class mail_class, struct rules *rules)
{
    const struct rule_stage *stage =
        settings->staged[id].count > 0 ? settings->staged[id].at : NULL;
    enum action here = finding_default_action(id, mail_class);
    enum action otherwise = here;
    if (mail_class != CLASS_INBOUND && settings->action[id] >= 0) {
        here = otherwise = (enum action)settings->action[id];
    } else if (mail_class != CLASS_INBOUND && stage != NULL) {
        otherwise = stage->otherwise >= 0 ? (enum action)stage->otherwise : otherwise;
        here = names_class(&stage->classes, mail_class) ? (enum action)stage->action : otherwise;
    }
    rules->action[id][mail_class] = capped(id, mail_class, here);
    rules->otherwise[id][mail_class] = capped(id, mail_class, otherwise);
}

void rules_build(const struct config *config, struct rules *rules_r)
{
    const struct rule_settings *settings = config_settings(config, &site_rules_table);
    *rules_r = (struct rules){ .asks_plans = false };
    for (int id = 0; id < FINDING_COUNT; id++) {
        const struct rule_stage *stage = settings->staged[id].at;
        if (stage != NULL && stage->plans.count > 0) {
            rules_r->plans[id] = &stage->plans;
            rules_r->asks_plans = true;
        }
        rules_r->is_set[id] = settings->action[id] >= 0 || stage != NULL;
        for (int c = 0; c < CLASS_COUNT; c++) {
            build_rule(settings, (enum finding_id)id, (enum mail_class)c, rules_r);
        }
    }
}

static enum action action_on_plan(const struct rules *rules, enum finding_id id,
                                  enum mail_class mail_class, struct span plan)
{
    const struct config_texts *plans = rules->plans[id];
    for (size_t i = 0; plans != NULL && i < plans->count; i++) {
        if (span_is_equal_nocase(span_of(plans->at[i]), plan)) {
            return rules->action[id][mail_class];
        }
    }
    return plans != NULL ? rules->otherwise[id][mail_class] : rules->action[id][mail_class];
}

enum action rules_action(const struct rules *rules, const struct finding *finding,
                         enum mail_class mail_class, struct span plan)
{
    if (finding->has_own_action && !rules->is_set[finding->id]) {
        return finding->own_action;
    }
    enum action action = action_on_plan(rules, finding->id, mail_class, plan);
    bool is_lessened = finding->is_mild && !rules->is_set[finding->id];
    return is_lessened && action > ACTION_OBSERVE ? ACTION_OBSERVE : action;
}
