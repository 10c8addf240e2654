/*
 * maillog_journal_line: see maillog_journal_private.h. Knows no library.
 */
#include "feedback/maillog_journal_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_S UINT64_C(1000000)
#define LAST_S INT64_C(253402300799) /* of the year 9999 */

enum { WORD_MAX = 256, PROCESS_MAX = 20 };

struct writing {
    char *at;
    size_t size;
    bool is_full;
};

static void add(struct writing *out, struct span text)
{
    out->is_full = out->is_full || text.size > MAILLOG_LINE_MAX - out->size;
    if (!out->is_full && text.size > 0) {
        memcpy(out->at + out->size, text.at, text.size);
        out->size += text.size;
    }
}

/* What would end a word of the head, or begin the next one, becomes '_'. */
static void add_word(struct writing *out, struct span word)
{
    size_t begin = out->size;
    word = span_first(word, WORD_MAX);
    add(out, word.size > 0 ? word : SPAN("-"));
    for (size_t i = begin; i < out->size; i++) {
        unsigned char c = (unsigned char)out->at[i];
        if (c <= ' ' || c == 0x7f || strchr(":[]<", c) != NULL) {
            out->at[i] = '_';
        }
    }
}

static void add_time(struct writing *out, uint64_t time_us)
{
    uint64_t seconds = time_us / US_PER_S;
    time_t time = (time_t)(seconds < (uint64_t)LAST_S ? seconds : (uint64_t)LAST_S);
    struct tm tm = { 0 };
    char text[80];
    int size;
    gmtime_r(&time, &tm);
    size = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06u+00:00 ",
                    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                    (unsigned)(time_us % US_PER_S));
    add(out, (struct span){ text, (size_t)size });
}

static void add_process(struct writing *out, struct span process)
{
    uint64_t number;
    if (process.size <= PROCESS_MAX && span_number(process, UINT64_MAX, &number)) {
        add(out, SPAN("["));
        add(out, process);
        add(out, SPAN("]"));
    }
}

static void add_text(struct writing *out, struct span text)
{
    size_t begin = out->size;
    add(out, text);
    for (size_t i = begin; i < out->size; i++) {
        out->at[i] = out->at[i] == '\n' || out->at[i] == '\r' ? ' ' : out->at[i];
    }
}

bool maillog_journal_line(const struct maillog_journal_entry *entry,
                          char room[static MAILLOG_LINE_MAX], struct span *line_r)
{
    struct writing out = { room, 0, false };
    add_time(&out, entry->time_us);
    add_word(&out, entry->host);
    add(&out, SPAN(" "));
    add_word(&out, entry->program);
    add_process(&out, entry->process);
    add(&out, SPAN(": "));
    add_text(&out, entry->message);
    *line_r = (struct span){ room, out.size };
    return entry->message.at != NULL && !out.is_full;
}
