/*
 * maillog: follows the mail server's logs (`feedback.log`), and hands what became of our mail to
 * those who learn from it: the suppression list (feedback/lessons.h) and whoever has ears
 * (watch.h).
 *
 * After a start the last part of the log is read once more, in silence: our lines in it belong to
 * messages that are still under way, and addresses that took mail are known again.
 */
#include "watch/maillog_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "feedback/post.h"
#include "feedback/suppression.h"
#include "util/domain.h"

enum {
    LOOK_MS = 3000,
    AGAIN_MS = 20,  /* there is more to read */
    IDLE_MS = 3000, /* reports may come without a log */
    REPORTS_AT_ONCE = 50,
    STEP_BYTES = 2 << 20, /* of one file at once, some 10 ms */
    TELL_AGAIN_S = 3600
};

static void *maillog_begin(struct watch *watch)
{
    struct maillog_job *job = calloc(1, sizeof(*job));
    if (job != NULL) {
        job->watch = watch;
        job->lessons = lessons_new();
    }
    if (job != NULL && job->lessons == NULL) {
        free(job);
        job = NULL;
    }
    return job;
}

static void maillog_end(void *state)
{
    struct maillog_job *job = state;
    maillog_job_clear(job);
    lessons_free(&job->lessons);
    free(job);
}

/* --- outcomes -------------------------------------------------------------------------------- */

/* Of ours, the domain that the sender's is, or is below: the shortest one. Empty: not ours. */
static struct span domain_of_ours(const struct site *site, struct span sender,
                                  char room[static DOMAIN_MAX])
{
    ptrdiff_t at = span_find_last(sender, '@');
    struct span rest, found = SPAN("");
    if (at < 0 || !domain_to_ascii(span_from(sender, (size_t)at + 1), room)) {
        return found;
    }
    rest = span_of(room);
    while (rest.size > 0) {
        ptrdiff_t dot = span_find(rest, '.');
        found = site_is_ours(site, rest) ? rest : found;
        rest = span_from(rest, dot >= 0 ? (size_t)dot + 1 : rest.size);
    }
    return found;
}

void maillog_take_outcome(void *context, const struct maillog_outcome *outcome)
{
    struct maillog_job *job = context;
    const struct watch_setup *setup = watch_setup_of(job->watch);
    char room[DOMAIN_MAX], provider[LESSONS_PROVIDER_MAX];
    struct lessons_place place = {
        .store = setup->store,
        .settings = config_settings(job->site->config, &suppression_table),
        .domain = outcome->has_sender ? domain_of_ours(job->site, outcome->sender, room) : SPAN(""),
    };
    enum lessons_news news = lessons_take(job->lessons, &place, outcome, job->is_silent);
    if (news == LESSONS_OUTAGE_BEGINS) {
        lessons_provider(outcome, provider);
        watch_log(job->watch, LOG_LEVEL_WARNING,
                  "feedback: %s calls addresses unknown that took mail before: what it says of "
                  "addresses is not believed, and not learnt, until that is over",
                  provider);
    }
    if (!job->is_silent && setup->ears != NULL && setup->ears->outcome != NULL) {
        struct maillog_outcome told = *outcome;
        /* That a provider calls good addresses unknown is no sender's fault. */
        told.found.is_hard = told.found.is_hard && news == LESSONS_NOTHING;
        setup->ears->outcome(setup->ears->context, &told);
    }
}

/* --- reports by mail ------------------------------------------------------------------------- */

/* Whoever complained is not written to by that domain any more. */
static void suppress_complainer(struct maillog_job *job, const struct maillog_outcome *outcome)
{
    const struct watch_setup *setup = watch_setup_of(job->watch);
    const struct suppression_settings *settings =
        config_settings(job->site->config, &suppression_table);
    struct suppression suppression = { .source = SUPPRESSED_BY_COMPLAINT,
                                       .set_s = outcome->at_s,
                                       .by = "report",
                                       .because = "complained of mail from here" };
    char room[DOMAIN_MAX];
    struct span domain = domain_of_ours(job->site, outcome->sender, room);
    if (domain.size > 0 && suppression_address(outcome->recipient, suppression.address) &&
        span_copy(domain, suppression.domain, sizeof(suppression.domain)) &&
        suppression_put(setup->store, settings, &suppression) != SUPPRESSION_DONE) {
        watch_log(job->watch, LOG_LEVEL_WARNING,
                  "feedback: %s complained, and is not on the suppression list: it is full, or the "
                  "store failed",
                  suppression.address);
    }
}

static void take_report(void *context, const struct maillog_outcome *outcome, bool is_complaint)
{
    struct maillog_job *job = context;
    const struct watch_ears *ears = watch_setup_of(job->watch)->ears;
    if (!is_complaint) {
        job->is_silent = false;
        maillog_take_outcome(job, outcome);
        return;
    }
    if (outcome->recipient.size > 0) {
        suppress_complainer(job, outcome);
    }
    if (ears != NULL && ears->complaint != NULL) {
        ears->complaint(ears->context, outcome);
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

static void tell_gap(struct maillog_job *job, uint64_t lines)
{
    int64_t now_s = clock_wall_s(watch_setup_of(job->watch)->clock);
    bool is_journal = maillog_source_is_journal(job->file->path);
    job->file->record.gaps++;
    if (now_s - job->gap_told_s < TELL_AGAIN_S && now_s >= job->gap_told_s) {
        return;
    }
    job->gap_told_s = now_s;
    watch_log(job->watch, LOG_LEVEL_WARNING,
              "feedback: lines are missing in %s (%" PRIu64
              " as far as it is told), so outcomes are missing: raise %s, or let Postfix write %s "
              "itself (maillog_file)",
              job->file->path, lines,
              is_journal ? "RateLimitBurst or SystemMaxUse in journald.conf"
                         : "RateLimitBurst in journald.conf, or imjournal's Ratelimit.Burst in "
                           "rsyslog.conf",
              is_journal ? "a file" : "the file");
}

static void take_event(struct maillog_job *job, const struct maillog_line *line,
                       const struct maillog_event *event)
{
    const struct watch_ears *ears = watch_setup_of(job->watch)->ears;
    if (event->kind == MAILLOG_GAP) {
        if (!job->is_silent) {
            tell_gap(job, event->count);
        }
        return;
    }
    if (event->kind == MAILLOG_AUTH_FAILED) {
        if (!job->is_silent && ears != NULL && ears->login_failed != NULL) {
            ears->login_failed(ears->context, event->login, event->client, event->count);
        }
        return;
    }
    maillog_join_event(job->join, line, event);
}

static void take_line(void *context, struct span bytes)
{
    struct maillog_job *job = context;
    struct maillog_line line;
    struct maillog_event event;
    job->is_silent = maillog_source_is_before(job->file->source);
    job->was_silent = job->was_silent || job->is_silent;
    job->file->record.lines += !job->is_silent;
    if (!maillog_line_read(&job->reader, &job->names, bytes, &line) || !line.entry.has_time) {
        return;
    }
    if (line.writer == MAILLOG_OURS && logread_message(&line.entry, &job->message)) {
        maillog_join_message(job->join, line.entry.host, &job->message, line.entry.time_s);
    } else if (maillog_event_read(&line, &event)) {
        take_event(job, &line, &event);
    }
}

/* --- files ----------------------------------------------------------------------------------- */

static void tell_trouble(struct maillog_job *job, const char *text)
{
    struct maillog_file *file = job->file;
    struct maillog_record *record = &file->record;
    bool is_new = strcmp(record->trouble, text) != 0;
    if (!is_new && file->is_told) {
        return;
    }
    file->is_told = true;
    if (is_new && record->bad_s == 0) {
        record->bad_s = clock_wall_s(watch_setup_of(job->watch)->clock);
    }
    snprintf(record->trouble, sizeof(record->trouble), "%s", text);
    watch_log(job->watch, LOG_LEVEL_WARNING,
              "feedback: %s; until then nothing is learnt from what receivers answer", text);
    (void)maillog_record_put(watch_setup_of(job->watch)->store, file->path, record);
}

static void tell_good(struct maillog_job *job)
{
    struct maillog_record *record = &job->file->record;
    job->file->is_told = false;
    if (record->bad_s != 0) {
        record->bad_s = 0;
        record->trouble[0] = '\0';
        watch_log(job->watch, LOG_LEVEL_NOTICE, "feedback: %s can be read again", job->file->path);
        (void)maillog_record_put(watch_setup_of(job->watch)->store, job->file->path, record);
    }
}

static void count_joined(struct maillog_job *job, const struct maillog_join_counts *before)
{
    const struct maillog_join_counts *after = maillog_join_counts(job->join);
    struct maillog_record *record = &job->file->record;
    record->attributed += after->attributed - before->attributed;
    record->unattributed += after->unattributed - before->unattributed;
    record->ambiguous += after->ambiguous - before->ambiguous;
}

/* What was counted while all was silent counts for nobody. */
static void file_keep(struct maillog_job *job, const struct maillog_join_counts *before)
{
    struct maillog_file *file = job->file;
    const struct maillog_source_counts *counts = maillog_source_counts(file->source);
    char place[MAILLOG_SOURCE_PLACE_MAX];
    if (counts->gaps > file->gaps) {
        file->gaps = counts->gaps;
        tell_gap(job, 0);
    }
    if (!maillog_source_place(file->source, place)) {
        return;
    }
    if (!job->was_silent) {
        count_joined(job, before);
    }
    if (strcmp(place, file->record.place) != 0) {
        memcpy(file->record.place, place, sizeof(place));
        (void)maillog_record_put(watch_setup_of(job->watch)->store, file->path, &file->record);
    }
}

/* True: there is more in it now. */
static bool file_step(struct maillog_job *job)
{
    struct maillog_join_counts before = *maillog_join_counts(job->join);
    struct error error = { "" };
    enum maillog_follow_answer answer;
    job->was_silent = false;
    answer = maillog_source_step(job->file->source, STEP_BYTES, take_line, job, &error);
    file_keep(job, &before);
    if (answer == MAILLOG_FOLLOW_FAILED) {
        tell_trouble(job, error.text);
    } else {
        tell_good(job);
    }
    return answer == MAILLOG_FOLLOW_MORE;
}

/*
 * Of several files each is read only as far as it went before the one named first was read: so the
 * lines of egress-milter, in the first, are known before what the mail server did afterwards. True:
 * there is more, and the files behind wait.
 */
static bool files_step(struct maillog_job *job)
{
    for (size_t i = job->file_count; i-- > 1;) {
        maillog_source_bound(job->files[i].source);
    }
    for (size_t i = 0; i < job->file_count && !watch_is_stopping(job->watch); i++) {
        job->file = &job->files[i];
        if (file_step(job)) {
            return true;
        }
    }
    return false;
}

static unsigned maillog_run(struct watch *watch, void *state, bool is_hurried)
{
    struct maillog_job *job = state;
    bool has_more = false;
    unsigned pause_ms = IDLE_MS;
    (void)is_hurried;
    job->site = site_holder_get(watch_setup_of(watch)->holder);
    has_more = post_each(watch_setup_of(watch)->store, REPORTS_AT_ONCE, take_report, job) ==
               REPORTS_AT_ONCE;
    if (maillog_job_fit(job)) {
        pause_ms = LOOK_MS;
        logread_init(&job->reader, watch_setup_of(watch)->clock);
        has_more = files_step(job) || has_more;
    }
    site_unref(&job->site);
    return has_more ? AGAIN_MS : pause_ms;
}

const struct watch_job watch_maillog_job = { .name = "maillog",
                                             .begin = maillog_begin,
                                             .end = maillog_end,
                                             .run = maillog_run,
                                             .is_for_leader = true };
