/*
 * fleet_charge: one call for each message, and what came of it.
 */
#include "limits/fleet_private.h"

/* --- the verdict ----------------------------------------------------------------------------- */

static bool take(struct span *from_io, char c)
{
    if (from_io->size == 0 || from_io->at[0] != c) {
        return false;
    }
    *from_io = span_from(*from_io, 1);
    return true;
}

/* "12:0:1": used, milliseconds until it fits ("-": never), level. */
static bool read_line(struct span word, struct charge_line *line)
{
    uint64_t level;
    if (!fleet_number(&word, &line->used) || !take(&word, ':')) {
        return false;
    }
    if (take(&word, '-')) {
        line->fits_in_ms = CHARGE_NEVER;
    } else if (!fleet_number(&word, &line->fits_in_ms)) {
        return false;
    }
    if (!take(&word, ':') || !fleet_number(&word, &level) || word.size > 0 || level > CHARGE_FULL) {
        return false;
    }
    line->reached = (enum charge_level)level;
    return true;
}

static void clear_lines(struct charge *charge)
{
    for (size_t i = 0; i < charge->line_count; i++) {
        charge->lines[i].used = 0;
        charge->lines[i].fits_in_ms = 0;
        charge->lines[i].reached = CHARGE_CALM;
    }
}

bool fleet_verdict_read(struct span text, struct charge *charge, char *kind_r, uint64_t *at_us_r)
{
    static const char kinds[] = "DXAGK"; /* done, exceeded, again, given back, known */
    struct span rest = text, word;
    size_t line = 0;
    clear_lines(charge);
    *at_us_r = 0;
    if (!span_cut(&rest, '|', &text) || !span_cut(&text, ' ', &word) || word.size != 1 ||
        memchr(kinds, word.at[0], sizeof(kinds) - 1) == NULL) {
        return false;
    }
    *kind_r = word.at[0];
    if (span_cut(&text, ' ', &word) && (!fleet_number(&word, at_us_r) || word.size > 0)) {
        return false;
    }
    bool is_good = true;
    while (is_good && span_cut(&text, ' ', &word)) {
        is_good = line < charge->line_count && read_line(word, &charge->lines[line++]);
    }
    /* What is long known has no lines any more. */
    is_good = is_good && (line == 0 || line == charge->line_count);
    if (!is_good) {
        clear_lines(charge);
    }
    return is_good;
}

enum redis_answer fleet_send_pack(struct fleet *fleet, const char *mode,
                                  const struct fleet_pack *pack, uint64_t deadline_ms,
                                  struct redis_reply *reply_r)
{
    struct span arguments[] = { span_of(mode), span_of(pack->operation),
                                buffer_span(&pack->numbers) };
    return fleet_call(fleet, FLEET_CHARGE, &pack->keys, arguments, 3, deadline_ms, reply_r);
}

/* --- charging -------------------------------------------------------------------------------- */

static enum charge_answer answer_of(char kind)
{
    switch (kind) {
    case 'D':
        return CHARGE_DONE;
    case 'X':
        return CHARGE_EXCEEDED;
    case 'A': /* by another operation */
    case 'G': /* by this one, which was given back */
        return CHARGE_AGAIN;
    default:
        return CHARGE_UNKNOWN;
    }
}

static enum charge_answer ask(struct fleet *fleet, const char *mode, struct charge *charge,
                              struct fleet_receipt *receipt)
{
    struct fleet_pack pack;
    struct redis_reply reply;
    char kind = '?';
    receipt->may_be_done = false;
    clear_lines(charge);
    if (charge->account_count == 0) {
        return CHARGE_DONE;
    }
    if (!fleet_pack_make(fleet, charge, receipt, &pack)) {
        return CHARGE_UNKNOWN;
    }
    enum redis_answer answer = fleet_send_pack(fleet, mode, &pack, 0, &reply);
    if (answer == REDIS_ANSWERED &&
        (reply.count != 1 || !fleet_verdict_read(reply.words[0], charge, &kind, &receipt->at_us))) {
        kind = '?';
    }
    receipt->may_be_done =
        answer == REDIS_LATE || (answer == REDIS_ANSWERED && answer_of(kind) == CHARGE_UNKNOWN);
    redis_reply_free(&reply);
    fleet_pack_free(&pack);
    return answer == REDIS_ANSWERED ? answer_of(kind) : CHARGE_UNKNOWN;
}

enum charge_answer fleet_charge(struct fleet *fleet, struct charge *charge,
                                struct fleet_receipt *receipt)
{
    receipt->at_us = 0;
    return ask(fleet, "charge", charge, receipt);
}

enum charge_answer fleet_try(struct fleet *fleet, struct charge *charge)
{
    struct fleet_receipt receipt = { .at_us = 0 };
    return ask(fleet, "try", charge, &receipt);
}

bool fleet_give_back(struct fleet *fleet, const struct charge *charge,
                     const struct fleet_receipt *receipt)
{
    struct fleet_pack pack;
    struct redis_reply reply;
    bool was_waiting = fleet_merge_forget(fleet, receipt);
    if (charge->account_count == 0 || (was_waiting && !receipt->may_be_done)) {
        return true;
    }
    if (!fleet_pack_make(fleet, charge, receipt, &pack)) {
        return false;
    }
    enum redis_answer answer = fleet_send_pack(fleet, "back", &pack, 0, &reply);
    redis_reply_free(&reply);
    fleet_pack_free(&pack);
    return answer == REDIS_ANSWERED;
}
