/*
 * lmdb_private: how an LMDB file is laid out (data version 1), for the files that read it.
 *
 * A file is pages of one size, 0 and 1 of them meta pages; the one with the higher transaction
 * number names the root of the newest tree, and that of the tree of free pages. Branch pages lead
 * to leaves, leaves hold nodes of key and value, and a value too large for its page lies in
 * overflow pages. Words are those of the machine that wrote it; size_t is a machine word there,
 * too.
 */
#ifndef EM_STATE_LMDB_PRIVATE_H
#define EM_STATE_LMDB_PRIVATE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "util/span.h"

#define LMDB_PAGE_BRANCH 0x01
#define LMDB_PAGE_LEAF 0x02
#define LMDB_PAGE_OVERFLOW 0x04
#define LMDB_PAGE_META 0x08
#define LMDB_PAGE_KINDS 0x6f /* with the two of sorted duplicates, which postmap never writes */
#define LMDB_NODE_BIG 0x01   /* the value is the number of an overflow page */
#define LMDB_NODE_INNER 0x06 /* the value is a database, or duplicates */
#define LMDB_TREE_DUPLICATES 0x04
#define LMDB_TREE_NUMBERS 0x08 /* keys are words of the machine, in order as numbers */
#define LMDB_TREE_KINDS 0x7e   /* all that change how a tree is read */
#define LMDB_NO_PAGE SIZE_MAX
#define LMDB_KEY_MAX 511
#define LMDB_PAGE_SIZE_MAX 32768

struct lmdb_page_head {
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

struct lmdb_tree {
    uint32_t page_size; /* in the first of the two: of the file */
    uint16_t flags;
    uint16_t depth;
    size_t branch_pages, leaf_pages, overflow_pages;
    size_t entries;
    size_t root;
};

struct lmdb_meta {
    uint32_t magic, version;
    size_t address, map_size;
    struct lmdb_tree free, main;
    size_t last_page, transaction;
};

struct lmdb_node_head {
#if __BYTE_ORDER == __LITTLE_ENDIAN
    uint16_t low, high;
#else
    uint16_t high, low;
#endif
    uint16_t flags;
    uint16_t key_size;
};

/* Copies, since nothing is aligned in a damaged file. */
static inline void lmdb_take(struct span from, size_t at, void *out, size_t size)
{
    memcpy(out, from.at + at, size);
}

/* The newer of the two, from what a file begins with. False with *error. */
bool lmdb_meta_pick(struct span head, struct lmdb_meta *meta_r, struct error *error);

#endif
