/*
 * logread: a line of a log file: when, by whom, and what of a message it tells if it is ours.
 *
 * Understood are what syslog daemons write ("Nov 28 22:33:00 host egress-milter[123]: ..."; RFC
 * 3339 times as "2026-11-28T22:33:00.123456+00:00"; an optional word "facility.level" behind the
 * host, and "<22>" before all), journalctl -o short, short-iso and their -precise forms, what the
 * daemon writes to stderr, and lines with nothing before the text. Anything else is a line of
 * somebody else.
 */
#ifndef EM_FINDING_LOGREAD_H
#define EM_FINDING_LOGREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log/field.h"
#include "util/clock.h"
#include "util/span.h"

#define LOGREAD_PROGRAM SPAN("egress-milter")

/* One reader for all lines of a run; not for two threads. Only logread_init() fills it. */
struct logread {
    const struct clock *clock;
    int64_t now_s;
    int now_year;
    char hour_text[16]; /* "Nov 28 22" or "2026-11-28T22": lines of one hour come together */
    size_t hour_size;
    int64_t hour_s;
};

/* What stands before the text. All spans point into the line. */
struct log_entry {
    bool has_time;
    int64_t time_s;      /* since 1970, UTC */
    struct span host;    /* absent or empty: the line does not say */
    struct span program; /* absent: the line does not say */
    struct span process; /* what stands in brackets behind the program; absent: nothing does */
    struct span text;
};

struct log_rule {
    struct span finding, action;
};

struct log_domain {
    struct span domain;
    uint64_t count;
};

#define LOG_LIST_MAX 64 /* items kept of a list; more than a writer puts on a line */

/*
 * The fields of a message's line, unescaped. Absent where the line has none, or has only the
 * beginning of one (lines are cut at LOG_LINE_MAX, from the end: msgid, hfrom, from, ...); empty
 * where it says "-". Spans point into the line or into `unescaped`: good until either changes, and
 * a copy of the struct points into the original. Large: not for arrays.
 */
struct log_message {
    struct span id;
    struct span verdict, would, mail_class;
    struct span user, by;
    uint64_t recipients, external, size_bytes; /* 0 where absent */
    struct log_rule rules[LOG_LIST_MAX];
    size_t rule_count, rules_left_out; /* left out: the N of "+N", and those beyond LOG_LIST_MAX */
    struct log_domain to[LOG_LIST_MAX];
    size_t to_count, to_left_out;
    struct span client, daemon;
    struct span login; /* absent: the same as user */
    struct span from;  /* without the angle brackets: empty is the null sender */
    struct span header_from, message_id;
    size_t unescaped_size;
    char unescaped[LOG_LINE_MAX + 1];
};

/*
 * Times without a zone are local to `clock`. Those without a year get the latest year that does not
 * put them more than a day after the clock's now: clocks of other hosts go before ours, and lines
 * are written while others are read.
 */
void logread_init(struct logread *reader, const struct clock *clock);
/* Any bytes, without the line end. Never fails: what is not understood is all text. Linear. */
void logread_entry(struct logread *reader, struct span line, struct log_entry *entry_r);
/*
 * True: the text is the line of a message by egress-milter, and *message_r is filled; else
 * *message_r is undefined. A client cannot make such a line, nor change one of ours by what it
 * says: its values have no blank, so none of them holds a field, and where a field stands twice the
 * first counts. Linear.
 */
bool logread_message(const struct log_entry *entry, struct log_message *message_r);

#endif
