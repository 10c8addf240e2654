/*
 * The message a script sends: taken from a file or put together field by field, and changed as the
 * filter asks, by the rules Postfix applies. What comes out is what would be delivered (without the
 * MTA's own Received).
 *
 * Values keep the space after the colon. Lines within a value are parted by LF, in the body by what
 * was given.
 */
#ifndef TESTS_BENCH_SCRIPT_MAIL_H
#define TESTS_BENCH_SCRIPT_MAIL_H

#include <stdio.h>

#include "milter_wire.h"

struct mail_field {
    char *name;
    size_t name_length;
    char *value;
    size_t value_length;
};

struct script_mail {
    struct mail_field *field;
    size_t fields;
    size_t capacity;
    size_t
        above_received; /* how many stand above the MTA's own Received, which filters do not see */
    struct wire_buffer body;
};

void script_mail_clear(struct script_mail *mail);

/*
 * Reads a message with CRLF or bare LF line ends: the header to the first empty line, the body with
 * CRLF line ends. is_raw: only CRLF ends a line and bare CR and LF stay where they are. A header
 * line without a colon ends the header. False with a line on stderr.
 */
bool script_mail_read(struct script_mail *mail, const char *path, bool is_raw);

bool script_mail_add_field(struct script_mail *mail, size_t position, struct wire_text name,
                           struct wire_text value);

/* Carries out one of the header changes and a replaced body. leading_space: values bring their own.
 */
void script_mail_edit(struct script_mail *mail, const struct wire_answer *edit, bool leading_space);

bool script_mail_write(const struct script_mail *mail, const char *path);

#endif
