/*
 * job: collects one message. What does not fit under the ceiling is left out and remembered as
 * such; the verdict on an incomplete message is message-ceiling or overload (or, inbound, none).
 */
#include "policy/job.h"

#include <stdlib.h>

#include "policy/policy_private.h"
#include "util/domain.h"

struct job *job_new(struct site *site, const struct world *world, const struct session *session)
{
    struct arena *arena = arena_new_within(world->memory, (size_t)site->ceilings->message_bytes);
    struct job *job = arena != NULL ? arena_alloc(arena, sizeof(*job)) : NULL;
    if (job == NULL) {
        arena_free(&arena);
        return NULL;
    }
    job->arena = arena;
    job->site = site_ref(site);
    job->world = world;
    job->message.session = session;
    job->began_ns = clock_mono_ns(world->clock);
    header_list_init(&job->message.headers, session->keeps_space);
    body_scan_init(&job->body);
    finding_list_init(&job->findings, arena);
    edit_list_init(&job->verdict.edits);
    job->role = site_role_of(site, session);
    job->is_off = job->role == LISTENER_OFF;
    return job;
}

void job_free(struct job **job)
{
    if (*job == NULL) {
        return;
    }
    struct arena *arena = (*job)->arena;
    dkim_body_hash_free(&(*job)->body_hash);
    arena_free(&(*job)->links_arena);
    attachment_reader_free(&(*job)->attachments);
    dns_questions_free(&(*job)->questions);
    dns_questions_free(&(*job)->recipient_questions);
    spool_free(&(*job)->spool);
    incoming_free(*job);
    dns_questions_free(&(*job)->list_questions);
    limits_forget_cost(*job);
    site_unref(&(*job)->site);
    arena_free(&arena); /* the job itself lives in it */
    *job = NULL;
}

/* A copy in the message's memory; absent stays absent. */
static struct span keep(struct job *job, struct span text)
{
    if (text.at == NULL) {
        return text;
    }
    return arena_copy(job->arena, text);
}

void job_mail(struct job *job, struct span path, const struct span *parameters, size_t count)
{
    struct envelope *envelope = &job->message.envelope;
    struct span trimmed = span_trim(path);
    envelope->sender_is_bare = trimmed.size == 0 || trimmed.at[0] != '<';
    address_parse_path(keep(job, trimmed), job->arena, &envelope->sender);
    for (size_t i = 0; i < count; i++) {
        if (span_is_equal_nocase(parameters[i], SPAN("SMTPUTF8"))) {
            envelope->smtputf8 = true;
        } else if (span_is_equal_nocase(parameters[i], SPAN("BODY=8BITMIME"))) {
            envelope->body_8bitmime = true;
        }
    }
}

void job_login(struct job *job, struct span login, struct span auth_type)
{
    job->message.envelope.login = keep(job, login);
    job->message.envelope.auth_type = keep(job, auth_type);
}

/* Doubling keeps the arena's waste below the list's own size. */
static bool grow_recipients(struct job *job)
{
    struct envelope *envelope = &job->message.envelope;
    size_t room = envelope->recipient_room > 0 ? 2 * envelope->recipient_room : 4;
    struct recipient *grown = arena_array(job->arena, room, sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    if (envelope->recipient_count > 0) {
        memcpy(grown, envelope->recipients, envelope->recipient_count * sizeof(*grown));
    }
    envelope->recipients = grown;
    envelope->recipient_room = room;
    return true;
}

void job_recipient(struct job *job, struct span path, struct span mailer, struct span host)
{
    struct envelope *envelope = &job->message.envelope;
    struct address address;
    envelope->recipient_total++;
    if (job->is_off ||
        (envelope->recipient_count == envelope->recipient_room && !grow_recipients(job))) {
        return;
    }
    struct span copy = keep(job, span_trim(path));
    if (copy.at == NULL || !address_parse_path(copy, job->arena, &address)) {
        return;
    }
    struct recipient recipient = {
        .path = address.text,
        .domain = address.domain,
        .side = recipient_side_of(job->site, address.domain, mailer),
        .leaves_by_smtp = recipient_leaves_by_smtp(job->message.session, mailer),
    };
    recipient.is_looked_up = recipient_is_looked_up(&recipient, mailer, host);
    envelope->recipients[envelope->recipient_count++] = recipient;
}

void job_refused_recipient(struct job *job)
{
    job->refused_recipients++;
}

void job_header(struct job *job, struct span name, struct span value)
{
    if (!job->is_off) {
        header_list_add(&job->message.headers, job->arena, name, value);
    }
}

bool job_body(struct job *job, const void *bytes, size_t size)
{
    if (job->is_off || job->message.is_over_ceiling) {
        return false;
    }
    if (job->mail_class == CLASS_INBOUND) {
        return incoming_add(job, bytes, size);
    }
    body_scan_feed(&job->body, bytes, size);
    mime_scan_feed(&job->mime, bytes, size);
    if (job->body_hash != NULL) {
        dkim_body_hash_feed(job->body_hash, bytes, size);
    }
    if (job->spool != NULL) {
        spool_add(job->spool, bytes, size);
    }
    return true;
}

void job_queue_id(struct job *job, struct span queue_id)
{
    if (job->message.envelope.queue_id.size == 0 && queue_id.size > 0) {
        job->message.envelope.queue_id = keep(job, queue_id);
    }
}
