/*
 * spf_name: names that records make.
 */
#ifndef EM_AUTH_SPF_NAME_H
#define EM_AUTH_SPF_NAME_H

#include <stdbool.h>

#include "util/arena.h"
#include "util/span.h"

/* A name that DNS can be asked for: labels of 1 to 63 octets, 253 in all. */
bool spf_name_is_askable(struct span name);
/* Is it `domain` or below it? Both in lower case. */
bool spf_name_is_within(struct span name, struct span domain);
/* One that means nothing but itself in a record: lower case, digits, hyphens, underscores, dots. */
bool spf_name_is_plain(struct span name);
/* Foreign text for a message: printable, at most 80 octets of it, the rest, and all of it where
 * memory is out, "...". Never NULL. */
const char *spf_shown(struct span text, struct arena *arena);

#endif
