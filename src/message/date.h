/*
 * date: RFC 5322 section 3.3 dates.
 */
#ifndef EM_MESSAGE_DATE_H
#define EM_MESSAGE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

#define DATE_TEXT_MAX 40

/*
 * "Mon, 23 Nov 2026 23:45:08 +0100", the zone given as seconds east of UTC, cut to whole minutes.
 * Years before 1900 and after 9999 become the nearest the form has.
 */
void date_print(int64_t wall_s, int32_t utc_offset_s, char out[static DATE_TEXT_MAX]);

#endif
