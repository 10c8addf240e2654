/*
 * hold_print: a record of held mail for people and for programs.
 */
#ifndef EM_CTL_HOLD_PRINT_H
#define EM_CTL_HOLD_PRINT_H

#include "hold/held.h"
#include "util/clock.h"
#include "util/json.h"

#define HOLD_TIME_MAX 32

/* "2026-11-29 11:20:01" in the zone of the clock. */
void hold_print_time(const struct clock *clock, int64_t wall_s, char out[static HOLD_TIME_MAX]);
/* Its members, into an object that is open. */
void hold_json_record(struct json *json, const struct held *held);

#endif
