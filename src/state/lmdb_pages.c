/*
 * lmdb_pages: reads an LMDB file without LMDB.
 *
 * The library believes what stands in the file: of 400 copies of a table that were cut or had
 * single bytes changed, 182 killed a program that only opened and walked them (SIGBUS behind the
 * end of the file, SIGSEGV, its own assertions). Walking a table once takes two kinds of page, so
 * here are these, with every offset looked at before it is followed. Nothing is mapped: the caller
 * has read the bytes, and no writer can take them away.
 *
 * A file is pages of one size, 0 and 1 of them meta pages; the one with the higher transaction
 * number names the root of the newest tree. Branch pages lead to leaves, leaves hold nodes of key
 * and value, and a value too large for its page lies in overflow pages. Words are those of the
 * machine that wrote it. No page is walked twice, so no file makes this loop.
 */
#include "state/lmdb_pages.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>

#define META_MAGIC 0xBEEFC0DEu
#define META_VERSION 1
#define PAGE_BRANCH 0x01
#define PAGE_LEAF 0x02
#define PAGE_OVERFLOW 0x04
#define PAGE_META 0x08
#define PAGE_KINDS 0x6f /* with the two of sorted duplicates, which postmap never writes */
#define NODE_BIG 0x01   /* the value is the number of an overflow page */
#define NODE_INNER 0x06 /* the value is a database, or duplicates */
#define TREE_DUPLICATES 0x04
#define NO_PAGE SIZE_MAX
#define DEPTH_MAX 32
#define PAGE_SIZE_MIN 256
#define PAGE_SIZE_MAX 32768

/* As they lie in the file; size_t is a machine word there, too. */
struct page_head {
    size_t number;
    uint16_t unused;
    uint16_t flags;
    union {
        struct {
            uint16_t lower, upper; /* ends of what is free between offsets and nodes */
        };
        uint32_t page_count; /* of an overflow page */
    };
};

struct tree {
    uint32_t page_size; /* in the first of the two: of the file */
    uint16_t flags;
    uint16_t depth;
    size_t branch_pages, leaf_pages, overflow_pages;
    size_t entries;
    size_t root;
};

struct meta {
    uint32_t magic, version;
    size_t address, map_size;
    struct tree free, main;
    size_t last_page, transaction;
};

struct node_head {
#if __BYTE_ORDER == __LITTLE_ENDIAN
    uint16_t low, high;
#else
    uint16_t high, low;
#endif
    uint16_t flags;
    uint16_t key_size;
};

struct walk {
    struct span file;
    size_t page_size;
    size_t page_count;
    size_t pages_left; /* how many more may be looked at */
    uint8_t *claimed;  /* a bit for each page that was; NULL: nobody asks which */
    size_t rows;
    lmdb_row_fn row;
    void *context;
    struct error *error;
};

static bool damaged(const struct walk *walk, const char *what, size_t number)
{
    error_set(walk->error, "the database is damaged: %s (page %zu)", what, number);
    return false;
}

/* Copies, since nothing is aligned in a damaged file. */
static void take(struct span from, size_t at, void *out, size_t size)
{
    memcpy(out, from.at + at, size);
}

static bool is_claimed(const struct walk *walk, size_t number)
{
    return (walk->claimed[number / 8] >> number % 8 & 1) != 0;
}

/* `count` pages from one on that nobody looked at before. */
static bool page_claim(struct walk *walk, size_t number, size_t count, struct span *pages_r)
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
    *pages_r = span_first(span_from(walk->file, number * walk->page_size), count * walk->page_size);
    return true;
}

static bool page_open(struct walk *walk, size_t number, struct span *page_r,
                      struct page_head *head_r)
{
    if (!page_claim(walk, number, 1, page_r)) {
        return false;
    }
    take(*page_r, 0, head_r, sizeof(*head_r));
    if (head_r->number != number) {
        return damaged(walk, "another page is there", number);
    }
    return true;
}

static bool big_value(struct walk *walk, struct span stored, size_t size, struct span *value_r)
{
    size_t number;
    struct page_head head;
    struct span pages;
    if (stored.size < sizeof(number)) {
        return damaged(walk, "a value has no place", NO_PAGE);
    }
    take(stored, 0, &number, sizeof(number));
    size_t count = (sizeof(head) + size + walk->page_size - 1) / walk->page_size;
    if (!page_claim(walk, number, count, &pages)) {
        return false;
    }
    take(pages, 0, &head, sizeof(head));
    if (head.number != number || (head.flags & PAGE_KINDS) != PAGE_OVERFLOW ||
        head.page_count < count) {
        return damaged(walk, "a value is not where it should be", number);
    }
    *value_r = span_first(span_from(pages, sizeof(head)), size);
    return true;
}

static bool leaf_node(struct walk *walk, const struct node_head *head, struct span rest,
                      size_t number)
{
    size_t size = head->low | (size_t)head->high << 16;
    struct span key = span_first(rest, head->key_size), value = span_from(rest, head->key_size);
    if ((head->flags & NODE_INNER) != 0) {
        error_set(walk->error, "a database within the database; postmap writes none");
        return false;
    }
    if ((head->flags & NODE_BIG) != 0) {
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
                      size_t *room_io, struct node_head *head_r, struct span *rest_r)
{
    uint16_t at;
    take(page, sizeof(struct page_head) + index * sizeof(at), &at, sizeof(at));
    if (at > page.size - sizeof(*head_r)) {
        return damaged(walk, "a row lies outside", number);
    }
    take(page, at, head_r, sizeof(*head_r));
    *rest_r = span_from(page, at + sizeof(*head_r));
    size_t size = sizeof(*head_r) + head_r->key_size;
    if (head_r->key_size > rest_r->size || size > *room_io) {
        return damaged(walk, "a key does not fit", number);
    }
    *room_io -= size;
    return true;
}

static size_t child_number(const struct node_head *head)
{
    uint64_t number = head->low | (uint64_t)head->high << 16 | (uint64_t)head->flags << 32;
    return sizeof(size_t) > 4 ? (size_t)number : (size_t)(uint32_t)number;
}

static bool walk_page(struct walk *walk, size_t number, unsigned depth)
{
    struct page_head head;
    struct span page, rest;
    struct node_head node;
    if (depth > DEPTH_MAX) {
        return damaged(walk, "it is too deep", number);
    }
    if (!page_open(walk, number, &page, &head)) {
        return false;
    }
    unsigned kind = head.flags & PAGE_KINDS;
    if ((kind != PAGE_BRANCH && kind != PAGE_LEAF) || head.lower < sizeof(head) ||
        head.lower > page.size) {
        return damaged(walk, "this is no page of rows", number);
    }
    size_t count = (head.lower - sizeof(head)) / sizeof(uint16_t), room = page.size;
    for (size_t i = 0; i < count; i++) {
        if (!node_open(walk, page, i, number, &room, &node, &rest)) {
            return false;
        }
        bool good = kind == PAGE_BRANCH ? walk_page(walk, child_number(&node), depth + 1)
                                        : leaf_node(walk, &node, rest, number);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool meta_read(const struct span file, size_t at, struct meta *meta_r)
{
    struct page_head head;
    if (at > file.size || file.size - at < sizeof(head) + sizeof(*meta_r)) {
        return false;
    }
    take(file, at, &head, sizeof(head));
    take(file, at + sizeof(head), meta_r, sizeof(*meta_r));
    size_t page_size = meta_r->free.page_size;
    return (head.flags & PAGE_META) != 0 && meta_r->magic == META_MAGIC &&
           meta_r->version == META_VERSION && page_size >= PAGE_SIZE_MIN &&
           page_size <= PAGE_SIZE_MAX && (page_size & (page_size - 1)) == 0;
}

/* LMDB never writes both at once: one that cannot be read is damage. */
static bool meta_pick(struct span file, struct meta *meta_r, struct error *error)
{
    struct meta other;
    if (!meta_read(file, 0, meta_r)) {
        error_set(error, "no LMDB database, or one of another kind of machine");
        return false;
    }
    if (!meta_read(file, meta_r->free.page_size, &other) ||
        other.free.page_size != meta_r->free.page_size) {
        error_set(error, "the database is damaged: its second page is no beginning");
        return false;
    }
    if (other.transaction > meta_r->transaction) {
        *meta_r = other;
    }
    if ((meta_r->main.flags & TREE_DUPLICATES) != 0) {
        error_set(error, "a database with duplicates; postmap writes none");
        return false;
    }
    return true;
}

static struct walk walk_of(struct span file, const struct meta *meta, struct error *error)
{
    struct walk walk = { .file = file, .error = error };
    walk.page_size = meta->free.page_size;
    walk.page_count = file.size / walk.page_size;
    walk.pages_left = walk.page_count;
    return walk;
}

static bool walk_tree(struct walk *walk, const struct tree *tree, lmdb_row_fn row, void *context)
{
    walk->rows = 0;
    walk->row = row;
    walk->context = context;
    if (tree->root != NO_PAGE && !walk_page(walk, tree->root, 1)) {
        return false;
    }
    if (walk->rows != tree->entries) {
        error_set(walk->error, "the database is damaged: it should hold %zu rows and holds %zu",
                  tree->entries, walk->rows);
        return false;
    }
    return true;
}

bool lmdb_pages_walk(struct span file, lmdb_row_fn row, void *context, struct error *error)
{
    struct meta meta;
    if (!meta_pick(file, &meta, error)) {
        return false;
    }
    struct walk walk = walk_of(file, &meta, error);
    return walk_tree(&walk, &meta.main, row, context);
}

/* What the tree of free pages holds: transaction number, and the pages it gave up, counted. */
static bool take_free(void *context, struct span key, struct span value)
{
    struct walk *walk = context;
    size_t count, number;
    if (key.size != sizeof(size_t) || value.size < sizeof(count)) {
        return damaged(walk, "the list of free pages is none", NO_PAGE);
    }
    take(value, 0, &count, sizeof(count));
    if (count > value.size / sizeof(count) - 1) {
        return damaged(walk, "the list of free pages is cut short", NO_PAGE);
    }
    for (size_t i = 1; i <= count; i++) {
        take(value, i * sizeof(number), &number, sizeof(number));
        if (number >= walk->page_count || is_claimed(walk, number)) {
            return damaged(walk, "a page that is said to be free is not", number);
        }
    }
    return true;
}

size_t lmdb_pages_extent(struct span head)
{
    struct meta meta;
    struct error error;
    if (!meta_pick(head, &meta, &error) || meta.last_page > SIZE_MAX / PAGE_SIZE_MAX - 1) {
        return 0;
    }
    return (meta.last_page + 1) * meta.free.page_size;
}

bool lmdb_pages_are_sound(struct span file, lmdb_row_fn row, void *context, struct error *error)
{
    struct meta meta;
    if (!meta_pick(file, &meta, error)) {
        return false;
    }
    struct walk walk = walk_of(file, &meta, error);
    if (meta.last_page >= walk.page_count || walk.page_count < 2) {
        return damaged(&walk, "it is cut short", meta.last_page);
    }
    walk.claimed = calloc(1, walk.page_count / 8 + 1);
    if (walk.claimed == NULL) {
        error_set(error, "out of memory");
        return false;
    }
    walk.claimed[0] = 3; /* the two meta pages */
    bool is_sound = walk_tree(&walk, &meta.main, row, context) &&
                    walk_tree(&walk, &meta.free, take_free, &walk);
    free(walk.claimed);
    return is_sound;
}
