/*
 * body: what can be said about a body while it streams by, without keeping any of it.
 *
 * The answers do not depend on how the body was cut into chunks.
 */
#ifndef EM_MESSAGE_BODY_H
#define EM_MESSAGE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BODY_LINE_LIMIT 998 /* RFC 5322 2.1.1 */

struct body_facts {
    uint64_t size; /* octets */
    /* Octets between line ends (CRLF), the CRLF not counted; a bare CR or LF ends no line. 0: no
     * line is longer than BODY_LINE_LIMIT; shorter ones are of no interest to anybody. */
    uint64_t longest_line;
    uint64_t longest_line_number; /* 1-based number of the first such line; 0: there is none */
    bool has_8bit;
    bool has_nul;
    bool has_bare_cr;
    bool has_bare_lf;
    bool ends_in_line_end; /* or is empty */
};

struct body_scan {
    struct body_facts facts;
    uint64_t line_size, line_number; /* of the line being read */
    bool after_cr;
    uint64_t line_limit; /* BODY_LINE_LIMIT; tests set less before feeding */
};

void body_scan_init(struct body_scan *scan);
void body_scan_feed(struct body_scan *scan, const void *bytes, size_t size);
/* Nothing may be fed afterwards. */
const struct body_facts *body_scan_finish(struct body_scan *scan);

#endif
