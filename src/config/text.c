/*
 * text: what a text in a configuration may hold, and how texts are shown to people. No setting has
 * a use for control bytes, and without them no value can forge a line of a log or of a report.
 */
#include "config/text_private.h"

#include <stdint.h>

/* Bytes of the UTF-8 sequence that begins here (RFC 3629 section 4); 0: none does. */
static size_t utf8_size(const unsigned char *at, size_t left)
{
    unsigned char first = at[0];
    if (first < 0x80) {
        return 1;
    }
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || size > left) {
        return 0;
    }
    /* The second byte alone keeps out overlong forms, surrogates and what lies beyond U+10FFFF. */
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return size;
}

/* A control of ASCII, or of ISO 6429 as UTF-8 (U+0080 to U+009F), in the sequence at `at`. */
static bool is_control(const unsigned char *at, size_t size)
{
    return at[0] < 0x20 || at[0] == 0x7F || (size == 2 && at[0] == 0xC2 && at[1] < 0xA0);
}

bool text_is_clean(struct span text, struct error *error)
{
    const unsigned char *at = (const unsigned char *)text.at;
    for (size_t i = 0; i < text.size;) {
        size_t size = utf8_size(at + i, text.size - i);
        if (size == 0) {
            error_set(error, "byte 0x%02X is no UTF-8; save the file as UTF-8", at[i]);
            return false;
        }
        if (is_control(at + i, size)) {
            error_set(error, "a text cannot hold the control character 0x%02X", at[i + size - 1]);
            return false;
        }
        i += size;
    }
    return true;
}

void text_add_printable(struct buffer *out, struct span text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    for (size_t i = 0; i < text.size;) {
        size_t size = utf8_size(at + i, text.size - i);
        if (size == 0 || is_control(at + i, size)) {
            buffer_printf(out, "\\x%02X", at[i]);
            i++;
        } else {
            buffer_add(out, at + i, size);
            i += size;
        }
    }
}

void text_add_quoted(struct buffer *out, const char *text)
{
    buffer_add_char(out, '"');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            buffer_add_char(out, '\\');
        }
        buffer_add_char(out, *at);
    }
    buffer_add_char(out, '"');
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

enum { NEAR_MAX = 48 }; /* no setting's name is longer */

/*
 * Insertions, removals, replacements and swaps of neighbours between a and b; each at most NEAR_MAX
 * bytes.
 */
static size_t edit_distance(struct span a, struct span b)
{
    uint8_t cost[NEAR_MAX + 1][NEAR_MAX + 1];
    for (size_t i = 0; i <= a.size; i++) {
        for (size_t j = 0; j <= b.size; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = (uint8_t)(i + j);
                continue;
            }
            char x = ascii_lower(a.at[i - 1]), y = ascii_lower(b.at[j - 1]);
            size_t least = cost[i - 1][j - 1] + (x == y ? 0U : 1U);
            least = min_size(least, min_size(cost[i - 1][j], cost[i][j - 1]) + 1U);
            if (i > 1 && j > 1 && x == ascii_lower(b.at[j - 2]) && y == ascii_lower(a.at[i - 2])) {
                least = min_size(least, cost[i - 2][j - 2] + 1U);
            }
            cost[i][j] = (uint8_t)least;
        }
    }
    return cost[a.size][b.size];
}

bool text_is_near(struct span written, struct span name)
{
    if (written.size > NEAR_MAX || name.size > NEAR_MAX) {
        return false;
    }
    size_t longer = written.size > name.size ? written.size : name.size;
    return edit_distance(written, name) * 3 <= longer;
}
