/*
 * report_store: how much of `state.size` is in use, whether that is nearly all, and how many more
 * there is room for under the limits in force.
 */
#include "control/report_private.h"

#include <inttypes.h>

#include "config/units.h"
#include "site/store_needs.h"

#define MEGABYTE (UINT64_C(1) << 20)

struct room {
    uint64_t used, size;
    uint64_t fullest; /* logins that find room, each with all that it may use */
    uint64_t typical; /* accounts, if they are as most are */
};

/* False: nothing is kept, or without a limit, or there is no memory to tell. */
static bool find_room(const struct control_host *host, const struct site *site, struct room *room_r)
{
    struct store_needs needs;

    if (host->store == NULL || store_ceiling(host->store) == UINT64_MAX ||
        !store_needs_of(site->config, site->limits, &needs))
        return false;
    room_r->used = store_used(host->store);
    room_r->size = store_ceiling(host->store);
    uint64_t for_accounts = need_room(room_r->size);
    uint64_t left = for_accounts > room_r->used ? for_accounts - room_r->used : 0;
    room_r->fullest = store_needs_logins(&needs, STORE_NEEDS_VITAL, left);
    room_r->typical = left / need_typical_bytes();
    return true;
}

/* One that is full is told by store_trouble(). */
void report_judge_store(const struct control_host *host, struct reasons *reasons)
{
    char size[UNITS_TEXT_MAX];

    if (host->store == NULL || store_is_full(host->store))
        return;
    uint64_t used = store_used(host->store), most = store_ceiling(host->store);
    if (used <= most - most / 10)
        return;
    units_print_size((int64_t)most, size);
    report_add_reason(reasons, CONTROL_WARNING,
                      "store: %" PRIu64 "M are in use, and state.size is %s: when it is full "
                      "nobody new is counted by himself; raise it and reload",
                      used / MEGABYTE, size);
}

void report_text_store(const struct control_host *host, const struct site *site, struct buffer *out)
{
    struct room room;
    char size[UNITS_TEXT_MAX];

    if (!find_room(host, site, &room))
        return;
    units_print_size((int64_t)room.size, size);
    buffer_printf(out,
                  "store            %" PRIu64 "M of %s in use; room for %" PRIu64
                  " more logins at their fullest, some %" PRIu64 " as most are\n",
                  (room.used + MEGABYTE - 1) / MEGABYTE, size, room.fullest, room.typical);
}

void report_json_store(const struct control_host *host, const struct site *site, struct json *json)
{
    struct room room;

    if (!find_room(host, site, &room))
        return;
    json_open(json, "store", '{');
    json_number(json, "used", (int64_t)room.used);
    json_number(json, "size", (int64_t)room.size);
    json_number(json, "room_at_fullest", (int64_t)room.fullest);
    json_number(json, "room_as_usual", (int64_t)room.typical);
    json_close(json, '}');
}
