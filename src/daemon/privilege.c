/*
 * privilege: passwd(5) look-ups before any thread exists, then the switch, verified.
 */
#include "daemon/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

bool identity_find(const char *user, struct identity *identity_r, struct error *error)
{
    const struct passwd *entry;

    *identity_r = (struct identity){ .uid = geteuid(), .gid = getegid() };
    if (geteuid() != 0) {
        entry = getpwuid(geteuid());
        snprintf(identity_r->name, sizeof(identity_r->name), "%s",
                 entry != NULL ? entry->pw_name : "the starting user");
        return true;
    }
    errno = 0;
    entry = getpwnam(user);
    if (entry == NULL) {
        if (errno != 0)
            error_set(error, "cannot look up the user \"%s\": %m", user);
        else
            error_set(error, "no user \"%s\": run useradd --system %s, or name one that exists",
                      user, user);
        return false;
    }
    identity_r->changes = true;
    identity_r->uid = entry->pw_uid;
    identity_r->gid = entry->pw_gid;
    snprintf(identity_r->name, sizeof(identity_r->name), "%s", entry->pw_name);
    return true;
}

bool identity_become(const struct identity *identity, struct error *error)
{
    if (identity->changes && (initgroups(identity->name, identity->gid) < 0 ||
                              setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
                              setresuid(identity->uid, identity->uid, identity->uid) < 0)) {
        error_set(error, "cannot become user %s: %m", identity->name);
        return false;
    }
    if (identity->changes && identity->uid != 0 && (setuid(0) == 0 || geteuid() == 0)) {
        error_set(error, "user %s can become root again", identity->name);
        return false;
    }
    return true;
}

bool identity_assume(const struct identity *identity, struct error *error)
{
    if (!identity_become(identity, error))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        error_set(error, "cannot give up new privileges: %m");
        return false;
    }
    return true;
}

bool group_find(const char *name, gid_t *gid_r, struct error *error)
{
    const struct group *entry;

    errno = 0;
    entry = getgrnam(name);
    if (entry == NULL) {
        if (errno != 0)
            error_set(error, "cannot look up the group \"%s\": %m", name);
        else
            error_set(error, "no group \"%s\": run groupadd --system %s, or name one that exists",
                      name, name);
        return false;
    }
    *gid_r = entry->gr_gid;
    return true;
}
