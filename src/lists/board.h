/*
 * board: which lists may be believed at this moment, and what they were asked and said. One for the
 * process, thread safe, never waiting.
 *
 * A zone that nobody has tested yet is not believed. Messages that meet an answer out of order
 * switch it off at once, as do LIST_SILENT_MAX questions in a row that nobody answered; the watch
 * (watch/lists.c) tests, switches on again, and tells.
 */
#ifndef EM_LISTS_BOARD_H
#define EM_LISTS_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "lists/judge.h"
#include "util/buffer.h"

enum list_state { LIST_UNTESTED, LIST_ON, LIST_OFF };
const char *list_state_name(enum list_state state); /* "on", "off", "not tested" */

#define LIST_SILENT_MAX 6

/* What is known of a zone; kept in the store, and there it is the same for all processes. */
struct list_health {
    enum list_state state;
    bool is_by_message;               /* OFF: for what a message met, not for its test */
    int64_t since_s;                  /* wall time of the state; 0: never */
    int64_t tested_s;                 /* last test that said something; 0: never */
    char why[LIST_WHY_MAX];           /* OFF: for people; "" else */
    uint64_t questions, hits, errors; /* since the record began; errors: silence too */
};
/* Appends / reads the kept form, which carries a layout number. False: not one of ours. */
void list_health_write(const struct list_health *health, struct buffer *out);
bool list_health_read(struct span bytes, struct list_health *health_r);

struct list_board;
struct list_board *list_board_new(void); /* NULL: out of memory */
void list_board_free(struct list_board **board);
/* May it be asked? board NULL: never. */
bool list_board_is_on(struct list_board *board, const struct list_zone *zone);
/* What an answer to a question of a message was. */
void list_board_note(struct list_board *board, const struct list_zone *zone,
                     const struct list_judgement *judgement);
/* What the watch found out, or another process did; not taken where a message has met something
 * since that list_board_take() has not told yet. */
void list_board_set(struct list_board *board, const struct list_zone *zone, enum list_state state);
/* What was noted since the last call, which is over then; false: nothing. `was_switched_off`: by
 * messages here, for health_r->why; the counts are what came anew. */
bool list_board_take(struct list_board *board, const struct list_zone *zone,
                     struct list_health *health_r, bool *was_switched_off_r);

#endif
