/*
 * choose: rows in groups that count the same, the most specific first.
 */
#include "limits/choose.h"

#include <stdlib.h>
#include <string.h>

/* Kept apart from the row, so that choosing reads little. */
struct candidate {
    const struct limit *limit;
    unsigned weight; /* of its selectors */
    size_t group;    /* the first row that counts the same */
    size_t place;    /* in the file */
};

struct limit_set {
    size_t count;
    const struct limit **in_order;
    struct candidate *candidates; /* by group, then the most specific first */
    bool asks_plan;
};

/* The kind of selector that goes first decides; the others break ties. */
static unsigned weight_of(const struct limit *limit)
{
    return (limit->principals.count > 0) << 4 | (limit->plans.count > 0) << 3 |
           (limit->domains.count > 0) << 2 | (limit->networks.count > 0) << 1 |
           (limit->classes.count > 0);
}

static bool count_the_same(const struct limit *a, const struct limit *b)
{
    return a->by == b->by && limit_meter_is_equal(limit_meter_of(a), limit_meter_of(b));
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->group != right->group) {
        return left->group < right->group ? -1 : 1;
    }
    if (left->weight != right->weight) {
        return left->weight > right->weight ? -1 : 1;
    }
    return left->place < right->place ? -1 : 1;
}

static void arrange(struct limit_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct limit *limit = set->in_order[i];
        size_t group = 0;
        while (!count_the_same(set->in_order[group], limit)) {
            group++;
        }
        set->candidates[i] = (struct candidate){ limit, weight_of(limit), group, i };
        set->asks_plan |= limit->plans.count > 0 || limit->by == LIMIT_BY_PLAN;
    }
    qsort(set->candidates, set->count, sizeof(*set->candidates), compare_candidates);
}

static bool has_default(const struct limits_settings *settings)
{
    const struct limit *rows = settings->rows.at;
    for (size_t i = 0; i < settings->rows.count; i++) {
        if (strcmp(rows[i].name, limit_default.name) == 0) {
            return true;
        }
    }
    return false;
}

struct limit_set *limit_set_new(const struct limits_settings *settings)
{
    const struct limit *rows = settings->rows.at;
    struct limit_set *set = calloc(1, sizeof(*set));
    size_t room = settings->rows.count + 1;
    if (set == NULL) {
        return NULL;
    }
    set->in_order = calloc(room, sizeof(*set->in_order));
    set->candidates = calloc(room, sizeof(*set->candidates));
    if (set->in_order == NULL || set->candidates == NULL) {
        limit_set_free(&set);
        return NULL;
    }
    for (size_t i = 0; i < settings->rows.count; i++) {
        set->in_order[set->count++] = &rows[i];
    }
    if (!has_default(settings)) {
        set->in_order[set->count++] = &limit_default;
    }
    arrange(set);
    return set;
}

void limit_set_free(struct limit_set **set)
{
    if (*set != NULL) {
        free(*(void **)&(*set)->in_order);
        free((*set)->candidates);
        free(*set);
        *set = NULL;
    }
}

size_t limit_set_size(const struct limit_set *set)
{
    return set->count;
}

const struct limit *limit_set_at(const struct limit_set *set, size_t index)
{
    return set->in_order[index];
}

const struct limit *limit_set_find(const struct limit_set *set, struct span name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (span_is_equal(span_of(set->in_order[i]->name), name)) {
            return set->in_order[i];
        }
    }
    return NULL;
}

bool limit_set_asks_plan(const struct limit_set *set)
{
    return set->asks_plan;
}

/* --- choosing -------------------------------------------------------------------------------- */

bool limit_names(const char *whom, struct span principal)
{
    struct span name = span_of(whom);
    return span_is_equal_nocase(name, principal) ||
           (name.size > 1 && name.at[0] == '@' && span_has_suffix_nocase(principal, name));
}

static bool has_principal(const struct config_texts *texts, struct span principal)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (limit_names(texts->at[i], principal)) {
            return true;
        }
    }
    return texts->count == 0;
}

/* True also where nothing is asked for. */
static bool has_text(const struct config_texts *texts, struct span value)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (span_is_equal_nocase(span_of(texts->at[i]), value)) {
            return true;
        }
    }
    return texts->count == 0;
}

static bool fits(const struct limit *limit, const struct limit_subject *subject)
{
    return has_text(&limit->classes, span_of(mail_class_name(subject->mail_class))) &&
           has_text(&limit->plans, subject->plan) && has_text(&limit->domains, subject->domain) &&
           has_text(&limit->networks, subject->network) &&
           has_principal(&limit->principals, subject->principal);
}

static bool acts(const struct candidate *candidate, const struct limit_subject *subject)
{
    return candidate->weight > 0 || candidate->limit->by == LIMIT_BY_SITE ||
           subject->mail_class == CLASS_SUBMISSION;
}

size_t limit_choose(const struct limit_set *set, const struct limit_subject *subject,
                    struct limit_choice *choices_r, size_t max)
{
    size_t used = 0;
    bool is_decided = false; /* the group is */
    for (size_t i = 0; i < set->count && used < max; i++) {
        const struct candidate *candidate = &set->candidates[i];
        if (i > 0 && candidate->group != set->candidates[i - 1].group) {
            is_decided = false;
        }
        if (!is_decided && fits(candidate->limit, subject)) {
            choices_r[used++] = (struct limit_choice){ candidate->limit, acts(candidate, subject) };
            is_decided = true;
        }
    }
    return used;
}
