/*
 * maillog_rotated: a log's files that were rotated away: beside it, with its name and more behind:
 * mail.log.1, maillog-20261128, mail.log.0. A file is known again by its first octets, in which
 * stands a time, so a copy is as good as the file itself.
 */
#include "feedback/maillog_follow_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/siphash.h"

enum {
    FILES_MAX = 1000, /* names looked at */
    SURE_SIZE = 64    /* fewer octets may be those of two files */
};

/* It tells files apart and guards nothing. */
static const uint64_t head_key[2] = { 0x6d61696c6c6f67, 0x68656164 };

bool maillog_head_read(int fd, uint32_t *size_io, uint64_t *head_r)
{
    char bytes[MAILLOG_HEAD_MAX];
    uint32_t size = *size_io < sizeof(bytes) ? *size_io : (uint32_t)sizeof(bytes);
    ssize_t got = pread(fd, bytes, size, 0);
    if (got < 0) {
        return false;
    }
    *size_io = (uint32_t)got;
    *head_r = siphash(head_key, (struct span){ bytes, (size_t)got });
    return true;
}

bool maillog_head_fits(int fd, const struct maillog_place *place)
{
    uint32_t size = place->head_size;
    uint64_t head;
    return size == 0 ||
           (maillog_head_read(fd, &size, &head) && size == place->head_size && head == place->head);
}

/* --- the folder ------------------------------------------------------------------------------ */

struct folder {
    DIR *dir;
    struct span name; /* of the log, without its folder */
    unsigned looked;
};

static bool folder_open(const char *path, struct folder *folder_r)
{
    ptrdiff_t slash = span_find_last(span_of(path), '/');
    char *at = span_strdup(slash >= 0 ? span_first(span_of(path), (size_t)slash + 1) : SPAN("."));
    *folder_r = (struct folder){ .name = span_from(span_of(path), (size_t)(slash + 1)) };
    folder_r->dir = at != NULL ? opendir(at) : NULL;
    free(at);
    return folder_r->dir != NULL;
}

static bool is_packed(struct span name)
{
    static const struct span endings[] = {
        { ".gz", 3 }, { ".xz", 3 }, { ".zst", 4 }, { ".bz2", 4 }
    };
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (span_has_suffix_nocase(name, endings[i])) {
            return true;
        }
    }
    return false;
}

/* The next name that may be a rotated file; NULL: no more. */
static const char *folder_next(struct folder *folder)
{
    const struct dirent *entry;
    while (folder->looked < FILES_MAX && (entry = readdir(folder->dir)) != NULL) {
        size_t size = folder->name.size;
        folder->looked++;
        if (strncmp(entry->d_name, folder->name.at, size) == 0 &&
            (entry->d_name[size] == '.' || entry->d_name[size] == '-')) {
            return entry->d_name;
        }
    }
    return NULL;
}

static int folder_file(const struct folder *folder, const char *name, struct stat *status_r)
{
    int fd = openat(dirfd(folder->dir), name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, status_r) < 0 || !S_ISREG(status_r->st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* --- looking --------------------------------------------------------------------------------- */

static bool is_of_place(int fd, const struct stat *status, const struct maillog_place *place)
{
    bool is_same_file = status->st_ino == place->inode && status->st_dev == place->device;
    return (uint64_t)status->st_size >= place->offset &&
           (place->head_size >= SURE_SIZE || is_same_file) && maillog_head_fits(fd, place);
}

int maillog_rotated_find(const char *path, const struct maillog_place *place, struct stat *status_r)
{
    struct folder folder;
    const char *name;
    int found = -1;
    if (!folder_open(path, &folder)) {
        return -1;
    }
    while (found < 0 && (name = folder_next(&folder)) != NULL) {
        int fd = is_packed(span_of(name)) ? -1 : folder_file(&folder, name, status_r);
        if (fd >= 0 && is_of_place(fd, status_r, place)) {
            found = fd;
        } else if (fd >= 0) {
            close(fd);
        }
    }
    closedir(folder.dir);
    return found;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

int maillog_rotated_next(const char *path, const struct stat *after, struct stat *status_r,
                         bool *is_packed_r)
{
    struct timespec first_packed = { 0, -1 };
    struct stat status, current = { .st_ino = 0 };
    struct folder folder;
    const char *name;
    int found = -1;
    *is_packed_r = false;
    (void)stat(path, &current);
    if (!folder_open(path, &folder)) {
        return -1;
    }
    while ((name = folder_next(&folder)) != NULL) {
        int fd = folder_file(&folder, name, &status);
        bool packed = is_packed(span_of(name));
        bool is_later = fd >= 0 && is_before(&after->st_mtim, &status.st_mtim) &&
                        status.st_size > 0 && !is_same_file(&status, &current) &&
                        !is_same_file(&status, after);
        if (is_later && packed &&
            (first_packed.tv_nsec < 0 || is_before(&status.st_mtim, &first_packed))) {
            first_packed = status.st_mtim;
        }
        if (is_later && !packed && (found < 0 || is_before(&status.st_mtim, &status_r->st_mtim))) {
            if (found >= 0) {
                close(found);
            }
            found = fd;
            *status_r = status;
        } else if (fd >= 0) {
            close(fd);
        }
    }
    closedir(folder.dir);
    *is_packed_r =
        first_packed.tv_nsec >= 0 && (found < 0 || is_before(&first_packed, &status_r->st_mtim));
    return found;
}

/* --- a place as text ------------------------------------------------------------------------- */

void maillog_place_write(const struct maillog_place *place, struct buffer *out)
{
    buffer_printf(out, "1 %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu64, place->device,
                  place->inode, place->offset, place->head_size, place->head);
}

bool maillog_place_read(struct span text, struct maillog_place *place_r)
{
    uint64_t numbers[6];
    struct span word;
    for (size_t i = 0; i < 6; i++) {
        if (!span_cut(&text, ' ', &word) || !span_number(word, UINT64_MAX, &numbers[i])) {
            return false;
        }
    }
    *place_r = (struct maillog_place){ .device = numbers[1],
                                       .inode = numbers[2],
                                       .offset = numbers[3],
                                       .head_size = (uint32_t)numbers[4],
                                       .head = numbers[5] };
    return numbers[0] == 1 && numbers[3] <= INT64_MAX && numbers[4] <= MAILLOG_HEAD_MAX &&
           text.at == NULL;
}
