/*
 * stale: pure decisions; times and what is on disk are handed in.
 */
#include "daemon/stale.h"

enum stale_answer stale_ask(struct stale_watch *watch, bool is_stale, uint64_t mark,
                            uint64_t now_ms)
{
    if (!is_stale) {
        watch->has_tried = false;
        return STALE_NOT;
    }
    if (!watch->has_tried || watch->tried_mark != mark)
        return STALE_CHANGED;
    return now_ms >= watch->retry_ms ? STALE_AGAIN : STALE_NOT;
}

void stale_tried(struct stale_watch *watch, uint64_t mark, uint64_t now_ms)
{
    *watch = (struct stale_watch){ .has_tried = true,
                                   .tried_mark = mark,
                                   .retry_ms = now_ms + STALE_RETRY_MS };
}

uint64_t stale_pause_ms(uint64_t look_ms, uint64_t load_ms)
{
    uint64_t pause_ms = look_ms * STALE_SHARE;

    if (load_ms * STALE_LOAD_SHARE > pause_ms)
        pause_ms = load_ms * STALE_LOAD_SHARE;
    return pause_ms > STALE_LOOK_MS ? pause_ms : STALE_LOOK_MS;
}
