/*
 * outage: see outage.h. Addresses and providers are kept as numbers; two that share a place push
 * each other out, so what is forgotten makes fewer signs of an outage and no false ones. The lowest
 * bit of an address's number says that it failed since it last took mail.
 */
#include "feedback/outage.h"

#include <stdlib.h>

#include "util/siphash.h"

/* Of one provider, since the window began. */
struct watched {
    uint64_t number; /* 0: nobody */
    int64_t begun_s;
    uint32_t good, failed; /* attempts at known-good addresses that took mail, that did not */
    uint32_t lost;         /* known-good addresses that failed for the first time */
    int64_t since_s;       /* of the outage */
    int64_t until_s;       /* 0: no outage */
};

struct outages {
    uint64_t good[OUTAGE_GOOD_MAX];
    struct watched watched[OUTAGE_PROVIDERS_MAX];
};

struct outages *outages_new(void)
{
    return calloc(1, sizeof(struct outages));
}

void outages_free(struct outages **outages)
{
    free(*outages);
    *outages = NULL;
}

static uint64_t number_of(struct span text)
{
    static const uint64_t key[2] = { 0x6f757461676573, 0x70726f7669646572 };
    uint64_t number = siphash(key, text);
    return number != 0 ? number : 1;
}

static struct watched *watched_of(struct outages *outages, struct span provider, int64_t at_s)
{
    uint64_t number = number_of(provider);
    struct watched *watched = &outages->watched[number % OUTAGE_PROVIDERS_MAX];
    if (watched->number != number) {
        *watched = (struct watched){ .number = number, .begun_s = at_s };
    }
    /* A window that is over begins anew; time that goes back (a log that is read again) waits. */
    if (at_s - watched->begun_s > OUTAGE_WINDOW_S) {
        watched->begun_s = at_s;
        watched->good = watched->failed = watched->lost = 0;
    }
    return watched;
}

#define HAS_FAILED UINT64_C(1)

static uint64_t *place_of(struct outages *outages, struct span address, uint64_t *number_r)
{
    *number_r = number_of(address) & ~HAS_FAILED;
    return &outages->good[(*number_r >> 1) % OUTAGE_GOOD_MAX];
}

void outages_note_success(struct outages *outages, struct span provider, struct span address,
                          int64_t at_s)
{
    uint64_t number, *place = place_of(outages, address, &number);
    struct watched *watched = watched_of(outages, provider, at_s);
    watched->good += (*place & ~HAS_FAILED) == number && watched->good < UINT32_MAX;
    *place = number;
}

/* A good part of what he was sent for addresses that are known to be good. */
static bool fails_many(const struct watched *watched)
{
    return (uint64_t)watched->failed * OUTAGE_SHARE >= (uint64_t)watched->good + watched->failed;
}

static void last_on(struct watched *watched, int64_t at_s, bool was_out)
{
    int64_t longest_s;
    watched->since_s = was_out ? watched->since_s : at_s;
    longest_s = watched->since_s + OUTAGE_LONGEST_S;
    watched->until_s = at_s + OUTAGE_REST_S < longest_s ? at_s + OUTAGE_REST_S : longest_s;
}

enum outage_answer outages_note_failure(struct outages *outages, struct span provider,
                                        struct span address, int64_t at_s)
{
    uint64_t number, *place = place_of(outages, address, &number);
    struct watched *watched = watched_of(outages, provider, at_s);
    bool was_out = watched->until_s > at_s;
    if ((*place & ~HAS_FAILED) == number) {
        watched->failed += watched->failed < UINT32_MAX;
        watched->lost += (*place & HAS_FAILED) == 0;
        *place = number | HAS_FAILED;
        if (fails_many(watched) && (was_out || watched->lost >= OUTAGE_ADDRESSES)) {
            last_on(watched, at_s, was_out);
            return was_out ? OUTAGE_GOES_ON : OUTAGE_BEGINS;
        }
    }
    return was_out ? OUTAGE_GOES_ON : OUTAGE_NONE;
}
