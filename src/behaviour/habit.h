/*
 * habit: the few values of one kind that somebody uses: networks he comes from, mail programs, From
 * addresses. Each has trust, and room for new ones is made by who was not seen for longest.
 *
 * Trust is not had by being seen: it grows by use that looks like the owner's, once an hour at
 * most, and what does not look so takes from it until it is full (the caller says how much). So a
 * night of someone else's mail makes nothing familiar.
 */
#ifndef EM_BEHAVIOUR_HABIT_H
#define EM_BEHAVIOUR_HABIT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/span.h"

enum {
    HABIT_ROOM = 12,
    HABIT_TRUST_MAX = 32,
    HABIT_TRUST_USUAL = HABIT_TRUST_MAX / 2,        /* from here on it is the owner's */
    HABIT_FORGOTTEN_H = 90 * 24,                    /* not seen for so long: gone */
    HABIT_OCTETS_MAX = 1 + HABIT_ROOM * (3 + 1 + 5) /* written */
};

struct habit_entry {
    uint32_t value; /* 24 bits, never 0 */
    uint32_t seen_h;
    uint8_t trust;   /* to HABIT_TRUST_MAX */
    bool has_gained; /* in the hour it was seen in */
};

/* All zero is an empty one. */
struct habit {
    uint8_t count;
    struct habit_entry all[HABIT_ROOM];
};

/* Of a value 24 bits count. How familiar it is, 0 (never seen) to HABIT_TRUST_MAX; the same for
 * value 0: nothing is known, so nothing is strange. */
unsigned habit_trust(const struct habit *habit, uint32_t value, uint64_t now_ms);
/* Is any value the owner's by now? Else nobody can say what is strange. */
bool habit_has_usual(const struct habit *habit, uint64_t now_ms);
/* It was used; room: for so many at most, HABIT_ROOM or less. A gain is added where none was in
 * this hour; a loss (below 0) is taken where trust is not full. */
void habit_use(struct habit *habit, uint32_t value, unsigned room, int gain, uint64_t now_ms);

void habit_write(const struct habit *habit, uint32_t base_h, struct buffer *out);
/* Takes it from the front; base_h as it was written with. False: these are no octets of one;
 * *habit_r is empty then. */
bool habit_read(struct span *from, uint32_t base_h, struct habit *habit_r);

#endif
