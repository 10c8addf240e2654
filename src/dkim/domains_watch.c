/*
 * domains_watch: has anything on disk changed of which a table of signing domains was made? One
 * system call for each path, none of them reads: ten thousand keys take some ten milliseconds.
 */
#include "dkim/domains_private.h"

bool domains_watch(struct dkim_domains *domains, const char *path)
{
    struct watched_path *watched = arena_alloc(domains->arena, sizeof(*watched));
    if (watched == NULL) {
        return false;
    }
    *watched = (struct watched_path){ path, key_stamp_settle(path), domains->watched };
    domains->watched = watched;
    return true;
}

static bool is_other(const char *path, const struct key_stamp *stamp)
{
    struct key_stamp now = key_stamp_take(path);
    return now.inode != 0 && !key_stamp_is_equal(stamp, &now);
}

bool domains_watched_are_stale(const struct dkim_domains *domains)
{
    size_t position = 0;
    void *value;
    for (const struct watched_path *one = domains->watched; one != NULL; one = one->next) {
        if (is_other(one->path, &one->stamp)) {
            return true;
        }
    }
    while (hash_table_next(domains->by_path, &position, NULL, &value)) {
        const struct loaded_key *loaded = value;
        if (!loaded->is_text && is_other(loaded->path, &loaded->stamp)) {
            return true;
        }
    }
    return false;
}

uint64_t domains_watched_mark(const struct dkim_domains *domains)
{
    uint64_t mark = 0;
    size_t position = 0;
    void *value;
    for (const struct watched_path *one = domains->watched; one != NULL; one = one->next) {
        struct key_stamp now = key_stamp_take(one->path);
        mark = key_stamp_join(mark, &now);
    }
    while (hash_table_next(domains->by_path, &position, NULL, &value)) {
        struct key_stamp now = key_stamp_take(((const struct loaded_key *)value)->path);
        mark = key_stamp_join(mark, &now);
    }
    return mark;
}
