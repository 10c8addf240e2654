/*
 * token: the words of a configuration text. Leaves their order to syntax.c. Fails with one sentence
 * and a line, at the first word that is none.
 *
 * libconfig reads 5000000000 as 705032704 on some builds, takes 15m as the number 15 and a setting
 * m, and skips a comment that never ends together with everything after it. Hence our own reading
 * first.
 */
#include "config/token_private.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(char c)
{
    return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

static bool is_name_start(char c)
{
    return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '*';
}

static bool is_name_byte(char c)
{
    return is_name_start(c) || is_digit(c) || c == '-' || c == '_';
}

static char byte_at(struct span text, size_t offset)
{
    return offset < text.size ? text.at[offset] : '\0';
}

/* Moves past `size` bytes, counting lines. */
static void reader_pass(struct token_reader *reader, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        reader->line += reader->rest.at[i] == '\n';
    }
    reader->rest = span_from(reader->rest, size);
}

static void pass_line(struct token_reader *reader)
{
    ptrdiff_t end = span_find(reader->rest, '\n');
    reader_pass(reader, end < 0 ? reader->rest.size : (size_t)end);
}

static bool pass_block_comment(struct token_reader *reader, struct error *error)
{
    const char *end = memmem(reader->rest.at + 2, reader->rest.size - 2, "*/", 2);
    if (end == NULL) {
        error_set(error, "this comment never ends; close it with */");
        return false;
    }
    reader_pass(reader, (size_t)(end - reader->rest.at) + 2);
    return true;
}

static bool pass_blanks(struct token_reader *reader, struct error *error)
{
    for (;;) {
        char c = byte_at(reader->rest, 0);
        if (c != '\0' && strchr(" \t\r\n\f", c) != NULL) {
            reader_pass(reader, 1);
        } else if (c == '#' || (c == '/' && byte_at(reader->rest, 1) == '/')) {
            pass_line(reader);
        } else if (c == '/' && byte_at(reader->rest, 1) == '*') {
            if (!pass_block_comment(reader, error)) {
                return false;
            }
        } else {
            return true;
        }
    }
}

/* Bytes of a quoted text with both quotes; 0 with *error filled. */
static size_t text_size(struct span rest, struct error *error)
{
    for (size_t i = 1; i < rest.size && rest.at[i] != '\n'; i++) {
        if (rest.at[i] == '"') {
            return i + 1;
        }
        if (rest.at[i] != '\\') {
            continue;
        }
        if (ascii_lower(byte_at(rest, i + 1)) == 'x' && byte_at(rest, i + 2) == '0' &&
            byte_at(rest, i + 3) == '0') {
            error_set(error, "a text cannot hold the NUL byte \\x00");
            return 0;
        }
        if (byte_at(rest, i + 1) != '\n') {
            i++;
        }
    }
    error_set(error, "this text has no closing quote on its line");
    return 0;
}

static size_t count_digits(struct span text, size_t from, bool (*is_one)(char))
{
    size_t i = from;
    while (i < text.size && is_one(text.at[i])) {
        i++;
    }
    return i - from;
}

/* Is the text from `at` on empty, L or LL? *has_suffix_r: not empty. */
static bool is_integer_end(struct span text, size_t at, bool *has_suffix_r)
{
    size_t left = text.size - at;
    *has_suffix_r = left > 0;
    return left == 0 || (left <= 2 && text.at[at] == 'L' && text.at[text.size - 1] == 'L');
}

static bool is_float(struct span text)
{
    size_t at = text.at[0] == '-' || text.at[0] == '+' ? 1 : 0;
    size_t digits = count_digits(text, at, is_digit);
    at += digits;
    bool has_point = byte_at(text, at) == '.';
    if (has_point) {
        size_t fraction = count_digits(text, at + 1, is_digit);
        digits += fraction;
        at += 1 + fraction;
    }
    if (digits == 0) {
        return false;
    }
    if (ascii_lower(byte_at(text, at)) != 'e') {
        return has_point && at == text.size;
    }
    at++;
    at += byte_at(text, at) == '-' || byte_at(text, at) == '+';
    size_t exponent = count_digits(text, at, is_digit);
    return exponent > 0 && at + exponent == text.size;
}

static bool integer_fits(struct span text, bool is_hex, bool is_64)
{
    char digits[32]; /* more digits fit into no type; leading zeros nobody writes by the dozen */
    if (text.size >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text.at, text.size);
    digits[text.size] = '\0';
    errno = 0;
    long long value = strtoll(digits, NULL, is_hex ? 16 : 10);
    if (errno != 0) {
        return false;
    }
    return is_64 ? value > INT64_MIN : value > INT32_MIN && value <= INT32_MAX;
}

/* A run that begins like a number; false: it is none. */
static bool classify_number(struct span text, struct token *token_r)
{
    bool is_hex = text.at[0] == '0' && ascii_lower(byte_at(text, 1)) == 'x';
    size_t start = is_hex ? 2 : text.at[0] == '-' || text.at[0] == '+' ? 1 : 0;
    size_t digits = count_digits(text, start, is_hex ? is_hex_digit : is_digit);
    bool has_suffix;
    if (digits > 0 && is_integer_end(text, start + digits, &has_suffix)) {
        token_r->type = has_suffix ? TOKEN_INT64 : TOKEN_INT;
        token_r->is_out_of_range =
            !integer_fits(span_first(text, start + digits), is_hex, has_suffix);
        return true;
    }
    token_r->type = TOKEN_FLOAT;
    return is_float(text);
}

/* Everything a person may have meant as one number: 15m, 192.0.2.1/24, 1e-5. */
static size_t number_run(struct span rest)
{
    size_t size = 1;
    while (size < rest.size) {
        char c = rest.at[size];
        bool is_exponent = (c == '+' || c == '-') && ascii_lower(rest.at[size - 1]) == 'e';
        bool is_slash = c == '/' && is_digit(byte_at(rest, size + 1));
        if (!is_name_byte(c) && c != '.' && !is_exponent && !is_slash) {
            break;
        }
        size++;
    }
    return size;
}

static bool read_number(struct span rest, struct token *token_r, struct error *error)
{
    token_r->text = span_first(rest, number_run(rest));
    if (classify_number(token_r->text, token_r)) {
        return true;
    }
    struct span shown = span_first(token_r->text, 60);
    error_set(error, "%.*s is no number; if it is a text, a duration or a size, put it in quotes",
              SPAN_ARG(shown));
    return false;
}

static void refuse_byte(struct span rest, struct error *error)
{
    if (span_has_prefix_nocase(rest, SPAN("@include"))) {
        error_set(error, "@include is not supported; files in conf.d beside the main file are read"
                         " after it");
    } else if (rest.at[0] > ' ' && rest.at[0] < 0x7F) {
        error_set(error, "%c cannot stand here; texts need quotes", rest.at[0]);
    } else {
        error_set(error, "byte 0x%02X cannot stand here; names consist of letters, digits, - and _",
                  (unsigned char)rest.at[0]);
    }
}

static void read_name(struct span rest, struct token *token_r)
{
    token_r->text = span_first(rest, count_digits(rest, 0, is_name_byte));
    bool is_bool = span_is_equal_nocase(token_r->text, SPAN("true")) ||
                   span_is_equal_nocase(token_r->text, SPAN("false"));
    token_r->type = is_bool ? TOKEN_BOOL : TOKEN_NAME;
}

static bool read_word(struct span rest, struct token *token_r, struct error *error)
{
    char c = rest.at[0];
    if (c == '"') {
        token_r->type = TOKEN_TEXT;
        token_r->text = span_first(rest, text_size(rest, error));
        return token_r->text.size > 0;
    }
    if (strchr("=:;,{}[]()", c) != NULL) {
        token_r->type = TOKEN_MARK;
        token_r->text = span_first(rest, 1);
        return true;
    }
    if (is_name_start(c)) {
        read_name(rest, token_r);
        return true;
    }
    if (is_digit(c) || c == '-' || c == '+' || (c == '.' && is_digit(byte_at(rest, 1)))) {
        return read_number(rest, token_r, error);
    }
    refuse_byte(rest, error);
    return false;
}

bool token_read(struct token_reader *reader, struct token *token_r, struct error *error)
{
    *token_r = (struct token){ .type = TOKEN_END };
    bool is_good = pass_blanks(reader, error);
    token_r->line = reader->line;
    if (!is_good) {
        return false;
    }
    if (reader->rest.size == 0) {
        token_r->text = SPAN("");
        return true;
    }
    if (!read_word(reader->rest, token_r, error)) {
        return false;
    }
    reader_pass(reader, token_r->text.size);
    return true;
}

bool token_is(const struct token *token, char mark)
{
    return token->type == TOKEN_MARK && token->text.at[0] == mark;
}
