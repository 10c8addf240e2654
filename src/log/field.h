/*
 * field: builds a logfmt line "key=value key=value" of bounded size.
 *
 * In values space, quote, '=', backslash and everything unprintable (also every byte above 0x7e)
 * become \xNN. A value that does not fit is cut and ends in "~" (a number is left out); from then
 * on further fields are dropped.
 */
#ifndef EM_LOG_FIELD_H
#define EM_LOG_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/span.h"

#define LOG_LINE_MAX 1000 /* bytes of one line */

struct log_fields {
    char text[LOG_LINE_MAX + 1];
    size_t size;
    bool is_full;
};

void log_fields_init(struct log_fields *fields);
/* Text that is printable by construction, taken as it is (the "ID: " in front). */
void log_fields_raw(struct log_fields *fields, const char *text);
/* " key=value", escaped. An absent value (at == NULL) leaves the field out; an empty one is
 * "key=-". */
void log_fields_add(struct log_fields *fields, const char *key, struct span value);
/* The one quoted form, key="value", also for an empty value: space and '=' stay, quote and
 * backslash and unprintables are \xNN. */
void log_fields_add_quoted(struct log_fields *fields, const char *key, struct span value);
void log_fields_add_number(struct log_fields *fields, const char *key, uint64_t value);
/* key=a,b,c+2: items that do not fit within `max_bytes` (the count included) are counted after '+'.
 * count 0 leaves the field out. A comma within an item becomes \x2c. */
void log_fields_add_list(struct log_fields *fields, const char *key, const struct span *items,
                         size_t count, size_t max_bytes);
struct span log_fields_span(const struct log_fields *fields);
/* The escaping alone, into out (NUL-terminated); returns the bytes written. Cut values end in "~".
 * Used by other one-line texts. */
size_t log_escape(struct span value, bool keep_space, char *out, size_t out_size);

#endif
