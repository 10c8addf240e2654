/*
 * scanner: is the virus scanner there, when no mail asks it? So a dead one is known before the
 * first message comes, and one that is back is used at once. Each process asks for itself.
 */
#include "watch/watch_private.h"

#include "scan/clamd.h"

#define LOOK_MS 5000

/* Nothing is kept between looks. */
static void *scanner_begin(struct watch *watch)
{
    return watch;
}

static void scanner_end(void *state)
{
    (void)state;
}

static unsigned scanner_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct site *site = site_holder_get(setup->holder);
    struct error line;
    bool is_bad;
    (void)state;
    (void)is_hurried;
    if (site->clamd != NULL) {
        clamd_look(site->clamd, setup->clock);
        while (clamd_next_news(site->clamd, site->scan_settings, setup->clock, &is_bad, &line)) {
            watch_log(watch, is_bad ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "%s", line.text);
        }
    }
    site_unref(&site);
    return LOOK_MS;
}

const struct watch_job watch_scanner_job = {
    .name = "scanner", .begin = scanner_begin, .end = scanner_end, .run = scanner_run
};
