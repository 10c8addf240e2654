/*
 * privilege: whom the process becomes, and that there is no way back.
 */
#ifndef EM_DAEMON_PRIVILEGE_H
#define EM_DAEMON_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"

struct identity {
    bool changes; /* false: not root, or the user is who we are: the process stays as it is */
    uid_t uid;
    gid_t gid;
    char name[64];
};

/* Whom a process started as we are is to become for the setting `user`. False: unknown user. */
bool identity_find(const char *user, struct identity *identity_r, struct error *error);
/* Becomes it: groups, gid, uid, for good. False: the process must end. */
bool identity_become(const struct identity *identity, struct error *error);
/* The same, then no new privileges by exec, ever. */
bool identity_assume(const struct identity *identity, struct error *error);
/* The number of a group by its name. */
bool group_find(const char *name, gid_t *gid_r, struct error *error);

#endif
