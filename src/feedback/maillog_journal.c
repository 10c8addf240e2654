/*
 * maillog_journal: the journal of systemd as a source: what the mail server and egress-milter wrote
 * to it, entry by entry, as lines of a log (maillog_journal_line.c). The only file that knows
 * libsystemd.
 *
 * In a directory may lie journals of many hosts. The library puts their entries in the order of
 * their times, and one that comes in later than its neighbours is behind us and never seen. So what
 * is younger than SETTLED_S waits there, by our clock: a host whose clock goes before makes nobody
 * but himself wait.
 *
 * The place is the cursor of the last entry that was handed out, or NOTHING where there was none
 * before. When files come or go the library is put there anew, and what it finds is compared: where
 * the entry itself is gone, so may be others behind it, unless all had been read.
 */
#include "feedback/maillog_journal_private.h"

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBSYSTEMD

#include <errno.h>
#include <stdio.h>
#include <systemd/sd-journal.h>

#include "util/clock.h"
#include "util/mapped.h"

#define US_PER_S UINT64_C(1000000)
#define NOTHING "-"
#define MATCH_MAIL "SYSLOG_FACILITY=2"
/* "Suppressed 120 messages from postfix.service" (SD_MESSAGE_JOURNAL_DROPPED). */
#define MATCH_DROPPED "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e"

enum {
    LINE_USUAL = 160, /* octets */
    LINE_LEAST = 40,  /* what an entry costs that is no line, too */
    SETTLED_S = 5,
    BACK_AT_ONCE = 20000,
    FIELD_MAX = 256
};

struct journal_source {
    struct maillog_source base;
    char *directory;     /* NULL: the system's */
    sd_journal *journal; /* NULL: it is not open */
    uint64_t mark;       /* of its directories, as they were opened */

    char place[MAILLOG_SOURCE_PLACE_MAX]; /* "": none yet */
    bool is_seeking; /* the library was put at the place, and not yet asked what is there */
    bool is_at;      /* the entry it stands at is the next one, not that behind it */
    bool is_at_end;  /* there was nothing behind the place when it was last asked */
    uint64_t back;   /* entries to go back from the place before anything is read */
    uint64_t before; /* entries from there to the place, with its own */

    bool has_bound, is_bound_reached;
    char bound[MAILLOG_SOURCE_PLACE_MAX]; /* the last entry that may be handed out */

    struct span line; /* of the entry that was fetched; absent: none can be made of it */
    char room[MAILLOG_LINE_MAX];
};

/* --- the library ----------------------------------------------------------------------------- */

/* Parts of the work that call the library, and nobody else: it maps the files, which may be cut. */
typedef int library_work(struct journal_source *source);

struct library_call {
    struct journal_source *source;
    library_work *work;
    int answer;
};

static void make_call(void *context)
{
    struct library_call *call = context;
    call->answer = call->work(call->source);
}

static int call_library(struct journal_source *source, library_work *work)
{
    struct library_call call = { source, work, 0 };
    return mapped_try(make_call, &call) ? call.answer : -EIO;
}

/* --- opening --------------------------------------------------------------------------------- */

bool maillog_journal_is_built(void)
{
    return true;
}

/* What lies before the place is not read once more, or was. */
static void end_before(struct journal_source *source)
{
    source->back = source->before = 0;
    source->base.is_before = false;
}

static int work_close(struct journal_source *source)
{
    sd_journal_close(source->journal);
    return 0;
}

static void close_journal(struct journal_source *source)
{
    (void)call_library(source, work_close);
    source->journal = NULL;
    source->has_bound = false;
    if (source->before > 0) {
        end_before(source); /* it is not begun a second time */
    }
}

/* It begins anew with the next step. Always false. */
static bool has_failed(struct journal_source *source, int answer, struct error *error)
{
    close_journal(source);
    errno = -answer;
    error_set(error, "cannot read %s: %m",
              source->directory != NULL ? source->directory : "the journal");
    return false;
}

/* Of the whole journal what may be of use: the library finds that by its index. */
static int add_matches(sd_journal *journal)
{
    char ours[FIELD_MAX];
    int answer = sd_journal_add_match(journal, MATCH_MAIL, 0);
    snprintf(ours, sizeof(ours), "SYSLOG_IDENTIFIER=%.*s", SPAN_ARG(LOGREAD_PROGRAM));
    answer = answer < 0 ? answer : sd_journal_add_disjunction(journal);
    answer = answer < 0 ? answer : sd_journal_add_match(journal, ours, 0);
    answer = answer < 0 ? answer : sd_journal_add_disjunction(journal);
    return answer < 0 ? answer : sd_journal_add_match(journal, MATCH_DROPPED, 0);
}

static int work_open(struct journal_source *source)
{
    int flags = SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM;
    int answer = source->directory != NULL
                     ? sd_journal_open_directory(&source->journal, source->directory, 0)
                     : sd_journal_open(&source->journal, flags);
    if (answer < 0) {
        source->journal = NULL;
        return answer;
    }
    answer = add_matches(source->journal);
    /* From then on it looks for new files. */
    answer = answer < 0 ? answer : sd_journal_get_fd(source->journal);
    /* Of what is longer than a line no more is unpacked than it takes to see that. */
    return answer < 0 ? answer
                      : sd_journal_set_data_threshold(source->journal, MAILLOG_LINE_MAX + 64);
}

/* --- places ---------------------------------------------------------------------------------- */

/* Of the entry the library stands at. */
static bool cursor_of(const struct journal_source *source,
                      char cursor[static MAILLOG_SOURCE_PLACE_MAX])
{
    char *text = NULL;
    bool is_known = sd_journal_get_cursor(source->journal, &text) >= 0 &&
                    span_find(span_of(text), ',') < 0 &&
                    span_copy(span_of(text), cursor, MAILLOG_SOURCE_PLACE_MAX);
    free(text);
    return is_known;
}

static int seek_place(struct journal_source *source)
{
    source->is_at = false;
    source->is_seeking = strcmp(source->place, NOTHING) != 0;
    if (source->is_seeking) {
        return sd_journal_seek_cursor(source->journal, source->place);
    }
    end_before(source);
    return sd_journal_seek_head(source->journal);
}

/* Up to then all have come in that will. */
static uint64_t settled_us(const struct journal_source *source)
{
    int64_t until_s = clock_wall_s(&clock_system) - SETTLED_S;
    return source->directory == NULL ? UINT64_MAX : (uint64_t)until_s * US_PER_S;
}

/* The end of what is there is the place. */
static int seek_end(struct journal_source *source)
{
    int answer = source->directory == NULL
                     ? sd_journal_seek_tail(source->journal)
                     : sd_journal_seek_realtime_usec(source->journal, settled_us(source));
    answer = answer < 0 ? answer : sd_journal_previous(source->journal);
    if (answer < 0) {
        return answer;
    }
    if (answer == 0 || !cursor_of(source, source->place)) {
        snprintf(source->place, sizeof(source->place), NOTHING);
    }
    return seek_place(source);
}

/* To the place, or where there is none to the end; a later version's may be no cursor to us. */
static int work_seek(struct journal_source *source)
{
    int answer = source->place[0] != '\0' ? seek_place(source) : -EINVAL;
    return answer == -EINVAL ? seek_end(source) : answer;
}

/* 1: new files are there, or others are gone. */
static int work_process(struct journal_source *source)
{
    int answer = sd_journal_process(source->journal);
    return answer < 0 ? answer : answer == SD_JOURNAL_INVALIDATE;
}

/* Files that may not be read are none to the library. */
static int work_count_files(struct journal_source *source)
{
    uint64_t bytes = 0;
    int answer = sd_journal_get_usage(source->journal, &bytes);
    return answer < 0 ? answer : bytes > 0;
}

/* Opens it, or hears what has become of its files, and goes to the place if that may have moved. */
static bool prepare(struct journal_source *source, struct error *error)
{
    uint64_t mark = maillog_journal_mark(source->directory);
    bool is_open = source->journal != NULL && source->mark == mark;
    int changed, count;
    if (source->journal != NULL && !is_open) {
        close_journal(source);
    }
    source->mark = mark;
    changed = call_library(source, is_open ? work_process : work_open);
    count = changed < 0 ? changed : call_library(source, work_count_files);
    if (count == 0 && !maillog_journal_explain(source->directory, error)) {
        close_journal(source);
        return false;
    }
    if (count >= 0 && (changed > 0 || !is_open)) {
        if (is_open) {
            end_before(source);
        }
        count = call_library(source, work_seek);
    }
    return count >= 0 || has_failed(source, count, error);
}

/* --- from one entry to the next -------------------------------------------------------------- */

enum { AT_NOTHING, AT_PLACE, AT_LATER }; /* and below 0 what the library says */

static int find_place(struct journal_source *source)
{
    int answer = sd_journal_next(source->journal);
    if (answer <= 0) {
        return answer;
    }
    source->is_seeking = false;
    if (sd_journal_test_cursor(source->journal, source->place) > 0) {
        return AT_PLACE;
    }
    source->base.counts.gaps += !source->is_at_end;
    source->is_at_end = true; /* that is told, should it be looked for again */
    return AT_LATER;
}

/* As sd_journal_next(): 0: there is none. */
static int find_next(struct journal_source *source)
{
    if (source->is_at) {
        source->is_at = false;
        return 1;
    }
    if (source->is_seeking) {
        int answer = find_place(source);
        if (answer != AT_PLACE) {
            return answer;
        }
    }
    return sd_journal_next(source->journal);
}

/* A part of the way back from the place. */
static int work_back(struct journal_source *source)
{
    uint64_t part = source->back < BACK_AT_ONCE ? source->back : BACK_AT_ONCE;
    int answer;
    if (source->is_seeking) {
        answer = find_place(source);
        source->is_at = answer > 0;
        if (answer != AT_PLACE) {
            end_before(source);
            return answer;
        }
        source->before = 1;
    }
    answer = sd_journal_previous_skip(source->journal, part);
    if (answer >= 0) {
        source->is_at = true;
        source->before += (uint64_t)answer;
        source->back = (uint64_t)answer < part ? 0 : source->back - part;
    }
    return answer;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* Good until the next call. */
static struct span field_of(sd_journal *journal, const char *name)
{
    const void *data;
    size_t size;
    if (sd_journal_get_data(journal, name, &data, &size) < 0) {
        return (struct span){ NULL, 0 };
    }
    return span_from((struct span){ data, size }, strlen(name) + 1);
}

static struct span copy_field(sd_journal *journal, const char *name, char room[static FIELD_MAX])
{
    struct span value = span_first(field_of(journal, name), FIELD_MAX);
    if (value.size > 0) {
        memcpy(room, value.at, value.size);
    }
    return (struct span){ room, value.size };
}

static uint64_t time_of(sd_journal *journal)
{
    uint64_t time_us;
    if (!span_number(field_of(journal, "_SOURCE_REALTIME_TIMESTAMP"), INT64_MAX, &time_us) &&
        sd_journal_get_realtime_usec(journal, &time_us) < 0) {
        time_us = 0;
    }
    return time_us;
}

static bool line_of(struct journal_source *source, struct span *line_r)
{
    char host[FIELD_MAX], program[FIELD_MAX], process[FIELD_MAX];
    sd_journal *journal = source->journal;
    struct maillog_journal_entry entry = { .time_us = time_of(journal) };
    entry.host = copy_field(journal, "_HOSTNAME", host);
    entry.program = copy_field(journal, "SYSLOG_IDENTIFIER", program);
    entry.process = copy_field(journal, "SYSLOG_PID", process);
    if (entry.process.size == 0) {
        entry.process = copy_field(journal, "_PID", process);
    }
    entry.message = field_of(journal, "MESSAGE");
    return maillog_journal_line(&entry, source->room, line_r);
}

/* Is there nothing more, or did the library give up the file it stood in, for damage? */
static int come_to_end(struct journal_source *source)
{
    char cursor[MAILLOG_SOURCE_PLACE_MAX];
    end_before(source);
    if (source->is_seeking) {
        return 0;
    }
    source->is_at_end = strcmp(source->place, NOTHING) == 0 || cursor_of(source, cursor);
    return source->is_at_end ? 0 : seek_place(source);
}

/* The next entry's line, and its cursor, which is the place from now on. 0: there is none. */
static int work_fetch(struct journal_source *source)
{
    uint64_t time_us = 0;
    int answer = find_next(source);
    if (answer <= 0) {
        return answer < 0 ? answer : come_to_end(source);
    }
    if (!source->base.is_before && sd_journal_get_realtime_usec(source->journal, &time_us) >= 0 &&
        time_us > settled_us(source)) {
        return seek_place(source); /* what comes in before it shall be found */
    }
    if (!line_of(source, &source->line)) {
        source->line = (struct span){ NULL, 0 };
    }
    source->is_at_end = false;
    source->is_bound_reached =
        source->has_bound && sd_journal_test_cursor(source->journal, source->bound) > 0;
    if (!source->base.is_before) {
        (void)cursor_of(source, source->place);
    }
    return 1;
}

/* --- the source ------------------------------------------------------------------------------ */

/* 1: there is more, 0: nothing more. */
static int read_entries(struct journal_source *source, size_t most_bytes, maillog_follow_take *take,
                        void *context)
{
    for (size_t bytes = 0; bytes < most_bytes; bytes += LINE_LEAST + source->line.size) {
        int answer =
            source->has_bound && source->is_bound_reached ? 0 : call_library(source, work_fetch);
        if (answer <= 0) {
            return answer;
        }
        if (source->line.at != NULL) {
            source->base.counts.lines++;
            take(context, source->line);
        } else {
            source->base.counts.left_out++;
        }
        if (source->base.is_before && --source->before == 0) {
            end_before(source);
            return 1;
        }
    }
    return 1;
}

static enum maillog_follow_answer journal_step(struct maillog_source *base, size_t most_bytes,
                                               maillog_follow_take *take, void *context,
                                               struct error *error)
{
    struct journal_source *source = (struct journal_source *)base;
    int answer;
    if (!prepare(source, error)) {
        return MAILLOG_FOLLOW_FAILED;
    }
    if (source->back > 0) {
        answer = call_library(source, work_back);
        answer = answer < 0 ? answer : 1;
    } else {
        answer = read_entries(source, most_bytes, take, context);
    }
    if (answer < 0) {
        (void)has_failed(source, answer, error);
        return MAILLOG_FOLLOW_FAILED;
    }
    return answer > 0 ? MAILLOG_FOLLOW_MORE : MAILLOG_FOLLOW_DONE;
}

/* The last entry of all, in new files, too, and back to the place. */
static int work_bound(struct journal_source *source)
{
    int answer = sd_journal_process(source->journal);
    answer = answer < 0 ? answer : sd_journal_seek_tail(source->journal);
    answer = answer < 0 ? answer : sd_journal_previous(source->journal);
    source->has_bound = answer == 0 || (answer > 0 && cursor_of(source, source->bound));
    source->is_bound_reached = answer == 0 || strcmp(source->bound, source->place) == 0;
    return seek_place(source);
}

static void journal_bound(struct maillog_source *base)
{
    struct journal_source *source = (struct journal_source *)base;
    source->has_bound = false;
    if (source->journal != NULL && !base->is_before && !source->is_at &&
        call_library(source, work_bound) < 0) {
        close_journal(source);
    }
}

static bool journal_place(const struct maillog_source *base,
                          char place[static MAILLOG_SOURCE_PLACE_MAX])
{
    const struct journal_source *source = (const struct journal_source *)base;
    memcpy(place, source->place, MAILLOG_SOURCE_PLACE_MAX);
    return place[0] != '\0';
}

static void journal_free(struct maillog_source *base)
{
    struct journal_source *source = (struct journal_source *)base;
    close_journal(source);
    free(source->directory);
    free(source);
}

static const struct maillog_source_calls journal_calls = {
    .free = journal_free, .step = journal_step, .bound = journal_bound, .place = journal_place
};

struct maillog_source *maillog_source_new_journal(const char *directory, const char *place,
                                                  uint64_t again_bytes)
{
    struct journal_source *source = calloc(1, sizeof(*source));
    if (source == NULL || (directory != NULL && (source->directory = strdup(directory)) == NULL)) {
        free(source);
        return NULL;
    }
    source->base.calls = &journal_calls;
    source->back = again_bytes / LINE_USUAL;
    source->base.is_before = source->back > 0;
    if (place != NULL) {
        (void)span_copy(span_of(place), source->place, sizeof(source->place));
    }
    return &source->base;
}

#else /* --- without libsystemd -----------------------------------------------------------------  \
       */

bool maillog_journal_is_built(void)
{
    return false;
}

static void journal_free(struct maillog_source *base)
{
    free(base);
}

static enum maillog_follow_answer journal_step(struct maillog_source *base, size_t most_bytes,
                                               maillog_follow_take *take, void *context,
                                               struct error *error)
{
    (void)base;
    (void)most_bytes;
    (void)take;
    (void)context;
    error_set(error, MAILLOG_JOURNAL_NOT_BUILT);
    return MAILLOG_FOLLOW_FAILED;
}

static void journal_bound(struct maillog_source *base)
{
    (void)base;
}

static bool journal_place(const struct maillog_source *base,
                          char place[static MAILLOG_SOURCE_PLACE_MAX])
{
    (void)base;
    place[0] = '\0';
    return false;
}

static const struct maillog_source_calls journal_calls = {
    .free = journal_free, .step = journal_step, .bound = journal_bound, .place = journal_place
};

struct maillog_source *maillog_source_new_journal(const char *directory, const char *place,
                                                  uint64_t again_bytes)
{
    struct maillog_source *source = calloc(1, sizeof(*source));
    (void)directory;
    (void)place;
    (void)again_bytes;
    if (source != NULL) {
        source->calls = &journal_calls;
    }
    return source;
}

#endif
