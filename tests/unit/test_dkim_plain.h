/*
 * test_dkim_plain: canonicalization said again in the plainest words, whole text in, whole text
 * out, to compare the streams of src/dkim with (RFC 6376 3.4). Only CRLF ends a line; bare CR and
 * LF are data.
 */
#ifndef TESTS_UNIT_TEST_DKIM_PLAIN_H
#define TESTS_UNIT_TEST_DKIM_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/canonical.h"
#include "util/span.h"

/* What is added at once lies in memory of exactly its size, so that a sanitizer sees a look too
 * far. */
struct plain {
    char *at;
    size_t size, room;
};

static inline void plain_add(struct plain *text, const void *bytes, size_t size)
{
    if (size == 0) {
        return;
    }
    if (size > text->room - text->size) {
        text->room = text->size == 0 ? size : 2 * (text->size + size);
        text->at = realloc(text->at, text->room);
        if (text->at == NULL) {
            abort();
        }
    }
    memcpy(text->at + text->size, bytes, size);
    text->size += size;
}

/* A canonical_sink; context is a struct plain. */
static inline void plain_sink(void *context, const void *bytes, size_t size)
{
    plain_add(context, bytes, size);
}

static inline void plain_free(struct plain *text)
{
    free(text->at);
    *text = (struct plain){ .at = NULL };
}

static inline struct span plain_span(const struct plain *text)
{
    return (struct span){ text->at != NULL ? text->at : "", text->size };
}

static inline bool plain_is_white(char c)
{
    return c == ' ' || c == '\t';
}

/* Octets of the line at `text`, its CRLF (if it has one) not counted. */
static inline size_t plain_line_size(struct span text)
{
    for (size_t i = 0; i + 1 < text.size; i++) {
        if (text.at[i] == '\r' && text.at[i + 1] == '\n') {
            return i;
        }
    }
    return text.size;
}

/* 3.4.4 a: runs of white space become one SP, those at the end of the line nothing. */
static inline void plain_add_reduced(struct plain *out, struct span line)
{
    while (line.size > 0 && plain_is_white(line.at[line.size - 1])) {
        line.size--;
    }
    for (size_t i = 0; i < line.size; i++) {
        if (!plain_is_white(line.at[i])) {
            plain_add(out, &line.at[i], 1);
        } else if (i == 0 || !plain_is_white(line.at[i - 1])) {
            plain_add(out, " ", 1);
        }
    }
}

static inline struct plain plain_body(enum canonical form, struct span body)
{
    struct plain out = { .at = NULL };
    while (body.size > 0) {
        size_t size = plain_line_size(body);
        if (form == CANONICAL_RELAXED) {
            plain_add_reduced(&out, span_first(body, size));
        } else {
            plain_add(&out, body.at, size);
        }
        if (size < body.size) {
            plain_add(&out, "\r\n", 2);
            size += 2;
        }
        body = span_from(body, size);
    }
    while (out.size >= 2 && memcmp(out.at + out.size - 2, "\r\n", 2) == 0) {
        out.size -= 2;
    }
    if (form == CANONICAL_SIMPLE || out.size > 0) {
        plain_add(&out, "\r\n", 2);
    }
    return out;
}

/* A fold is LF and white space in the value; a LF in any other place goes the same way. */
static inline struct plain plain_header(enum canonical form, struct span name, struct span value)
{
    struct plain out = { .at = NULL };
    struct plain unfolded = { .at = NULL };
    for (size_t i = 0; i < name.size; i++) {
        char c = form == CANONICAL_RELAXED ? ascii_lower(name.at[i]) : name.at[i];
        plain_add(&out, &c, 1);
    }
    plain_add(&out, ":", 1);
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] != '\n') {
            plain_add(&unfolded, &value.at[i], 1);
        } else if (form == CANONICAL_SIMPLE) {
            plain_add(&unfolded, "\r\n", 2);
        }
    }
    struct span rest = plain_span(&unfolded);
    if (form == CANONICAL_RELAXED) {
        while (rest.size > 0 && plain_is_white(rest.at[0])) {
            rest = span_from(rest, 1);
        }
        plain_add_reduced(&out, rest);
    } else {
        plain_add(&out, rest.at, rest.size);
    }
    plain_free(&unfolded);
    return out;
}

#endif
