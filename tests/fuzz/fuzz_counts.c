/*
 * fuzz_counts: any octets as what the store has of a window, of a set of addresses, and of a memory
 * of addresses. What is taken for one is written and read the same again, holds together when time
 * goes on and more is charged, and is never larger than it may be.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "limits/novelty.h"
#include "limits/unique.h"
#include "limits/window.h"

#define PER_MS UINT64_C(3600000)
#define LIST 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_counts: %s\n", what);
        abort();
    }
}

static void check_window(struct span from)
{
    struct window window, again;
    struct buffer out = BUFFER_EMPTY;
    if (window_read(&from, &window)) {
        window_write(&window, &out);
        struct span written = buffer_span(&out);
        demand(window_read(&written, &again) && written.size == 0 &&
                   memcmp(&window, &again, sizeof(window)) == 0,
               "a window reads in two ways");
        window_charge(&window, 1);
        demand(window_sum(&window) > 0, "nothing was charged");
    }
    buffer_free(&out);
}

static bool is_same(const struct unique *a, const struct unique *b)
{
    size_t count = unique_count(a);
    return memcmp(&a->window, &b->window, sizeof(a->window)) == 0 && a->lost_slot == b->lost_slot &&
           (count == 0 || memcmp(a->all, b->all, count * sizeof(a->all[0])) == 0);
}

static void demand_reads_again(const struct unique *set)
{
    struct buffer out = BUFFER_EMPTY;
    struct unique again = { .all = NULL };
    unique_write(set, &out);
    struct span written = buffer_span(&out);
    demand(unique_read(&written, &again) && written.size == 0 && is_same(set, &again),
           "a set reads in two ways");
    unique_free(&again);
    buffer_free(&out);
}

/* Some of the set's own and some others. */
static void choose(const struct unique *set, uint64_t list_r[static LIST])
{
    size_t count = unique_count(set);
    for (uint64_t i = 0; i < LIST; i++) {
        bool is_own = i < 3 && count > i;
        list_r[i] = is_own ? set->all[i * (count - 1) / 2] : i << 60 | 0x0123456789abcde;
    }
}

static void check_set(struct span from)
{
    struct unique set = { .all = NULL };
    uint64_t list[LIST];
    if (unique_read(&from, &set)) {
        demand(unique_count(&set) <= UNIQUE_MAX, "more than there may be");
        demand_reads_again(&set);
        choose(&set, list);
        uint64_t slot_ms = PER_MS / 12, newest = set.window.newest;
        uint64_t now_ms = newest < UINT64_MAX / PER_MS ? newest * slot_ms : UINT64_MAX / 2;
        unique_fits_in_ms(&set, now_ms, PER_MS, 100, list, LIST);
        unique_advance(&set, now_ms + 3 * slot_ms, PER_MS);
        demand(unique_charge(&set, list, LIST, UNIQUE_MAX), "no memory");
        demand(unique_count(&set) == UNIQUE_MAX || unique_new(&set, list, LIST) == 0,
               "charged, and not there");
        demand_reads_again(&set);
        demand(unique_give_back(&set, set.window.newest, list, LIST), "no memory");
        demand_reads_again(&set);
    }
    unique_free(&set);
}

static void check_memory(struct span from)
{
    struct novelty novelty, again;
    struct buffer out = BUFFER_EMPTY;
    if (novelty_read(&from, &novelty)) {
        novelty_advance(&novelty, novelty.begun_ms + 1);
        novelty_add(&novelty, novelty.begun_ms + 1, 77);
        demand(!novelty_is_new(&novelty, 77), "written to, and not known");
        novelty_write(&novelty, &out);
        struct span written = buffer_span(&out);
        demand(novelty_read(&written, &again) && written.size == 0 &&
                   memcmp(&novelty, &again, sizeof(novelty)) == 0,
               "a memory reads in two ways");
    }
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = { size > 0 ? (const char *)data : "", size };
    check_window(all);
    check_set(all);
    check_memory(all);
    return 0;
}
