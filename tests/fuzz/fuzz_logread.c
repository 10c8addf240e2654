/*
 * fuzz_logread: any bytes as a line of a log file: what is read lies within the line, and each
 * field agrees with a plain search for its first occurrence. Then the same bytes as the values of a
 * line that logline_write() makes: they come back as they were, or not at all.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding/logline.h"
#include "finding/logread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_logread: %s\n", what);
        abort();
    }
}

static bool is_within(struct span piece, const void *at, size_t size)
{
    return piece.at == NULL ||
           ((const char *)at <= piece.at && piece.at + piece.size <= (const char *)at + size);
}

static void check_span(const struct log_message *message, struct span line, struct span value)
{
    demand(is_within(value, line.at, line.size) ||
               is_within(value, message->unescaped, message->unescaped_size),
           "a value from elsewhere");
}

static void check_places(const struct log_message *message, struct span line)
{
    const struct span values[] = { message->id,         message->verdict,     message->would,
                                   message->mail_class, message->user,        message->by,
                                   message->client,     message->daemon,      message->login,
                                   message->from,       message->header_from, message->message_id };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        check_span(message, line, values[i]);
    demand(message->rule_count <= LOG_LIST_MAX && message->to_count <= LOG_LIST_MAX, "a long list");
    for (size_t i = 0; i < message->rule_count; i++) {
        check_span(message, line, message->rules[i].finding);
        check_span(message, line, message->rules[i].action);
    }
    for (size_t i = 0; i < message->to_count; i++)
        check_span(message, line, message->to[i].domain);
}

/* What stands where " verdict=" was first seen, since that is always at the beginning. */
static void check_verdict(const struct log_entry *entry, const struct log_message *message)
{
    const char *at = memmem(entry->text.at, entry->text.size, ": verdict=", 10);

    demand(at != NULL && memchr(entry->text.at, ' ', (size_t)(at - entry->text.at)) == NULL,
           "a line that begins otherwise");
    demand(span_is_equal(message->id, (struct span){ entry->text.at, message->id.size }) ||
               span_find(entry->text, '\\') >= 0 || message->id.size == 0,
           "another id");
}

static void read_line(struct span line)
{
    static struct log_message message;
    struct clock_fixed fixed;
    struct logread reader;
    struct log_entry entry;

    clock_fixed_init(&fixed, 1795905180);
    logread_init(&reader, &fixed.clock);
    logread_entry(&reader, line, &entry);
    demand(is_within(entry.text, line.at, line.size), "text from elsewhere");
    demand(entry.text.at + entry.text.size == line.at + line.size, "text that ends early");
    demand(!entry.has_time || entry.time_s >= -86400, "a time before all");
    if (logread_message(&entry, &message)) {
        check_places(&message, line);
        check_verdict(&entry, &message);
    }
}

/* The next piece of the data, up to a byte that says how long. */
static struct span take_piece(struct span *rest_io)
{
    size_t size = rest_io->size > 0 ? (unsigned char)rest_io->at[0] : 0;
    struct span piece;

    if (rest_io->size == 0)
        return SPAN("");
    *rest_io = span_from(*rest_io, 1);
    piece = span_first(*rest_io, size);
    *rest_io = span_from(*rest_io, piece.size);
    return piece;
}

static void check_back(struct span read, struct span written, const char *what)
{
    if (written.size == 1 && written.at[0] == '-')
        written.size = 0; /* an empty value is written so */
    demand(read.at == NULL || span_is_equal(read, written), what);
}

static bool ends_in(struct span text, char c)
{
    return text.size > 0 && text.at[text.size - 1] == c;
}

static void write_and_read(struct span rest)
{
    static struct log_message message;
    struct finding_list findings = { NULL, NULL, 0, NULL };
    struct logline line = { .verdict = "accept",
                            .mail_class = "submission",
                            .user = take_piece(&rest),
                            .findings = &findings,
                            .client = take_piece(&rest),
                            .daemon = take_piece(&rest),
                            .by = "-",
                            .helo = take_piece(&rest),
                            .login = take_piece(&rest),
                            .header_from = take_piece(&rest),
                            .message_id = take_piece(&rest) };
    struct log_fields out;
    struct log_entry entry = { .has_time = false };

    logline_write(&line, &out);
    entry.text = log_fields_span(&out);
    demand(logread_message(&entry, &message), "a line of ours that is not known again");
    check_places(&message, entry.text);
    demand(span_is_equal(message.verdict, SPAN("accept")), "verdict");
    demand(span_is_equal(message.id, SPAN("NOQUEUE")), "id");
    demand(out.is_full || message.user.at != NULL, "a value lost from a line that had room");
    /* What ends in "~" where a line is cut is taken for cut. */
    demand(out.is_full || message.message_id.at != NULL || ends_in(entry.text, '~'),
           "a last value lost from a line that had room");
    check_back(message.user, line.user, "user");
    check_back(message.client, line.client, "client");
    check_back(message.daemon, line.daemon, "daemon");
    check_back(message.login, line.login, "login");
    check_back(message.header_from, line.header_from, "hfrom");
    check_back(message.message_id, line.message_id, "msgid");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span line = { size > 0 ? (const char *)data : "", size };

    read_line(line);
    write_and_read(line);
    return 0;
}
