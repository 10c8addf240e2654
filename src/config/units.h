/*
 * units: durations and sizes as people write them.
 */
#ifndef EM_CONFIG_UNITS_H
#define EM_CONFIG_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

/* "90s" "15m" "12h" "7d", "500ms" rounds up to 1; one number and one unit, no sign, no fraction.
 * False: not that, or too large. */
bool units_parse_duration(struct span text, int64_t *seconds_r);
/* The same, exact: "500ms" is 500. */
bool units_parse_milliseconds(struct span text, int64_t *milliseconds_r);
/* "64K" "10M" "1G" (powers of 1024) or plain bytes. */
bool units_parse_size(struct span text, int64_t *bytes_r);

#define UNITS_TEXT_MAX 24
/* The shortest of these forms that means exactly this number, which must not be negative. */
void units_print_duration(int64_t seconds, char out[static UNITS_TEXT_MAX]);
void units_print_milliseconds(int64_t milliseconds, char out[static UNITS_TEXT_MAX]);
void units_print_size(int64_t bytes, char out[static UNITS_TEXT_MAX]);

#endif
