/*
 * replay_read: from lines to messages. A line of ours is a message. Postfix tells of one in several
 * lines: who handed it in, then its recipients, then where each was delivered. So a message of
 * Postfix waits, in the order they came, until it is done or two minutes of the log have passed;
 * which of its recipients were inside is known by then, and all others count as outside.
 *
 * Where both tell of a message, ours counts. What has no login, no network and was not handed in
 * here is no outgoing mail.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "ctl/log_files.h"
#include "ctl/replay.h"
#include "ctl/replay_transit.h"
#include "feedback/maillog_event.h"
#include "site/login.h"
#include "util/domain.h"
#include "util/ip.h"

enum { WAIT_S = 120, BACKWARDS_S = 2 * WAIT_S, NAME_MEMORY_MAX = 64 * 1024 };

struct reader {
    const struct site *site;
    replay_take *take;
    void *context;
    struct replay_reading *reading;
    struct transits *transits;
    int64_t now_s, latest_s;
    struct log_message message;
};

typedef void event_take(struct reader *reader, const struct maillog_event *event);

/* --- handing on ------------------------------------------------------------------------------ */

static void hand_on(struct reader *reader, const struct past_message *message)
{
    struct log_scan *scan = &reader->reading->scan;

    scan->messages++;
    scan->first_s =
        scan->has_time && scan->first_s < message->time_s ? scan->first_s : message->time_s;
    scan->last_s =
        scan->has_time && scan->last_s > message->time_s ? scan->last_s : message->time_s;
    scan->has_time = true;
    reader->reading->backwards += message->time_s < reader->latest_s - BACKWARDS_S;
    reader->latest_s = message->time_s > reader->latest_s ? message->time_s : reader->latest_s;
    reader->reading->redacted += log_scan_is_redacted(message->user);
    reader->take(reader->context, message);
}

/* `raw` in its one form, in the arena. */
static struct span canonical(const struct reader *reader, struct span raw, struct arena *arena)
{
    struct span user = login_canonical(reader->site, raw, arena);

    return user.size > 0 ? user : raw;
}

/* --- messages under way --------------------------------------------------------------------- */

static void transit_hand_on(struct reader *reader, const struct transit *transit)
{
    uint64_t internal =
        transit->internal < transit->recipients ? transit->internal : transit->recipients;
    struct past_message message = {
        .time_s = transit->time_s,
        .mail_class = transit->mail_class,
        .user = { transit->user, transit->user_size },
        .domain = { transit->domain, transit->domain_size },
        .network = span_of(transit->network),
        .external = transit->recipients - internal,
        .internal = internal,
        .size_bytes = transit->size_bytes,
    };

    if (!transit->is_ours && transit->is_queued) {
        reader->reading->of_postfix++;
        hand_on(reader, &message);
    }
}

/* From the oldest on: what is done, or ours, or has waited long enough; with `is_end` all. */
static void pass(struct reader *reader, bool is_end)
{
    struct transit *transit;

    while ((transit = transits_oldest(reader->transits)) != NULL &&
           (is_end || transit->is_ours || transit->is_done ||
            transit->time_s + WAIT_S < reader->now_s)) {
        transit_hand_on(reader, transit);
        transits_drop_oldest(reader->transits);
    }
}

static struct transit *transit_begin(struct reader *reader, struct span queue_id)
{
    struct transit *transit;

    if (transits_are_full(reader->transits)) {
        reader->reading->crowded++;
        transit_hand_on(reader, transits_oldest(reader->transits));
        transits_drop_oldest(reader->transits);
    }
    transit = transits_add(reader->transits, queue_id);
    transit->time_s = reader->now_s;
    return transit;
}

/* --- lines of Postfix ------------------------------------------------------------------------ */

static const struct network_settings *network_of(const struct site *site, struct span client)
{
    struct ip address;

    if (!ip_parse(client, &address)) {
        return NULL;
    }
    for (size_t i = 0; i < site->network_count; i++) {
        const struct site_network *row = &site->networks[i];

        if (row->network.base.family != 0 && ip_network_contains(&row->network, &address)) {
            return row->settings;
        }
    }
    return NULL;
}

static void user_set(struct reader *reader, struct transit *transit, struct span user,
                     bool is_login)
{
    struct arena *arena = is_login ? arena_new(NAME_MEMORY_MAX) : NULL;

    if (arena != NULL) {
        user = canonical(reader, user, arena);
    }
    user = span_first(user, sizeof(transit->user));
    memcpy(transit->user, user.at, user.size);
    transit->user_size = user.size;
    arena_free(&arena);
}

static void take_client(struct reader *reader, const struct maillog_event *event)
{
    static const enum mail_class classes[] = { [NETWORK_RELAY] = CLASS_RELAY,
                                               [NETWORK_LIST] = CLASS_LIST,
                                               [NETWORK_FORWARD] = CLASS_FORWARD };
    const struct network_settings *network = NULL;
    struct transit *transit;

    if (event->login.size == 0) {
        network = network_of(reader->site, event->client);
    }
    if (event->login.size == 0 && network == NULL) {
        return;
    }
    transit = transit_begin(reader, event->queue_id);
    transit->mail_class = network != NULL ? classes[network->kind] : CLASS_SUBMISSION;
    transit->network = network != NULL ? network->name : NULL;
    user_set(reader, transit, network != NULL ? span_of(network->name) : event->login,
             network == NULL);
}

static void take_pickup(struct reader *reader, const struct maillog_event *event)
{
    struct transit *transit = transit_begin(reader, event->queue_id);

    transit->mail_class = CLASS_LOCAL;
    user_set(reader, transit, event->sender.size > 0 ? event->sender : SPAN("local"), false);
}

static struct span domain_of(struct span address)
{
    ptrdiff_t at = span_find_last(address, '@');

    return at >= 0 ? span_from(address, (size_t)at + 1) : SPAN("");
}

static void take_queued(struct reader *reader, const struct maillog_event *event)
{
    struct transit *transit = transits_find(reader->transits, event->queue_id);
    struct span domain = domain_of(event->sender);

    if (transit == NULL || transit->is_queued) {
        return; /* no mail of ours, or tried again */
    }
    transit->is_queued = true;
    transit->recipients = event->recipient_count;
    transit->size_bytes = event->size_bytes;
    domain = span_first(domain, sizeof(transit->domain));
    for (size_t i = 0; i < domain.size; i++) {
        transit->domain[i] = ascii_lower(domain.at[i]);
    }
    transit->domain_size = domain.size;
}

static bool is_internal(const struct site *site, struct span recipient)
{
    struct span domain = domain_of(recipient);
    char ascii[DOMAIN_MAX];

    return domain.size > 0 && domain_to_ascii(domain, ascii) &&
           site_is_internal(site, span_of(ascii));
}

/* Of a recipient that has been delivered. */
static void take_sent(struct reader *reader, const struct maillog_event *event)
{
    struct transit *transit = transits_find(reader->transits, event->queue_id);
    struct span rest = event->recipients, recipient;

    if (transit != NULL && maillog_recipient(&rest, &recipient)) {
        transit->internal += event->is_inside || is_internal(reader->site, recipient);
    }
}

static void take_removed(struct reader *reader, const struct maillog_event *event)
{
    struct transit *transit = transits_find(reader->transits, event->queue_id);

    if (transit != NULL) {
        transit->is_done = true;
    }
}

/* What tells of a message here. NULL: something else. */
static event_take *take_of(const struct maillog_line *line, const struct maillog_event *event)
{
    static event_take *const takes[] = { [MAILLOG_CLIENT] = take_client,
                                         [MAILLOG_PICKUP] = take_pickup,
                                         [MAILLOG_QUEUED] = take_queued,
                                         [MAILLOG_SENT] = take_sent,
                                         [MAILLOG_REMOVED] = take_removed };

    if (line->writer != MAILLOG_POSTFIX || event->queue_id.size == 0 ||
        (size_t)event->kind >= sizeof(takes) / sizeof(takes[0])) {
        return NULL;
    }
    return takes[event->kind];
}

/* --- lines of ours --------------------------------------------------------------------------- */

static bool has_gone(struct span verdict)
{
    return span_is_equal(verdict, SPAN("accept")) || span_is_equal(verdict, SPAN("hold"));
}

static void take_ours(struct reader *reader, const struct log_message *line)
{
    struct transit *transit = transits_find(reader->transits, line->id);
    struct past_message message = { .time_s = reader->now_s,
                                    .user = line->user,
                                    .external = line->external,
                                    .size_bytes = line->size_bytes };

    if (transit != NULL) {
        transit->is_ours = true;
    }
    if (!mail_class_parse(line->mail_class, &message.mail_class) ||
        message.mail_class == CLASS_INBOUND || line->user.size == 0) {
        return;
    }
    if (!has_gone(line->verdict)) {
        reader->reading->stopped += !span_is_equal(line->verdict, SPAN("aborted"));
        return;
    }
    message.internal = line->recipients > line->external ? line->recipients - line->external : 0;
    message.domain = domain_of(line->from);
    if (message.mail_class >= CLASS_RELAY && message.mail_class <= CLASS_FORWARD) {
        message.network = line->user;
    }
    pass(reader, false);
    hand_on(reader, &message);
}

/* --- files ----------------------------------------------------------------------------------- */

static void take_line(struct reader *reader, struct logread *logread, struct span text)
{
    struct log_scan *scan = &reader->reading->scan;
    struct maillog_event event;
    struct maillog_line line;
    event_take *take = NULL;
    bool is_ours;

    scan->lines++;
    (void)maillog_line_read(logread, NULL, text, &line);
    if (scan->has_since && line.entry.has_time && line.entry.time_s < scan->since_s) {
        return;
    }
    if (line.writer == MAILLOG_POSTFIX && maillog_event_read(&line, &event)) {
        take = take_of(&line, &event);
    }
    is_ours = take == NULL && logread_message(&line.entry, &reader->message);
    if (take == NULL && !is_ours) {
        return;
    }
    if (!line.entry.has_time) {
        scan->undated++;
        return;
    }
    reader->now_s = line.entry.time_s;
    if (take != NULL) {
        take(reader, &event);
    } else {
        take_ours(reader, &reader->message);
    }
    pass(reader, false);
}

static bool files_walk(struct reader *reader, struct log_files *files, const struct clock *clock,
                       struct error *error)
{
    struct logread logread;
    struct span line;
    enum log_files_answer answer;

    logread_init(&logread, clock);
    while ((answer = log_files_next(files, &line, error)) == LOG_FILES_LINE) {
        take_line(reader, &logread, line);
    }
    pass(reader, true);
    reader->reading->scan.long_lines = log_files_long_lines(files);
    return answer == LOG_FILES_END;
}

enum ctl_exit replay_read(struct ctl *ctl, const struct ctl_args *args, const struct site *site,
                          replay_take *take, void *context, struct replay_reading *reading_r)
{
    const char *since = args_value(args, "since");
    struct reader *reader;
    struct error error = { "" };
    struct log_files *files;
    bool is_good;

    *reading_r = (struct replay_reading){ .scan = { .has_since = since != NULL } };
    if (since != NULL &&
        !log_scan_since(ctl->clock, span_of(since), &reading_r->scan.since_s, &error)) {
        return ctl_fail(ctl, CTL_USAGE, "%s", error.text);
    }
    files = log_files_open(args->operands, args->operand_count, log_files_usual, &error);
    if (files == NULL) {
        return ctl_fail(ctl, CTL_INPUT, "%s", error.text);
    }
    reader = calloc(1, sizeof(*reader));
    if (reader != NULL) {
        *reader = (struct reader){ .site = site,
                                   .take = take,
                                   .context = context,
                                   .reading = reading_r,
                                   .transits = transits_new() };
    }
    is_good = reader != NULL && reader->transits != NULL;
    if (!is_good) {
        error_set(&error, "out of memory");
    } else {
        is_good = files_walk(reader, files, ctl->clock, &error);
    }
    if (reader != NULL) {
        transits_free(&reader->transits);
    }
    free(reader);
    log_files_free(&files);
    return is_good ? CTL_GOOD : ctl_fail(ctl, CTL_INPUT, "%s", error.text);
}
