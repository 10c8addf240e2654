/*
 * store_sums: how many records the tables hold, and a number that grows when one changes.
 */
#include <string.h>

#include "state/store_private.h"

bool store_sums_count(enum store_table table)
{
    return table != STORE_KEYS && table != STORE_WATCH;
}

/* Only where changes are fewer than messages: each costs a page more. */
static bool has_version(enum store_table table)
{
    return table == STORE_OVERRIDES || table == STORE_SUPPRESSED || table == STORE_SUSPENDED;
}

static bool is_added(const struct store_row *row)
{
    return row->edit == STORE_EDIT_SET && !row->is_found;
}

static bool is_removed(const struct store_row *row)
{
    return row->edit == STORE_EDIT_UNSET && row->is_found;
}

bool store_sums_are_touched(const struct store_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_changed = is_added(&rows[i]) || is_removed(&rows[i]) ||
                          (has_version(rows[i].table) && rows[i].edit == STORE_EDIT_SET);
        if (is_changed && store_sums_count(rows[i].table)) {
            return true;
        }
    }
    return false;
}

void store_sums_apply(struct store_sums *sums, const struct store_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum store_table table = rows[i].table;
        if (!store_sums_count(table)) {
            continue;
        }
        sums->of[table].count += is_added(&rows[i]);
        sums->of[table].count -= is_removed(&rows[i]);
        sums->of[table].version +=
            has_version(table) && (rows[i].edit == STORE_EDIT_SET || is_removed(&rows[i]));
    }
}

void store_sums_read(struct store_sums *sums_r, struct span stored)
{
    *sums_r = (struct store_sums){ 0 };
    if (stored.size > 0) {
        memcpy(sums_r, stored.at, stored.size < sizeof(*sums_r) ? stored.size : sizeof(*sums_r));
    }
}

void store_sums_write(const struct store_sums *sums, struct buffer *stored_io)
{
    if (stored_io->size < sizeof(*sums)) {
        buffer_clear(stored_io);
        buffer_add(stored_io, sums, sizeof(*sums));
    } else {
        memcpy(stored_io->at, sums, sizeof(*sums));
    }
}
