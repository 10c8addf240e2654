/*
 * maillog_journal_look: the directories of a journal, and why none of their files can be read. The
 * library opens what it may and is silent about the rest.
 */
#include "feedback/maillog_journal_private.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

enum { NAMES_MAX = 10000, GROUP_ROOM = 4096 };

static const char *const system_folders[] = { "/var/log/journal", "/run/log/journal", NULL };

const char *const *maillog_journal_folders(const char *directory, const char *room[static 2])
{
    room[0] = directory;
    room[1] = NULL;
    return directory != NULL ? room : system_folders;
}

uint64_t maillog_journal_mark(const char *directory)
{
    const char *room[2];
    uint64_t mark = 0;
    struct stat status;
    for (const char *const *at = maillog_journal_folders(directory, room); *at != NULL; at++) {
        bool is_there = stat(*at, &status) == 0;
        mark = file_mark_join(mark, is_there ? status.st_ino : 0);
        mark = file_mark_join(mark, is_there ? status.st_dev : 0);
    }
    return mark;
}

/* --- looking for a file ---------------------------------------------------------------------- */

struct looking {
    bool is_system;  /* of the others there only the system's count */
    bool is_found;   /* a file, or a directory that hides them */
    int fault;       /* why that cannot be read; 0: it can */
    unsigned looked; /* names */
    char path[PATH_MAX];
};

static bool is_journal(const struct looking *looking, struct span name)
{
    bool is_of_kind = !looking->is_system || (name.size > 6 && memcmp(name.at, "system", 6) == 0);
    return is_of_kind && (span_has_suffix_nocase(name, SPAN(".journal")) ||
                          span_has_suffix_nocase(name, SPAN(".journal~")));
}

static void found(struct looking *looking, const char *path, int fault)
{
    /* One that can be read says more than one that cannot. */
    if (!looking->is_found || (looking->fault != 0 && fault == 0)) {
        looking->is_found = true;
        looking->fault = fault;
        snprintf(looking->path, sizeof(looking->path), "%s", path);
    }
}

static void look_in(struct looking *looking, const char *folder, unsigned depth)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char path[PATH_MAX];
    if (dir == NULL) {
        if (errno == EACCES) {
            found(looking, folder, errno);
        }
        return;
    }
    while (looking->looked++ < NAMES_MAX && (entry = readdir(dir)) != NULL) {
        struct stat status;
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path) ||
            stat(path, &status) < 0) {
            continue;
        }
        if (S_ISDIR(status.st_mode) && depth == 0) {
            look_in(looking, path, depth + 1); /* those of one machine */
        } else if (S_ISREG(status.st_mode) && is_journal(looking, span_of(entry->d_name))) {
            found(looking, path, access(path, R_OK) < 0 ? errno : 0);
        }
    }
    closedir(dir);
}

/* --- what is said ---------------------------------------------------------------------------- */

/* That group may read it. */
static bool group_of(const char *path, char name[static GROUP_ROOM])
{
    struct stat status;
    struct group entry, *result = NULL;
    char room[GROUP_ROOM];
    if (stat(path, &status) < 0 || (status.st_mode & S_IRGRP) == 0 || status.st_gid == 0 ||
        getgrgid_r(status.st_gid, &entry, room, sizeof(room), &result) != 0 || result == NULL) {
        return false;
    }
    snprintf(name, GROUP_ROOM, "%s", entry.gr_name);
    return true;
}

static void explain_access(const struct looking *looking, struct error *error)
{
    char group[GROUP_ROOM];
    if (looking->fault == EACCES && group_of(looking->path, group)) {
        error_set(error,
                  "cannot read %s: permission denied; add the user of the daemon to group %.64s "
                  "(usermod -aG %.64s NAME), and restart it",
                  looking->path, group, group);
        return;
    }
    file_explain_access(looking->path, looking->fault, error);
}

bool maillog_journal_explain(const char *directory, struct error *error)
{
    struct looking looking = { .is_system = directory == NULL };
    const char *room[2];
    for (const char *const *at = maillog_journal_folders(directory, room); *at != NULL; at++) {
        look_in(&looking, *at, 0);
    }
    if (looking.is_found && looking.fault != 0) {
        explain_access(&looking, error);
        return false;
    }
    if (looking.is_found) {
        error_set(error,
                  "cannot read %s: it is no journal, damaged, or of a newer systemd; and there is "
                  "no other file of the journal that can be read",
                  looking.path);
        return false;
    }
    if (directory == NULL) {
        error_set(error, "there is no journal of the system: none in /var/log/journal, none in "
                         "/run/log/journal; see Storage= in journald.conf(5)");
        return false;
    }
    if (access(directory, R_OK | X_OK) < 0) {
        file_explain_access(directory, errno, error);
        return false;
    }
    return true;
}
