/*
 * log_private: between the files of the room, and for its tests.
 */
#ifndef EM_LOG_LOG_PRIVATE_H
#define EM_LOG_LOG_PRIVATE_H

#include "log/field.h"

/* Control bytes and non-ASCII as \xNN, all else as it is; a longer text is cut and ends in "~".
 * Returns the bytes written before the NUL. */
size_t log_escape_line(struct span text, char out[static LOG_LINE_MAX + 1]);
/* Where the receiver listens, instead of /dev/log; NULL: /dev/log again. */
void log_set_syslog_path(const char *path);
/* What the backlog may hold; what waits is lost. */
void log_set_backlog_bytes(size_t bytes);

#endif
