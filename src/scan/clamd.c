/*
 * clamd: a connection for each scan, since clamd ends one after its answer. What goes wrong is told
 * apart: the server's faults (nobody there, garbage, silence) make it one that is not asked for a
 * while; what it says of one message, and what is our own fault, does not.
 */
#include "scan/clamd.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/health.h"
#include "io/pool.h"
#include "scan/clamd_place.h"
#include "scan/clamd_talk.h"

#define NS_PER_MS 1000000u
#define LOOK_MS 2000
#define LOOK_EACH_NS 30000000000u        /* while nobody else asks */
#define SPOOLS_BYTES (UINT64_C(1) << 30) /* of one process, so that no disk is filled by mail */

struct clamd {
    atomic_uint references;
    char *place;
    struct endpoint endpoint;
    struct pool *pool;
    struct health server, disk;
    struct spool_account spools;
    _Atomic uint64_t asked_ns; /* when somebody asked last; 0: never */
};

static void clamd_free(struct clamd *clamd)
{
    pool_free(&clamd->pool);
    health_destroy(&clamd->server);
    health_destroy(&clamd->disk);
    free(clamd->place);
    free(clamd);
}

static struct clamd *clamd_new(const char *place, const struct endpoint *endpoint)
{
    struct clamd *clamd = calloc(1, sizeof(*clamd));
    if (clamd == NULL) {
        return NULL;
    }
    atomic_init(&clamd->references, 1);
    health_init(&clamd->server);
    health_init(&clamd->disk);
    clamd->endpoint = *endpoint;
    clamd->spools.limit_bytes = SPOOLS_BYTES;
    clamd->place = strdup(place);
    clamd->pool = pool_new(&clamd->endpoint);
    if (clamd->place == NULL || clamd->pool == NULL) {
        clamd_free(clamd);
        return NULL;
    }
    return clamd;
}

struct clamd *clamd_open(const struct clamd_settings *settings, struct clamd *before,
                         struct error *error)
{
    struct endpoint endpoint;
    if (!clamd_place_open(&endpoint, settings->socket, error)) {
        return NULL;
    }
    if (before != NULL && strcmp(before->place, settings->socket) == 0 &&
        endpoint_is_equal(&before->endpoint, &endpoint)) {
        atomic_fetch_add(&before->references, 1);
        return before;
    }
    struct clamd *clamd = clamd_new(settings->socket, &endpoint);
    if (clamd == NULL) {
        error_set(error, "out of memory");
    }
    return clamd;
}

void clamd_unref(struct clamd **clamd)
{
    struct clamd *old = *clamd;
    *clamd = NULL;
    if (old != NULL && atomic_fetch_sub(&old->references, 1) == 1) {
        clamd_free(old);
    }
}

struct spool *clamd_spool(struct clamd *clamd, const struct clamd_settings *settings,
                          const char *fallback)
{
    const char *directory = settings->directory != NULL ? settings->directory : fallback;
    return spool_new(directory, (uint64_t)settings->max_bytes, &clamd->spools);
}

/* --- one question ---------------------------------------------------------------------------- */

static void conclude(struct scan_result *result, enum scan_outcome outcome, const char *text)
{
    result->outcome = outcome;
    snprintf(result->text, sizeof(result->text), "%.*s", SCAN_TEXT_MAX - 1, text);
}

static void conclude_said(struct scan_result *result, const struct clamd_said *said)
{
    switch (said->status) {
    case CLAMD_CLEAN:
        conclude(result, SCAN_CLEAN, "");
        break;
    case CLAMD_FOUND:
        conclude(result, SCAN_FOUND, said->text);
        result->is_mild = clamd_name_is_mild(span_of(said->text));
        break;
    case CLAMD_TOO_LARGE:
        conclude(result, SCAN_TOO_LARGE, "clamd takes no message of this size: StreamMaxLength");
        break;
    default:
        conclude(result, SCAN_UNKNOWN, said->text);
        break;
    }
}

/* What the end says about the server. */
static void note(struct clamd *clamd, enum health_try as, enum exchange_end end, bool is_ours,
                 uint64_t begun_ns, uint64_t now_ns, const struct error *error)
{
    if (is_ours) {
        health_unknown(&clamd->server, as);
    } else if (end == EXCHANGE_DONE) {
        health_good(&clamd->server, as, now_ns);
    } else if (end == EXCHANGE_LATE) {
        health_late(&clamd->server, as, begun_ns, now_ns, error);
    } else {
        health_bad(&clamd->server, as, now_ns, error);
    }
}

/* Asks over a connection of its own. False: it did not answer, and *error says why. */
static bool ask(struct clamd *clamd, const struct clamd_stream *stream, unsigned timeout_ms,
                const struct clock *clock, struct clamd_said *said_r, bool *is_ours_r,
                struct error *error)
{
    uint64_t deadline_ns = clock_mono_ns(&clock_system) + (uint64_t)timeout_ms * NS_PER_MS;
    uint64_t begun_ns = clock_mono_ns(clock);
    enum health_try as = health_ask(&clamd->server, begun_ns, error);
    enum exchange_end end = EXCHANGE_CLOSED;
    int fd;
    *is_ours_r = false;
    if (as == HEALTH_TRY_NOT) {
        error_prefix(error, "not asked again yet");
        return false;
    }
    atomic_store(&clamd->asked_ns, begun_ns);
    enum pool_result got = pool_take(clamd->pool, true, deadline_ns, &fd, error);
    if (got == POOL_BUSY) {
        error_set(error, "%u messages were being scanned all the time", POOL_CONNECTIONS_MAX);
        *is_ours_r = true;
    } else if (got == POOL_FRESH) {
        end = clamd_talk(fd, stream, deadline_ns, said_r, is_ours_r, error);
        pool_give(clamd->pool, fd, false);
    }
    note(clamd, as, end, *is_ours_r, begun_ns, clock_mono_ns(clock), error);
    return end == EXCHANGE_DONE;
}

static void scan(struct clamd *clamd, const struct clamd_settings *settings,
                 const struct spool *spool, const struct clock *clock, struct scan_result *result)
{
    struct clamd_stream stream = { spool_fd(spool), spool_size(spool) };
    struct clamd_said said = { .status = CLAMD_MORE };
    struct error error;
    bool is_ours;
    if (ask(clamd, &stream, (unsigned)settings->timeout_ms, clock, &said, &is_ours, &error)) {
        conclude_said(result, &said);
        return;
    }
    struct error why;
    uint64_t since_ns;
    conclude(result, SCAN_UNKNOWN, error.text);
    result->is_outage = !is_ours && health_is_down(&clamd->server, &why, &since_ns);
}

void clamd_scan(struct clamd *clamd, const struct clamd_settings *settings,
                const struct spool *spool, const struct clock *clock, struct scan_result *result_r)
{
    struct error why;
    *result_r = (struct scan_result){ .outcome = SCAN_UNKNOWN };
    switch (spool_look(spool, &why)) {
    case SPOOL_GOOD:
        health_good(&clamd->disk, HEALTH_TRY, clock_mono_ns(clock));
        scan(clamd, settings, spool, clock, result_r);
        break;
    case SPOOL_TOO_LARGE:
        conclude(result_r, SCAN_TOO_LARGE, "it is larger than clamd.max_size");
        break;
    case SPOOL_FAILED:
        health_bad(&clamd->disk, HEALTH_TRY, clock_mono_ns(clock), &why);
        conclude(result_r, SCAN_UNKNOWN, why.text);
        result_r->is_outage = true;
        break;
    }
}

/* Nothing is scanned, and not PING asked: that is answered while those who scan stand still. */
void clamd_look(struct clamd *clamd, const struct clock *clock)
{
    const struct clamd_stream nothing = { -1, 0 };
    struct clamd_said said;
    struct error why;
    uint64_t since_ns, asked_ns = atomic_load(&clamd->asked_ns);
    bool is_ours, is_down = health_is_down(&clamd->server, &why, &since_ns);
    if (is_down || asked_ns == 0 || clock_mono_ns(clock) - asked_ns >= LOOK_EACH_NS) {
        (void)ask(clamd, &nothing, LOOK_MS, clock, &said, &is_ours, &why);
    }
}

/* --- what is told ---------------------------------------------------------------------------- */

static bool tell(struct health *health, uint64_t now_ns, const char *place, const char *good,
                 const char *then, bool *is_bad_r, struct error *line_r)
{
    struct error why;
    enum health_news news = health_news(health, now_ns, &why);
    *is_bad_r = news == HEALTH_NEWS_LOST;
    if (*is_bad_r) {
        error_set(line_r, "clamd: %s: %s; meanwhile %s (clamd.on_failure)", place, why.text, then);
    } else if (news == HEALTH_NEWS_BACK) {
        error_set(line_r, "clamd: %s: %s", place, good);
    }
    return news != HEALTH_NEWS_NONE;
}

bool clamd_next_news(struct clamd *clamd, const struct clamd_settings *settings,
                     const struct clock *clock, bool *is_bad_r, struct error *line_r)
{
    const char *then = settings->on_failure == CLAMD_FAILURE_DEFER
                           ? "mail of users is deferred, and other mail passes without a scan"
                           : "mail passes without a scan";
    uint64_t now_ns = clock_mono_ns(clock);
    return tell(&clamd->server, now_ns, clamd->place, "it answers again", then, is_bad_r, line_r) ||
           tell(&clamd->disk, now_ns, clamd->place, "messages can be kept for it again", then,
                is_bad_r, line_r);
}

void clamd_look_at(struct clamd *clamd, struct clamd_state *state_r)
{
    *state_r = (struct clamd_state){ .was_asked = atomic_load(&clamd->asked_ns) > 0 };
    state_r->is_down = health_is_down(&clamd->server, &state_r->why, &state_r->down_ns);
    state_r->is_disk_bad = health_is_down(&clamd->disk, &state_r->disk_why, &state_r->disk_ns);
}
