/*
 * lmdb_pages: reads an LMDB file without LMDB.
 *
 * The library believes what stands in the file: of 400 copies of a table that were cut or had
 * single bytes changed, 182 killed a program that only opened and walked them (SIGBUS behind the
 * end of the file, SIGSEGV, its own assertions). Walking a table once takes two kinds of page, so
 * here are these, with every offset looked at before it is followed. Nothing is mapped: the bytes
 * are read, and no writer can take them away. No page is walked twice, so no file makes this loop.
 *
 * A walk is strict where LMDB is to write to the file afterwards: then it looks at what only a
 * writer minds, too.
 */
#include "state/lmdb_pages.h"

#include <stdint.h>
#include <stdlib.h>

#include "state/lmdb_private.h"

#define DEPTH_MAX 32
#define VALUE_MAX ((size_t)64 << 20)

/* Where in the order of keys the walk is. */
struct order {
    char bytes[LMDB_KEY_MAX];
    size_t size;
    bool is_begun;
    bool is_bound; /* what a branch page says its next page begins with, at least */
};

struct walk {
    struct span file;                 /* the whole of it; absent: */
    const struct lmdb_source *source; /* strict */
    char *pages[DEPTH_MAX + 1];       /* the one that is open at each depth */
    char *big;                        /* a large value */
    size_t page_size;
    size_t page_count;
    size_t pages_left; /* how many more may be looked at */
    uint8_t *claimed;  /* a bit for each page that was; NULL: not strict */
    const struct lmdb_tree *tree;
    struct order order;
    size_t rows, branches, leaves, overflows;
    size_t newest; /* transaction */
    lmdb_row_fn row;
    void *context;
    struct error *error;
};

static bool damaged(const struct walk *walk, const char *what, size_t number)
{
    error_set(walk->error, "the database is damaged: %s (page %zu)", what, number);
    return false;
}

/* --- pages ----------------------------------------------------------------------------------- */

static bool is_claimed(const struct walk *walk, size_t number)
{
    return (walk->claimed[number / 8] >> number % 8 & 1) != 0;
}

/* `count` pages from one on that nobody looked at before. */
static bool page_claim(struct walk *walk, size_t number, size_t count)
{
    if (number >= walk->page_count || count > walk->page_count - number) {
        return damaged(walk, "it is cut short, or leads to where no page is", number);
    }
    if (count > walk->pages_left) {
        return damaged(walk, "it leads in circles", number);
    }
    walk->pages_left -= count;
    for (size_t i = number; walk->claimed != NULL && i < number + count; i++) {
        if (is_claimed(walk, i)) {
            return damaged(walk, "a page is in use twice", i);
        }
        walk->claimed[i / 8] |= (uint8_t)(1u << i % 8);
    }
    return true;
}

/* The bytes of pages that were claimed; where they are read they go to *room_io. */
static bool page_read(struct walk *walk, size_t number, size_t size, char **room_io,
                      struct span *bytes_r)
{
    if (walk->source == NULL) {
        *bytes_r = span_first(span_from(walk->file, number * walk->page_size), size);
        return true;
    }
    if (*room_io == NULL) {
        *room_io = malloc(size);
    }
    if (*room_io == NULL) {
        error_set(walk->error, "out of memory");
        return false;
    }
    *bytes_r = (struct span){ *room_io, size };
    return walk->source->read(walk->source, number * walk->page_size, *room_io, size, walk->error);
}

static bool page_open(struct walk *walk, size_t number, unsigned depth, struct span *page_r,
                      struct lmdb_page_head *head_r)
{
    if (!page_claim(walk, number, 1) ||
        !page_read(walk, number, walk->page_size, &walk->pages[depth], page_r)) {
        return false;
    }
    lmdb_take(*page_r, 0, head_r, sizeof(*head_r));
    return head_r->number == number || damaged(walk, "another page is there", number);
}

/* --- the order of keys ----------------------------------------------------------------------- */

static int compare(const struct walk *walk, struct span a, struct span b)
{
    if ((walk->tree->flags & LMDB_TREE_NUMBERS) != 0) {
        size_t x, y;
        lmdb_take(a, 0, &x, sizeof(x));
        lmdb_take(b, 0, &y, sizeof(y));
        return (x > y) - (x < y);
    }
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Each key comes after the one before; what a branch page says of the next page holds. */
static bool key_follows(struct walk *walk, struct span key, bool is_bound, size_t number)
{
    struct order *order = &walk->order;
    bool is_number = (walk->tree->flags & LMDB_TREE_NUMBERS) != 0;
    if (walk->claimed == NULL) {
        return true;
    }
    if (key.size == 0 || key.size > LMDB_KEY_MAX || (is_number && key.size != sizeof(size_t))) {
        return damaged(walk, "a key is none", number);
    }
    int after =
        order->is_begun ? compare(walk, key, (struct span){ order->bytes, order->size }) : 1;
    if (after < 0 || (after == 0 && (is_bound || !order->is_bound))) {
        return damaged(walk, "the rows are in disorder", number);
    }
    memcpy(order->bytes, key.at, key.size);
    order->size = key.size;
    order->is_begun = true;
    order->is_bound = is_bound;
    return true;
}

/* --- nodes ----------------------------------------------------------------------------------- */

static bool big_value(struct walk *walk, struct span stored, size_t size, struct span *value_r)
{
    size_t number;
    struct lmdb_page_head head;
    struct span pages;
    if (stored.size < sizeof(number)) {
        return damaged(walk, "a value has no place", LMDB_NO_PAGE);
    }
    lmdb_take(stored, 0, &number, sizeof(number));
    size_t count = (sizeof(head) + size + walk->page_size - 1) / walk->page_size;
    if (size > VALUE_MAX && walk->source != NULL) {
        return damaged(walk, "a value is too large", number);
    }
    free(walk->big);
    walk->big = NULL;
    if (!page_claim(walk, number, count) ||
        !page_read(walk, number, count * walk->page_size, &walk->big, &pages)) {
        return false;
    }
    lmdb_take(pages, 0, &head, sizeof(head));
    if (head.number != number || (head.flags & LMDB_PAGE_KINDS) != LMDB_PAGE_OVERFLOW ||
        head.page_count < count) {
        return damaged(walk, "a value is not where it should be", number);
    }
    walk->overflows += head.page_count;
    *value_r = span_first(span_from(pages, sizeof(head)), size);
    return walk->claimed == NULL || head.page_count == count ||
           page_claim(walk, number + count, head.page_count - count);
}

/* *stored_r: what of the page the value takes. */
static bool leaf_node(struct walk *walk, const struct lmdb_node_head *head, struct span rest,
                      size_t number, size_t *stored_r)
{
    size_t size = head->low | (size_t)head->high << 16;
    struct span key = span_first(rest, head->key_size), value = span_from(rest, head->key_size);
    if ((head->flags & LMDB_NODE_INNER) != 0) {
        error_set(walk->error, "a database within the database; postmap writes none");
        return false;
    }
    if (!key_follows(walk, key, false, number)) {
        return false;
    }
    *stored_r = size;
    if ((head->flags & LMDB_NODE_BIG) != 0) {
        *stored_r = sizeof(size_t);
        if (!big_value(walk, value, size, &value)) {
            return false;
        }
    } else if (value.size < size) {
        return damaged(walk, "a value does not fit", number);
    }
    walk->rows++;
    return walk->row(walk->context, key, span_first(value, size));
}

/* Where the next node of a page lies; *room_io is what nodes of this page may still take. */
static bool node_open(const struct walk *walk, struct span page, size_t index, size_t number,
                      size_t *room_io, struct lmdb_node_head *head_r, struct span *rest_r)
{
    uint16_t at;
    lmdb_take(page, sizeof(struct lmdb_page_head) + index * sizeof(at), &at, sizeof(at));
    if (at > page.size - sizeof(*head_r)) {
        return damaged(walk, "a row lies outside", number);
    }
    lmdb_take(page, at, head_r, sizeof(*head_r));
    *rest_r = span_from(page, at + sizeof(*head_r));
    size_t size = sizeof(*head_r) + head_r->key_size;
    if (head_r->key_size > rest_r->size || size > *room_io) {
        return damaged(walk, "a key does not fit", number);
    }
    *room_io -= size;
    return true;
}

static size_t child_number(const struct lmdb_node_head *head)
{
    uint64_t number = head->low | (uint64_t)head->high << 16 | (uint64_t)head->flags << 32;
    return sizeof(size_t) > 4 ? (size_t)number : (size_t)(uint32_t)number;
}

/* --- trees ----------------------------------------------------------------------------------- */

/* A page is filled from its end, without a gap. */
static bool is_filled(const struct walk *walk, const struct lmdb_page_head *head, size_t used,
                      size_t number)
{
    return walk->claimed == NULL || used == walk->page_size - head->upper ||
           damaged(walk, "its rows do not fill a page", number);
}

static bool page_is_of_rows(const struct walk *walk, const struct lmdb_page_head *head,
                            unsigned depth, size_t number)
{
    unsigned kind = head->flags & LMDB_PAGE_KINDS;
    if ((kind != LMDB_PAGE_BRANCH && kind != LMDB_PAGE_LEAF) || head->lower < sizeof(*head) ||
        head->lower > walk->page_size) {
        return damaged(walk, "this is no page of rows", number);
    }
    bool is_strange = head->flags != kind || head->upper < head->lower ||
                      head->upper > walk->page_size ||
                      (kind == LMDB_PAGE_LEAF) != (depth == walk->tree->depth);
    return walk->claimed == NULL || !is_strange || damaged(walk, "this page is none", number);
}

static bool walk_page(struct walk *walk, size_t number, unsigned depth)
{
    struct lmdb_page_head head;
    struct span page, rest;
    struct lmdb_node_head node;
    if (depth > DEPTH_MAX) {
        return damaged(walk, "it is too deep", number);
    }
    if (!page_open(walk, number, depth, &page, &head) ||
        !page_is_of_rows(walk, &head, depth, number)) {
        return false;
    }
    bool is_leaf = (head.flags & LMDB_PAGE_LEAF) != 0;
    size_t count = (head.lower - sizeof(head)) / sizeof(uint16_t), room = page.size, used = 0;
    *(is_leaf ? &walk->leaves : &walk->branches) += 1;
    for (size_t i = 0; i < count; i++) {
        size_t stored = 0;
        if (!node_open(walk, page, i, number, &room, &node, &rest)) {
            return false;
        }
        bool is_good =
            is_leaf
                ? leaf_node(walk, &node, rest, number, &stored)
                : (i == 0 || key_follows(walk, span_first(rest, node.key_size), true, number)) &&
                      walk_page(walk, child_number(&node), depth + 1);
        if (!is_good) {
            return false;
        }
        used += (sizeof(node) + node.key_size + stored + 1) & ~(size_t)1;
    }
    return (count > 0 || walk->claimed == NULL || damaged(walk, "a page is empty", number)) &&
           is_filled(walk, &head, used, number);
}

static struct walk walk_of(struct span file, size_t size, const struct lmdb_meta *meta,
                           struct error *error)
{
    struct walk walk = { .file = file, .error = error };
    walk.page_size = meta->free.page_size;
    walk.page_count = size / walk.page_size;
    walk.pages_left = walk.page_count;
    walk.newest = meta->transaction;
    return walk;
}

static bool walk_tree(struct walk *walk, const struct lmdb_tree *tree, lmdb_row_fn row,
                      void *context)
{
    walk->rows = walk->branches = walk->leaves = walk->overflows = 0;
    walk->order.is_begun = false;
    walk->tree = tree;
    walk->row = row;
    walk->context = context;
    if (tree->root != LMDB_NO_PAGE && !walk_page(walk, tree->root, 1)) {
        return false;
    }
    if (walk->rows != tree->entries) {
        error_set(walk->error, "the database is damaged: it should hold %zu rows and holds %zu",
                  tree->entries, walk->rows);
        return false;
    }
    bool is_counted = walk->branches == tree->branch_pages && walk->leaves == tree->leaf_pages &&
                      walk->overflows == tree->overflow_pages;
    return walk->claimed == NULL || is_counted ||
           damaged(walk, "it has more or fewer pages than it says", tree->root);
}

bool lmdb_pages_walk(struct span file, lmdb_row_fn row, void *context, struct error *error)
{
    struct lmdb_meta meta;
    if (!lmdb_meta_pick(file, &meta, error)) {
        return false;
    }
    struct walk walk = walk_of(file, file.size, &meta, error);
    return walk_tree(&walk, &meta.main, row, context);
}

/* --- soundness ------------------------------------------------------------------------------- */

/* What the tree of free pages holds: transaction number, and the pages it gave up, counted, from
 * the last to the first. */
static bool take_free(void *context, struct span key, struct span value)
{
    struct walk *walk = context;
    size_t count, number, transaction, before = SIZE_MAX;
    if (value.size < sizeof(count)) {
        return damaged(walk, "the list of free pages is none", LMDB_NO_PAGE);
    }
    lmdb_take(key, 0, &transaction, sizeof(transaction));
    lmdb_take(value, 0, &count, sizeof(count));
    if (count > value.size / sizeof(count) - 1 || transaction > walk->newest) {
        return damaged(walk, "the list of free pages is cut short", LMDB_NO_PAGE);
    }
    for (size_t i = 1; i <= count; i++) {
        lmdb_take(value, i * sizeof(number), &number, sizeof(number));
        if (number >= before) {
            return damaged(walk, "the list of free pages is in disorder", number);
        }
        before = number;
        if (!page_claim(walk, number, 1)) {
            return false;
        }
    }
    return true;
}

static bool read_meta(const struct lmdb_source *source, struct lmdb_meta *meta_r,
                      struct error *error)
{
    char head[LMDB_PAGES_HEAD];
    size_t size = source->size < sizeof(head) ? source->size : sizeof(head);
    if (!source->read(source, 0, head, size, error) ||
        !lmdb_meta_pick((struct span){ head, size }, meta_r, error)) {
        return false;
    }
    if ((meta_r->main.flags & LMDB_TREE_KINDS) != 0 ||
        (meta_r->free.flags & LMDB_TREE_KINDS) != LMDB_TREE_NUMBERS) {
        error_set(error, "a database of another kind");
        return false;
    }
    return true;
}

static bool is_sound(struct walk *walk, const struct lmdb_meta *meta, lmdb_row_fn row,
                     void *context)
{
    if (meta->last_page >= walk->page_count || walk->page_count < 2) {
        return damaged(walk, "it is cut short", meta->last_page);
    }
    walk->page_count = meta->last_page + 1;
    walk->claimed = calloc(1, walk->page_count / 8 + 1);
    if (walk->claimed == NULL) {
        error_set(walk->error, "out of memory");
        return false;
    }
    walk->claimed[0] = 3; /* the two meta pages */
    return walk_tree(walk, &meta->main, row, context) &&
           walk_tree(walk, &meta->free, take_free, walk);
}

bool lmdb_pages_are_sound(const struct lmdb_source *source, lmdb_row_fn row, void *context,
                          struct error *error)
{
    struct lmdb_meta meta;
    if (!read_meta(source, &meta, error)) {
        return false;
    }
    struct walk walk = walk_of((struct span){ NULL, 0 }, source->size, &meta, error);
    walk.source = source;
    bool is_good = is_sound(&walk, &meta, row, context);
    for (size_t i = 0; i < sizeof(walk.pages) / sizeof(walk.pages[0]); i++) {
        free(walk.pages[i]);
    }
    free(walk.big);
    free(walk.claimed);
    return is_good;
}
