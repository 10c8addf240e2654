/*
 * store_needs: how much of the store a configuration can need at its fullest, by what it is for: a
 * table of those who keep much (store_needs.c). What all others keep is a part of need_room().
 */
#ifndef EM_SITE_STORE_NEEDS_H
#define EM_SITE_STORE_NEEDS_H

#include "config/config.h"
#include "limits/need.h"

struct store_needs {
    struct need limits;
    uint64_t suppressed;     /* addresses on the list, at most */
    uint64_t suppressed_one; /* octets of one */
};

/* With what mode, rules and exceptions say. `limits` are those of this configuration, and outlive
 * it. False: out of memory. */
bool store_needs_of(const struct config *config, const struct limit_set *limits,
                    struct store_needs *needs_r);

/* Of whom: without some a site does not work as it should, where the others find no room only they
 * take nothing new. */
enum store_needs_scope { STORE_NEEDS_VITAL, STORE_NEEDS_ALL };

/* Octets, with so many logins and what comes with them. */
uint64_t store_needs_bytes(const struct store_needs *needs, enum store_needs_scope scope,
                           uint64_t logins);
/* How many logins that much carries. */
uint64_t store_needs_logins(const struct store_needs *needs, enum store_needs_scope scope,
                            uint64_t bytes);

/* What takes most of those that are not vital, and by which setting that is bounded. */
struct store_needs_share {
    const char *setting;
    uint64_t value, bytes;
};
struct store_needs_share store_needs_largest(const struct store_needs *needs);

#endif
