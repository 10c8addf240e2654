/*
 * finding: the table of findings as functions over it.
 */
#include "finding/finding.h"

#include <stdarg.h>
#include <stdlib.h>

/* Which column of the table a class reads. */
enum column { COLUMN_SUBMISSION, COLUMN_OTHERS, COLUMN_LISTS, COLUMN_COUNT };

struct finding_row {
    const char *name;
    enum action defaults[COLUMN_COUNT];
};

static const struct finding_row rows[FINDING_COUNT] = {
#define FINDING_ROW(id, name, submission, others, lists, code, enhanced)                           \
    [FINDING_##id] = { name, { ACTION_##submission, ACTION_##others, ACTION_##lists } },
    FINDING_ROWS(FINDING_ROW)
#undef FINDING_ROW
};

const char *const action_names[] = { "off", "observe", "repair", "hold", "defer", "reject", NULL };

static const char *const class_names[CLASS_COUNT] = {
    [CLASS_SUBMISSION] = "submission", [CLASS_RELAY] = "relay",   [CLASS_LIST] = "list",
    [CLASS_FORWARD] = "forward",       [CLASS_BOUNCE] = "bounce", [CLASS_LOCAL] = "local",
    [CLASS_INBOUND] = "inbound",
};

void finding_list_init(struct finding_list *list, struct arena *arena)
{
    *list = (struct finding_list){ .arena = arena };
}

void finding_append(struct finding_list *list, struct finding *finding)
{
    finding->next = NULL;
    if (list->last != NULL) {
        list->last->next = finding;
    } else {
        list->first = finding;
    }
    list->last = finding;
    list->count++;
}

struct finding *finding_add(struct finding_list *list, enum finding_id id, const char *advice,
                            const char *seen_format, ...)
{
    struct finding *finding = arena_alloc(list->arena, sizeof(*finding));
    if (finding == NULL) {
        return NULL;
    }
    va_list args;
    va_start(args, seen_format);
    finding->seen = arena_vprintf(list->arena, seen_format, args);
    va_end(args);
    if (finding->seen == NULL) {
        finding->seen = "";
    }
    finding->id = id;
    finding->advice = advice;
    finding_append(list, finding);
    return finding;
}

const char *finding_name(enum finding_id id)
{
    return rows[id].name;
}

bool finding_id_parse(struct span name, enum finding_id *id_r)
{
    for (int id = 0; id < FINDING_COUNT; id++) {
        if (span_is_equal(name, span_of(rows[id].name))) {
            *id_r = (enum finding_id)id;
            return true;
        }
    }
    return false;
}

enum action finding_default_action(enum finding_id id, enum mail_class mail_class)
{
    switch (mail_class) {
    case CLASS_SUBMISSION:
        return rows[id].defaults[COLUMN_SUBMISSION];
    case CLASS_LIST:
    case CLASS_FORWARD:
        return rows[id].defaults[COLUMN_LISTS];
    case CLASS_INBOUND:
        return ACTION_OFF;
    default:
        return rows[id].defaults[COLUMN_OTHERS];
    }
}

bool finding_is_ruled(enum finding_id id)
{
    return id != FINDING_SIGNING_FAILED && id != FINDING_OVERLOAD;
}

bool finding_is_repairable(enum finding_id id)
{
    return rows[id].defaults[COLUMN_SUBMISSION] == ACTION_REPAIR;
}

const char *action_name(enum action action)
{
    return action_names[action];
}

const char *mail_class_name(enum mail_class mail_class)
{
    return class_names[mail_class];
}

bool mail_class_parse(struct span name, enum mail_class *class_r)
{
    for (int c = 0; c < CLASS_COUNT; c++) {
        if (span_is_equal(name, span_of(class_names[c]))) {
            *class_r = (enum mail_class)c;
            return true;
        }
    }
    return false;
}

bool mail_class_accepts(const char *value, struct error *error)
{
    enum mail_class mail_class;
    if (mail_class_parse(span_of(value), &mail_class) && mail_class != CLASS_INBOUND) {
        return true;
    }
    error_set(error, "no class; valid: submission, relay, list, forward, bounce, local");
    return false;
}
