/*
 * drive: see drive.h. What an MTA would say in many events is said here in one go; the body goes in
 * pieces of the size an MTA sends.
 */
#include "policy/drive.h"

#include "message/builder.h"
#include "policy/policy_private.h"

enum { MTA_CHUNK_BYTES = 65535 };

struct drive {
    struct job *job;
    size_t chunk_size;
    bool is_body; /* the header is complete, the pipeline knows */
};

static void end_headers(struct drive *drive)
{
    if (!drive->is_body) {
        drive->is_body = true;
        pipeline_run(drive->job, STAGE_HEADERS);
    }
}

static void take_body(void *context, const void *bytes, size_t size)
{
    struct drive *drive = context;
    end_headers(drive);
    const char *at = bytes;
    while (size > 0) {
        size_t piece = size < drive->chunk_size ? size : drive->chunk_size;
        job_body(drive->job, at, piece);
        at += piece;
        size -= piece;
    }
}

struct job *drive_message(struct site *site, const struct world *world,
                          const struct drive_input *input)
{
    struct job *job = job_new(site, world, &input->session);
    if (job == NULL) {
        return NULL;
    }
    struct drive drive = { .job = job,
                           .chunk_size =
                               input->chunk_size > 0 ? input->chunk_size : MTA_CHUNK_BYTES };
    job_mail(job, input->sender, input->mail_parameters, input->mail_parameter_count);
    job_login(job, input->login, input->auth_type);
    job_queue_id(job, input->queue_id);
    pipeline_run(job, STAGE_MAIL);
    for (size_t i = 0; i < input->recipient_count; i++) {
        const struct drive_recipient *recipient = &input->recipients[i];
        job_recipient(job, recipient->path, recipient->mailer, recipient->host);
        pipeline_run(job, STAGE_RECIPIENT);
    }
    if (recipient_is_none_left(job)) {
        job->verdict = job->recipient_verdict;
        return job; /* an MTA takes no message for nobody */
    }
    /* A field that did not fit is remembered by the arena; the pipeline asks it. */
    (void)message_read(input->message, job->arena, &job->message.headers, take_body, &drive);
    end_headers(&drive);
    pipeline_run(job, STAGE_END);
    return job;
}
