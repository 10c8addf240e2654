/*
 * state_directory: one level is made, never a path: a setting with a slip in it makes no tree.
 */
#include "daemon/state_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/settings.h"
#include "state/store.h"

static const char *directory_of(const struct plan *plan)
{
    const struct state_settings *state = config_settings(plan->config, &state_settings_table);

    return state->directory;
}

/* Is what lies there ours: the built-in directory as a package or a service manager makes it, or
 * one with a store by its owner? */
static bool is_ours(const char *path, int fd, const struct stat *directory)
{
    struct stat file;

    return (strcmp(path, EM_STATE_DIR) == 0 && directory->st_uid == 0) ||
           (fstatat(fd, STORE_FILE_NAME, &file, AT_SYMLINK_NOFOLLOW) == 0 &&
            file.st_uid == directory->st_uid);
}

/* Root's, or that of another `user` who was configured before: what was kept is handed on. */
static void hand_on(const char *path, int fd, const struct plan *plan)
{
    static const char *const names[] = { STORE_FILE_NAMES };
    struct stat directory, file;

    if (fstat(fd, &directory) < 0 || directory.st_uid == plan->identity.uid ||
        !is_ours(path, fd, &directory) || fchown(fd, plan->identity.uid, plan->identity.gid) < 0)
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        /* A file with two names may be a trap of the user before. */
        if (fstatat(fd, names[i], &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(file.st_mode) &&
            file.st_nlink == 1 && file.st_uid == directory.st_uid &&
            fchownat(fd, names[i], plan->identity.uid, plan->identity.gid, AT_SYMLINK_NOFOLLOW) < 0)
            return;
    }
}

void state_directory_make(const struct plan *plan)
{
    const char *directory = directory_of(plan);
    bool is_new;
    int fd;

    if (!plan->identity.changes)
        return;
    is_new = mkdir(directory, 0750) == 0;
    /* Whoever may write beside it could have put a link in its place meanwhile. */
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (!is_new)
        hand_on(directory, fd, plan);
    else if (fchown(fd, plan->identity.uid, plan->identity.gid) < 0 || fchmod(fd, 0750) < 0)
        rmdir(directory);
    close(fd);
}

/* Will the start make it? */
static bool can_be_made(const struct plan *plan)
{
    char parent[PATH_MAX];
    char *slash;

    snprintf(parent, sizeof(parent), "%s", directory_of(plan));
    slash = strrchr(parent, '/');
    if (!plan->identity.changes || slash == NULL || access(directory_of(plan), F_OK) == 0 ||
        errno != ENOENT)
        return false;
    slash[slash == parent] = '\0';
    return access(parent, F_OK) == 0;
}

void state_directory_check(const struct plan *plan, struct config_report *report)
{
    struct config_place place = config_where(plan->config, &state_settings_table, "directory");
    struct error error;

    if (!can_be_made(plan) && !store_is_usable(directory_of(plan), &error))
        config_complain(report, CONFIG_WARNING, &place, "state.directory",
                        "state is kept in memory and ends with the process: %s", error.text);
}
