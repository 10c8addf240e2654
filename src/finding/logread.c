/*
 * logread: lines of log files read back. Where the fields lie is known by logline.c; here is what
 * stands before them and what they mean. Times without zone or year are RFC 3164 (4.1.2), the
 * others RFC 3339. Nothing allocates; what is not understood is no line of ours.
 */
#include "finding/logread.h"

#include <time.h>

#include "finding/logline.h"
#include "util/calendar.h"

#define PROGRAM SPAN("egress-milter")
#define HEAD_WORDS 3 /* host, facility.level, tag */
#define CUT_SIZE                                                                                   \
    (LOG_LINE_MAX - 8) /* a shorter line ended by itself; 8: "~" and an escape's room */
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

/* "host tag[pid]: ": the tag is the first word that ends in a colon; no host's name does. */
static bool take_tag(struct span *rest_io, struct span *program_r)
{
    struct span rest = *rest_io;

    for (int i = 0; i < HEAD_WORDS; i++) {
        ptrdiff_t size = span_find(rest, ' '), bracket;
        struct span word;

        if (size <= 0)
            return false;
        word = span_first(rest, (size_t)size);
        rest = span_from(rest, (size_t)size + 1);
        if (word.at[word.size - 1] != ':')
            continue;
        word = span_first(word, word.size - 1);
        bracket = span_find(word, '[');
        *program_r = bracket >= 0 ? span_first(word, (size_t)bracket) : word;
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

    if (!skip_text(&rest, PROGRAM) || !skip_text(&rest, SPAN(": ")))
        return false;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (skip_text(&rest, levels[i])) {
            *rest_io = rest;
            return true;
        }
    }
    return false;
}

void logread_entry(struct logread *reader, struct span line, struct log_entry *entry_r)
{
    struct span rest = line;

    *entry_r = (struct log_entry){ .text = line };
    entry_r->has_time = take_traditional(reader, &rest, &entry_r->time_s) ||
                        take_with_year(reader, &rest, &entry_r->time_s);
    if (entry_r->has_time && !take_tag(&rest, &entry_r->program))
        entry_r->program = SPAN(""); /* of somebody, but not of us */
    if (!entry_r->has_time && skip_stderr_head(&rest))
        entry_r->program = PROGRAM;
    else if (span_is_equal(entry_r->program, PROGRAM))
        skip_stderr_head(&rest);
    entry_r->text = rest;
}

/* --- the fields ----------------------------------------------------------------------------------
 */

enum field {
    FIELD_ID,
    FIELD_VERDICT,
    FIELD_WOULD,
    FIELD_CLASS,
    FIELD_USER,
    FIELD_RULES,
    FIELD_RCPTS,
    FIELD_EXTERNAL,
    FIELD_TO,
    FIELD_SIZE,
    FIELD_CLIENT,
    FIELD_DAEMON,
    FIELD_BY,
    FIELD_LOGIN,
    FIELD_FROM,
    FIELD_HFROM,
    FIELD_MSGID,
    FIELD_COUNT
};

#define KEY(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* In the order of enum field, which is that of the line. */
static const struct span keys[FIELD_COUNT] = {
    KEY("id"),    KEY("verdict"),  KEY("would"), KEY("class"), KEY("user"),   KEY("rules"),
    KEY("rcpts"), KEY("external"), KEY("to"),    KEY("size"),  KEY("client"), KEY("daemon"),
    KEY("by"),    KEY("login"),    KEY("from"),  KEY("hfrom"), KEY("msgid"),
};

static enum field field_of(struct span key, enum field from)
{
    for (enum field field = from; field < FIELD_COUNT; field++) {
        if (span_is_equal(keys[field], key))
            return field;
    }
    return FIELD_COUNT;
}

/*
 * The first of each. Fields come in their order, so that what was looked for once is not looked for
 * again; one that stands out of its order is a second one, or was never written by us.
 */
static bool fields_find(struct span text, struct span raw_r[FIELD_COUNT])
{
    struct span rest = text, key, raw;
    enum field next = FIELD_ID;

    memset(raw_r, 0, FIELD_COUNT * sizeof(*raw_r));
    while (logline_next(&rest, &key, &raw)) {
        enum field field = field_of(key, next);

        if (field == FIELD_COUNT)
            continue;
        raw_r[field] = raw;
        next = field + 1;
        if (field == FIELD_ID && (raw.size == 0 || rest.size == 0 || rest.at[0] != ' '))
            return false;
    }
    return raw_r[FIELD_ID].at != NULL && raw_r[FIELD_VERDICT].at != NULL &&
           raw_r[FIELD_CLASS].at != NULL;
}

/* Whole values only: what was cut ends the line, and a long one, with "~". */
static void drop_cut(struct span text, struct span raw[FIELD_COUNT])
{
    if (text.size < CUT_SIZE || text.at[text.size - 1] != '~')
        return;
    for (enum field field = FIELD_VERDICT; field < FIELD_COUNT; field++) {
        if (raw[field].at != NULL && raw[field].at + raw[field].size == text.at + text.size)
            raw[field] = (struct span){ NULL, 0 };
    }
}

static struct span unescape(struct log_message *message, struct span raw)
{
    char *out = message->unescaped + message->unescaped_size;
    ptrdiff_t size;

    if (raw.size == 0 || span_find(raw, '\\') < 0)
        return raw;
    size = logline_unescape(raw, out, sizeof(message->unescaped) - message->unescaped_size);
    if (size < 0)
        return (struct span){ NULL, 0 }; /* cannot be: what is unescaped is no longer */
    message->unescaped_size += (size_t)size + 1;
    return (struct span){ out, (size_t)size };
}

static struct span value_of(struct log_message *message, struct span raw)
{
    return raw.size == 1 && raw.at[0] == '-' ? span_first(raw, 0) : unescape(message, raw);
}

/* "<alice@example.org>"; absent without its end. */
static struct span path_of(struct log_message *message, struct span raw)
{
    if (raw.size < 2 || raw.at[0] != '<' || raw.at[raw.size - 1] != '>')
        return (struct span){ NULL, 0 };
    return unescape(message, span_first(span_from(raw, 1), raw.size - 2));
}

/* Digits and nothing else; 0 for all the rest. */
static uint64_t number_of(struct span raw)
{
    uint64_t number = 0;

    for (size_t i = 0; i < raw.size; i++) {
        if (!is_digit(raw.at[i]) || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (unsigned)(raw.at[i] - '0'), &number))
            return 0;
    }
    return number;
}

/* Takes "+N" off the end of a list. */
static size_t list_left_out(struct span *list_io)
{
    ptrdiff_t plus = span_find_last(*list_io, '+');
    struct span digits = plus >= 0 ? span_from(*list_io, (size_t)plus + 1) : SPAN("");
    uint64_t number = number_of(digits);

    if (number == 0)
        return 0;
    *list_io = plus > 0 ? span_first(*list_io, (size_t)plus) : (struct span){ NULL, 0 };
    return number;
}

/* "NAME:VALUE" at its last colon; without one there is no value. */
static struct span item_cut(struct span item, struct span *value_r)
{
    ptrdiff_t colon = span_find_last(item, ':');

    *value_r = span_from(item, colon >= 0 ? (size_t)colon + 1 : item.size);
    return colon >= 0 ? span_first(item, (size_t)colon) : item;
}

static void rules_fill(struct log_message *message, struct span list)
{
    struct span item;

    message->rule_count = 0;
    message->rules_left_out = list_left_out(&list);
    while (span_cut(&list, ',', &item)) {
        struct log_rule *rule = &message->rules[message->rule_count];
        struct span finding, action;

        finding = item_cut(item, &action);
        if (message->rule_count == LOG_LIST_MAX) {
            message->rules_left_out++;
            continue;
        }
        *rule = (struct log_rule){ unescape(message, finding), unescape(message, action) };
        message->rule_count++;
    }
}

static void to_fill(struct log_message *message, struct span list)
{
    struct span item;

    message->to_count = 0;
    message->to_left_out = list_left_out(&list);
    while (span_cut(&list, ',', &item)) {
        struct span domain, count;

        if (message->to_count == LOG_LIST_MAX) {
            message->to_left_out++;
            continue;
        }
        domain = item_cut(item, &count);
        message->to[message->to_count++] =
            (struct log_domain){ unescape(message, domain), number_of(count) };
    }
}

/* Before all else is looked at, since most lines of a mail log are not ours. */
static bool is_ours(const struct log_entry *entry)
{
    struct span text = entry->text;
    ptrdiff_t blank;

    if (entry->program.at != NULL && !span_is_equal(entry->program, PROGRAM))
        return false;
    if (text.size > LOG_LINE_MAX)
        return false;
    blank = span_find(text, ' ');
    if (blank < 2 || text.at[blank - 1] != ':')
        return false;
    text = span_from(text, (size_t)blank);
    return skip_text(&text, SPAN(" verdict="));
}

bool logread_message(const struct log_entry *entry, struct log_message *message_r)
{
    struct span raw[FIELD_COUNT];

    if (!is_ours(entry) || !fields_find(entry->text, raw))
        return false;
    drop_cut(entry->text, raw);
    message_r->unescaped_size = 0;
    message_r->id = value_of(message_r, raw[FIELD_ID]);
    message_r->verdict = value_of(message_r, raw[FIELD_VERDICT]);
    message_r->would = value_of(message_r, raw[FIELD_WOULD]);
    message_r->mail_class = value_of(message_r, raw[FIELD_CLASS]);
    message_r->user = value_of(message_r, raw[FIELD_USER]);
    message_r->by = value_of(message_r, raw[FIELD_BY]);
    message_r->recipients = number_of(raw[FIELD_RCPTS]);
    message_r->external = number_of(raw[FIELD_EXTERNAL]);
    message_r->size_bytes = number_of(raw[FIELD_SIZE]);
    rules_fill(message_r, raw[FIELD_RULES]);
    to_fill(message_r, raw[FIELD_TO]);
    message_r->client = value_of(message_r, raw[FIELD_CLIENT]);
    message_r->daemon = value_of(message_r, raw[FIELD_DAEMON]);
    message_r->login = value_of(message_r, raw[FIELD_LOGIN]);
    message_r->from = path_of(message_r, raw[FIELD_FROM]);
    message_r->header_from = value_of(message_r, raw[FIELD_HFROM]);
    message_r->message_id = value_of(message_r, raw[FIELD_MSGID]);
    return true;
}
