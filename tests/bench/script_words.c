/* Words and escapes of a script line. See script_words.h. */
#include "script_words.h"

#include <stdlib.h>
#include <string.h>

static int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit | 0x20) : NULL;

    return found ? (int)(found - digits) : -1;
}

/* Undoes the escape at *from (behind the backslash) and moves it on. */
static char read_escape(const char **from)
{
    static const char letters[] = "nrt0";
    static const char bytes[] = "\n\r\t\0";
    char letter = *(*from)++;
    const char *found = letter ? strchr(letters, letter) : NULL;

    if (found)
        return bytes[found - letters];
    if (letter == 'x' && hex_digit((*from)[0]) >= 0 && hex_digit((*from)[1]) >= 0) {
        int value = hex_digit((*from)[0]) * 16 + hex_digit((*from)[1]);

        *from += 2;
        return (char)value;
    }
    return letter;
}

bool words_split(char *line, struct words *words)
{
    const char *from = line;
    char *to = line;

    words->count = 0;
    for (;;) {
        bool is_quoted;
        char *start;

        from += strspn(from, " \t\r\n");
        if (!*from || *from == '#')
            return true;
        if (words->count == WORDS_MAX)
            return false;
        is_quoted = *from == '"';
        from += is_quoted;
        start = to;
        while (*from && (is_quoted ? *from != '"' : !strchr(" \t\r\n", *from))) {
            if (is_quoted && *from == '\\' && from[1]) {
                from++;
                *to++ = read_escape(&from);
            } else {
                *to++ = *from++;
            }
        }
        if (is_quoted && !*from)
            return false;
        from += *from != 0;
        words->word[words->count++] = (struct wire_text){ start, (size_t)(to - start) };
        *to++ = 0;
    }
}

bool words_read_number(struct wire_text word, unsigned long *number_r)
{
    char *end;

    *number_r = strtoul(word.data, &end, 0);
    return word.length && *end == 0;
}
