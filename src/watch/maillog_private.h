/*
 * maillog_private: the job that follows logs, and how it fits the configuration. Not for other
 * files than maillog*.c.
 */
#ifndef EM_WATCH_MAILLOG_PRIVATE_H
#define EM_WATCH_MAILLOG_PRIVATE_H

#include "feedback/lessons.h"
#include "feedback/maillog_join.h"
#include "feedback/maillog_source.h"
#include "watch/maillog_record.h"
#include "watch/watch_private.h"

enum { MAILLOG_SILENT_BYTES = 64 << 20 }; /* read again after a start */

struct maillog_file {
    char *path;
    struct maillog_source *source;
    struct maillog_record record; /* as it is kept */
    bool is_told;                 /* its trouble was */
    uint64_t gaps;                /* of the source's that were told */
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
    bool is_silent;  /* it was read before, */
    bool was_silent; /* or one of this step */
    struct log_message message;
};

/* Makes the job what the snapshot says; false: nothing is to be followed, or no memory. */
bool maillog_job_fit(struct maillog_job *job);
void maillog_job_clear(struct maillog_job *job);
void maillog_take_outcome(void *context, const struct maillog_outcome *outcome);

#endif
