/*
 * maillog_text: how the readers of log lines move over a text; see maillog_private.h. Nothing here
 * looks at an octet more often than a fixed number of times.
 */
#include "feedback/maillog_private.h"

#include "hold/queue_id.h"

enum { DIGITS_MAX = 15, DSN_PART_MAX = 3 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    c = ascii_lower(c);
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

bool maillog_skip(struct span *rest_io, struct span text)
{
    if (rest_io->size < text.size || memcmp(rest_io->at, text.at, text.size) != 0) {
        return false;
    }
    *rest_io = span_from(*rest_io, text.size);
    return true;
}

ptrdiff_t maillog_find(struct span where, struct span text)
{
    const char *at = where.size > 0 ? memmem(where.at, where.size, text.at, text.size) : NULL;
    return at != NULL ? at - where.at : -1;
}

ptrdiff_t maillog_find_last(struct span where, struct span text)
{
    for (size_t at = where.size; at-- > 0;) {
        if (where.at[at] == text.at[0] && where.size - at >= text.size &&
            memcmp(where.at + at, text.at, text.size) == 0) {
            return (ptrdiff_t)at;
        }
    }
    return -1;
}

bool maillog_cut(struct span *rest_io, struct span text, struct span *before_r)
{
    ptrdiff_t at = maillog_find(*rest_io, text);
    if (at < 0) {
        return false;
    }
    *before_r = span_first(*rest_io, (size_t)at);
    *rest_io = span_from(*rest_io, (size_t)at + text.size);
    return true;
}

struct span maillog_id_at(struct span text)
{
    size_t size = 0;
    struct span id;
    while (size < text.size && size <= QUEUE_ID_MAX && is_alphanumeric(text.at[size])) {
        size++;
    }
    id = span_first(text, size);
    return queue_id_is_good(id) ? id : (struct span){ NULL, 0 };
}

/* "warning", "Milter": neither Postfix nor Sendmail makes an id without a digit that has a lower
 * case vowel (long ids of Postfix have no vowels, short ones are upper case). */
static bool is_word(struct span id)
{
    bool has_vowel = false;
    for (size_t i = 0; i < id.size; i++) {
        if (is_digit(id.at[i])) {
            return false;
        }
        has_vowel = has_vowel || span_find(SPAN("aeiou"), id.at[i]) >= 0;
    }
    return has_vowel;
}

bool maillog_take_id(struct span *rest_io, struct span *id_r)
{
    struct span id = maillog_id_at(*rest_io);
    if (id.at == NULL || rest_io->size < id.size + 2 || id.at[id.size] != ':' ||
        id.at[id.size + 1] != ' ' || span_is_equal(id, SPAN("NOQUEUE")) || is_word(id)) {
        return false;
    }
    *id_r = id;
    *rest_io = span_from(*rest_io, id.size + 2);
    return true;
}

bool maillog_take_number(struct span *rest_io, uint64_t *number_r)
{
    size_t size = 0;
    uint64_t number = 0;
    while (size < rest_io->size && is_digit(rest_io->at[size])) {
        if (size == DIGITS_MAX) {
            return false;
        }
        number = number * 10 + (uint64_t)(rest_io->at[size++] - '0');
    }
    *number_r = number;
    *rest_io = span_from(*rest_io, size);
    return size > 0;
}

bool maillog_seconds(struct span text, int64_t *ms_r)
{
    uint64_t whole, scale = 100, fraction = 0;
    if (!maillog_take_number(&text, &whole) || whole > INT32_MAX) {
        return false;
    }
    if (text.size > 0 && text.at[0] == '.') {
        for (size_t i = 1; i < text.size && is_digit(text.at[i]); i++) {
            fraction += scale * (uint64_t)(text.at[i] - '0');
            scale /= 10;
        }
    } else if (text.size > 0) {
        return false;
    }
    *ms_r = (int64_t)(whole * 1000 + fraction);
    return true;
}

uint16_t maillog_code(struct span text)
{
    if (text.size < 3 || text.at[0] < '2' || text.at[0] > '5' || !is_digit(text.at[1]) ||
        !is_digit(text.at[2]) || (text.size > 3 && text.at[3] != ' ' && text.at[3] != '-')) {
        return 0;
    }
    return (uint16_t)((text.at[0] - '0') * 100 + (text.at[1] - '0') * 10 + (text.at[2] - '0'));
}

struct span maillog_dsn(struct span text)
{
    size_t at = 0;
    for (int part = 0; part < 3; part++) {
        size_t size = 0;
        if (part > 0 && (at >= text.size || text.at[at++] != '.')) {
            return (struct span){ NULL, 0 };
        }
        while (at < text.size && is_digit(text.at[at]) && size <= DSN_PART_MAX) {
            at++;
            size++;
        }
        if (size == 0 || size > DSN_PART_MAX || (part == 0 && size > 1)) {
            return (struct span){ NULL, 0 };
        }
    }
    if (text.at[0] != '2' && text.at[0] != '4' && text.at[0] != '5') {
        return (struct span){ NULL, 0 };
    }
    return span_first(text, at);
}

bool maillog_take_client(struct span *rest_io, struct span *name_r, struct span *address_r)
{
    struct span rest = *rest_io;
    uint64_t port;
    if (!maillog_cut(&rest, SPAN("["), name_r) || span_find(*name_r, ' ') >= 0 ||
        !maillog_cut(&rest, SPAN("]"), address_r) || span_find(*address_r, ' ') >= 0) {
        return false;
    }
    *rest_io = rest;
    if (maillog_skip(&rest, SPAN(":")) && maillog_take_number(&rest, &port)) {
        *rest_io = rest;
    }
    return true;
}

struct span maillog_address(struct span text)
{
    text = span_trim(text);
    if (text.size >= 2 && text.at[0] == '<' && text.at[text.size - 1] == '>') {
        text = span_first(span_from(text, 1), text.size - 2);
    }
    return text;
}
