/*
 * lmdb_meta: the two pages an LMDB file begins with.
 */
#include "state/lmdb_pages.h"

#include "state/lmdb_private.h"

#define META_MAGIC 0xBEEFC0DEu
#define META_VERSION 1
#define PAGE_SIZE_MIN 256

static bool meta_read(const struct span file, size_t at, struct lmdb_meta *meta_r)
{
    struct lmdb_page_head head;
    if (at > file.size || file.size - at < sizeof(head) + sizeof(*meta_r)) {
        return false;
    }
    lmdb_take(file, at, &head, sizeof(head));
    lmdb_take(file, at + sizeof(head), meta_r, sizeof(*meta_r));
    size_t page_size = meta_r->free.page_size;
    return (head.flags & LMDB_PAGE_META) != 0 && meta_r->magic == META_MAGIC &&
           meta_r->version == META_VERSION && page_size >= PAGE_SIZE_MIN &&
           page_size <= LMDB_PAGE_SIZE_MAX && (page_size & (page_size - 1)) == 0;
}

/* LMDB never writes both at once: one that cannot be read is damage. */
bool lmdb_meta_pick(struct span head, struct lmdb_meta *meta_r, struct error *error)
{
    struct lmdb_meta other;
    if (!meta_read(head, 0, meta_r)) {
        error_set(error, "no LMDB database, or one of another kind of machine");
        return false;
    }
    if (!meta_read(head, meta_r->free.page_size, &other) ||
        other.free.page_size != meta_r->free.page_size) {
        error_set(error, "the database is damaged: its second page is no beginning");
        return false;
    }
    if (other.transaction > meta_r->transaction) {
        *meta_r = other;
    }
    if ((meta_r->main.flags & LMDB_TREE_DUPLICATES) != 0) {
        error_set(error, "a database with duplicates; postmap writes none");
        return false;
    }
    return true;
}

size_t lmdb_pages_extent(struct span head)
{
    struct lmdb_meta meta;
    struct error error;
    if (!lmdb_meta_pick(head, &meta, &error) ||
        meta.last_page > SIZE_MAX / LMDB_PAGE_SIZE_MAX - 1) {
        return 0;
    }
    return (meta.last_page + 1) * meta.free.page_size;
}
