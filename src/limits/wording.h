/*
 * wording: what is said about a limit, in replies, the log and notices.
 */
#ifndef EM_LIMITS_WORDING_H
#define EM_LIMITS_WORDING_H

#include <stdint.h>

#include "limits/charge.h"
#include "util/span.h"

enum { WORDING_MAX = 400 };

/* "limit default: 495 of 500 external recipients used in 1 hour, this message needs 12"; what the
 * sender can do about it. */
void wording_of_excess(const struct charge_line *line, char seen_r[WORDING_MAX],
                       char advice_r[WORDING_MAX]);
/* "alice@example.org (submission) has reached limit default: 500 of 500 external recipients in 1
 * hour" */
void wording_of_reach(const struct charge_line *line, struct span account,
                      char text_r[WORDING_MAX]);
/* "1 hour", "90 minutes", "7 days", "45 seconds": rounded up to what people say. */
enum { WORDING_TIME_MAX = 32 };
void wording_of_time(uint64_t s, char text_r[WORDING_TIME_MAX]);

#endif
