/*
 * maillog_private: the job that follows logs, and how it fits the configuration. Not for other
 * files than maillog*.c.
 */
#ifndef EM_WATCH_MAILLOG_PRIVATE_H
#define EM_WATCH_MAILLOG_PRIVATE_H

#include "feedback/lessons.h"
#include "feedback/maillog_follow.h"
#include "feedback/maillog_join.h"
#include "watch/maillog_record.h"
#include "watch/watch_private.h"

struct maillog_file {
    char *path;
    struct maillog_follow *follow;
    struct maillog_record record; /* as it is kept */
    bool is_open;                 /* it was, once */
    bool is_told;                 /* its trouble was */
    uint64_t silent_offset;       /* up to there it was read before; 0: all that comes is new */
    uint64_t silent_inode;
    uint64_t gaps; /* of the follower's that were told */
};

struct maillog_job {
    struct watch *watch;
    struct lessons *lessons;
    struct site *site; /* during a run */
    int64_t gap_told_s;

    /* What was built of the configuration. */
    uint64_t generation; /* of the snapshot that was looked at; 0: none */
    char **texts;        /* copies of feedback.log, postfix and sendmail, each ended by NULL */
    int64_t lifetime_s, messages;
    struct maillog_names names;
    struct maillog_join *join;
    struct maillog_file *files;
    size_t file_count;

    /* The line that is read. */
    struct maillog_file *file;
    struct logread reader;
    bool is_silent;
    struct log_message message;
};

/* Makes the job what the snapshot says; false: nothing is to be followed, or no memory. */
bool maillog_job_fit(struct maillog_job *job);
void maillog_job_clear(struct maillog_job *job);
void maillog_take_outcome(void *context, const struct maillog_outcome *outcome);

#endif
