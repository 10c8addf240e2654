/*
 * profile_private: what profile, profile_measure and profile_record share.
 */
#ifndef EM_BEHAVIOUR_PROFILE_PRIVATE_H
#define EM_BEHAVIOUR_PROFILE_PRIVATE_H

#include <string.h>

#include "behaviour/profile.h"

#define PROFILE_COUNT_MAX (UINT32_C(1) << 24) /* more is not counted */

/* How many bits of a map are set; octets: 8 or a multiple of it. */
static inline unsigned profile_map_bits(const uint8_t *map, size_t octets)
{
    unsigned count = 0;
    for (size_t i = 0; i < octets; i += sizeof(uint64_t)) {
        uint64_t part;
        memcpy(&part, map + i, sizeof(part));
        count += (unsigned)__builtin_popcountll(part);
    }
    return count;
}
/* Up to PROFILE_COUNT_MAX. */
void profile_add(uint32_t *count, uint32_t amount);
/* In its hour and, if it has one, its day. */
void profile_charge(struct profile *profile, enum profile_meter meter, uint32_t amount);

#endif
