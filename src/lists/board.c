/*
 * board: a table of zones by name behind one lock. A zone that a reload takes out of the
 * configuration keeps its row, which nobody asks for any more.
 */
#include "lists/board.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/hash_table.h"

struct row {
    enum list_state state;
    unsigned silent; /* in a row */
    bool was_switched_off;
    char why[LIST_WHY_MAX];
    uint64_t questions, hits, errors; /* not taken yet */
};

struct list_board {
    pthread_mutex_t lock;
    struct hash_table *rows;
};

const char *list_state_name(enum list_state state)
{
    static const char *const names[] = { "not tested", "on", "off" };
    return names[state];
}

struct list_board *list_board_new(void)
{
    struct list_board *board = calloc(1, sizeof(*board));
    if (board == NULL) {
        return NULL;
    }
    board->rows = hash_table_new();
    if (board->rows == NULL) {
        free(board);
        return NULL;
    }
    pthread_mutex_init(&board->lock, NULL);
    return board;
}

void list_board_free(struct list_board **board)
{
    size_t position = 0;
    void *row;
    if (*board == NULL) {
        return;
    }
    while (hash_table_next((*board)->rows, &position, NULL, &row)) {
        free(row);
    }
    hash_table_free(&(*board)->rows);
    pthread_mutex_destroy(&(*board)->lock);
    free(*board);
    *board = NULL;
}

/* NULL: out of memory, so nothing is known of it. With the lock. */
static struct row *row_of(struct list_board *board, const struct list_zone *zone)
{
    struct span name = span_of(zone->name);
    struct row *row = hash_table_get(board->rows, name);
    if (row == NULL) {
        row = calloc(1, sizeof(*row));
        if (row != NULL && !hash_table_put(board->rows, name, row, NULL)) {
            free(row);
            row = NULL;
        }
    }
    return row;
}

bool list_board_is_on(struct list_board *board, const struct list_zone *zone)
{
    if (board == NULL) {
        return false;
    }
    pthread_mutex_lock(&board->lock);
    const struct row *row = row_of(board, zone);
    bool is_on = row != NULL && row->state == LIST_ON;
    pthread_mutex_unlock(&board->lock);
    return is_on;
}

static void switch_off(struct row *row, const char *why)
{
    if (row->state == LIST_ON) {
        row->state = LIST_OFF;
        row->was_switched_off = true;
        snprintf(row->why, sizeof(row->why), "%s", why);
    }
}

static void note(struct row *row, const struct list_judgement *judgement)
{
    bool is_silent = judgement->verdict == LIST_SILENT;
    row->questions++;
    row->hits += judgement->verdict == LIST_LISTED;
    row->errors += judgement->verdict == LIST_ERROR || is_silent;
    row->silent = is_silent ? row->silent + 1 : 0;
    if (judgement->verdict == LIST_ERROR || row->silent >= LIST_SILENT_MAX) {
        switch_off(row, judgement->why);
        row->silent = 0;
    }
}

void list_board_note(struct list_board *board, const struct list_zone *zone,
                     const struct list_judgement *judgement)
{
    pthread_mutex_lock(&board->lock);
    struct row *row = row_of(board, zone);
    if (row != NULL) {
        note(row, judgement);
    }
    pthread_mutex_unlock(&board->lock);
}

void list_board_set(struct list_board *board, const struct list_zone *zone, enum list_state state)
{
    pthread_mutex_lock(&board->lock);
    struct row *row = row_of(board, zone);
    if (row != NULL && !row->was_switched_off) {
        row->silent = state != row->state ? 0 : row->silent;
        row->state = state;
    }
    pthread_mutex_unlock(&board->lock);
}

bool list_board_take(struct list_board *board, const struct list_zone *zone,
                     struct list_health *health_r, bool *was_switched_off_r)
{
    *health_r = (struct list_health){ .state = LIST_UNTESTED };
    pthread_mutex_lock(&board->lock);
    struct row *row = row_of(board, zone);
    bool is_some = row != NULL && (row->questions > 0 || row->was_switched_off);
    *was_switched_off_r = row != NULL && row->was_switched_off;
    if (is_some) {
        health_r->state = row->state;
        health_r->questions = row->questions;
        health_r->hits = row->hits;
        health_r->errors = row->errors;
        snprintf(health_r->why, sizeof(health_r->why), "%s", row->why);
        row->questions = row->hits = row->errors = 0;
        row->was_switched_off = false;
    }
    pthread_mutex_unlock(&board->lock);
    return is_some;
}
