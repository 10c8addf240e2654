/*
 * file: reads a small file whole, writes one whole or not at all. Why a file cannot be opened is
 * told by file_access.c.
 *
 * Fails with a struct error that names the path. A buffer is left as it was.
 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Up to max_bytes + 1 bytes: one too many tells that the file has grown past the limit meanwhile.
 */
static bool read_bytes(int fd, const char *path, size_t max_bytes, struct buffer *buffer,
                       struct error *error)
{
    char piece[4096];
    size_t size = 0;

    for (;;) {
        ssize_t got = read(fd, piece, sizeof(piece));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_set(error, "cannot read %s: %m", path);
            return false;
        }
        if (got == 0)
            return true;
        size += (size_t)got;
        if (size > max_bytes) {
            error_set(error, "cannot read %s: larger than %zu bytes", path, max_bytes);
            return false;
        }
        buffer_add(buffer, piece, (size_t)got);
        if (buffer_has_failed(buffer)) {
            error_set(error, "cannot read %s: out of memory", path);
            return false;
        }
    }
}

bool file_read_opened(int fd, const char *path, size_t max_bytes, struct buffer *buffer,
                      struct error *error)
{
    size_t size_before = buffer->size;
    struct stat status;

    if (fstat(fd, &status) < 0) {
        error_set(error, "cannot read %s: %m", path);
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        error_set(error, "cannot read %s: it is no regular file", path);
        return false;
    }
    if (read_bytes(fd, path, max_bytes, buffer, error))
        return true;
    buffer->size = size_before;
    if (buffer->at != NULL)
        buffer->at[size_before] = '\0';
    return false;
}

bool file_read_stdin(size_t max_bytes, struct buffer *buffer, struct error *error)
{
    char piece[65536];
    ssize_t size;

    while ((size = read(STDIN_FILENO, piece, sizeof(piece))) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            error_set(error, "stdin: %m");
            return false;
        }
        buffer_add(buffer, piece, (size_t)size);
        if (buffer->size > max_bytes) {
            error_set(error, "stdin: more than %zu octets", max_bytes);
            return false;
        }
    }
    return true;
}

bool file_read(const char *path, size_t max_bytes, struct buffer *buffer, struct error *error)
{
    /* Without O_NONBLOCK the open alone would wait for the writer of a FIFO. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool ok;

    if (fd < 0) {
        file_explain_access(path, errno, error);
        return false;
    }
    ok = file_read_opened(fd, path, max_bytes, buffer, error);
    close(fd);
    return ok;
}

bool file_write_opened(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t put = write(fd, bytes.at, bytes.size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes = span_from(bytes, (size_t)put);
    }
    return true;
}

/* The name becomes durable with the directory that holds it. */
static bool sync_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];
    int fd;
    bool ok;

    if (slash == NULL)
        snprintf(directory, sizeof(directory), ".");
    else
        snprintf(directory, sizeof(directory), "%.*s", slash == path ? 1 : (int)(slash - path),
                 path);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* A directory one may write but not read, or a file system that cannot sync one: the file is
     * whole all the same. */
    if (fd < 0)
        return errno == EACCES;
    ok = fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
    close(fd);
    return ok;
}

/* Gives the finished temporary file its name. link() fails on an existing name, rename() does not.
 */
static bool put_in_place(const char *temporary, const char *path, bool replace)
{
    if (replace)
        return rename(temporary, path) == 0;
    if (link(temporary, path) < 0)
        return false;
    unlink(temporary);
    return true;
}

bool file_write_atomic(const char *path, const void *bytes, size_t size, unsigned mode,
                       bool replace, struct error *error)
{
    char temporary[PATH_MAX];
    bool ok;
    int fd;

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary)) {
        error_set(error, "cannot write %s: the name is too long", path);
        return false;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        error_set(error, "cannot write %s: no file can be made beside it: %m", path);
        return false;
    }
    ok = file_write_opened(fd, (struct span){ bytes, size }) && fchmod(fd, mode) == 0 &&
         fsync(fd) == 0;
    if (!ok)
        error_set(error, "cannot write %s: %m", path);
    close(fd);
    if (ok && !put_in_place(temporary, path, replace)) {
        error_set(error, "cannot write %s: %m", path);
        ok = false;
    }
    if (!ok) {
        unlink(temporary);
        return false;
    }
    if (!sync_directory_of(path)) {
        error_set(error, "%s is written, but its directory could not be synced: %m", path);
        return false;
    }
    return true;
}

uint64_t file_mark_join(uint64_t mark, uint64_t other)
{
    return (mark ^ other) * UINT64_C(0x100000001b3); /* FNV: nobody chooses what is compared */
}

uint64_t file_mark(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0) {
        return 0;
    }
    const uint64_t parts[] = { status.st_dev,
                               status.st_ino,
                               (uint64_t)status.st_size,
                               (uint64_t)status.st_mtim.tv_sec,
                               (uint64_t)status.st_mtim.tv_nsec,
                               (uint64_t)status.st_ctim.tv_sec,
                               (uint64_t)status.st_ctim.tv_nsec };
    uint64_t mark = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        mark = file_mark_join(mark, parts[i]);
    }
    return mark | 1;
}
