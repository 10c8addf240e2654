/*
 * words: a request with arguments, as one line: "WORD [json] ARGUMENT ...", blanks between. In an
 * argument space, quote, '=', backslash and everything unprintable are \xNN, as in the log
 * (log/field.h); an empty one is two quotes.
 */
#ifndef EM_CONTROL_WORDS_H
#define EM_CONTROL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buffer.h"
#include "util/span.h"

enum { CONTROL_WORDS_MAX = 8, CONTROL_WORD_MAX = 1024 /* octets of one, unescaped */ };

struct control_words {
    struct span at[CONTROL_WORDS_MAX]; /* into `bytes` */
    size_t count;
    char bytes[CONTROL_WORDS_MAX * (CONTROL_WORD_MAX + 1)];
};

/* Takes a line apart that control_words_add() put together. False: too many words, one that is too
 * long, or no such escape. */
bool control_words_read(struct span line, struct control_words *words_r);
/* Appends a blank, unless it is the first, and the word. */
void control_words_add(struct buffer *line, struct span word);

#endif
