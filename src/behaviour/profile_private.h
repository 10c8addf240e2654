/*
 * profile_private: what profile, profile_measure and profile_record share.
 */
#ifndef EM_BEHAVIOUR_PROFILE_PRIVATE_H
#define EM_BEHAVIOUR_PROFILE_PRIVATE_H

#include "behaviour/profile.h"

#define PROFILE_COUNT_MAX (UINT32_C(1) << 24) /* more is not counted */

/* Up to PROFILE_COUNT_MAX. */
void profile_add(uint32_t *count, uint32_t amount);
/* In its hour and, if it has one, its day. */
void profile_charge(struct profile *profile, enum profile_meter meter, uint32_t amount);

#endif
