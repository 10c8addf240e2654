/*
 * hold_print: see hold_print.h.
 */
#include "ctl/hold_print.h"

#include <stdio.h>

#include "util/calendar.h"

void hold_print_time(const struct clock *clock, int64_t wall_s, char out[static HOLD_TIME_MAX])
{
    char day[CALENDAR_DAY_MAX];
    int64_t local_s = clock_local_s(clock, wall_s);
    int second = (int)(((local_s % 86400) + 86400) % 86400);

    calendar_print_day(clock, wall_s, day);
    snprintf(out, HOLD_TIME_MAX, "%s %02d:%02d:%02d", day, second / 3600, second / 60 % 60,
             second % 60);
}

void hold_json_record(struct json *json, const struct held *held)
{
    json_text(json, "id", held->queue_id);
    json_number(json, "time", held->held_s);
    json_text(json, "user", held->principal);
    json_text(json, "class", held->mail_class);
    json_text(json, "rule", held->finding);
    json_text(json, "reason", held->reason);
    json_text(json, "sender", held->sender);
    json_text(json, "message_id", held->message_id);
    json_number(json, "rcpts", (int64_t)held->recipients);
    json_number(json, "size", (int64_t)held->size_bytes);
}
