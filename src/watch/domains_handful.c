/*
 * domains_handful: what is kept is put before it is told: a program that dies between the two loses
 * a line, and none says one twice. What the store did not take is not told either, so it will be
 * when it does.
 */
#include "watch/domains_handful.h"

#include "watch/domains_line.h"

enum { LOOK_BYTES = 512 * 1024, HOUR_S = 3600 };

/* One look that is under way. */
struct sight {
    struct domains_thing *thing;
    struct arena *arena;
    struct domains_look look;
    bool is_done;
};

typedef bool look_fn(const struct domains_subject *subject, struct dns_questions *questions,
                     struct arena *arena, struct domains_look *look_r);
static look_fn *const looks[DOMAINS_KIND_COUNT] = {
    [DOMAINS_SPF] = domains_look_spf,   [DOMAINS_DMARC] = domains_look_dmarc,
    [DOMAINS_MX] = domains_look_mx,     [DOMAINS_PTR] = domains_look_ptr,
    [DOMAINS_HELO] = domains_look_helo,
};

/* A look is made from its beginning each time, in fresh memory. */
static void look_again(struct sight *sight, struct dns_questions *questions)
{
    arena_free(&sight->arena);
    sight->arena = arena_new(LOOK_BYTES);
    if (sight->arena == NULL) {
        sight->look = (struct domains_look){ .is_text_known = false };
        sight->is_done = true;
        return;
    }
    sight->is_done =
        looks[sight->thing->kind](&sight->thing->subject, questions, sight->arena, &sight->look);
}

static bool look_at_all(struct sight *sights, size_t count, struct dns_questions *questions)
{
    bool is_done = true;
    for (size_t i = 0; i < count; i++) {
        if (!sights[i].is_done) {
            look_again(&sights[i], questions);
        }
        is_done = is_done && sights[i].is_done;
    }
    return is_done;
}

static void write_line(struct log_sink *log, enum log_level level, const struct buffer *line)
{
    if (!buffer_has_failed(line)) {
        log->write(log, level, buffer_span(line));
    }
}

static void turn_hour(struct domains_told *told, int64_t now_s)
{
    if (told->hour != now_s / HOUR_S) {
        told->hour = now_s / HOUR_S;
        told->lines = 0;
        told->is_full = false;
    }
}

/* Once an hour, when faults find no line any more. */
static void tell_full(struct domains_told *told, struct log_sink *log)
{
    struct buffer line = BUFFER_EMPTY;
    if (!told->is_full) {
        buffer_printf(&line,
                      "own domains: more than %d lines about faults within an hour: others are "
                      "told later, egressctl status lists them",
                      DOMAINS_LINES_AN_HOUR);
        write_line(log, LOG_LEVEL_WARNING, &line);
    }
    buffer_free(&line);
    told->is_full = true;
}

void domains_told_first(struct domains_told *told, struct log_sink *log)
{
    struct buffer line = BUFFER_EMPTY;
    if (told->first > 0) {
        buffer_printf(&line,
                      "own domains: %zu records seen for the first time, %zu with faults; "
                      "egressctl status lists them",
                      told->first, told->first_faulty);
        write_line(log, LOG_LEVEL_INFO, &line);
    }
    buffer_free(&line);
    told->first = 0;
    told->first_faulty = 0;
}

static void tell(const struct domains_setup *setup, struct domains_told *told,
                 const struct domains_thing *thing, const struct domains_record *record,
                 const struct domains_event *event)
{
    struct buffer line = BUFFER_EMPTY;
    enum log_level level;
    if (event->is_first) {
        told->first++;
        told->first_faulty += domains_record_faults(record) > 0;
    }
    told->lines += event->told > 0;
    if (domains_line(thing->kind, thing->subject.domain, record, event, &level, &line)) {
        write_line(setup->log, level, &line);
    }
    buffer_free(&line);
}

static bool keep(struct store *store, struct span key, const struct domains_record *record)
{
    struct buffer value = BUFFER_EMPTY;
    domains_record_write(record, &value);
    bool is_kept = !buffer_has_failed(&value) &&
                   store_put(store, STORE_WATCH, key, buffer_span(&value), STORE_SOON);
    buffer_free(&value);
    return is_kept;
}

/* False: the store cannot be read, or a later program's record stands there. */
static bool recall(struct store *store, struct span key, struct buffer *kept,
                   struct domains_record *record_r)
{
    enum domains_reading reading = DOMAINS_DAMAGED;
    switch (store_get(store, STORE_WATCH, key, kept)) {
    case STORE_FAILED:
        return false;
    case STORE_FOUND:
        reading = domains_record_read(buffer_span(kept), record_r);
        break;
    case STORE_ABSENT:
        break;
    }
    if (reading == DOMAINS_DAMAGED) {
        *record_r = (struct domains_record){ .has_looked = false };
    }
    return reading != DOMAINS_NEWER;
}

/* False: DNS could not tell. */
static bool take(const struct domains_setup *setup, struct domains_told *told,
                 const struct sight *sight)
{
    char room[STORE_KEY_MAX];
    struct span key = domains_key(sight->thing, room);
    struct buffer kept = BUFFER_EMPTY;
    struct domains_record record;
    struct domains_event event;
    int64_t now_s = clock_wall_s(setup->clock);
    turn_hour(told, now_s);
    bool may_tell = told->lines < DOMAINS_LINES_AN_HOUR;
    if (recall(setup->store, key, &kept, &record) &&
        domains_advance(&record, &sight->look, may_tell, now_s, &event) &&
        keep(setup->store, key, &record)) {
        tell(setup, told, sight->thing, &record, &event);
        if (event.put_off > 0) {
            tell_full(told, setup->log);
        }
    }
    buffer_free(&kept);
    return sight->look.is_text_known && sight->look.are_faults_known;
}

void domains_handful(const struct domains_setup *setup, struct domains_told *told,
                     struct domains_thing *const *things, size_t count, bool *has_told_r)
{
    struct sight sights[DOMAINS_AT_ONCE] = { { .thing = NULL } };
    struct dns_questions *questions = dns_questions_new(setup->resolver, DOMAINS_QUESTIONS_MAX);
    uint64_t end_ns = clock_mono_ns(setup->clock) + UINT64_C(1000000) * DOMAINS_WAIT_MS;
    for (size_t i = 0; i < count; i++) {
        sights[i].thing = things[i];
    }
    while (!look_at_all(sights, count, questions) && dns_questions_wait(questions, end_ns)) {
    }
    for (size_t i = 0; i < count; i++) {
        has_told_r[i] = sights[i].is_done && take(setup, told, &sights[i]);
        arena_free(&sights[i].arena);
    }
    dns_questions_free(&questions);
}

int64_t domains_looked_s(struct store *store, const struct domains_thing *thing)
{
    char room[STORE_KEY_MAX];
    struct buffer kept = BUFFER_EMPTY;
    struct domains_record record;
    int64_t looked_s = 0;
    if (store_get(store, STORE_WATCH, domains_key(thing, room), &kept) == STORE_FOUND &&
        domains_record_read(buffer_span(&kept), &record) == DOMAINS_READ) {
        looked_s = record.looked_s;
    }
    buffer_free(&kept);
    return looked_s;
}
