/*
 * would_groups: rows of (finding, user) joined to what is told of each finding and of each user.
 * Fails only for want of memory.
 */
#include <stdlib.h>

#include "ctl/would.h"

static int compare_by_first(const void *a, const void *b)
{
    const struct tally_row *left = *(struct tally_row *const *)a;
    const struct tally_row *right = *(struct tally_row *const *)b;
    int order = tally_compare_text(left->first, right->first);

    return order != 0 ? order : tally_compare_text(left->second, right->second);
}

/* Of one user the finding with most messages first. */
static int compare_by_second(const void *a, const void *b)
{
    const struct tally_row *left = *(struct tally_row *const *)a;
    const struct tally_row *right = *(struct tally_row *const *)b;
    int order = tally_compare_text(left->second, right->second);

    if (order == 0)
        order = (left->messages < right->messages) - (left->messages > right->messages);
    return order != 0 ? order : tally_compare_text(left->first, right->first);
}

static int compare_groups(const void *a, const void *b)
{
    const struct would_group *left = a, *right = b;
    int order =
        (left->sum.messages < right->sum.messages) - (left->sum.messages > right->sum.messages);

    return order != 0 ? order : tally_compare_text(left->name, right->name);
}

static void row_add(struct tally_row *sum, const struct tally_row *row)
{
    sum->messages += row->messages;
    sum->recipients += row->recipients;
    sum->reject += row->reject;
    sum->hold += row->hold;
    sum->defer += row->defer;
}

static struct span row_name(const struct tally_row *row, bool by_user)
{
    return by_user ? row->second : row->first;
}

static size_t groups_count(const struct would_groups *groups, size_t row_count, bool by_user)
{
    size_t count = 1;

    for (size_t i = 1; i < row_count; i++)
        count += !span_is_equal(row_name(groups->rows[i - 1], by_user),
                                row_name(groups->rows[i], by_user));
    return count;
}

bool would_groups_make(struct tally *tally, bool by_user, struct would_groups *groups_r)
{
    struct would_group *group = NULL;
    size_t count;

    *groups_r = (struct would_groups){ .rows = NULL };
    groups_r->rows = tally_rows(tally, by_user ? compare_by_second : compare_by_first, &count);
    if (groups_r->rows == NULL)
        return count == 0;
    groups_r->at = calloc(groups_count(groups_r, count, by_user), sizeof(*groups_r->at));
    if (groups_r->at == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct tally_row *row = groups_r->rows[i];

        if (group == NULL || !span_is_equal(group->name, row_name(row, by_user))) {
            group = &groups_r->at[groups_r->count++];
            group->name = row_name(row, by_user);
            group->rows = &groups_r->rows[i];
        }
        group->row_count++;
        row_add(&group->sum, row);
    }
    qsort(groups_r->at, groups_r->count, sizeof(*groups_r->at), compare_groups);
    return true;
}

void would_groups_free(struct would_groups *groups)
{
    free(groups->rows);
    free(groups->at);
}
