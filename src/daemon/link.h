/*
 * link: what parent and child say to each other: one word a message, some with a text. Neither side
 * ever waits for the other.
 *
 * The letters are a protocol between versions: after a restart in place the parent is of a newer
 * version than the children it took over. New words are added; an unknown one is ignored.
 */
#ifndef EM_DAEMON_LINK_H
#define EM_DAEMON_LINK_H

#include <stdbool.h>
#include <stddef.h>

#define LINK_TEXT_MAX 4000 /* bytes of a text; what is longer is cut */

enum link_word {
    /* the child's */
    LINK_READY = 'r',    /* it serves */
    LINK_ALIVE = 'a',    /* a round trip through its filter has just ended */
    LINK_RELOADS = 'l',  /* it reloads by itself: the others are to do so too */
    LINK_RELOADED = 'e', /* a reload has ended, taken or not */
    LINK_RESTART = 'R',  /* somebody wants a restart in place */
    LINK_FAULT = 'x',    /* why it is about to end, for whoever waits for it to serve */
    /* the parent's */
    LINK_RETIRE = 'h',       /* a successor serves: accept nothing, let sessions go on */
    LINK_NOT_RESTARTED = 'f' /* the restart came to nothing; the text says why */
};

/* Two ends of one link, close-on-exec, never waiting. False: errno. */
bool link_open(int ends_r[2]);
/* text may be NULL. False: nobody is there any more, or too much lies unread there already. */
bool link_say(int fd, enum link_word word, const char *text);

enum link_heard { LINK_WORD, LINK_NOTHING, LINK_ENDED };
/* The next word, if one is there; text_r ends in NUL and is empty where there is none. */
enum link_heard link_hear(int fd, enum link_word *word_r, char text_r[static LINK_TEXT_MAX + 1]);

#endif
