/*
 * stale: when what lies on disk is to be loaded anew because it is no longer what is in force.
 *
 * Once for each change: what was refused is tried again when the disk changes again, and in between
 * now and then, since what was wrong may be mended where nobody looks.
 */
#ifndef EM_DAEMON_STALE_H
#define EM_DAEMON_STALE_H

#include <stdbool.h>
#include <stdint.h>

#define STALE_LOOK_MS 2000
#define STALE_RETRY_MS 600000
#define STALE_SHARE 200    /* a look at a large directory takes at most one in so many moments, */
#define STALE_LOAD_SHARE 5 /* a load that a look brought about one in so many */

/* One that is zeroed has tried nothing. */
struct stale_watch {
    bool has_tried;
    uint64_t tried_mark; /* what lay there then */
    uint64_t retry_ms;
};

enum stale_answer { STALE_NOT, STALE_CHANGED, STALE_AGAIN };

/* `mark` stands for all that lies there; different marks are different contents. */
enum stale_answer stale_ask(struct stale_watch *watch, bool is_stale, uint64_t mark,
                            uint64_t now_ms);
/* A load was tried, of what lay there when `mark` was taken. */
void stale_tried(struct stale_watch *watch, uint64_t mark, uint64_t now_ms);
/* How long to wait for the next look after one that took so long, and the load after it (0: none).
 * Tables are written one after the other, so what was loaded may be half of what is to come. */
uint64_t stale_pause_ms(uint64_t look_ms, uint64_t load_ms);

#endif
