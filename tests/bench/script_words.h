/* A line of a script as words: blanks part them, double quotes hold them together and allow escapes
 * (script.h). */
#ifndef TESTS_BENCH_SCRIPT_WORDS_H
#define TESTS_BENCH_SCRIPT_WORDS_H

#include "milter_wire.h"

#define WORDS_MAX 64

struct words {
    struct wire_text word[WORDS_MAX]; /* into the line; each ends in a NUL that is not counted */
    size_t count;
};

/* Cuts a line into words, in place. False: a quote is not closed, or there are too many. */
bool words_split(char *line, struct words *words);

/* Decimal, octal with 0, hexadecimal with 0x. False when the word is anything else. */
bool words_read_number(struct wire_text word, unsigned long *number_r);

#endif
