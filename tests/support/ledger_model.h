/*
 * ledger_model: the ledger as a list of everything that was charged, with nothing clever about it.
 * It says what the ledger should have said, at the resolution of slots, and what a window truly
 * holds.
 */
#ifndef EM_TESTS_SUPPORT_LEDGER_MODEL_H
#define EM_TESTS_SUPPORT_LEDGER_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits/charge.h"
#include "limits/novelty.h"

enum { MODEL_ACCOUNTS = 12, MODEL_METERS = 13 };

/* One charge on one meter; of different recipients: one address, by its last use. */
struct model_use {
    uint64_t at_ms, amount;
    uint64_t fingerprint;
    bool is_used_again;
    uint64_t number; /* of the charge */
};

struct model_series {
    struct limit_meter meter;
    struct model_use *uses;
    size_t count, room;
    uint64_t paid_off_ns;
    uint64_t told_ms[CHARGE_FULL + 1]; /* when last, and one more; 0: never */
};

struct model {
    struct model_series series[MODEL_ACCOUNTS][MODEL_METERS];
    struct model_series attempts[MODEL_ACCOUNTS];
    struct novelty known[MODEL_ACCOUNTS]; /* approximate by contract, so it is asked as it is */
    const struct limit *limits; /* MODEL_METERS of them; their place is the meter's number */
    const struct span *accounts;
};

/* Of these accounts and limits, which outlive it. */
void model_begin(struct model *model, const struct span *accounts, const struct limit *limits);
void model_end(struct model *model);

/* What the windows count at a time, by slots, and what is truly in them. */
uint64_t model_used(const struct model_series *series, uint64_t now_ms);
uint64_t model_truly_used(const struct model_series *series, uint64_t now_ms);
const struct model_series *model_series_of(const struct model *model, const struct charge *charge,
                                           const struct charge_line *line);
/* What a line costs: of different and of new recipients only those that are. */
uint64_t model_amount(const struct model *model, const struct charge *charge,
                      const struct charge_line *line, uint64_t now_ms);
/* Would this line be within its limit at that time? */
bool model_fits(const struct model *model, const struct charge *charge,
                const struct charge_line *line, uint64_t now_ms);
/* Is it DONE or EXCEEDED? */
enum charge_answer model_ask(const struct model *model, const struct charge *charge);
/* What a line is to tell when the charge came to this; told from now on. */
enum charge_level model_level(struct model *model, const struct charge *charge,
                              const struct charge_line *line, enum charge_answer answer);

void model_charge(struct model *model, const struct charge *charge, uint64_t number);
/* It was refused: what the MTA had refused before counts all the same. */
void model_note_attempt(struct model *model, const struct charge *charge, uint64_t number);
void model_give_back(struct model *model, const struct charge *charge, uint64_t number,
                     uint64_t now_ms);
/* NULL: all meters. */
void model_reset(struct model *model, size_t account, const struct limit_meter *meter);

#endif
