/*
 * gist: a number for what a message says, the same for messages that differ in a name, a number or
 * a link: one text to many is what newsletters and spam have in common.
 *
 * It reads the words of all text parts, as letters only: what has digits, and what stands between
 * '<' and '>', is no word. Of every five words in a row a number is made, and the three lowest of
 * these are the gist, so that it stays while few words change (Broder, On the resemblance of
 * documents, 1997). A text of less than five words is the number of all its words. Two different
 * texts are not told apart for certain, and whoever knows the key can make that happen; the key is
 * the caller's.
 */
#ifndef EM_MESSAGE_GIST_H
#define EM_MESSAGE_GIST_H

#include <stdbool.h>
#include <stdint.h>

#include "message/content.h"

enum {
    GIST_WORDS = 5,
    GIST_LOWEST = 3,
    GIST_OCTETS_MAX = 65536 /* decoded octets that are read; the rest of a message says the same */
};

struct gist {
    uint64_t key;
    uint64_t word;                /* of the letters so far */
    unsigned letters;             /* in this word */
    bool is_spoilt;               /* it has a digit */
    bool is_in_tag;               /* behind '<' */
    uint64_t last[GIST_WORDS];    /* words, as a ring */
    uint64_t count;               /* of words */
    uint64_t all;                 /* of all words together */
    uint64_t lowest[GIST_LOWEST]; /* in order; UINT64_MAX: none */
    uint32_t octets;
};

void gist_init(struct gist *gist, uint64_t key);
/* Decoded text, in pieces of any size; the gist does not depend on the cut. */
void gist_feed(struct gist *gist, const void *bytes, size_t size);
/* The text of a part is over. */
void gist_end_part(struct gist *gist);
/* 0: it says nothing, there is no word. Nothing is fed afterwards. */
uint64_t gist_finish(struct gist *gist);

/* Feeds it with the text parts of a message; it outlives the reader. */
struct content_reader gist_reader(struct gist *gist);

#endif
