/*
 * user messages: what one principal sent, by the logs: each message of ours, and what the mail
 * server did with it. What was accepted and is not removed is still in its queue, which is what
 * matters once an account is suspended: the suspension stops nothing that went in before.
 *
 * Fails with the exit codes of log_walk; 1 where something had to be left out or there was nothing
 * to read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/commands.h"
#include "ctl/load.h"
#include "ctl/log_walk.h"
#include "ctl/print.h"
#include "feedback/maillog_join.h"
#include "site/login.h"
#include "util/hash_table.h"

enum {
    SENT_MAX = 20000, /* messages of one principal; later ones are left out, and told */
    JOIN_MESSAGES = 50000,
    LIFETIME_S = 30 * 86400, /* of held mail, too */
    TEXT_MAX = 255,
    SITE_MEMORY = 65536
};

struct sent_message {
    char queue_id[64], verdict[20], sender[TEXT_MAX], client[64];
    char last[TEXT_MAX]; /* what was said last of one that failed or waits */
    int64_t at_s;        /* -1: not told */
    uint64_t external, delivered, bounced, deferred;
    bool is_removed;
};

struct messages {
    struct ctl *ctl;
    struct span name; /* canonical */
    struct maillog_join *join;
    struct sent_message *at;
    size_t count, left_out;
    struct hash_table *by_id; /* "HOST ID" to the last message of it */
};

static void take_text(struct span text, char *out, size_t room)
{
    (void)span_copy(span_first(text, room - 1), out, room);
}

static struct span key_of(struct span host, struct span id, char room[static TEXT_MAX])
{
    int size = snprintf(room, TEXT_MAX, "%.*s %.*s", SPAN_ARG(span_first(host, 120)),
                        SPAN_ARG(span_first(id, 64)));
    return (struct span){ room, (size_t)size };
}

static struct sent_message *find(const struct messages *messages, struct span host, struct span id)
{
    char room[TEXT_MAX];
    return id.size > 0 ? hash_table_get(messages->by_id, key_of(host, id, room)) : NULL;
}

/* --- lines ----------------------------------------------------------------------------------- */

static bool is_his(const struct messages *messages, const struct log_message *message)
{
    return span_is_equal(message->user, messages->name);
}

static void take_message(struct messages *messages, const struct maillog_line *line,
                         const struct log_message *message)
{
    char room[TEXT_MAX];
    struct sent_message *sent;
    if (!is_his(messages, message)) {
        return;
    }
    if (messages->count == SENT_MAX) {
        messages->left_out++;
        return;
    }
    sent = &messages->at[messages->count++];
    *sent = (struct sent_message){ .at_s = line->entry.has_time ? line->entry.time_s : -1,
                                   .external = message->external };
    take_text(message->id, sent->queue_id, sizeof(sent->queue_id));
    take_text(message->verdict, sent->verdict, sizeof(sent->verdict));
    take_text(message->from, sent->sender, sizeof(sent->sender));
    take_text(message->client, sent->client, sizeof(sent->client));
    (void)hash_table_put(messages->by_id, key_of(line->entry.host, message->id, room), sent, NULL);
}

static void take_outcome(void *context, const struct maillog_outcome *outcome)
{
    struct messages *messages = context;
    struct sent_message *sent = find(messages, outcome->host, outcome->queue_id);
    if (sent == NULL || !span_is_equal(outcome->principal, messages->name)) {
        return;
    }
    sent->delivered += outcome->class == 2;
    sent->bounced += outcome->class == 5;
    sent->deferred += outcome->class == 4;
    if (outcome->class != 2) {
        take_text(outcome->text, sent->last, sizeof(sent->last));
    }
}

static void take(void *context, const struct maillog_line *line, const struct maillog_event *event,
                 const struct log_message *message)
{
    struct messages *messages = context;
    if (message != NULL) {
        take_message(messages, line, message);
        maillog_join_message(messages->join, line->entry.host, message,
                             line->entry.has_time ? line->entry.time_s : 0);
        return;
    }
    if (event == NULL) {
        return;
    }
    maillog_join_event(messages->join, line, event);
    if (event->kind == MAILLOG_REMOVED || event->kind == MAILLOG_CANCELED) {
        struct sent_message *sent = find(messages, line->entry.host, event->queue_id);
        if (sent != NULL) {
            sent->is_removed = true;
        }
    }
}

/* --- telling --------------------------------------------------------------------------------- */

/* Sendmail tells no removal: there nothing is left when all are told. */
static bool is_queued(const struct sent_message *sent)
{
    bool went_in = strcmp(sent->verdict, "accept") == 0 || strcmp(sent->verdict, "hold") == 0;
    return went_in && !sent->is_removed &&
           (sent->external == 0 || sent->delivered + sent->bounced < sent->external);
}

static void print_time(const struct ctl *ctl, int64_t at_s, char text[static 24])
{
    time_t at = (time_t)clock_local_s(ctl->clock, at_s);
    struct tm tm;
    if (at_s < 0 || gmtime_r(&at, &tm) == NULL ||
        strftime(text, 24, "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
        memcpy(text, "-", 2);
    }
}

static void tell_text(const struct messages *messages, const struct sent_message *sent)
{
    struct buffer *out = &messages->ctl->out;
    char when[24];
    print_time(messages->ctl, sent->at_s, when);
    buffer_printf(out, "%-19s  ", when);
    print_escaped(out, span_of(sent->queue_id[0] != '\0' ? sent->queue_id : "-"), TEXT_MAX);
    buffer_printf(out, "  %s%s, %" PRIu64 " outside", sent->verdict,
                  is_queued(sent) ? ", still queued" : "", sent->external);
    if (sent->delivered + sent->bounced + sent->deferred > 0) {
        buffer_printf(out,
                      ": %" PRIu64 " delivered, %" PRIu64 " bounced, %" PRIu64 " times put off",
                      sent->delivered, sent->bounced, sent->deferred);
    }
    if (sent->last[0] != '\0') {
        buffer_add_text(out, ": ");
        print_escaped(out, span_of(sent->last), TEXT_MAX);
    }
    buffer_add_char(out, '\n');
}

static void tell_json(const struct messages *messages, struct json *json,
                      const struct sent_message *sent)
{
    char when[24];
    print_time(messages->ctl, sent->at_s, when);
    json_open(json, NULL, '{');
    json_text(json, "at", span_of(when));
    json_text(json, "queue_id", span_of(sent->queue_id));
    json_text(json, "verdict", span_of(sent->verdict));
    json_text(json, "sender", span_of(sent->sender));
    json_text(json, "client", span_of(sent->client));
    json_number(json, "external", (int64_t)sent->external);
    json_number(json, "delivered", (int64_t)sent->delivered);
    json_number(json, "bounced", (int64_t)sent->bounced);
    json_number(json, "deferred", (int64_t)sent->deferred);
    json_bool(json, "queued", is_queued(sent));
    json_text(json, "last", span_of(sent->last));
    json_close(json, '}');
}

static void tell(const struct messages *messages, bool is_only_queued)
{
    struct ctl *ctl = messages->ctl;
    struct json json = json_new(&ctl->out);
    if (ctl->is_json) {
        json_open(&json, NULL, '{');
        json_number(&json, "schema", 1);
        json_text(&json, "name", messages->name);
        json_open(&json, "messages", '[');
    }
    for (size_t i = 0; i < messages->count; i++) {
        const struct sent_message *sent = &messages->at[i];
        if (is_only_queued && !is_queued(sent)) {
            continue;
        }
        if (ctl->is_json) {
            tell_json(messages, &json, sent);
        } else if (is_only_queued) {
            print_escaped(&ctl->out, span_of(sent->queue_id), TEXT_MAX);
            buffer_add_char(&ctl->out, '\n');
        } else {
            tell_text(messages, sent);
        }
    }
    if (ctl->is_json) {
        json_close(&json, ']');
        json_close(&json, '}');
        buffer_add_char(&ctl->out, '\n');
    }
}

/* --- the command ----------------------------------------------------------------------------- */

/* As the log line has it, where there is a configuration; else as it was given. */
static struct span canonical(const struct ctl *ctl, const char *name, struct arena *arena)
{
    struct site *site = load_site_quietly(ctl);
    struct span canonical = span_of(name);
    if (site != NULL) {
        canonical = arena_copy(arena, login_canonical(site, canonical, arena));
    }
    site_unref(&site);
    return canonical.at != NULL ? canonical : span_of(name);
}

static enum ctl_exit read_and_tell(struct messages *messages, const struct ctl_args *args)
{
    struct ctl_args files = *args;
    struct log_walk walk;
    files.operands++;
    files.operand_count--;
    enum ctl_exit code = log_walk(messages->ctl, &files, take, messages, &walk);
    if (code != CTL_GOOD) {
        return code;
    }
    tell(messages, args_has(args, "queued"));
    if (messages->left_out > 0) {
        ctl_fail(messages->ctl, CTL_WARNING, "%zu later messages are left out; take less at once",
                 messages->left_out);
    }
    return log_walk_remark(messages->ctl, &walk) && messages->left_out == 0 ? CTL_GOOD
                                                                            : CTL_WARNING;
}

static enum ctl_exit user_messages_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct arena *arena = arena_new(SITE_MEMORY);
    struct messages messages = { .ctl = ctl };
    enum ctl_exit code;
    messages.at = calloc(SENT_MAX, sizeof(*messages.at));
    messages.by_id = hash_table_new();
    messages.join = maillog_join_new(JOIN_MESSAGES, LIFETIME_S, take_outcome, &messages);
    if (arena == NULL || messages.at == NULL || messages.by_id == NULL || messages.join == NULL) {
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    } else {
        messages.name = canonical(ctl, args->operands[0], arena);
        code = read_and_tell(&messages, args);
    }
    maillog_join_free(&messages.join);
    hash_table_free(&messages.by_id);
    free(messages.at);
    if (arena != NULL) {
        arena_free(&arena);
    }
    return code;
}

static const struct ctl_option user_messages_options[] = {
    LOG_RANGE_OPTIONS,
    { .name = "queued", .brief = "only ids of what is still in the queue, one a line" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_user_messages = {
    .name = "user messages",
    .operands = "NAME [LOG ...]",
    .operands_min = 1,
    .operands_max = LOG_OPERANDS_MAX,
    .options = user_messages_options,
    .brief = "what a login or network sent by the logs, and what is still queued",
    .details =
        "Reads the lines of egress-milter and of the mail server, as log summary does. What an\n"
        "account sent before it was suspended goes on from the mail server's queue; with Postfix\n"
        "it is stopped by: egressctl user messages NAME --queued | postsuper -h -",
    .run = user_messages_run,
};
