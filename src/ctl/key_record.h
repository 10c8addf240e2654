/*
 * key_record: the DNS record of a key in the three forms people paste it in (RFC 6376 3.6.2.2, RFC
 * 1035 3.3.14 and 5.1).
 */
#ifndef EM_CTL_KEY_RECORD_H
#define EM_CTL_KEY_RECORD_H

#include <stdbool.h>

#include "dkim/key.h"
#include "util/buffer.h"
#include "util/json.h"
#include "util/span.h"

#define RECORD_TTL_S 3600
#define RECORD_STRING_MAX 255 /* octets of one character-string */

struct key_record {
    struct buffer name;  /* "s2026a._domainkey.example.org", no final dot */
    struct buffer value; /* "v=DKIM1; ..." */
};

/* False: out of memory. Free either way. */
bool key_record_make(struct key_record *record, const struct dkim_key *key, struct span selector,
                     struct span domain);
void key_record_free(struct key_record *record);

/* Lines of a zone file: the value in strings of at most 255 octets, one a line. */
void key_record_print_zone(const struct key_record *record, struct buffer *out);
/* The same on one line. */
void key_record_print_line(const struct key_record *record, struct buffer *out);
/* name, value, strings, zone, line: members of the object that is open. */
void key_record_json(const struct key_record *record, struct json *json);

#endif
