/*
 * maillog_join: see maillog_join.h. A message is known from our line on (named), its mail server
 * from the first line of the queue manager (bound). What of this is missing, because lines were
 * lost or names are odd, makes fewer outcomes and no wrong ones.
 */
#include "feedback/maillog_join_private.h"

#include <stdlib.h>

#include "hold/queue_id.h"
#include "util/siphash.h"

enum {
    SKEW_S = 2,    /* lines of two programs, or of two files */
    SOON_S = 60,   /* the queue manager takes up a message within; not one that is held */
    LINGER_S = 10, /* lines of two processes may come in another order than they were written */
    LINGER_SENDMAIL_S = 300, /* which does not tell that a message is done with */
    TOLD_MAX = 1 << 16       /* lines of delivery that are known again */
};

struct maillog_join {
    struct join_table *table;
    int64_t lifetime_s;
    maillog_outcome_take *take;
    void *context;
    struct join_queues queues;
    struct maillog_join_counts counts;
    uint64_t told[TOLD_MAX];
};

struct maillog_join *maillog_join_new(size_t capacity, int64_t lifetime_s,
                                      maillog_outcome_take *take, void *context)
{
    struct maillog_join *join = calloc(1, sizeof(*join));
    if (join == NULL) {
        return NULL;
    }
    join->table = join_table_new(capacity);
    join->lifetime_s = lifetime_s;
    join->take = take;
    join->context = context;
    if (join->table == NULL) {
        maillog_join_free(&join);
    }
    return join;
}

void maillog_join_free(struct maillog_join **join)
{
    if (*join == NULL) {
        return;
    }
    join_table_free(&(*join)->table);
    free(*join);
    *join = NULL;
}

const struct maillog_join_counts *maillog_join_counts(const struct maillog_join *join)
{
    return &join->counts;
}

size_t maillog_join_size(const struct maillog_join *join)
{
    return join_table_size(join->table);
}

/* --- our lines ------------------------------------------------------------------------------- */

/* What is done with, and what the mail server cannot have any more. */
static void sweep(struct maillog_join *join, int64_t at_s)
{
    struct join_entry *entry;
    while ((entry = join_table_oldest(join->table)) != NULL) {
        if (entry->removed_s == 0 && at_s - entry->at_s > join->lifetime_s) {
            join->counts.outlived++;
        } else if (entry->removed_s == 0 || at_s < entry->removed_s) {
            return;
        }
        join_table_remove(join->table, entry);
    }
}

static struct join_entry *add(struct maillog_join *join, const struct join_entry *entry)
{
    bool is_evicted;
    struct join_entry *added = join_table_add(join->table, entry, &is_evicted);
    join->counts.evicted += is_evicted;
    return added;
}

static bool is_in_queue(const struct log_message *message)
{
    return (span_is_equal(message->verdict, SPAN("accept")) ||
            span_is_equal(message->verdict, SPAN("hold"))) &&
           !span_is_equal(message->mail_class, SPAN("inbound")) &&
           !span_is_equal(message->id, SPAN("NOQUEUE")) && queue_id_is_good(message->id);
}

/* "*@example.org", as log.redact makes it: nobody is named. */
static bool is_redacted(struct span user)
{
    return user.size > 0 && user.at[0] == '*' && (user.size == 1 || user.at[1] == '@');
}

static struct span without_brackets(struct span text)
{
    bool has_brackets = text.size >= 2 && text.at[0] == '<' && text.at[text.size - 1] == '>';
    return has_brackets ? span_first(span_from(text, 1), text.size - 2) : text;
}

void maillog_join_message(struct maillog_join *join, struct span host,
                          const struct log_message *message, int64_t at_s)
{
    struct join_entry entry = {
        .at_s = at_s,
        .has_sender = message->from.at != NULL,
        .principal = is_redacted(message->user) ? SPAN("") : message->user,
        .mail_class = message->mail_class,
        .sender = message->from,
        .message_id = without_brackets(message->message_id),
        .host = host,
        .queue_id = message->id,
    };
    struct join_entry *old;
    sweep(join, at_s);
    if (!is_in_queue(message)) {
        return;
    }
    old = join_table_find(join->table, host, message->id);
    if (old != NULL && old->at_s == at_s && span_is_equal(old->principal, entry.principal)) {
        join->counts.duplicates++;
        return;
    }
    if (old != NULL) {
        join->counts.reused += old->removed_s == 0;
        join_table_remove(join->table, old);
    }
    join->counts.messages++;
    (void)add(join, &entry);
}

/* --- which mail server ----------------------------------------------------------------------- */

enum belongs { BELONGS, BELONGS_ELSEWHERE, BELONGS_PERHAPS };

/*
 * Is the line about this message? Names that have no queue manager are those of services ("-o
 * syslog_name=slow") and stand for the one mail server of the host, if it is one.
 */
static enum belongs belongs(const struct maillog_join *join, const struct maillog_line *line,
                            const struct join_entry *entry)
{
    uint64_t host, instance;
    if (line->writer != MAILLOG_POSTFIX) {
        return BELONGS; /* ids of Sendmail have the time in them */
    }
    host = join_number(line->entry.host);
    instance = join_number(line->instance);
    if (join_queues_on(&join->queues, host) <= 1) {
        return BELONGS;
    }
    if (!join_queues_has(&join->queues, host, instance) || entry->instance == 0) {
        return BELONGS_PERHAPS;
    }
    return entry->instance == instance ? BELONGS : BELONGS_ELSEWHERE;
}

/* --- lines of the mail server ---------------------------------------------------------------- */

/* Another message begins under the id. Lines that are read again are older. */
static void take_birth(struct maillog_join *join, const struct maillog_line *line,
                       struct join_entry *entry)
{
    if (line->writer == MAILLOG_POSTFIX && line->entry.time_s > entry->at_s &&
        belongs(join, line, entry) == BELONGS) {
        join->counts.reused += entry->removed_s == 0;
        join_table_remove(join->table, entry);
    }
}

static bool is_same_sender(const struct join_entry *entry, struct span sender)
{
    return entry->has_sender && span_is_equal_nocase(entry->sender, sender);
}

/* The first line of a queue manager about an id of ours: is it our message? */
static void bind_to_queue(struct maillog_join *join, const struct maillog_line *line,
                          const struct maillog_event *event, struct join_entry *entry)
{
    bool is_only = join_queues_on(&join->queues, join_number(line->entry.host)) <= 1;
    /* At once and nobody else's: the mail server may have rewritten the sender after us. */
    bool is_soon = is_only && line->entry.time_s - entry->at_s <= SOON_S;
    if (is_same_sender(entry, event->sender) || is_soon) {
        entry->instance = join_number(line->instance);
        entry->queue_sender = join_number(event->sender);
    } else if (is_only) {
        entry->is_ambiguous = true;
    }
}

static void take_queued(struct maillog_join *join, const struct maillog_line *line,
                        const struct maillog_event *event, struct join_entry *entry)
{
    uint64_t instance = join_number(line->instance), sender = join_number(event->sender);
    entry->wanted = event->recipient_count > entry->wanted ? event->recipient_count : entry->wanted;
    if (line->writer != MAILLOG_POSTFIX || line->entry.time_s < entry->at_s) {
        return;
    }
    if (entry->instance == 0) {
        bind_to_queue(join, line, event, entry);
    } else if (entry->instance != instance) {
        entry->is_ambiguous = entry->is_ambiguous || is_same_sender(entry, event->sender);
    } else if (entry->queue_sender != 0 && entry->queue_sender != sender) {
        join->counts.reused++;
        join_table_remove(join->table, entry);
    } else {
        entry->queue_sender = sender;
    }
}

/* --- deliveries ------------------------------------------------------------------------------ */

static bool is_told(struct maillog_join *join, const struct maillog_line *line,
                    const struct maillog_event *event, struct span recipient)
{
    static const uint64_t key[2] = { 0x6d61696c6c696e65, 0x746f6c64 };
    uint64_t number = siphash(key, recipient), *at;
    number = number * 31 + siphash(key, event->queue_id);
    number = number * 31 + siphash(key, line->entry.host);
    number = number * 31 + siphash(key, event->dsn);
    number = number * 31 + (uint64_t)line->entry.time_s;
    number = number * 31 + (uint64_t)event->delay_ms;
    number = number * 31 + (uint64_t)event->kind + 1;
    at = &join->told[(number >> 20) % TOLD_MAX];
    if (*at == number) {
        return true;
    }
    *at = number;
    return false;
}

static void tell(const struct maillog_join *join, const struct maillog_line *line,
                 const struct maillog_event *event, const struct join_entry *entry,
                 struct span recipient)
{
    struct maillog_outcome outcome;
    join_outcome(line, event, entry, recipient, &outcome);
    join->take(join->context, &outcome);
}

/* What is told of the other id is told of this message; it may have a line of ours itself. */
static void follow(struct maillog_join *join, const struct maillog_line *line,
                   const struct maillog_event *event, const struct join_entry *entry)
{
    struct join_entry next = *entry;
    join->counts.followed++;
    if (join_table_find(join->table, entry->host, event->other_id) == NULL) {
        next.queue_id = event->other_id;
        next.at_s = line->entry.time_s;
        next.queue_sender = next.wanted = next.final = 0;
        next.removed_s = 0;
        next.is_followed = true;
        (void)add(join, &next);
    }
}

static void take_delivery(struct maillog_join *join, const struct maillog_line *line,
                          const struct maillog_event *event, struct join_entry *entry)
{
    struct span rest = event->recipients, recipient;
    bool is_final = event->kind != MAILLOG_DEFERRED;
    while (maillog_recipient(&rest, &recipient)) {
        if (is_told(join, line, event, recipient)) {
            join->counts.duplicates++;
            continue;
        }
        join->counts.attributed++;
        entry->final += is_final;
        if (!join_is_hop(event)) {
            tell(join, line, event, entry, recipient);
        }
    }
    if (line->writer == MAILLOG_SENDMAIL && entry->removed_s == 0 && entry->wanted > 0 &&
        entry->final >= entry->wanted) {
        entry->removed_s = line->entry.time_s + LINGER_SENDMAIL_S;
        join_table_make_oldest(join->table, entry);
    }
    if (join_is_hop(event)) {
        follow(join, line, event, entry); /* last: the entry may give way */
    }
}

static void take_removed(struct maillog_join *join, const struct maillog_line *line,
                         struct join_entry *entry)
{
    if (entry->removed_s != 0) {
        return;
    }
    if (line->writer == MAILLOG_POSTFIX && entry->wanted > 0 && entry->final >= entry->wanted) {
        join_table_remove(join->table, entry);
        return;
    }
    entry->removed_s = line->entry.time_s + LINGER_S;
    join_table_make_oldest(join->table, entry);
}

/* An attempt, or the end of all; of whom is told by the entry, if it is its. */
static void take_attempt(struct maillog_join *join, const struct maillog_line *line,
                         const struct maillog_event *event, struct join_entry *entry)
{
    uint64_t count = event->recipient_count > 0 ? event->recipient_count : 1;
    bool is_older = entry != NULL && line->entry.time_s < entry->at_s - SKEW_S;
    enum belongs where =
        entry != NULL && !is_older ? belongs(join, line, entry) : BELONGS_ELSEWHERE;
    if (where == BELONGS_ELSEWHERE) {
        join->counts.unattributed += count;
    } else if (where == BELONGS_PERHAPS || entry->is_ambiguous) {
        join->counts.ambiguous += count;
    } else if (event->kind != MAILLOG_EXPIRED) {
        take_delivery(join, line, event, entry);
    } else if (is_told(join, line, event, SPAN(""))) {
        join->counts.duplicates++;
    } else {
        join->counts.attributed++;
        tell(join, line, event, entry, SPAN(""));
    }
}

static void take_of_message(struct maillog_join *join, const struct maillog_line *line,
                            const struct maillog_event *event, struct join_entry *entry)
{
    switch (event->kind) {
    case MAILLOG_CLIENT:
    case MAILLOG_PICKUP:
    case MAILLOG_MESSAGE_ID:
        take_birth(join, line, entry);
        break;
    case MAILLOG_QUEUED:
        take_queued(join, line, event, entry);
        break;
    case MAILLOG_REMOVED:
    case MAILLOG_CANCELED:
        if (belongs(join, line, entry) == BELONGS && line->entry.time_s >= entry->at_s) {
            take_removed(join, line, entry);
        }
        break;
    default:
        break;
    }
}

void maillog_join_event(struct maillog_join *join, const struct maillog_line *line,
                        const struct maillog_event *event)
{
    struct join_entry *entry;
    if (event->queue_id.size == 0 || !line->entry.has_time) {
        return;
    }
    sweep(join, line->entry.time_s);
    if (line->writer == MAILLOG_POSTFIX && event->kind == MAILLOG_QUEUED) {
        join_queues_note(&join->queues, join_number(line->entry.host), join_number(line->instance));
    }
    entry = join_table_find(join->table, line->entry.host, event->queue_id);
    if (event->kind == MAILLOG_SENT || event->kind == MAILLOG_DEFERRED ||
        event->kind == MAILLOG_BOUNCED || event->kind == MAILLOG_EXPIRED) {
        take_attempt(join, line, event, entry);
    } else if (entry != NULL) {
        take_of_message(join, line, event, entry);
    }
}

void maillog_join_line(struct maillog_join *join, struct logread *reader,
                       const struct maillog_names *names, struct span bytes)
{
    struct log_message message;
    struct maillog_event event;
    struct maillog_line line;
    if (!maillog_line_read(reader, names, bytes, &line) || !line.entry.has_time) {
        return;
    }
    if (line.writer == MAILLOG_OURS) {
        if (logread_message(&line.entry, &message)) {
            maillog_join_message(join, line.entry.host, &message, line.entry.time_s);
        }
    } else if (maillog_event_read(&line, &event)) {
        maillog_join_event(join, &line, &event);
    }
}
