/*
 * account: the names under which things are counted. Never empty, and never the same for two kinds:
 * a login called "bounce" is not the bucket of bounces.
 *
 *   principal/CLASS/NAME   plan/NAME   domain/NAME   network/NAME   provider/NAME   site/
 *
 * CLASS is submission, local, bounce, or relay, list, forward. NAME is of any octets, and may be
 * empty, as that of bounces nobody sent. Of one that is longer than 200 octets the first 200 stand,
 * then '~' and a digest of all of it; so an account is well below STORE_KEY_MAX.
 */
#ifndef EM_LIMITS_ACCOUNT_H
#define EM_LIMITS_ACCOUNT_H

#include <stdbool.h>

#include "finding/finding.h"
#include "limits/limit.h"
#include "util/arena.h"
#include "util/span.h"

enum { ACCOUNT_OCTETS_MAX = 254 };

/* `mail_class` counts for principals only, `name` for all but the site. Absent: no memory. */
struct span account_name(enum limit_by by, enum mail_class mail_class, struct span name,
                         struct arena *arena);
/* Takes one apart; false: it is none. The name lies in `account`, as it stands there: one that was
 * cut is for people, not for account_name(). */
bool account_parse(struct span account, enum limit_by *by_r, enum mail_class *mail_class_r,
                   struct span *name_r);

#endif
