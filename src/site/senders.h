/*
 * senders: who may send as whom. Rows of `senders` and `groups`, and the answer to "may this
 * principal use this address?".
 *
 * The table of owners is asked as Postfix asks smtpd_sender_login_maps: the address, the address
 * without extension, the bare local part if the domain is internal, @domain; then the same with the
 * real domain where the domain is an alias. match = "first": the first row there is decides, so a
 * row for an address hides that of its domain. match = "union": all rows count together, and what
 * needs no row (unlisted) with them.
 */
#ifndef EM_SITE_SENDERS_H
#define EM_SITE_SENDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "message/address.h"
#include "util/arena.h"
#include "util/span.h"

struct error;
struct hash_table;
struct site;

enum sender_match { SENDER_MATCH_FIRST, SENDER_MATCH_UNION };
enum sender_unlisted {
    SENDER_UNLISTED_OWN_ADDRESS,
    SENDER_UNLISTED_OWN_DOMAIN,
    SENDER_UNLISTED_OBSERVE,
    SENDER_UNLISTED_REJECT
};

struct sender_settings {
    const char *owners;         /* table spec; NULL: no rows, everybody is unlisted */
    int match;                  /* enum sender_match */
    int unlisted;               /* enum sender_unlisted */
    const char *alias_domains;  /* spec of a local table */
    int64_t timeout_s, cache_s; /* of a socketmap */
};

struct group_settings {
    const char *groups; /* table spec */
};

extern const struct config_table site_sender_table; /* path "senders" */
extern const struct config_table site_group_table;  /* top level: `groups` */

enum ownership {
    OWNERSHIP_OWNED,
    OWNERSHIP_FOREIGN,
    OWNERSHIP_LENIENT, /* foreign, but without a row, which the site only wants to see */
    OWNERSHIP_UNKNOWN  /* the table could not be asked */
};

struct ownership_answer {
    enum ownership ownership;
    struct span row;    /* the key of the row that decided; absent: none did */
    struct span owners; /* what that row says */
    const char *why;    /* UNKNOWN: one line */
};

/*
 * Texts of the answer live in the arena or the snapshot. `principal` in its canonical form.
 * May wait where senders_wait(). An address that cannot be read is nobody's.
 */
struct ownership_answer senders_ask(const struct site *site, struct span principal,
                                    const struct address *address, struct arena *arena);
bool senders_wait(const struct site *site);

/* The keys that are asked, in their order, for `egressctl owners`. Returns how many; 0 also when
 * the arena is exhausted. */
enum { SENDER_KEYS_MAX = 10 };
size_t senders_keys(const struct site *site, const struct address *address, struct arena *arena,
                    struct span keys_r[static SENDER_KEYS_MAX]);
/* Does a value of the table name this principal: "alice@example.org, group:sales" or "*"? */
enum ownership senders_names(const struct site *site, struct span owners, struct span principal,
                             struct arena *arena, const char **why_r);

/*
 * What is known of a login without any message: can it use an address at all? CANNOT_TELL where the
 * table cannot be walked.
 */
enum owns { OWNS_NOTHING, OWNS_SOMETHING, OWNS_CANNOT_TELL };
enum owns senders_owns(const struct site *site, struct span principal);

/* Is the address in a list of the configuration: full addresses and "@domain"? Extensions do not
 * matter. */
bool senders_list_has(const struct site *site, const struct config_texts *list,
                      const struct address *address);
/* For rows of such lists. */
bool senders_list_accepts(const char *value, struct error *error);

/*
 * The logins that rows of a walkable table of owners name, folded and complete; NULL where it
 * cannot be walked or memory is out. Complains of groups that are named and not there.
 */
struct hash_table *senders_named(const struct site *site, struct config_report *report);

#endif
