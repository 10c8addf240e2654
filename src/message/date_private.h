/*
 * date_private: what the files that read dates share: a value as tokens, and the zone at its end.
 */
#ifndef EM_MESSAGE_DATE_PRIVATE_H
#define EM_MESSAGE_DATE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "message/date.h"
#include "util/span.h"

enum date_token_kind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_WORD, /* letters */
    TOKEN_OCTET /* any other */
};

struct date_token {
    enum date_token_kind kind;
    struct span text;
    int number; /* capped far above all ranges */
    bool after_space, after_comment;
};

struct date_reader {
    const char *at, *end;
    struct date_token token; /* the one to be looked at */
    unsigned defects;        /* enum date_defect */
};

/* What the grammar of RFC 5322 3.3 has before a token; a comment it has nowhere but at the end. */
enum date_gap { GAP_NONE, GAP_ALLOWED, GAP_NEEDED };

void date_blame(struct date_reader *reader, unsigned defects);
/* Makes the next token the one to be looked at. */
void date_advance(struct date_reader *reader);
bool date_is_octet(const struct date_reader *reader, char c);
bool date_is_number(const struct date_reader *reader);
/* Blames what stands between this token and the one before, if it is not what the grammar has. */
void date_judge_gap(struct date_reader *reader, enum date_gap gap);
/* The token, if it is this octet or a number, and on to the next; false: it is none. */
bool date_take_octet(struct date_reader *reader, char c, enum date_gap gap);
bool date_read_number(struct date_reader *reader, int *number_r);
/* What stands where the zone is expected; false: it can be none. *minutes_r stays as it is where
 * there is none. */
bool date_read_zone(struct date_reader *reader, int *minutes_r);

#endif
