/*
 * ledger_sets: the sets of addresses of a charge. For the ledger alone, and for need.c, which tells
 * how large they become.
 */
#ifndef EM_LIMITS_LEDGER_SETS_H
#define EM_LIMITS_LEDGER_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/account.h"
#include "limits/charge.h"
#include "limits/novelty.h"
#include "limits/unique.h"
#include "state/store.h"

#define LEDGER_UNIQUE_MARK "!u/"
#define LEDGER_NOVELTY_MARK "!n/"

enum {
    LEDGER_SETS_MAX = 32, /* a line beyond it counts each address as a new one */
    /* Octets of a key: a mark, an account, NUL, and which recipients in which time. */
    LEDGER_SET_KEY_MAX = 3 + ACCOUNT_OCTETS_MAX + 1 + 12
};

struct ledger_set {
    struct charge_line *line;
    char key[STORE_KEY_MAX];
    size_t key_size;
    size_t row;
    uint64_t *fingerprints; /* of the recipients that count */
    size_t count;
    struct unique unique;      /* or, where it is not NULL, */
    struct novelty *novelty;   /* which may be that of `shares` */
    struct ledger_set *shares; /* NULL: its row is its own */
};

struct ledger_sets {
    struct ledger_set *at;
    size_t count, row_count;
};

bool ledger_counts_addresses(const struct charge_line *line);
/* The key of the row for a meter that counts by address; its size, 0: too long. */
size_t ledger_set_key(struct span account, const struct limit_meter *meter,
                      char key_r[STORE_KEY_MAX]);

/* All that the charge needs; none where none is. False: out of memory, nothing to end. */
bool ledger_sets_begin(struct ledger_sets *sets, struct charge *charge);
void ledger_sets_end(struct ledger_sets *sets);
/* Fills row_count rows. */
void ledger_sets_rows(struct ledger_sets *sets, struct store_row *rows);
/* NULL: the line has none. */
struct ledger_set *ledger_set_of(struct ledger_sets *sets, const struct charge_line *line);

void ledger_sets_read(struct ledger_sets *sets, const struct store_row *rows, uint64_t now_ms);
/* How much the line costs; for different recipients also what is used and when it fits. */
void ledger_set_test(struct ledger_set *set, uint64_t now_ms);
/* False: out of memory. */
bool ledger_set_charge(struct ledger_set *set, uint64_t now_ms);
void ledger_set_give_back(struct ledger_set *set, uint64_t charged_ms);
void ledger_sets_write(struct ledger_sets *sets, struct store_row *rows);

/* Is this row of sets one that holds nothing any more? */
bool ledger_set_is_empty(struct span key, struct span value, uint64_t now_ms);

#endif
