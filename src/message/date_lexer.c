/*
 * date_lexer: the value of a date as numbers, words and single octets, without its comments and
 * white space (RFC 5322 3.2.2).
 *
 * Never fails; each octet is looked at once.
 */
#include "message/date_private.h"

#define NUMBER_MAX 999999 /* larger ones are out of every range and need not be told apart */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

void date_blame(struct date_reader *reader, unsigned defects)
{
    reader->defects |= defects;
}

/* RFC 5322 3.2.2; one that is never closed takes the rest, and is none. */
static void skip_comment(struct date_reader *reader)
{
    size_t depth = 0;

    do {
        char c = *reader->at++;

        if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
        else if (c == '\\' && reader->at < reader->end)
            reader->at++;
    } while (depth > 0 && reader->at < reader->end);
    if (depth > 0)
        date_blame(reader, DATE_TRAILING);
}

static void skip_cfws(struct date_reader *reader)
{
    for (; reader->at < reader->end; reader->token.after_space = true) {
        if (*reader->at == '(') {
            skip_comment(reader);
            reader->token.after_comment = true;
        } else if (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n') {
            reader->at++;
        } else {
            break;
        }
    }
}

static void take_number(struct date_reader *reader)
{
    int number = 0;

    for (; reader->at < reader->end && is_digit(*reader->at); reader->at++) {
        number = number * 10 + (*reader->at - '0');
        number = number > NUMBER_MAX ? NUMBER_MAX : number;
    }
    reader->token.kind = TOKEN_NUMBER;
    reader->token.number = number;
}

void date_advance(struct date_reader *reader)
{
    const char *start;

    reader->token = (struct date_token){ .kind = TOKEN_END };
    skip_cfws(reader);
    start = reader->at;
    if (reader->at == reader->end)
        return;
    if (is_digit(*reader->at)) {
        take_number(reader);
    } else if (is_letter(*reader->at)) {
        while (reader->at < reader->end && is_letter(*reader->at))
            reader->at++;
        reader->token.kind = TOKEN_WORD;
    } else {
        reader->at++;
        reader->token.kind = TOKEN_OCTET;
    }
    reader->token.text = (struct span){ start, (size_t)(reader->at - start) };
}

bool date_is_octet(const struct date_reader *reader, char c)
{
    return reader->token.kind == TOKEN_OCTET && *reader->token.text.at == c;
}

bool date_is_number(const struct date_reader *reader)
{
    return reader->token.kind == TOKEN_NUMBER;
}

void date_judge_gap(struct date_reader *reader, enum date_gap gap)
{
    bool is_wrong = gap == GAP_NONE     ? reader->token.after_space
                    : gap == GAP_NEEDED ? !reader->token.after_space
                                        : false;

    if (is_wrong || reader->token.after_comment)
        date_blame(reader, DATE_OBSOLETE);
}

bool date_take_octet(struct date_reader *reader, char c, enum date_gap gap)
{
    if (!date_is_octet(reader, c))
        return false;
    date_judge_gap(reader, gap);
    date_advance(reader);
    return true;
}

bool date_read_number(struct date_reader *reader, int *number_r)
{
    if (!date_is_number(reader))
        return false;
    *number_r = reader->token.number;
    date_advance(reader);
    return true;
}
