/*
 * readers: one message as different readers see it, each as the same three lines of text.
 */
#ifndef TESTS_CORPUS_READERS_H
#define TESTS_CORPUS_READERS_H

#include <stdbool.h>
#include <stddef.h>

#include "message/message.h"
#include "util/arena.h"
#include "util/buffer.h"

enum aspect {
    ASPECT_TREE,    /* "(type/subtype encoding "file name")", parts within parts; containers without
                       encoding */
    ASPECT_FROM,    /* mailboxes in lower case, a blank behind each */
    ASPECT_DATE,    /* seconds since 1970 and zone, or nothing */
    ASPECT_CONTENT, /* of each part in base64 or quoted-printable, decoded: its size and Adler-32 */
    ASPECTS
};

struct view {
    struct buffer text[ASPECTS];
};

struct subject {
    const char *file; /* its name */
    struct arena *arena;
    struct message message;
    struct buffer raw; /* as it travels: what the others read */
    struct view ours;
    unsigned defects[ASPECTS]; /* what we tell */
};

/* One line of text, whatever is in it. */
void view_add_plain(struct buffer *out, const char *at, size_t size);
void view_add_lower(struct buffer *out, const char *text);
/* For ASPECT_CONTENT: begins at 1; the sum of the octets before and these. */
unsigned view_sum(unsigned sum, const void *bytes, size_t size);

/* Fills all but file and arena. False: memory. */
bool readers_ours(struct subject *subject, struct span file);
void readers_gmime_start(void);
void readers_gmime(const struct subject *subject, struct view *view);
/* A child process of Python; false: it is gone. */
bool readers_python_start(void);
bool readers_python(const struct subject *subject, struct view *view);
bool readers_python_end(void);

#endif
