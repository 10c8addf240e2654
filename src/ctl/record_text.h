/*
 * record_text: the DNS record of a key in the three forms people paste it in (RFC 6376 3.6.2.2, RFC
 * 1035 3.3.14 and 5.1).
 */
#ifndef EM_CTL_RECORD_TEXT_H
#define EM_CTL_RECORD_TEXT_H

#include <stdbool.h>

#include "dkim/key.h"
#include "util/buffer.h"
#include "util/json.h"
#include "util/span.h"

#define RECORD_TTL_S 3600
#define RECORD_STRING_MAX 255 /* octets of one character-string */

struct record_text {
    struct buffer name;  /* "s2026a._domainkey.example.org", no final dot */
    struct buffer value; /* "v=DKIM1; ..." */
};

/* False: out of memory. Free either way. */
bool record_text_make(struct record_text *record, const struct dkim_key *key, struct span selector,
                      struct span domain);
void record_text_free(struct record_text *record);

/* Lines of a zone file: the value in strings of at most 255 octets, one a line. */
void record_text_print_zone(const struct record_text *record, struct buffer *out);
/* The same on one line. */
void record_text_print_line(const struct record_text *record, struct buffer *out);
/* name, value, strings, zone, line: members of the object that is open. */
void record_text_json(const struct record_text *record, struct json *json);

#endif
