/*
 * maillog_follow_private: files of a log, as they are found again. Not for other rooms.
 */
#ifndef EM_FEEDBACK_MAILLOG_FOLLOW_PRIVATE_H
#define EM_FEEDBACK_MAILLOG_FOLLOW_PRIVATE_H

#include <sys/stat.h>

#include "feedback/maillog_follow.h"

#define MAILLOG_HEAD_MAX 256

/* The number of a file's first octets: as many as there are, at most *size_io, which becomes how
 * many it were. */
bool maillog_head_read(int fd, uint32_t *size_io, uint64_t *head_r);
/* Does the open file begin as the one of the place did? */
bool maillog_head_fits(int fd, const struct maillog_place *place);
/* A rotated file of the log `path`, open: the one of the place, long enough for it. -1: none that
 * can be read as it is. */
int maillog_rotated_find(const char *path, const struct maillog_place *place,
                         struct stat *status_r);
/* The oldest one that was last written to after `after` was, or -1; *is_packed_r: an older one is
 * there, and packed. */
int maillog_rotated_next(const char *path, const struct stat *after, struct stat *status_r,
                         bool *is_packed_r);

#endif
