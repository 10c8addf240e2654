/*
 * backscatter: answers of programs and bounces, counted apart from all other mail: who forges a
 * sender makes a site answer to strangers, and the site is listed for it.
 */
#ifndef EM_LIMITS_BACKSCATTER_H
#define EM_LIMITS_BACKSCATTER_H

#include <stdbool.h>
#include <stdint.h>

#include "limits/charge.h"
#include "util/arena.h"

struct backscatter_settings {
    int64_t max;           /* of the site; 0: unlimited */
    int64_t per_principal; /* answers for one; 0: unlimited */
    int64_t per_s;
};

extern const struct config_table backscatter_table; /* path `backscatter` */

/*
 * Adds one message to the site's account, "principal/bounce/backscatter", and, where `principal`
 * is not absent, to its own, "principal/bounce/auto-replies/NAME"; so nothing of it touches what
 * the principal may send. Beyond a maximum it is counted all the same. False: no memory.
 */
bool backscatter_add(const struct backscatter_settings *settings, struct span principal,
                     struct charge *charge, struct arena *arena);
/* Is this line one of them? */
bool backscatter_is(const struct charge_line *line);

#endif
