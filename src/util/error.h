/*
 * error: why something did not work, as one line of text for a person.
 *
 * Functions that can fail for several reasons take a struct error and fill it when (and only when)
 * they fail.
 */
#ifndef EM_UTIL_ERROR_H
#define EM_UTIL_ERROR_H

struct error {
    char text[512]; /* one line, no newline; cut when longer */
};

void error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "prefix: " before what is there. */
void error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
