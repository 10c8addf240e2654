/*
 * logread_entry: what stands before the text of a log line: time and program. Times without zone or
 * year are RFC 3164 (4.1.2), the others RFC 3339. Nothing fails: what is not understood is all
 * text.
 */
#include <time.h>

#include "finding/logread.h"
#include "util/calendar.h"

#define HEAD_WORDS 3 /* host, facility.level, tag */
#define DAY_S 86400
#define YEARS_BACK 8 /* February 29th comes again within */

/* --- the time ------------------------------------------------------------------------------------
 */

void logread_init(struct logread *reader, const struct clock *clock)
{
    struct tm now = { 0 };
    time_t now_s = (time_t)clock_wall_s(clock);

    gmtime_r(&now_s, &now);
    *reader = (struct logread){ .clock = clock, .now_s = now_s, .now_year = now.tm_year + 1900 };
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Two digits at `at`; a blank stands for the first where `may_blank`. -1: not so. */
static int two_digits(const char *at, bool may_blank)
{
    int tens = may_blank && at[0] == ' ' ? 0 : at[0] - '0';

    return tens >= 0 && tens <= 9 && is_digit(at[1]) ? tens * 10 + (at[1] - '0') : -1;
}

/* ":33:00" to seconds; -1: not so. */
static int64_t minute_and_second(const char *at)
{
    int minute = two_digits(at + 1, false), second = two_digits(at + 4, false);

    if (at[0] != ':' || at[3] != ':' || minute < 0 || minute > 59 || second < 0 || second > 60)
        return -1;
    return minute * 60 + second;
}

static bool hour_is_known(const struct logread *reader, const char *text, size_t size)
{
    return reader->hour_size == size && memcmp(reader->hour_text, text, size) == 0;
}

static void hour_keep(struct logread *reader, const char *text, size_t size, int64_t hour_s)
{
    memcpy(reader->hour_text, text, size);
    reader->hour_size = size;
    reader->hour_s = hour_s;
}

static int month_of(const char *text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (memcmp(names + (ptrdiff_t)i * 3, text, 3) == 0)
            return i + 1;
    }
    return 0;
}

/* "Nov 28 22" */
static bool hour_without_year(struct logread *reader, const char *text)
{
    struct calendar_time time = { 0 };
    int64_t local_s, hour_s;

    if (hour_is_known(reader, text, 9))
        return true;
    time.month = month_of(text);
    time.day = two_digits(text + 4, true);
    time.hour = two_digits(text + 7, false);
    for (int back = -1; back <= YEARS_BACK; back++) {
        time.year = reader->now_year - back;
        if (!calendar_seconds(&time, &local_s))
            continue;
        hour_s = calendar_from_local(reader->clock, local_s);
        if (hour_s <= reader->now_s + DAY_S) {
            hour_keep(reader, text, 9, hour_s);
            return true;
        }
    }
    return false;
}

/* Digits behind '.' or ',' have no say in the order of seconds. */
static struct span skip_fraction(struct span rest)
{
    size_t size = 1;

    if (rest.size < 2 || (rest.at[0] != '.' && rest.at[0] != ',') || !is_digit(rest.at[1]))
        return rest;
    while (size < rest.size && is_digit(rest.at[size]))
        size++;
    return span_from(rest, size);
}

/* "Nov 28 22:33:00 " */
static bool take_traditional(struct logread *reader, struct span *rest_io, int64_t *time_r)
{
    struct span line = *rest_io, rest;
    int64_t seconds;

    if (line.size < 16 || line.at[3] != ' ' || line.at[6] != ' ' || line.at[9] != ':')
        return false;
    seconds = minute_and_second(line.at + 9);
    rest = skip_fraction(span_from(line, 15));
    if (seconds < 0 || rest.size == 0 || rest.at[0] != ' ' || !hour_without_year(reader, line.at))
        return false;
    *time_r = reader->hour_s + seconds;
    *rest_io = span_from(rest, 1);
    return true;
}

/* "2026-11-28T22", as if it were UTC. */
static bool hour_with_year(struct logread *reader, const char *text)
{
    char whole[] = "yyyy-mm-ddThh:00";
    struct calendar_time time;
    struct span rest;
    int64_t hour_s;

    if (hour_is_known(reader, text, 13))
        return true;
    memcpy(whole, text, 13);
    if (!calendar_parse(span_of(whole), &time, &rest) || rest.size > 0 ||
        !calendar_seconds(&time, &hour_s))
        return false;
    hour_keep(reader, text, 13, hour_s);
    return true;
}

/* "Z", "+01:00", "+0100", or nothing: local. */
static bool take_zone(struct span *rest_io, int64_t *offset_r, bool *is_local_r)
{
    struct span rest = *rest_io;
    size_t colon;
    int hours, minutes;

    *is_local_r = rest.size > 0 && rest.at[0] == ' ';
    *offset_r = 0;
    if (*is_local_r)
        return true;
    if (rest.size > 0 && rest.at[0] == 'Z') {
        *rest_io = span_from(rest, 1);
        return true;
    }
    colon = rest.size > 3 && rest.at[3] == ':';
    if (rest.size < 5 + colon || (rest.at[0] != '+' && rest.at[0] != '-'))
        return false;
    hours = two_digits(rest.at + 1, false);
    minutes = two_digits(rest.at + 3 + colon, false);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *offset_r = (rest.at[0] == '-' ? -60 : 60) * (hours * 60 + minutes);
    *rest_io = span_from(rest, 5 + colon);
    return true;
}

/* "2026-11-28T22:33:00.123456+00:00 " */
static bool take_with_year(struct logread *reader, struct span *rest_io, int64_t *time_r)
{
    struct span line = *rest_io, rest;
    int64_t seconds, offset_s;
    bool is_local;

    if (line.size < 20 || line.at[4] != '-' || line.at[10] != 'T')
        return false;
    seconds = minute_and_second(line.at + 13);
    rest = skip_fraction(span_from(line, 19));
    if (seconds < 0 || !hour_with_year(reader, line.at) ||
        !take_zone(&rest, &offset_s, &is_local) || rest.size == 0 || rest.at[0] != ' ')
        return false;
    *time_r = is_local ? calendar_from_local(reader->clock, reader->hour_s + seconds)
                       : reader->hour_s + seconds - offset_s;
    *rest_io = span_from(rest, 1);
    return true;
}

/* --- the program ---------------------------------------------------------------------------------
 */

/* "tag[pid]" */
static void tag_fill(struct span word, struct log_entry *entry)
{
    ptrdiff_t bracket = span_find(word, '[');

    entry->program = bracket >= 0 ? span_first(word, (size_t)bracket) : word;
    if (bracket >= 0 && word.at[word.size - 1] == ']') {
        word = span_from(word, (size_t)bracket + 1);
        entry->process = span_first(word, word.size - 1);
    }
}

/* "host tag[pid]: ": the tag is the first word that ends in a colon; no host's name does. Some put
 * "<facility.level>" before the host. */
static bool take_tag(struct span *rest_io, struct log_entry *entry)
{
    struct span rest = *rest_io, host = { NULL, 0 };

    for (int i = 0; i < HEAD_WORDS; i++) {
        ptrdiff_t size = span_find(rest, ' ');
        struct span word;

        if (size <= 0)
            return false;
        word = span_first(rest, (size_t)size);
        rest = span_from(rest, (size_t)size + 1);
        if (word.at[word.size - 1] != ':') {
            host = host.at == NULL && word.at[0] != '<' ? word : host;
            continue;
        }
        tag_fill(span_first(word, word.size - 1), entry);
        entry->host = host;
        *rest_io = rest;
        return true;
    }
    return false;
}

static bool skip_text(struct span *rest_io, struct span text)
{
    if (rest_io->size < text.size || memcmp(rest_io->at, text.at, text.size) != 0)
        return false;
    *rest_io = span_from(*rest_io, text.size);
    return true;
}

/* "egress-milter: info: ", as the daemon writes to stderr; the journal may have put a tag before.
 */
static bool skip_stderr_head(struct span *rest_io)
{
    static const struct span levels[] = {
        { "info: ", 6 }, { "notice: ", 8 }, { "warning: ", 9 }, { "err: ", 5 }, { "debug: ", 7 }
    };
    struct span rest = *rest_io;

    if (!skip_text(&rest, LOGREAD_PROGRAM) || !skip_text(&rest, SPAN(": ")))
        return false;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (skip_text(&rest, levels[i])) {
            *rest_io = rest;
            return true;
        }
    }
    return false;
}

/* "<22>", as it came over the wire (RFC 3164 4.1.1); some keep it. */
static struct span skip_priority(struct span line)
{
    size_t size = 1;

    if (line.size < 3 || line.at[0] != '<')
        return line;
    while (size < line.size && size <= 3 && is_digit(line.at[size]))
        size++;
    return size > 1 && size < line.size && line.at[size] == '>' ? span_from(line, size + 1) : line;
}

void logread_entry(struct logread *reader, struct span line, struct log_entry *entry_r)
{
    struct span rest = skip_priority(line);

    *entry_r = (struct log_entry){ .text = line };
    entry_r->has_time = take_traditional(reader, &rest, &entry_r->time_s) ||
                        take_with_year(reader, &rest, &entry_r->time_s);
    if (entry_r->has_time && !take_tag(&rest, entry_r))
        entry_r->program = SPAN(""); /* of somebody, but not of us */
    if (!entry_r->has_time && skip_stderr_head(&rest))
        entry_r->program = LOGREAD_PROGRAM;
    else if (span_is_equal(entry_r->program, LOGREAD_PROGRAM))
        skip_stderr_head(&rest);
    entry_r->text = rest;
}
