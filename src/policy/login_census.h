/*
 * login_census: of the logins seen, how many can use no address at all? Where that is more than
 * half, the table of owners does not speak of logins as the MTA tells them (no realm, other names),
 * and refusing by it would refuse everybody.
 *
 * Bounded; of one process, from one snapshot on: a reload begins anew. Thread safe.
 */
#ifndef EM_POLICY_LOGIN_CENSUS_H
#define EM_POLICY_LOGIN_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/span.h"

enum { LOGIN_CENSUS_MAX = 10000 };

struct login_census;

/* NULL: out of memory. */
struct login_census *login_census_new(void);
void login_census_free(struct login_census **census);
/* What is known of a login now replaces what was known. Logins beyond the bound are not counted. */
void login_census_note(struct login_census *census, uint64_t generation, struct span login,
                       bool owns_something);
/* More than half of them own nothing. */
bool login_census_is_doubtful(struct login_census *census);
void login_census_counts(struct login_census *census, size_t *seen_r, size_t *without_r);

#endif
