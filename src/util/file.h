/*
 * file: read a whole small file and say exactly why one cannot be read; write one.
 */
#ifndef EM_UTIL_FILE_H
#define EM_UTIL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"
#include "util/error.h"
#include "util/span.h"

/*
 * Appends the file's bytes to buffer, which stays as it was on failure. Fails on anything that is
 * no regular file (a FIFO would block), above `max_bytes`, or unreadable; the error then names the
 * path, and for EACCES the first path component that denies access, its owner and mode, and the
 * chown/chmod to run (for the effective user).
 */
bool file_read(const char *path, size_t max_bytes, struct buffer *buffer, struct error *error);
/* The same with a descriptor that is open, from where it stands; it stays open. */
bool file_read_opened(int fd, const char *path, size_t max_bytes, struct buffer *buffer,
                      struct error *error);
/* All that comes from stdin, whatever that is; the buffer may have a part on failure. */
bool file_read_stdin(size_t max_bytes, struct buffer *buffer, struct error *error);
/*
 * Writes bytes to a temporary file beside `path` (mode as given) and renames it over: readers see
 * the old or the new file, never half. With `replace` false an existing path is an error.
 */
bool file_write_atomic(const char *path, const void *bytes, size_t size, unsigned mode,
                       bool replace, struct error *error);
/* All of it, to a descriptor that waits. False: errno says why; a part may be written. */
bool file_write_opened(int fd, struct span bytes);
/*
 * Is the file closed to everybody but its owner and group? False with *error, which names `what`
 * the file holds and the chmod to run. A file that cannot be looked at, or is no regular one,
 * passes: reading it says why.
 */
bool file_is_private(const char *path, const char *what, struct error *error);
/* A number for what lies at the path now; 0: nothing. Another file, or other content, has another
 * one. Several are one with file_mark_join(). */
uint64_t file_mark(const char *path);
uint64_t file_mark_join(uint64_t mark, uint64_t other);
/* Explains why the effective user cannot open `path` for reading (errno value given), as file_read
 * does. */
void file_explain_access(const char *path, int why_errno, struct error *error);

#endif
