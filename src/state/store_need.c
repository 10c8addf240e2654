/*
 * store_need: how much room records need, before there are any. It is what LMDB's pages come to
 * when all of them are as empty as splitting leaves them, so it is more than is ever used while
 * records come and grow.
 */
#include "state/store_private.h"

#include <unistd.h>

#define PAGE_BYTES_MAX 32768 /* LMDB's, where the system has larger ones */
#define PAGE_HEAD_BYTES 16
#define NODE_BYTES 10 /* of a record beside its texts: its head and its place in the page */

static uint64_t page_bytes(void)
{
    long bytes = sysconf(_SC_PAGESIZE);
    return bytes < PAGE_BYTES_MAX ? (uint64_t)bytes : PAGE_BYTES_MAX;
}

/* Of records that share pages, each half full; they begin at even places. */
static uint64_t in_shared_pages(uint64_t page, uint64_t row)
{
    uint64_t in_page = (page - PAGE_HEAD_BYTES) / ((row + 1) / 2 * 2);
    return (2 * page + in_page - 1) / in_page;
}

/* With what leads to the pages: a key for each, in pages that are half full, and so on upwards. */
static uint64_t with_branches(uint64_t page, uint64_t bytes, uint64_t key)
{
    uint64_t in_branch = (page - PAGE_HEAD_BYTES) / (2 * key);
    return bytes + (bytes + in_branch - 2) / (in_branch - 1);
}

uint64_t store_bytes_for(uint64_t records, uint64_t key_bytes, uint64_t value_bytes)
{
    uint64_t page = page_bytes(), most_in_page = (page - PAGE_HEAD_BYTES) / 2, own = 0;
    uint64_t key = NODE_BYTES + 1 + key_bytes, value = value_bytes + STORE_SEAL_BYTES;
    uint64_t row = key + value;
    if (row > most_in_page) {
        own = (PAGE_HEAD_BYTES + value + page - 1) / page * page;
        row = most_in_page; /* it has grown, and the place it had is not taken away */
    }
    uint64_t each = with_branches(page, in_shared_pages(page, row), key) + own;
    return records < UINT64_MAX / (each + 1) ? records * each : UINT64_MAX;
}
