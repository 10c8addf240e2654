/*
 * envelope_view: the envelope that a message on disk would have had, by its own header.
 */
#ifndef TESTS_CORPUS_ENVELOPE_VIEW_H
#define TESTS_CORPUS_ENVELOPE_VIEW_H

#include "policy/drive.h"

enum { ENVELOPE_VIEW_RECIPIENTS = 1000 };

struct envelope_view {
    struct span author; /* the first one; alice@example.org where there is none */
    /* Of To and Cc, each by the MTA's own look at DNS; somebody alone where these name nobody. */
    struct drive_recipient recipients[ENVELOPE_VIEW_RECIPIENTS];
    size_t recipient_count;
};

extern const struct drive_recipient envelope_view_somebody; /* named by no message */

/* Ends the program when memory is short. What is read lives in the file and the arena. */
void envelope_view_read(struct span file, struct arena *arena, struct envelope_view *view_r);

#endif
