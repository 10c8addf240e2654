/*
 * fuzz_maillog_journal: any bytes as the fields of an entry of the journal, with a NUL between
 * them: the line that comes of it is one line, whose parts are read as they were given.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "feedback/maillog_journal_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so, const char *what)
{
    if (!is_so) {
        fprintf(stderr, "fuzz_maillog_journal: %s\n", what);
        abort();
    }
}

static bool is_one_word(struct span word)
{
    for (size_t i = 0; i < word.size; i++) {
        if ((unsigned char)word.at[i] <= ' ' || word.at[i] == ':') {
            return false;
        }
    }
    return word.size > 0;
}

static void check(const struct maillog_journal_entry *entry, struct span line)
{
    struct maillog_line read;
    struct clock_fixed fixed;
    struct logread reader;
    uint64_t seconds = entry->time_us / 1000000;
    clock_fixed_init(&fixed, 1795905180);
    logread_init(&reader, &fixed.clock);
    demand(line.size <= MAILLOG_LINE_MAX, "too long");
    demand(span_find(line, '\n') < 0 && span_find(line, '\r') < 0, "two lines");
    (void)maillog_line_read(&reader, NULL, line, &read);
    demand(read.entry.has_time, "no time");
    demand(seconds > 253402300799 || (uint64_t)read.entry.time_s == seconds, "another time");
    demand(is_one_word(read.entry.host), "no host");
    demand(is_one_word(read.entry.program), "no program");
    demand(read.entry.process.size == 0 || span_is_equal(read.entry.process, entry->process),
           "another process");
    /* behind it may stand what the daemon writes to stderr, of which the head is cut */
    demand(read.entry.text.size <= entry->message.size, "more than the text");
    demand(span_is_equal(read.entry.program, LOGREAD_PROGRAM) ||
               read.entry.text.size == entry->message.size,
           "less than the text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { size > 0 ? (const char *)data : "", size };
    struct maillog_journal_entry entry = { .time_us = 0 };
    struct span *fields[] = { &entry.host, &entry.program, &entry.process };
    char room[MAILLOG_LINE_MAX];
    struct span line;
    for (size_t i = 0; i < 8 && i < size; i++) {
        entry.time_us = entry.time_us << 8 | data[i];
    }
    rest = span_from(rest, 8);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (!span_cut(&rest, '\0', fields[i])) {
            break;
        }
    }
    entry.message = rest;
    if (maillog_journal_line(&entry, room, &line)) {
        check(&entry, line);
    }
    return 0;
}
