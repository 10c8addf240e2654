/*
 * clamd: the virus scanner beside us, asked about whole messages over its socket.
 *
 * One for each place it may be at, kept from one snapshot to the next and shared by the messages of
 * both; counted. Any number of threads may ask: so many at once as the pool has connections
 * (io/pool.h), the others wait for one within their time. A dead server is noticed once and not
 * asked for each message (io/health.h).
 */
#ifndef EM_SCAN_CLAMD_H
#define EM_SCAN_CLAMD_H

#include <stdbool.h>
#include <stdint.h>

#include "scan/settings.h"
#include "scan/spool.h"
#include "util/clock.h"

struct clamd;

enum scan_outcome {
    SCAN_NOT_ASKED, /* nobody wanted to know */
    SCAN_CLEAN,
    SCAN_FOUND,
    SCAN_TOO_LARGE, /* for clamd.max_size, or for clamd */
    SCAN_UNKNOWN    /* nobody could tell */
};

#define SCAN_TEXT_MAX 160

struct scan_result {
    enum scan_outcome outcome;
    bool is_mild;             /* FOUND: a guess, or a program somebody may not want */
    bool is_outage;           /* UNKNOWN: what clamd_next_news() tells anyway */
    char text[SCAN_TEXT_MAX]; /* FOUND: the name; TOO_LARGE, UNKNOWN: why. Printable ASCII */
};

/*
 * For `settings` (socket is set); `before` if that is at the same place (a reference more), else a
 * new one. A host that is a name is looked up. Connects to nobody yet. NULL with *error.
 */
struct clamd *clamd_open(const struct clamd_settings *settings, struct clamd *before,
                         struct error *error);
/* Clears the pointer; NULL is fine. */
void clamd_unref(struct clamd **clamd);

/* A spool for one message, to be filled; freed before the last reference. NULL: out of memory.
 * `fallback` is the directory where none is set. */
struct spool *clamd_spool(struct clamd *clamd, const struct clamd_settings *settings,
                          const char *fallback);
/*
 * What is in the spool, scanned; *result_r is never SCAN_NOT_ASKED. Waits up to settings.timeout:
 * the caller brackets it with waits_begin() and waits_end(). clock: for pauses and news; the
 * deadline is of real time.
 */
void clamd_scan(struct clamd *clamd, const struct clamd_settings *settings,
                const struct spool *spool, const struct clock *clock, struct scan_result *result_r);
/* Asks whether it is there, where nobody has lately; waits some seconds at most. */
void clamd_look(struct clamd *clamd, const struct clock *clock);

/* A line about it that has not been told yet, and whether it is a bad one; false: there is none.
 * Each line goes to one caller. */
bool clamd_next_news(struct clamd *clamd, const struct clamd_settings *settings,
                     const struct clock *clock, bool *is_bad_r, struct error *line_r);
/* How it is. */
struct clamd_state {
    bool was_asked; /* anything so far */
    bool is_down;
    bool is_disk_bad; /* messages cannot be kept for it */
    uint64_t down_ns; /* since when, of the clock; likewise disk_ns */
    uint64_t disk_ns;
    struct error why, disk_why;
};
void clamd_look_at(struct clamd *clamd, struct clamd_state *state_r);

#endif
