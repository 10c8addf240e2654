/*
 * organization: the organizational domain by the public suffix list, as RFC 7489 had it and many
 * receivers still do. RFC 9989 asks DNS instead (dmarc.h); this is for telling where the two
 * differ.
 */
#ifndef EM_AUTH_ORGANIZATION_H
#define EM_AUTH_ORGANIZATION_H

#include <stdbool.h>

#include "util/span.h"

/* Reads the list once for the process; later calls do nothing. False: built without libpsl, or
 * there is no list; then nobody can say. Thread safe. */
bool organization_is_known(void);
/* The end of `domain` (A-labels) that is its organization; the absent span for a public suffix and
 * where nobody can say. */
struct span organization_of(struct span domain);

#endif
