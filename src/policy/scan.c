/*
 * scan: has a message scanned for viruses where the site has a scanner (scan/clamd.h). While it
 * comes it is kept in a file, since nothing may wait before its end; there all of it goes to the
 * scanner, in the session's own thread and within its own time.
 *
 * Not where a ticket came from, which was scanned before; nor of half a message; nor mail of ours
 * to the administrator, which is never stopped.
 */
#include "policy/policy_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "log/counter.h"
#include "log/field.h"
#include "state/settings.h"
#include "util/buffer.h"

static bool is_chosen(const struct job *job)
{
    const struct config_texts *classes = &job->site->scan_settings->classes;
    bool is_chosen = classes->count == 0;
    for (size_t i = 0; i < classes->count && !is_chosen; i++) {
        is_chosen =
            span_is_equal(span_of(classes->at[i]), span_of(mail_class_name(job->mail_class)));
    }
    return is_chosen;
}

static bool is_to_be_scanned(const struct job *job)
{
    return job->site->clamd != NULL && job->mail_class != CLASS_INBOUND &&
           job->role != LISTENER_SIGN && !job->message.is_over_ceiling && !job->is_own_notice &&
           is_chosen(job);
}

/* As it travels: lines end in CRLF. */
static void add_field(struct buffer *header, const struct header_field *field, bool keeps_space)
{
    struct span rest = field->value;
    buffer_add_span(header, field->name);
    buffer_add_text(header, keeps_space ? ":" : ": ");
    for (ptrdiff_t end; (end = span_find(rest, '\n')) >= 0;) {
        buffer_add_span(header, span_first(rest, (size_t)end));
        buffer_add_text(header, "\r\n");
        rest = span_from(rest, (size_t)end + 1);
    }
    buffer_add_span(header, rest);
    buffer_add_text(header, "\r\n");
}

/* False: memory is out. */
static bool keep_header(struct job *job)
{
    const struct header_list *headers = &job->message.headers;
    struct buffer header = BUFFER_EMPTY;
    for (size_t i = 0; i < headers->count; i++) {
        add_field(&header, &headers->fields[i], headers->keeps_space);
    }
    buffer_add_text(&header, "\r\n");
    bool is_good = !buffer_has_failed(&header);
    if (is_good) {
        spool_add(job->spool, header.at, header.size);
    }
    buffer_free(&header);
    return is_good;
}

void scan_begin(struct job *job)
{
    if (!is_to_be_scanned(job)) {
        return;
    }
    const struct state_settings *state = config_settings(job->site->config, &state_settings_table);
    job->spool = clamd_spool(job->site->clamd, job->site->scan_settings, state->directory);
    if (job->spool != NULL && !keep_header(job)) {
        spool_free(&job->spool);
    }
}

static struct scan_result scan(const struct job *job)
{
    struct scan_result result = { .outcome = SCAN_UNKNOWN };
    if (job->spool == NULL) {
        snprintf(result.text, sizeof(result.text), "no memory to keep the message");
    } else if (!waits_begin(job->world->waits)) {
        snprintf(result.text, sizeof(result.text), "too many messages wait for an answer already");
    } else {
        clamd_scan(job->site->clamd, job->site->scan_settings, job->spool, job->world->clock,
                   &result);
        waits_end(job->world->waits);
    }
    return result;
}

static void count(const struct scan_result *result)
{
    static const enum counter_id counters[] = {
        [SCAN_CLEAN] = COUNTER_SCANNED,
        [SCAN_FOUND] = COUNTER_SCANNED,
        [SCAN_TOO_LARGE] = COUNTER_SCAN_TOO_LARGE,
        [SCAN_UNKNOWN] = COUNTER_SCAN_UNKNOWN,
    };
    counter_add(counters[result->outcome], 1);
    counter_add(COUNTER_VIRUSES, result->outcome == SCAN_FOUND ? 1 : 0);
}

static void tell_news(const struct job *job)
{
    struct error line;
    bool is_bad;
    while (clamd_next_news(job->site->clamd, job->site->scan_settings, job->world->clock, &is_bad,
                           &line)) {
        log_sink_print(job->world->log, is_bad ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "%s",
                       line.text);
    }
}

/* What is about this message alone. */
static void complain(struct job *job)
{
    unsigned unsaid;
    if (job->scan.is_outage ||
        (job->scan.outcome != SCAN_UNKNOWN && job->scan.outcome != SCAN_TOO_LARGE) ||
        !site_may_complain(job->site, COMPLAINT_SCAN, clock_mono_ns(job->world->clock), &unsaid)) {
        return;
    }
    char user[160];
    log_escape(span_first(job->principal, 100), true, user, sizeof(user));
    log_sink_print(job->world->log, LOG_LEVEL_WARNING,
                   "clamd: a message of %s, %" PRIu64
                   " bytes, was not scanned: %s; %u more since the last such line",
                   user, job->message.headers.bytes + job->body.facts.size, job->scan.text, unsaid);
}

void scan_settle(struct job *job)
{
    if (!is_to_be_scanned(job)) {
        spool_free(&job->spool);
        return;
    }
    job->scan = scan(job);
    spool_free(&job->spool);
    count(&job->scan);
    tell_news(job);
    complain(job);
    job->evidence.scan = &job->scan;
    job->evidence.defers_unscanned = job->mail_class == CLASS_SUBMISSION &&
                                     job->site->scan_settings->on_failure == CLAMD_FAILURE_DEFER;
}

const char *scan_name(const struct job *job)
{
    switch (job->scan.outcome) {
    case SCAN_CLEAN:
        return "clean";
    case SCAN_FOUND:
        return arena_printf(job->arena, "found:%s", job->scan.text);
    case SCAN_TOO_LARGE:
        return "too-large";
    case SCAN_UNKNOWN:
        return "unknown";
    default:
        return NULL;
    }
}
