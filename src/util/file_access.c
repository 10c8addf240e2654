/*
 * file_access: which component of a path keeps the effective user from a file, and what to run so
 * that it does not.
 *
 * Symbolic links are followed by hand, one component at a time, since what denies may lie in the
 * target of a link. Whether a component denies is asked of the kernel (it knows about lists and
 * capabilities); the remedy is worked out from owner, group and mode.
 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it */
#define NAME_MAX_BYTES 64
#define WORLD_MODE 0007

struct walk {
    char at[PATH_MAX];   /* the component to look at, with all links before it resolved */
    char rest[PATH_MAX]; /* what follows */
    unsigned links;
};

static void user_name(uid_t uid, char out[static NAME_MAX_BYTES])
{
    char space[1024];
    struct passwd entry, *found = NULL;

    if (getpwuid_r(uid, &entry, space, sizeof(space), &found) == 0 && found != NULL)
        snprintf(out, NAME_MAX_BYTES, "%s", found->pw_name);
    else
        snprintf(out, NAME_MAX_BYTES, "%lu", (unsigned long)uid);
}

static void group_name(gid_t gid, char out[static NAME_MAX_BYTES])
{
    char space[8192]; /* members are listed too; a group too large for it is shown by number */
    struct group entry, *found = NULL;

    if (getgrgid_r(gid, &entry, space, sizeof(space), &found) == 0 && found != NULL)
        snprintf(out, NAME_MAX_BYTES, "%s", found->gr_name);
    else
        snprintf(out, NAME_MAX_BYTES, "%lu", (unsigned long)gid);
}

static bool is_own_group(gid_t gid)
{
    gid_t groups[256];
    int count = getgroups(256, groups);

    if (gid == getegid())
        return true;
    for (int i = 0; i < count; i++) {
        if (groups[i] == gid)
            return true;
    }
    return false;
}

/* The path as one word of a shell command. */
static void shell_word(const char *path, struct buffer *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+,:@%=";

    if (path[strspn(path, plain)] == '\0') {
        buffer_add_text(out, path);
        return;
    }
    buffer_add_char(out, '\'');
    for (; *path != '\0'; path++) {
        if (*path == '\'')
            buffer_add_text(out, "'\\''");
        else
            buffer_add_char(out, *path);
    }
    buffer_add_char(out, '\'');
}

/* Adds the commands that open the component to the effective user; nothing when the mode does so
 * already. */
static void add_remedy(const char *path, const struct stat *status, struct buffer *out)
{
    bool is_directory = S_ISDIR(status->st_mode);
    bool is_owner = status->st_uid == geteuid();
    unsigned mode = status->st_mode & 07777;
    unsigned wanted =
        mode | (is_owner ? (is_directory ? 0500u : 0400u) : (is_directory ? 0050u : 0040u));
    bool needs_group = !is_owner && !is_own_group(status->st_gid);
    char group[NAME_MAX_BYTES];

    if (wanted != mode) {
        buffer_printf(out, "chmod %04o ", wanted);
        shell_word(path, out);
    }
    if (needs_group) {
        group_name(getegid(), group);
        buffer_printf(out, "%schgrp %s ", wanted != mode ? "; " : "", group);
        shell_word(path, out);
    }
}

/* "directory /etc/x is root:root 0700; run: chmod ..." */
static void describe_denial(const char *path, struct buffer *out)
{
    char owner[NAME_MAX_BYTES], group[NAME_MAX_BYTES];
    struct buffer remedy = BUFFER_EMPTY;
    struct stat status;

    if (stat(path, &status) < 0) {
        buffer_printf(out, "%s: %m", path);
        return;
    }
    user_name(status.st_uid, owner);
    group_name(status.st_gid, group);
    buffer_printf(out, "%s %s is %s:%s %04o", S_ISDIR(status.st_mode) ? "directory" : "file", path,
                  owner, group, (unsigned)(status.st_mode & 07777));
    add_remedy(path, &status, &remedy);
    if (remedy.size > 0)
        buffer_printf(out, "; run: %s", buffer_text(&remedy));
    else
        buffer_add_text(out, ", which allows it: look for an access list (getfacl) or a security "
                             "module (AppArmor, SELinux) that denies");
    buffer_free(&remedy);
}

/* Puts the target of a link in place of the link. False: not to be followed. */
static bool follow_link(struct walk *walk)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t size = readlink(walk->at, target, sizeof(target) - 1);
    char *slash = strrchr(walk->at, '/');

    if (size < 0 || slash == NULL || ++walk->links > LINKS_MAX)
        return false;
    target[size] = '\0';
    if (target[0] == '/' || slash == walk->at)
        strcpy(walk->at, "/");
    else
        *slash = '\0';
    if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", target, walk->rest) >= sizeof(rest))
        return false;
    memcpy(walk->rest, rest, sizeof(rest));
    return true;
}

/* Moves the next component from rest to at; false at the end of the path. */
static bool step(struct walk *walk)
{
    char *from = walk->rest + strspn(walk->rest, "/");
    size_t size = strcspn(from, "/");
    size_t used = strlen(walk->at);
    const char *slash = walk->at[used - 1] != '/' ? "/" : "";

    if (size == 0 || used + size + 2 > sizeof(walk->at))
        return false;
    sprintf(walk->at + used, "%s%.*s", slash, (int)size, from);
    from += size;
    from += strspn(from, "/");
    memmove(walk->rest, from, strlen(from) + 1);
    return true;
}

/* The first component that denies goes to walk->at; false when none was found. */
static bool find_denying(const char *path, struct walk *walk)
{
    struct stat status;

    snprintf(walk->rest, sizeof(walk->rest), "%s", path);
    snprintf(walk->at, sizeof(walk->at), "%s", path[0] == '/' ? "/" : ".");
    for (;;) {
        if (faccessat(AT_FDCWD, walk->at, X_OK, AT_EACCESS) < 0)
            return errno == EACCES;
        if (!step(walk))
            return false;
        if (lstat(walk->at, &status) < 0)
            return false;
        if (S_ISLNK(status.st_mode)) {
            if (!follow_link(walk))
                return false;
        } else if (walk->rest[0] == '\0') {
            return faccessat(AT_FDCWD, walk->at, R_OK, AT_EACCESS) < 0 && errno == EACCES;
        }
    }
}

void file_explain_access(const char *path, int why_errno, struct error *error)
{
    struct buffer why = BUFFER_EMPTY;
    char user[NAME_MAX_BYTES];
    struct walk *walk;

    if (why_errno != EACCES) {
        errno = why_errno;
        error_set(error, "cannot read %s: %m", path);
        return;
    }
    user_name(geteuid(), user);
    walk = calloc(1, sizeof(*walk)); /* two paths are much for the stack of a thread */
    if (walk != NULL && strlen(path) < sizeof(walk->rest) && find_denying(path, walk))
        describe_denial(walk->at, &why);
    else
        buffer_add_text(&why, "permission denied, although all modes allow it: look for a security "
                              "module (AppArmor, SELinux) that denies");
    error_set(error, "cannot read %s as user %s: %s", path, user, buffer_text(&why));
    buffer_free(&why);
    free(walk);
}

bool file_is_private(const char *path, const char *what, struct error *error)
{
    struct stat status;
    unsigned mode;

    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & WORLD_MODE) == 0)
        return true;
    mode = (unsigned)status.st_mode & 07777u;
    error_set(error,
              "%s: mode %04o opens the %s to every user of this machine; at most 0640 is wanted: "
              "chmod %04o %s",
              path, mode, what, mode & 0640u, path);
    return false;
}
