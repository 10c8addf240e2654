/*
 * notices: sends what is to be told by mail, when it is time (notice/digest.h). Whatever was noted,
 * by whichever process, lies in the store.
 */
#include "watch/watch_private.h"

#include <string.h>
#include <unistd.h>

#define LOOK_MS 5000
#define HOST_MAX 256

/* Other jobs know what they did last; here all of that is in the store. */
static char nothing;

static void *notices_begin(struct watch *watch)
{
    (void)watch;
    return &nothing;
}

static void notices_end(void *state)
{
    (void)state;
}

/* What our mail says it is from; a name of the machine only where nothing better is told. */
static struct span host_of(const struct site *site, char room[static HOST_MAX])
{
    if (site->egress_settings->helo != NULL) {
        return span_of(site->egress_settings->helo);
    }
    if (gethostname(room, HOST_MAX) != 0 || memchr(room, '\0', HOST_MAX) == NULL) {
        return SPAN("localhost");
    }
    for (const char *c = room; *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.", *c) ==
            NULL) {
            return SPAN("localhost");
        }
    }
    return room[0] != '\0' ? span_of(room) : SPAN("localhost");
}

static unsigned notices_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct site *site;
    char room[HOST_MAX];

    (void)state;
    (void)is_hurried;
    if (setup->notices != NULL) {
        site = site_holder_get(setup->holder);
        notices_mail_due(setup->notices, site->config, host_of(site, room));
        site_unref(&site);
    }
    return LOOK_MS;
}

const struct watch_job watch_notices_job = { .name = "notices",
                                             .begin = notices_begin,
                                             .end = notices_end,
                                             .run = notices_run,
                                             .is_for_leader = true };
