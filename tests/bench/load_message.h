/* The messages the load is made of: twelve header fields as a mail program writes them, and one
 * body for all. */
#ifndef TESTS_BENCH_LOAD_MESSAGE_H
#define TESTS_BENCH_LOAD_MESSAGE_H

#include "milter_wire.h"

enum load_body {
    LOAD_BODY_TEXT,   /* words, lines of 70 to 78 columns, some empty lines */
    LOAD_BODY_BASE64, /* lines of 76 characters */
    LOAD_BODY_SPACES  /* text with runs of blanks within and at the end of lines */
};

/*
 * A new body of exactly `size` bytes, CRLF line ends, the last line complete (if size >= 2). The
 * same for the same arguments, on every machine. The caller frees it; NULL without memory.
 */
char *load_body_new(enum load_body kind, size_t size);

#define LOAD_FIELDS 12

/*
 * Field `index` (0 to LOAD_FIELDS - 1) of message `number` from `sender` to `recipient` (bare
 * addresses). Writes the value, without leading space, into value[0..size) and returns its name.
 */
const char *load_field(unsigned index, unsigned long number, const char *sender,
                       const char *recipient, char *value, size_t size);

#endif
