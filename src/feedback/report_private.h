/*
 * report_private: what the files of report share. The way: report_parts.c takes the message apart;
 * report_dsn.c and report_arf.c read what is meant for machines, report_text.c what is not, by the
 * rows of report_formats.c; report_returned.c finds the ids of the message it is about.
 */
#ifndef EM_FEEDBACK_REPORT_PRIVATE_H
#define EM_FEEDBACK_REPORT_PRIVATE_H

#include "feedback/report.h"

enum {
    REPORT_PARTS_MAX = 64,
    REPORT_LINES_MAX = 4000,         /* of a text for people that are looked at */
    REPORT_NOTICE_MAX = 64 * 1024,   /* octets of it */
    REPORT_RETURNED_MAX = 64 * 1024, /* octets of the returned header */
    REPORT_ADDRESS_MAX = 254
};

/* The message in pieces. Texts are decoded and, as far as their character set is known, UTF-8. */
struct report_parts {
    struct span notice;   /* text for people, lines ending in LF */
    struct span status;   /* message/delivery-status: fields; absent: none */
    struct span feedback; /* message/feedback-report: fields; absent: none */
    struct span returned; /* the message it is about, or its header; absent: none */
    bool is_report;       /* multipart/report */
    struct span report_type;
};

/* False: the arena is exhausted. */
bool report_parts_read(const struct header_list *headers, struct span body, struct arena *arena,
                       struct report_parts *parts_r);

/* A report while it is read. */
struct reading {
    struct arena *arena;
    const struct header_list *headers;
    struct span subject; /* decoded */
    bool has_null_sender;
    struct report_parts parts;
    struct report *report;
    struct report_recipient *recipients; /* REPORT_RECIPIENTS_MAX */
};

/* --- lines and fields --- */

/* Cuts the next line off, its line end too (LF or CRLF). */
bool report_line(struct span *rest_io, struct span *line_r);
/* Cuts the next field off, with the lines that continue it. *name_r is absent at an empty line or
 * one that is no field (*value_r is the line). False: nothing is left. */
bool report_field(struct span *rest_io, struct span *name_r, struct span *value_r);
/* A copy in the arena: one line, one blank between words, no control octets, at most `most`. */
struct span report_clean(struct arena *arena, struct span text, size_t most);
/* Behind "rfc822;", "dns;", "smtp;": what is meant. */
struct span report_typed(struct span value);

/* --- addresses --- */

/* The address that begins at `text` (an atom or quoted local part, '@', a domain): its octets; 0:
 * none does. */
size_t report_address_at(struct span text);
/* The first in the text, not followed by ':' as part of a URL. Absent: none. */
struct span report_address_in(struct span text);
/* The value of a Final-Recipient and its like as a plain address: type, angle brackets and the
 * escapes of RFC 3461 and 6533 undone. Absent: none. */
struct span report_address_typed(struct span value, struct arena *arena);

/* --- what is found --- */

/* The one with this address (any case), or a new one; NULL: there are too many. Not yet judged. */
struct report_recipient *report_recipient(struct reading *reading, struct span address);
void report_add_message_id(struct reading *reading, struct span value);
void report_add_queue_id(struct reading *reading, struct span id, struct span host);

bool report_dsn_read(struct reading *reading);
bool report_arf_read(struct reading *reading);
bool report_text_read(struct reading *reading);
void report_returned_read(struct reading *reading);
/* Fills status, class, reply code and cause by text, status and host. */
void report_judge(struct report_recipient *recipient);
/* Its first paragraphs, so many as it takes to tell a cause; the first eight where none does. */
struct span report_paragraphs(struct span text);
/* The part of the notice that is about this address; absent: none. */
struct span report_notice_about(const struct reading *reading, struct span address);

/* --- rows --- */

/* A line of a text for people. Template: "%a" an address, with or without <>; "%c" a reply code
 * with or without an enhanced one; "%t" what the server said, to the end of the line; "%w" a word;
 * a blank is one or more; other octets are themselves, in any case. It fits the whole line. */
struct report_shape {
    const char *template;
    bool is_plain; /* a line like this may be anywhere: only where recipients are announced */
};
extern const struct report_shape report_shapes[]; /* ended by NULL */
extern const char *const report_openers[];        /* lower case: recipients follow */
extern const char *const report_enders[];         /* lower case: the returned message follows */
extern const char *const report_delays[];         /* lower case: it is still tried */
extern const char *const report_subjects[];       /* lower case: of delivery reports */
extern const char
    *const report_away_subjects[]; /* lower case: those of automatic replies begin so */
extern const struct report_writer {
    const char *name, *text; /* lower case, in From, Subject or the notice */
} report_writers[];

bool report_shape_fits(const char *template, struct span line, struct span *address_r,
                       struct span *text_r);
/* Does any of the phrases stand in the text? Their index, or -1. */
int report_phrase_in(const char *const *phrases, struct span text, size_t *end_r);

#endif
