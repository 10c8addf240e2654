/*
 * fuzz_maillog: any bytes as a line of a mail log, as they are and behind the tag of each kind of
 * program: what is read lies within the line, and is what a queue id, a code and a time can be.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "feedback/maillog_event.h"
#include "hold/queue_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_maillog: %s\n", what);
        abort();
    }
}

static void check_place(struct span piece, struct span line)
{
    demand(piece.size == 0 || (line.at <= piece.at && piece.at + piece.size <= line.at + line.size),
           "a value from elsewhere");
}

static void check_event(const struct maillog_event *event, struct span bytes)
{
    const struct span values[] = { event->queue_id,   event->other_id, event->sender,
                                   event->recipients, event->orig_to,  event->relay,
                                   event->relay_ip,   event->client,   event->client_name,
                                   event->login,      event->method,   event->message_id,
                                   event->stage,      event->tls,      event->dsn,
                                   event->text,       event->said };
    struct span rest = event->recipients, one;
    size_t count = 0;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        check_place(values[i], bytes);
    }
    demand(event->queue_id.at == NULL || queue_id_is_good(event->queue_id), "a queue id");
    demand(event->other_id.at == NULL || queue_id_is_good(event->other_id), "another id");
    demand(event->code == 0 || (event->code >= 200 && event->code <= 599), "a reply code");
    demand(event->dsn.size == 0 || event->dsn.size <= 9, "an enhanced code");
    demand(event->delay_ms >= -1, "a delay");
    for (size_t i = 0; i < 4; i++) {
        demand(event->stage_ms[i] >= -1, "a stage");
    }
    while (maillog_recipient(&rest, &one)) {
        check_place(one, bytes);
        count++;
    }
    demand(event->kind != MAILLOG_SENT || count >= 1, "sent to nobody");
}

static void read_bytes(struct logread *reader, struct span bytes)
{
    struct maillog_line line;
    struct maillog_event event;
    if (maillog_line_read(reader, NULL, bytes, &line)) {
        const struct span values[] = { line.entry.host, line.instance,      line.service,
                                       line.daemon,     line.entry.process, line.text };
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            check_place(values[i], bytes);
        }
    }
    if (maillog_event_read(&line, &event)) {
        check_event(&event, bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        enum maillog_writer writer;
        const char *daemon;
    } writers[] = { { MAILLOG_POSTFIX, "smtpd" },   { MAILLOG_POSTFIX, "pickup" },
                    { MAILLOG_POSTFIX, "lmtp" },    { MAILLOG_SENDMAIL, "sm-mta" },
                    { MAILLOG_LOGGER, "rsyslogd" }, { MAILLOG_OURS, "egress-milter" } };
    struct span bytes = { size > 0 ? (const char *)data : "", size };
    struct clock_fixed fixed;
    struct logread reader;
    clock_fixed_init(&fixed, 1795905180);
    logread_init(&reader, &fixed.clock);
    read_bytes(&reader, bytes);
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        struct maillog_line line = { .writer = writers[i].writer,
                                     .daemon = span_of(writers[i].daemon),
                                     .text = bytes };
        struct maillog_event event;
        if (maillog_event_read(&line, &event)) {
            check_event(&event, bytes);
        }
    }
    return 0;
}
