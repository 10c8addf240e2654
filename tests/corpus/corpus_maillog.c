/*
 * corpus_maillog: log lines that others' parsers are tested with. Lines of Postfix with the fields
 * that Grok patterns find (a line that tells nothing of a message or login must be no event), lines
 * that fail2ban counts as abuse or not, by whom and when, logs of crowdsec's, and pflogsumm-go's
 * log with totals that `egressctl log summary` must have.
 *
 * What of fail2ban's and of the patterns is neither delivery, refusal nor failed login stands in
 * `argued`, with the reason; any other difference fails, and so does a row that nothing needs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "control/settings.h"
#include "ctl/commands.h"
#include "feedback/maillog_event.h"
#include "jsonl.h"
#include "util/clock.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What stands in a line that the origin counts, or has fields of, and we leave. */
static const struct {
    const char *text, *why;
} argued[] = {
    { "improper command pipelining", "a fault of protocol: neither a message nor a login" },
    { "too many errors after", "the replies before it were told one by one" },
    { "does not resolve to address", "about the client's name; nothing was refused" },
    { "HANGUP after", "postscreen's tests refuse no message" },
    { "COMMAND TIME LIMIT", "postscreen's tests refuse no message" },
    { "Message delivery request rate limit exceeded", "the client is told so in a reply that says "
                                                      "when it may go on" },
    { "expn info [rejected]", "an address was asked for, no message refused" },
    { "did not issue MAIL/EXPN/VRFY/ETRN", "a connection without a message" },
    { "nrcpts=0", "a message that came to nothing; its refusals have lines of their own" },
};
static unsigned argued_hits[COUNT(argued)];

static struct logread reader;
static unsigned deliveries, others, quiet, abuse, innocent, failed;

static bool is_argued(struct span line)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (memmem(line.at, line.size, argued[i].text, strlen(argued[i].text)) != NULL) {
            argued_hits[i]++;
            return true;
        }
    }
    return false;
}

static void fail_row(struct span line, const char *what, struct span seen)
{
    printf("FAIL %.*s\n     %s: \"%.*s\"\n", SPAN_ARG(line), what, SPAN_ARG(seen));
    failed++;
}

/* --- Grok patterns -----------------------------------------------------------------------------
 */

static bool kind_is(const struct maillog_event *event, struct span status)
{
    static const struct {
        const char *status;
        enum maillog_kind kind;
    } kinds[] = {
        { "sent", MAILLOG_SENT },
        { "deferred", MAILLOG_DEFERRED },
        { "bounced", MAILLOG_BOUNCED },
        { "expired", MAILLOG_EXPIRED },
        { "undeliverable-but-not-cached", MAILLOG_PROBED },
        { "reject", MAILLOG_REJECTED },
        { "reject_warning", MAILLOG_REJECTED },
        { "milter-reject", MAILLOG_REJECTED },
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (span_is_equal(status, span_of(kinds[i].status))) {
            return event->kind == kinds[i].kind;
        }
    }
    return false;
}

static void want(const struct jsonl *fields, const char *name, struct span seen, struct span line)
{
    struct span wanted = jsonl_text(fields, name);
    if (wanted.at != NULL && !span_is_equal(span_trim(wanted), span_trim(seen)) &&
        !span_is_equal(wanted, SPAN("NOQUEUE"))) {
        fail_row(line, name, seen);
    }
}

static void want_within(const struct jsonl *fields, const char *name, struct span seen,
                        struct span line)
{
    struct span wanted = jsonl_text(fields, name);
    if (wanted.size > 0 && memmem(seen.at, seen.size, wanted.at, wanted.size) == NULL) {
        fail_row(line, name, seen);
    }
}

/* "to=<a>, relay=b, delay=3.6, dsn=2.0.0", or with blanks between. */
static void want_pairs(struct span pairs, const struct maillog_event *event, struct span line)
{
    char delay[32], number[3][24];
    snprintf(number[0], sizeof(number[0]), "%llu", (unsigned long long)event->size_bytes);
    snprintf(number[1], sizeof(number[1]), "%llu", (unsigned long long)event->recipient_count);
    snprintf(number[2], sizeof(number[2]), "%llu", (unsigned long long)event->count);
    snprintf(delay, sizeof(delay), "%g", (double)event->delay_ms / 1000);
    const struct {
        const char *key;
        struct span seen;
    } values[] = { { "from=<", event->sender },     { "to=<", event->recipients },
                   { "orig_to=<", event->orig_to }, { "relay=", event->relay },
                   { "dsn=", event->dsn },          { "delay=", span_of(delay) },
                   { "size=", span_of(number[0]) }, { "nrcpt=", span_of(number[1]) },
                   { "uid=", span_of(number[2]) } };
    for (size_t i = 0; i < COUNT(values); i++) {
        const char *key = values[i].key;
        const char *at = pairs.size > 0 ? memmem(pairs.at, pairs.size, key, strlen(key)) : NULL;
        struct span value;
        size_t size = 0;
        if (at == NULL || (at != pairs.at && at[-1] != ' ')) {
            continue;
        }
        value = span_from(pairs, (size_t)(at - pairs.at) + strlen(values[i].key));
        while (size < value.size && value.at[size] != '>' && value.at[size] != ' ' &&
               value.at[size] != ',') {
            size++;
        }
        value = span_first(value, size);
        if (!span_is_equal(value, values[i].seen) &&
            !(span_is_equal(value, SPAN("none")) && values[i].seen.at == NULL)) {
            fail_row(line, values[i].key, values[i].seen);
        }
    }
}

static bool is_wanted(const struct jsonl *fields, struct span line)
{
    static const char *const names[] = { "postfix_status", "postfix_action",
                                         "postfix_bounce_queueid", "postfix_message-id",
                                         "postfix_postscreen_toobusy_data" };
    for (size_t i = 0; i < COUNT(names); i++) {
        if (jsonl_text(fields, names[i]).at != NULL) {
            return true;
        }
    }
    return span_is_equal(jsonl_text(fields, "postfix_milter_result"), SPAN("reject")) ||
           memmem(line.at, line.size, " client=", 8) != NULL ||
           memmem(line.at, line.size, ": uid=", 6) != NULL ||
           memmem(line.at, line.size, " size=", 6) != NULL ||
           memmem(line.at, line.size, ": to=<", 6) != NULL ||
           memmem(line.at, line.size, ": removed", 9) != NULL ||
           memmem(line.at, line.size, ": placed on hold", 16) != NULL ||
           memmem(line.at, line.size, "rcpt=0/1", 8) == line.at ||
           memmem(line.at, line.size, "authentication failed", 21) != NULL;
}

static void judge_fields(const struct jsonl *fields, const struct maillog_event *event,
                         struct span line)
{
    struct span status = jsonl_text(fields, "postfix_status");
    struct span action = jsonl_text(fields, "postfix_action");
    if ((status.at != NULL && !kind_is(event, status)) ||
        (action.at != NULL && !kind_is(event, action))) {
        fail_row(line, "kind", SPAN(""));
    }
    want(fields, "postfix_queueid", event->queue_id, line);
    want(fields, "postfix_bounce_queueid", event->other_id, line);
    want(fields, "postfix_message-id", event->message_id, line);
    want(fields, "postfix_smtp_response", event->text, line);
    want(fields, "postfix_pipe_response", event->text, line);
    want(fields, "postfix_error_response", event->text, line);
    want(fields, "postfix_postscreen_toobusy_data", event->text, line);
    want(fields, "postfix_client_ip", event->client, line);
    want(fields, "postfix_client_hostname", event->client_name, line);
    want(fields, "postfix_status_code_enhanced", event->dsn, line);
    want(fields, "postfix_from", event->sender, line);
    want_within(fields, "postfix_status_message", event->text, line);
    want_within(fields, "postfix_status_data", event->text, line);
    if (event->kind == MAILLOG_REJECTED) {
        want(fields, "postfix_smtp_stage", event->stage, line);
        if (event->code != jsonl_number(fields, "postfix_status_code", event->code)) {
            fail_row(line, "postfix_status_code", SPAN(""));
        }
    }
    want_pairs(jsonl_text(fields, "postfix_keyvalue_data"), event, line);
}

static void judge_grok(const struct jsonl *row)
{
    struct span daemon = jsonl_text(row, "daemon"), line = jsonl_text(row, "line");
    const struct jsonl *fields = jsonl_get(row, "fields");
    char bytes[8192];
    struct maillog_event event;
    struct maillog_line read;
    bool is_event;
    daemon = span_is_equal(daemon, SPAN("tls_features")) ? SPAN("smtp") : daemon;
    snprintf(bytes, sizeof(bytes), "Nov 28 22:33:00 mx postfix/%.*s[7]: %.*s", SPAN_ARG(daemon),
             SPAN_ARG(line));
    maillog_line_read(&reader, NULL, span_of(bytes), &read);
    is_event = maillog_event_read(&read, &event);
    if (is_event != is_wanted(fields, line)) {
        if (!is_argued(line)) {
            fail_row(line, is_event ? "an event" : "no event", SPAN(""));
        }
    } else if (is_event) {
        judge_fields(fields, &event, line);
        deliveries += event.kind >= MAILLOG_SENT && event.kind <= MAILLOG_PROBED;
        others += event.kind < MAILLOG_SENT || event.kind > MAILLOG_PROBED;
    } else {
        quiet++;
    }
}

/* --- fail2ban ----------------------------------------------------------------------------------
 */

static bool is_abuse(const struct maillog_event *event)
{
    return event->kind == MAILLOG_REJECTED || event->kind == MAILLOG_AUTH_FAILED ||
           event->kind == MAILLOG_DISCONNECTED;
}

/* "2005-01-29T05:32:50" of a year the line does not have: month, day and time. */
static bool is_time(struct span wanted, int64_t time_s)
{
    char text[24];
    time_t seconds = (time_t)time_s;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%m-%dT%H:%M:%S", &tm);
    return wanted.at == NULL || span_is_equal(span_from(wanted, 5), span_of(text));
}

static struct span bare(struct span address)
{
    return span_has_prefix_nocase(address, SPAN("IPv6:")) ? span_from(address, 5) : address;
}

static void judge_fail2ban(const struct jsonl *row, bool is_of_mta)
{
    struct span line = jsonl_text(row, "line");
    const struct jsonl *fields = jsonl_get(row, "fields");
    bool is_expected = jsonl_get(row, "expect_abuse_match")->kind == JSONL_TRUE && is_of_mta,
         is_found;
    struct maillog_event event;
    struct maillog_line read;
    maillog_line_read(&reader, NULL, line, &read);
    is_found = maillog_event_read(&read, &event) && is_abuse(&event);
    if (is_found != is_expected) {
        if (!is_argued(line)) {
            fail_row(line, is_found ? "abuse" : "no abuse", SPAN(""));
        }
        return;
    }
    abuse += is_found;
    innocent += !is_found;
    if (is_found && (!span_is_equal(bare(event.client), jsonl_text(fields, "host")) ||
                     !is_time(jsonl_text(fields, "time"), read.entry.time_s))) {
        fail_row(line, "client or time", event.client);
    }
}

static void judge_row(const struct jsonl *row)
{
    struct span id = jsonl_text(row, "id");
    if (span_has_prefix_nocase(id, SPAN("grok:"))) {
        judge_grok(row);
    } else {
        judge_fail2ban(row, span_has_prefix_nocase(id, SPAN("fail2ban:postfix")) ||
                                span_has_prefix_nocase(id, SPAN("fail2ban:sendmail")));
    }
}

/* --- crowdsec ----------------------------------------------------------------------------------
 */

static const struct {
    const char *path, *client;
    unsigned refusals, logins;
} logs[] = {
    { "maillog/crowdsec/postfix-spam/postfix-spam.log", "1.2.3.4", 2, 4 },
    { "maillog/crowdsec/postfix-relay/postfix-spam.log", "192.168.1.1", 2, 0 },
    { "maillog/crowdsec/postfix-logs/postfix-logs.log", "192.168.1.1", 4, 1 },
    { "maillog/crowdsec/dovecot-slow-bf/dovecot-slow-bf.log", "192.0.2.1", 0, 0 },
};

static void judge_log(size_t i, struct arena *arena)
{
    unsigned refusals = 0, logins = 0, elsewhere = 0;
    struct span file, line;
    if (!corpus_read(logs[i].path, arena, &file)) {
        printf("FAIL %s is missing\n", logs[i].path);
        failed++;
        return;
    }
    while (file.size > 0 && span_cut(&file, '\n', &line)) {
        struct maillog_event event;
        struct maillog_line read;
        maillog_line_read(&reader, NULL, line, &read);
        if (maillog_event_read(&read, &event)) {
            bool is_client = span_is_equal(event.client, span_of(logs[i].client));
            refusals += is_client && event.kind == MAILLOG_REJECTED;
            logins += is_client && event.kind == MAILLOG_AUTH_FAILED;
            elsewhere += !is_client || !is_abuse(&event);
        }
    }
    if (refusals != logs[i].refusals || logins != logs[i].logins || elsewhere > 0) {
        printf("FAIL %s: %u refusals, %u logins, %u others\n", logs[i].path, refusals, logins,
               elsewhere);
        failed++;
    }
}

/* --- pflogsumm ---------------------------------------------------------------------------------
 */

/* A log with totals that are known, through the command. */
static void judge_summary(void)
{
    static const char *const totals[] = { "\"received\":4,\"delivered\":5,\"deferred\":1,"
                                          "\"bounced\":1,\"rejected\":1,",
                                          "\"senders\":[{\"sender\":" };
    static const struct ctl_command *const commands[] = { &cmd_log_summary };
    struct ctl ctl = { .commands = commands,
                       .command_count = 1,
                       .tables = all_config_tables(),
                       .clock = &clock_system };
    const char *folder = getenv("EGRESS_CORPUS");
    char path[1024];
    const char *words[] = { "egressctl", "--json", "log", "summary", path };
    unsigned senders = 0;
    snprintf(path, sizeof(path), "%s/maillog/pflogsumm-go/sample.log",
             folder != NULL ? folder : "../shared/corpus");
    if (ctl_run(&ctl, 5, words) != CTL_GOOD) {
        printf("FAIL %s\n", buffer_text(&ctl.err));
        failed++;
    }
    for (size_t i = 0; i < COUNT(totals); i++) {
        if (strstr(buffer_text(&ctl.out), totals[i]) == NULL) {
            printf("FAIL %s not in %s\n", totals[i], buffer_text(&ctl.out));
            failed++;
        }
    }
    for (const char *at = buffer_text(&ctl.out); (at = strstr(at, "\"sender\":")) != NULL; at++) {
        senders++;
    }
    if (senders != 4) {
        printf("FAIL %u senders\n", senders);
        failed++;
    }
    buffer_free(&ctl.out);
    buffer_free(&ctl.err);
}

int main(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct span file, line;
    if (arena == NULL) {
        return 1;
    }
    if (!corpus_read("maillog/lines.jsonl", arena, &file)) {
        puts("SKIP: corpus absent");
        arena_free(&arena);
        return 77;
    }
    logread_init(&reader, &clock_system);
    while (file.size > 0 && span_cut(&file, '\n', &line)) {
        judge_row(jsonl_parse(line, false, arena));
    }
    for (size_t i = 0; i < COUNT(logs); i++) {
        judge_log(i, arena);
    }
    judge_summary();
    printf(
        "lines of Postfix: %u deliveries and %u other events with all their fields, %u of neither; "
        "abuse %u, none %u\n",
        deliveries, others, quiet, abuse, innocent);
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("FAIL nothing needs the argument for \"%s\"\n", argued[i].text);
            failed++;
        }
    }
    arena_free(&arena);
    return failed > 0;
}
