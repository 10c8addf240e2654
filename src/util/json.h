/*
 * json: writes JSON (RFC 8259) into a buffer. Commas are kept track of; bytes that are no UTF-8
 * become U+FFFD.
 *
 *   struct json json = json_new(&buffer);
 *   json_open(&json, NULL, '{'); json_text(&json, "name", span); json_close(&json, '}');
 */
#ifndef EM_UTIL_JSON_H
#define EM_UTIL_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"

struct json {
    struct buffer *out;
    bool needs_comma;
};

struct json json_new(struct buffer *out);
/* name is NULL inside arrays and at the top. bracket: '{' or '['. */
void json_open(struct json *json, const char *name, char bracket);
/* bracket: the closing one, or the one it was opened with. */
void json_close(struct json *json, char bracket);
void json_text(struct json *json, const char *name, struct span value);
void json_number(struct json *json, const char *name, int64_t value);
void json_bool(struct json *json, const char *name, bool value);

#endif
