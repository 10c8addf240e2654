/*
 * limit: the words for what is counted.
 */
#include "limits/limit.h"

#include <stddef.h>

const char *const limit_count_names[] = {
    "messages",       "recipients",        "bytes", "unique-recipients",
    "new-recipients", "failed-recipients", NULL
};
const char *const limit_by_names[] = { "principal", "plan", "domain", "network",
                                       "provider",  "site", NULL };
const char *const limit_to_names[] = { "external", "internal", "all", NULL };

struct limit_meter limit_meter_of(const struct limit *limit)
{
    return (struct limit_meter){ .count = (uint8_t)limit->count,
                                 .to = (uint8_t)limit->to,
                                 .per_s = (uint32_t)limit->per_s };
}

bool limit_meter_is_equal(struct limit_meter a, struct limit_meter b)
{
    return a.count == b.count && a.to == b.to && a.per_s == b.per_s;
}

const char *limit_unit(const struct limit *limit)
{
    static const char *const units[LIMIT_COUNT_COUNT][LIMIT_TO_COUNT] = {
        [LIMIT_MESSAGES] = { "messages to outside", "messages to inside", "messages" },
        [LIMIT_RECIPIENTS] = { "external recipients", "internal recipients", "recipients" },
        [LIMIT_BYTES] = { "bytes to outside", "bytes to inside", "bytes" },
        [LIMIT_UNIQUE_RECIPIENTS] = { "different external recipients",
                                      "different internal recipients", "different recipients" },
        [LIMIT_NEW_RECIPIENTS] = { "new external recipients", "new internal recipients",
                                   "new recipients" },
        [LIMIT_FAILED_RECIPIENTS] = { "failed recipients", "failed recipients",
                                      "failed recipients" },
    };
    return units[limit->count][limit->to];
}
