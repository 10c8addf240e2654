/*
 * health: the kept form of what is known of a zone: numbers, and behind them the reason.
 *
 *     1 STATE BY SINCE TESTED QUESTIONS HITS ERRORS WHY...
 */
#include "lists/board.h"

#include <inttypes.h>
#include <stdio.h>

#define LAYOUT 1

void list_health_write(const struct list_health *health, struct buffer *out)
{
    buffer_printf(out, "%d %d %d %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s",
                  LAYOUT, (int)health->state, (int)health->is_by_message, health->since_s,
                  health->tested_s, health->questions, health->hits, health->errors, health->why);
}

bool list_health_read(struct span bytes, struct list_health *health_r)
{
    char text[LIST_WHY_MAX + 160];
    int layout, state, by, at = 0;
    snprintf(text, sizeof(text), "%.*s", SPAN_ARG(span_first(bytes, sizeof(text) - 1)));
    *health_r = (struct list_health){ .state = LIST_UNTESTED };
    if (sscanf(text, "%d %d %d %" SCNd64 " %" SCNd64 " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n",
               &layout, &state, &by, &health_r->since_s, &health_r->tested_s, &health_r->questions,
               &health_r->hits, &health_r->errors, &at) < 8 ||
        layout != LAYOUT || state < LIST_UNTESTED || state > LIST_OFF) {
        *health_r = (struct list_health){ .state = LIST_UNTESTED };
        return false;
    }
    health_r->state = (enum list_state)state;
    health_r->is_by_message = by != 0;
    snprintf(health_r->why, sizeof(health_r->why), "%s", text[at] == ' ' ? text + at + 1 : "");
    return true;
}
