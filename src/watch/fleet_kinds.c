/*
 * fleet_kinds: the rows, and what decides between two records that were changed apart.
 *
 * Names, prefixes and keys lie in stores and in Redis: add, never change.
 */
#include "watch/fleet_kinds.h"

#include "behaviour/suspension.h"
#include "feedback/suppression.h"
#include "limits/overrides.h"

static bool read_override(struct span key, struct span value, struct fleet_share_facts *facts_r)
{
    struct override override;
    if (!override_read(key, value, &override)) {
        return false;
    }
    *facts_r =
        (struct fleet_share_facts){ .changed_s = override.set_s, .until_s = override.until_s };
    return true;
}

/* A bounce elsewhere does not undo what a person or a complaint did, and one that is waiting for
 * another does not free an address that two have brought there. */
static bool read_suppression(struct span key, struct span value, struct fleet_share_facts *facts_r)
{
    struct suppression suppression;
    if (!suppression_read(key, value, &suppression)) {
        return false;
    }
    *facts_r = (struct fleet_share_facts){
        .weight = (suppression.source != SUPPRESSED_BY_BOUNCE ? 2u : 0u) +
                  (suppression.is_watched ? 0u : 1u),
        .changed_s =
            suppression.bounced_s > suppression.set_s ? suppression.bounced_s : suppression.set_s,
        .until_s = suppression.until_s,
    };
    return true;
}

/* Of a suspension and a release that were done apart the later holds, whoever did it; a person's
 * word goes before the machine's. */
static bool read_suspension(struct span key, struct span value, struct fleet_share_facts *facts_r)
{
    struct suspension suspension;
    if (!suspension_read(key, value, &suspension)) {
        return false;
    }
    *facts_r = (struct fleet_share_facts){ .weight = suspension.is_by_machine ? 0 : 1,
                                           .changed_s = suspension.set_s,
                                           .until_s = suspension.until_s };
    return true;
}

const struct fleet_kind_row fleet_kinds[FLEET_KIND_COUNT] = {
    [FLEET_OVERRIDES] = { .share = { .name = "override",
                                     .table = STORE_OVERRIDES,
                                     .agreed = SPAN("fleet/override/"),
                                     .position = SPAN("fleet/overrides-read"),
                                     .durability = STORE_DURABLE,
                                     .read = read_override },
                          .title = "overrides of limits",
                          .level = LOG_LEVEL_NOTICE,
                          .budget_ms = 500 },
    /* Bounces come all day, and nobody waits for one to be on the disk. */
    [FLEET_SUPPRESSED] = { .share = { .name = "suppressed",
                                      .table = STORE_SUPPRESSED,
                                      .agreed = SPAN("fleet/suppressed/"),
                                      .position = SPAN("fleet/suppressed-read"),
                                      .durability = STORE_SOON,
                                      .goes_when_over = true,
                                      .read = read_suppression },
                           .title = "suppression list",
                           .level = LOG_LEVEL_INFO,
                           .budget_ms = 300 },
    [FLEET_SUSPENDED] = { .share = { .name = "suspended",
                                     .table = STORE_SUSPENDED,
                                     .agreed = SPAN("fleet/suspended/"),
                                     .position = SPAN("fleet/suspended-read"),
                                     .durability = STORE_DURABLE,
                                     .goes_when_over = true,
                                     .read = read_suspension },
                          .title = "suspensions",
                          .level = LOG_LEVEL_NOTICE,
                          .budget_ms = 500 },
};
