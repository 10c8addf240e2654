/*
 * login: the one canonical form of a login. Whoever accounts, limits or asks what somebody may send
 * as uses it, so that nobody is two people by spelling his name differently.
 */
#ifndef EM_SITE_LOGIN_H
#define EM_SITE_LOGIN_H

#include "config/row.h"
#include "util/arena.h"
#include "util/span.h"

struct site;

struct login_settings {
    const char *realm;
    const char *aliases; /* spec of a local table */
    const char *delimiter;
    struct config_texts strip_suffix;
};

extern const struct config_table site_login_table; /* path "logins" */

/*
 * `raw` as the MTA tells it: lower case, without the endings of strip_suffix and without extension,
 * with the realm where there is no domain, the domain in A-labels and the real one where it is an
 * alias (senders.alias_domains), and what logins.aliases makes of that. Never empty for a login
 * that is not: what cannot be read stays as it is. .at == NULL: the arena is exhausted.
 */
struct span login_canonical(const struct site *site, struct span raw, struct arena *arena);
/* Why logins cannot be told for certain: a table of their other names went bad. NULL: they can. */
const char *login_trouble(const struct site *site);
/* The domain (A-labels) that stands behind an alias domain, else the domain itself. */
struct span login_real_domain(const struct site *site, struct span domain, struct arena *arena);
/* ASCII letters in lower case, in the arena. */
struct span login_fold(struct span text, struct arena *arena);

#endif
