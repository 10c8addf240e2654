/*
 * pipeline: the steps of each stage, in order. A step reads what earlier steps left in the job and
 * adds its own part; none calls back into an earlier one.
 */
#include "policy/pipeline.h"

#include "checks/check.h"
#include "config/config.h"
#include "log/at_work.h"
#include "message/builder.h"
#include "policy/policy_private.h"

enum {
    VERDICT_RESERVE_BYTES =
        64 * 1024 /* so that a message at its ceiling still gets a reason and a line */
};

typedef void step(struct job *job);

static bool is_judged(const struct job *job)
{
    return job->mail_class != CLASS_INBOUND;
}

/* A list that did not fit marks the arena, which note_ceiling() asks. */
static void parse_from(struct job *job)
{
    (void)message_read_from(&job->message, job->arena);
}

static void note_ceiling(struct job *job)
{
    if (arena_is_exhausted(job->arena) && !job->message.is_over_ceiling) {
        job->message.is_over_ceiling = true;
        job->is_starved = arena_is_starved(job->arena);
        arena_grant(job->arena, VERDICT_RESERVE_BYTES);
    }
}

static struct span first_value(const struct job *job, enum header_id id)
{
    const struct header_field *field = header_first(&job->message.headers, id);
    return field != NULL ? field->value : (struct span){ NULL, 0 };
}

/* Not where nobody asks: behind a filter mail was judged already. Feeding costs nothing then. */
static void open_mime(struct job *job)
{
    if (is_judged(job) && job->role != LISTENER_SIGN && !job->message.is_over_ceiling) {
        mime_scan_init(&job->mime, first_value(job, HEADER_CONTENT_TYPE),
                       first_value(job, HEADER_CONTENT_TRANSFER_ENCODING), job->arena,
                       content_open(job));
    }
}

static void gather_evidence(struct job *job)
{
    job->message.body = *body_scan_finish(&job->body);
    if (job->mime.facts.parts > 0) {
        job->message.mime = *mime_scan_finish(&job->mime, job->message.body.has_8bit);
    }
    struct span host = job->message.session->mta_name;
    job->evidence = (struct evidence){
        .message = &job->message,
        .mail_class = job->mail_class,
        .principal = job->principal,
        .external_count = recipient_external_count(&job->message.envelope),
        .clock = job->world->clock,
        .knows_our_domains = site_knows_its_domains(job->site),
        .lacks_login = job->lacks_login,
        .lacks_tls = class_lacks_tls(job),
        .links = job->links != NULL ? links_found(job->links) : NULL,
        .host_name = host.size > 0 ? host : SPAN("localhost"),
    };
    if (job->attachments != NULL) {
        job->evidence.attachments = attachment_reader_found(job->attachments);
    }
    if (is_judged(job)) {
        transit_read(&job->message, &job->evidence.transit);
        job->evidence.automatic = message_automatic(&job->message, job->arena);
    }
}

/* Not where a ticket came from, and not of half a message. */
static void judge_identity(struct job *job)
{
    if (is_judged(job) && job->role != LISTENER_SIGN && !job->message.is_over_ceiling) {
        identity_judge(job);
    }
}

/* The finding about a message that is not known completely; false: it is. */
static bool find_incomplete(struct job *job)
{
    if (job->is_starved) {
        finding_add(&job->findings, FINDING_OVERLOAD, "try again later",
                    "no memory is left beside other messages");
        return true;
    }
    if (job->message.is_over_ceiling) {
        finding_add(&job->findings, FINDING_MESSAGE_CEILING,
                    "send it with fewer recipients or smaller header fields",
                    "header and recipients need more than the %lld bytes kept for one message",
                    (long long)job->site->ceilings->message_bytes);
        return true;
    }
    return false;
}

/* Judged once: where the ticket came from. An incomplete message is not asked anything else: half a
 * header gives wrong answers. Nor are half the findings: one that found no memory may have been the
 * one that mattered. */
static void run_checks(struct job *job)
{
    if (!is_judged(job) || find_incomplete(job)) {
        return;
    }
    job->evidence.signature = signing_expected(job);
    job->evidence.signs_here = dkim_domains_count(job->site->domains) > 0;
    for (size_t i = 0; i < check_count && job->role != LISTENER_SIGN; i++) {
        const struct check *check = check_table[i];
        const void *settings =
            check->settings != NULL ? config_settings(job->site->config, check->settings) : NULL;
        check->run(&job->evidence, settings, &job->findings);
    }
    note_ceiling(job);
    find_incomplete(job);
}

static void weigh(struct job *job)
{
    if (is_judged(job)) {
        engine_weigh(job);
    } else {
        ticket_remove(job);
    }
}

static void sign(struct job *job)
{
    if (!is_judged(job)) {
        return;
    }
    if (ticket_is_due(job)) {
        ticket_leave(job);
    } else {
        signing_make(job);
    }
}

/* What found no place may have been the login, the sender, the ticket or the finding that mattered.
 */
static void defer_starved(struct job *job)
{
    enum disposition disposition = job->verdict.disposition;
    bool is_incomplete = job->is_starved || arena_is_starved(job->arena) || ticket_is_unclear(job);
    if (is_incomplete && (disposition == DISPOSITION_ACCEPT || disposition == DISPOSITION_HOLD)) {
        engine_defer(job);
    }
}

static step *const steps_mail[] = { class_guess, NULL };
static step *const steps_recipient[] = { recipient_dns_ask, recipient_judge, NULL };
static step *const steps_headers[] = { parse_from,          note_ceiling,
                                       class_settle,        principal_settle,
                                       own_notice_settle,   open_relay_watch,
                                       signing_plan,        outlook_begin,
                                       recipient_dns_go_on, listings_begin,
                                       open_mime,           scan_begin,
                                       incoming_begin,      NULL };
static step *const steps_end[] = { note_ceiling,
                                   gather_evidence,
                                   backscatter_note,
                                   judge_identity,
                                   signing_choose,
                                   listings_ask,
                                   outlook_settle,
                                   recipient_dns_settle,
                                   listings_settle,
                                   recipient_gather,
                                   scan_settle,
                                   run_checks,
                                   weigh,
                                   outlook_complain,
                                   listings_complain,
                                   recipient_complain,
                                   limits_charge,
                                   behaviour_judge,
                                   hold_settle,
                                   sign,
                                   hold_settle,
                                   ticket_complain,
                                   defer_starved,
                                   limits_settle,
                                   honeypot_watch,
                                   incoming_read,
                                   NULL };

static step *const *const stages[] = {
    [STAGE_MAIL] = steps_mail,
    [STAGE_RECIPIENT] = steps_recipient,
    [STAGE_HEADERS] = steps_headers,
    [STAGE_END] = steps_end,
};

/* For the last words of a process that crashes. */
static const char *const stage_names[] = {
    [STAGE_MAIL] = "MAIL",
    [STAGE_RECIPIENT] = "RCPT",
    [STAGE_HEADERS] = "the end of headers",
    [STAGE_END] = "the end",
};

/* A header ends once, whatever is said: what reads the content begins there. */
static bool is_said_twice(struct job *job, enum stage stage)
{
    bool was_over = job->is_header_over;
    job->is_header_over = was_over || stage == STAGE_HEADERS;
    return was_over && stage == STAGE_HEADERS;
}

const struct verdict *pipeline_run(struct job *job, enum stage stage)
{
    uint64_t began_ns = clock_mono_ns(job->world->clock);
    at_work_begin(stage_names[stage], job->message.envelope.queue_id);
    if (!job->is_off && !is_said_twice(job, stage)) {
        for (step *const *next = stages[stage]; *next != NULL; next++) {
            (*next)(job);
        }
    }
    at_work_end();
    job->spent_ns += clock_mono_ns(job->world->clock) - began_ns;
    return stage == STAGE_RECIPIENT ? &job->recipient_verdict : &job->verdict;
}

void pipeline_finish(struct job *job, enum outcome outcome)
{
    if (job->is_finished) {
        return;
    }
    job->is_finished = true;
    if (recipient_is_none_left(job)) {
        job->verdict = job->recipient_verdict; /* the last word there was */
        outcome = OUTCOME_ANSWERED;
    }
    if (outcome != OUTCOME_ANSWERED) {
        limits_give_back(job);
    }
    behaviour_end(job);
    limits_end(job);
    if (!job->is_off) {
        hold_end(job, outcome);
        if (outcome == OUTCOME_ANSWERED) {
            bulk_note(job);
            sent_remember(job);
        }
        own_notice_end(job, outcome);
        incoming_end(job, outcome);
        report_message(job, outcome);
    }
}
