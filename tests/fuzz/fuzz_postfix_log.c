/*
 * fuzz_postfix_log: any bytes as a line of a mail log: what is read lies within the line, and is
 * what a queue id, a sender and a recipient can be.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/postfix_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_postfix_log: %s\n", what);
        abort();
    }
}

static void check_place(struct span piece, struct span line)
{
    demand(piece.at == NULL ||
               (line.at <= piece.at && piece.at + piece.size <= line.at + line.size),
           "a value from elsewhere");
}

static void check_line(const struct postfix_line *line, struct span text)
{
    const struct span values[] = { line->queue_id, line->client, line->login, line->sender,
                                   line->recipient };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        check_place(values[i], text);
    }
    demand(line->queue_id.size >= 5 && line->queue_id.size <= 20 &&
               span_find(line->queue_id, ' ') < 0,
           "a queue id that is none");
    demand(line->event != POSTFIX_CLIENT || span_find(line->client, ']') < 0, "a client's bracket");
    demand(line->event == POSTFIX_QUEUED || (line->recipients == 0 && line->size_bytes == 0),
           "numbers from elsewhere");
    demand(line->event == POSTFIX_DELIVERED || !line->is_inside, "inside without a delivery");
}

static void read_line(struct log_entry *entry, struct span line)
{
    struct postfix_line read;

    if (postfix_line_read(entry, &read)) {
        check_line(&read, line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const programs[] = { "postfix/smtpd", "postfix/pickup", "postfix/qmgr",
                                            "postfix/smtp" };
    struct span line = { size > 0 ? (const char *)data : "", size };
    struct clock_fixed fixed;
    struct logread reader;
    struct log_entry entry;

    clock_fixed_init(&fixed, 1795905180);
    logread_init(&reader, &fixed.clock);
    logread_entry(&reader, line, &entry);
    read_line(&entry, line);
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        entry = (struct log_entry){ .program = span_of(programs[i]), .text = line };
        read_line(&entry, line);
    }
    return 0;
}
