/*
 * drive: walks a complete message, given as bytes, through a job, the way an MTA would. For
 * `explain` and for scenarios.
 */
#ifndef EM_POLICY_DRIVE_H
#define EM_POLICY_DRIVE_H

#include "policy/job.h"
#include "policy/pipeline.h"

struct drive_recipient {
    struct span path;
    struct span mailer; /* {rcpt_mailer}: "smtp", "local", ...; absent: unknown */
    struct span host;   /* {rcpt_host}: where the mailer goes; absent: unknown */
};

struct drive_input {
    struct session session;
    struct span login, auth_type;
    struct span sender; /* as the MTA writes it: "<a@b>", "<>", or bare for sendmail(1) */
    const struct span *mail_parameters;
    size_t mail_parameter_count;
    const struct drive_recipient *recipients;
    size_t recipient_count;
    struct span queue_id;
    struct span message; /* RFC 5322 bytes, LF or CRLF */
    size_t chunk_size;   /* body pieces; 0: 65535 as libmilter's largest */
};

/*
 * Runs all stages up to the verdict, which is in job->verdict; the caller then calls
 * pipeline_finish and job_free. input must outlive the job. NULL: out of memory.
 */
struct job *drive_message(struct site *site, const struct world *world,
                          const struct drive_input *input);

#endif
