/*
 * outage: is a provider at fault and not his mailboxes? When addresses that took mail before are
 * suddenly unknown to him, several of them and a good part of what he is sent, nothing that he says
 * of addresses is believed until it has been over for a day and a half. Mailboxes that were really
 * closed, many at once, look alike: so no outage lasts longer than some days.
 *
 * Bounded: so many addresses are known to be good (the newest), so many providers are watched.
 */
#ifndef EM_FEEDBACK_OUTAGE_H
#define EM_FEEDBACK_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/span.h"

enum {
    OUTAGE_WINDOW_S = 6 * 3600,   /* looked back over */
    OUTAGE_REST_S = 36 * 3600,    /* how long it lasts after the last sign of it, */
    OUTAGE_LONGEST_S = 4 * 86400, /* and in all */
    OUTAGE_ADDRESSES = 5,         /* known-good addresses that failed within */
    OUTAGE_SHARE = 10,            /* one of so many that had mail and were known to be good */
    OUTAGE_GOOD_MAX = 1 << 16,    /* addresses that are known to be good */
    OUTAGE_PROVIDERS_MAX = 1 << 10
};

struct outages;

/* About 600 KB. NULL: out of memory. */
struct outages *outages_new(void);
void outages_free(struct outages **outages);

/* `provider` names who runs the mailbox: any text that is the same for all he runs. */
void outages_note_success(struct outages *outages, struct span provider, struct span address,
                          int64_t at_s);
enum outage_answer {
    OUTAGE_NONE,   /* what he says may be believed */
    OUTAGE_BEGINS, /* from now on it may not, nor what he said within OUTAGE_WINDOW_S */
    OUTAGE_GOES_ON
};
/* A failure that says there is no such mailbox. */
enum outage_answer outages_note_failure(struct outages *outages, struct span provider,
                                        struct span address, int64_t at_s);

#endif
