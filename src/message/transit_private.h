/*
 * transit_private: between the files of transit.
 */
#ifndef EM_MESSAGE_TRANSIT_PRIVATE_H
#define EM_MESSAGE_TRANSIT_PRIVATE_H

#include "message/transit.h"

/* True where Sendmail certainly writes this address list otherwise; see transit_requote.c. */
bool transit_is_requoted(struct span value);

#endif
