/*
 * mime_private: what the files of the MIME walk share: the stack of open parts, the header being
 * read, the line being read.
 */
#ifndef EM_MESSAGE_MIME_PRIVATE_H
#define EM_MESSAGE_MIME_PRIVATE_H

#include "message/mime.h"

#define MIME_BOUNDARY_MAX 200 /* what is tolerated; RFC 2046 5.1.1 has 70 */
/* "--", a boundary, "--", blanks (RFC 2046 5.1.1: transport-padding), CRLF: a longer line is none.
 */
#define MIME_LINE_MAX 320

enum mime_field { MIME_TYPE, MIME_ENCODING, MIME_DISPOSITION, MIME_FIELDS };

/* The fields of a header that are of interest; absent: not there. */
struct mime_header {
    struct span fields[MIME_FIELDS];
};

struct mime_level {
    struct mime_part part;
    struct span boundary; /* of a multipart; absent: it is another container, or none */
    bool has_part;        /* of a multipart */
    bool is_closed;       /* its closing boundary was there: this is its epilogue */
};

/* Collects the lines of one header, only the fields of interest. */
struct mime_collector {
    char *at; /* values one behind the other */
    size_t size, room;
    struct {
        size_t start, size;
        bool is_given;
    } fields[MIME_FIELDS];
    int current;       /* the field that continuations belong to; -1: one of no interest */
    bool has_field;    /* some line was one */
    size_t read_bytes; /* of this header, all lines */
};

enum mime_state {
    MIME_IN_LINE,       /* at the start of a line that may be a boundary or is of a header */
    MIME_IN_CONTENT,    /* within a line that is no boundary */
    MIME_IN_HEADER_LINE /* within a line of a header that is longer than any boundary */
};

struct mime_walk {
    struct mime_level levels[MIME_DEPTH_MAX];
    unsigned open; /* levels in use, at least one */
    enum mime_state state;
    bool in_header;         /* of the part that comes next */
    bool is_stopped;        /* a cap or the memory ended it: nothing more is read */
    bool after_cr;          /* a CR was held back, or (in a header) was the last octet */
    unsigned line_end_size; /* octets of the line end before the line, not yet given out */
    char line[MIME_LINE_MAX];
    size_t line_size;
    struct mime_collector header;
    size_t headers_bytes; /* of all headers, fields of interest */
};

/*
 * Reads what a header says into *level_r (zeroed but for parent, index and depth) and the facts.
 * `may_contain`: another level has room. False: the arena is exhausted.
 */
bool mime_part_read(struct mime_scan *scan, const struct mime_header *header, bool may_contain,
                    struct mime_level *level_r);

/*
 * The boundary as it is looked for: without blanks at its end, which readers take for padding.
 * Absent: there is none that could be.
 */
struct span mime_boundary_usable(struct mime_scan *scan, struct span boundary);

enum mime_match {
    MIME_MATCH_NONE,
    MIME_MATCH_PREFIX, /* it goes on as no boundary does */
    MIME_MATCH_NEXT,
    MIME_MATCH_CLOSE
};

/* The innermost open multipart whose boundary the line is (NEXT or CLOSE); -1: none. */
int mime_boundary_find(struct mime_scan *scan, struct span line, enum mime_match *match_r);

void mime_header_begin(struct mime_walk *walk);
/*
 * A line of a header without its line end, or the first MIME_LINE_MAX octets of a longer one.
 * False: it belongs to no header, which ends before it.
 */
bool mime_header_line(struct mime_scan *scan, struct span line);
/* More of a long line. */
void mime_header_more(struct mime_scan *scan, struct span text);
/* The end of such a line, whose CR, if it has one, was given too. */
void mime_header_line_end(struct mime_walk *walk);
struct mime_header mime_header_fields(const struct mime_walk *walk);

#endif
