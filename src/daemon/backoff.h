/*
 * backoff: when a child that died is replaced. At once, unless deaths come in a row: then after
 * pauses that grow, so that a child that cannot live costs neither processor nor log.
 */
#ifndef EM_DAEMON_BACKOFF_H
#define EM_DAEMON_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_BURST 5 /* deaths within the window that are replaced at once */
#define BACKOFF_WINDOW_MS 10000
#define BACKOFF_FIRST_MS 1000 /* the first pause; each is twice the one before */
#define BACKOFF_LONGEST_MS 30000
#define BACKOFF_CALM_MS 60000 /* a life this long ends the row */

struct backoff {
    unsigned deaths; /* in this row */
    unsigned pauses; /* made in this row */
    uint64_t died_ms[BACKOFF_BURST];
};

/*
 * A child died at now_ms after serving for lived_ms (0: it never served). Returns for how long to
 * wait before the next is started, in ms.
 */
unsigned backoff_died(struct backoff *backoff, uint64_t now_ms, uint64_t lived_ms);

#endif
