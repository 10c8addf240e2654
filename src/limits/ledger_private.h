/*
 * ledger_private: what the files of the ledger share.
 */
#ifndef EM_LIMITS_LEDGER_PRIVATE_H
#define EM_LIMITS_LEDGER_PRIVATE_H

#include "limits/ledger.h"
#include "util/siphash.h"

struct ledger {
    struct store *store;
    const struct clock *clock;
    uint64_t offset_ms; /* added to the time since the machine's start, modulo 2^64 */
    uint64_t secret[2];
    char tidied[STORE_KEY_MAX]; /* up to which account; empty: from the first */
    size_t tidied_size;
};

/* ledger_time.c: finds the offset, or makes one. False: the store failed. */
bool ledger_time_begin(struct ledger *ledger);

/* Rows of STORE_LIMITS that are no accounts begin so, which sorts before all of them. */
#define LEDGER_OWN_MARK "!"

/* ledger_overflow.c: where the store is full, accounts that are not in it share one of their kind.
 */
void ledger_overflow(struct ledger *ledger, struct charge *charge);

/* ledger_ids.c: the rows of STORE_CHARGES that may tell whether a message was charged before. */
enum { LEDGER_ID_ROWS = 2, LEDGER_ID_KEY_OCTETS = 8 + CHARGE_ID_BYTES };
struct ledger_ids {
    char keys[LEDGER_ID_ROWS][LEDGER_ID_KEY_OCTETS];
};
bool ledger_has_id(const struct charge *charge);
/* Fills LEDGER_ID_ROWS rows; `ids` holds their keys. */
void ledger_ids_rows(struct ledger_ids *ids, const struct charge *charge, struct store_row *rows);
/* Was it charged, and not too often since? Notes that it came again. */
bool ledger_ids_find(struct store_row *rows, const struct charge *charge, bool is_trial);
void ledger_ids_note(struct store_row *rows, const struct charge *charge);
void ledger_ids_forget(struct store_row *rows);
/* May more be noted? */
bool ledger_ids_have_room(struct ledger *ledger);
/* Removes what is out of date, a part with each call. */
void ledger_ids_tidy(struct ledger *ledger);

#endif
