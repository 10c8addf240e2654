/* The epoll loop of the load generator. See load_run.h. */
#include "load_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/epoll.h>

#define EVENTS_AT_ONCE 256
#define MEMORY_EVERY_NS 20000000u
#define REOPEN_AFTER_NS 50000000u

/* --- samples ----------------------------------------------------------- */

static void add_sample(struct load_samples *samples, uint64_t ns)
{
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity ? samples->capacity * 2 : 1024;
        uint64_t *bigger = realloc(samples->ns, capacity * sizeof *bigger);

        if (!bigger) {
            fprintf(stderr, "mtaload: no memory for %zu samples\n", capacity);
            exit(70);
        }
        samples->ns = bigger;
        samples->capacity = capacity;
    }
    samples->ns[samples->count++] = ns;
}

static int compare_ns(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

uint64_t load_samples_at(struct load_samples *samples, double share)
{
    size_t index;

    if (samples->count == 0)
        return 0;
    qsort(samples->ns, samples->count, sizeof *samples->ns, compare_ns);
    index = (size_t)(share * (double)samples->count);
    return samples->ns[index < samples->count ? index : samples->count - 1];
}

void load_totals_free(struct load_totals *totals)
{
    free(totals->eom.ns);
    free(totals->message.ns);
    *totals = (struct load_totals){ 0 };
}

/* --- sessions ---------------------------------------------------------- */

/* False with errno set. */
static bool try_session(struct load_run *run, struct load_session *session)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                 .data.ptr = session };

    return load_session_open(session, &run->plan) &&
           epoll_ctl(run->epoll, EPOLL_CTL_ADD, session->fd, &event) == 0;
}

static bool open_session(struct load_run *run, struct load_session *session)
{
    bool is_open = try_session(run, session);

    if (!is_open)
        fprintf(stderr, "mtaload: cannot connect: %s\n", strerror(errno));
    return is_open;
}

static void sample_memory(struct load_run *run, struct load_totals *totals)
{
    struct process_memory now;
    uint64_t clock_ns = load_clock_ns();

    if (!run->memory_of || !totals || clock_ns - run->sampled_ns < MEMORY_EVERY_NS)
        return;
    run->sampled_ns = clock_ns;
    if (account_memory(run->memory_of, &now) &&
        now.anonymous_kib + now.shared_dirty_kib >
            totals->peak.anonymous_kib + totals->peak.shared_dirty_kib)
        totals->peak = now;
}

/* Waits for events. -1: failed or nothing happened for too long. */
static int wait_events(struct load_run *run, struct epoll_event *events, int timeout_ms)
{
    int count = epoll_wait(run->epoll, events, EVENTS_AT_ONCE, timeout_ms);

    if (count < 0 && errno != EINTR) {
        fprintf(stderr, "mtaload: epoll_wait: %s\n", strerror(errno));
        return -1;
    }
    if (count > 0)
        run->progress_ns = load_clock_ns();
    else if (load_clock_ns() - run->progress_ns > run->timeout_ns) {
        fprintf(stderr, "mtaload: no answer for %.0f s\n", (double)run->timeout_ns / 1e9);
        return -1;
    }
    return count < 0 ? 0 : count;
}

static bool is_readable(const struct epoll_event *event)
{
    return event->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
}

/* Brings sessions[0..count) to READY and sends what they have buffered. */
static bool settle(struct load_run *run, struct load_session *sessions, unsigned count)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    unsigned ready = 0;

    run->progress_ns = load_clock_ns();
    for (unsigned i = 0; i < count; i++)
        if (!open_session(run, &sessions[i]))
            return false;
    while (ready < count) {
        int found = wait_events(run, events, 1000);

        if (found < 0)
            return false;
        for (int i = 0; i < found; i++) {
            struct load_session *session = events[i].data.ptr;
            bool was_at_rest = session->event == WIRE_UNKNOWN;
            enum session_status status = load_session_run(session, is_readable(&events[i]));

            if (status == SESSION_LOST || status == SESSION_REFUSED) {
                fprintf(stderr, "mtaload: session not usable: %s\n",
                        session->why ? session->why : "refused by the filter");
                return false;
            }
            ready += status == SESSION_READY && !was_at_rest;
        }
    }
    for (unsigned i = 0; i < count; i++)
        if (load_session_flush(&sessions[i]) == SESSION_LOST)
            return false;
    return true;
}

static bool start_epoll(struct load_run *run)
{
    run->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (run->epoll < 0)
        fprintf(stderr, "mtaload: epoll: %s\n", strerror(errno));
    return run->epoll >= 0;
}

bool load_run_open(struct load_run *run)
{
    if (run->epoll < 0 && !start_epoll(run))
        return false;
    run->sessions = calloc(run->connections, sizeof *run->sessions);
    return run->sessions && settle(run, run->sessions, run->connections);
}

bool load_run_open_idle(struct load_run *run)
{
    if (run->idle == 0)
        return true;
    if (run->epoll < 0 && !start_epoll(run))
        return false;
    run->idle_sessions = calloc(run->idle, sizeof *run->idle_sessions);
    return run->idle_sessions && settle(run, run->idle_sessions, run->idle);
}

static void close_all(struct load_session *sessions, unsigned count)
{
    for (unsigned i = 0; sessions && i < count; i++)
        if (sessions[i].plan)
            load_session_close(&sessions[i]);
    free(sessions);
}

void load_run_close(struct load_run *run)
{
    close_all(run->sessions, run->connections);
    close_all(run->idle_sessions, run->idle);
    run->sessions = run->idle_sessions = NULL;
}

/* --- a phase ----------------------------------------------------------- */

struct phase {
    struct load_run *run;
    struct load_totals *totals;
    unsigned long left; /* messages still to be started */
    unsigned long unanswered;
    uint64_t started_ns;
    uint64_t ends_ns; /* no message is started after; 0: no limit */
    unsigned long started;
    struct load_session **free_sessions; /* READY ones waiting for their time */
    unsigned free_count;
    struct load_session **closed_sessions; /* to be opened again at reopen_ns */
    unsigned closed_count;
    uint64_t reopen_ns;
    unsigned long *letters; /* to be sent again, before others: never more than connections */
    unsigned letter_count;
};

static void tell_attempt(const struct phase *phase, const struct load_session *session,
                         const char *outcome)
{
    static const char *const names[LOAD_OUTCOMES] = { "accepted", "discarded", "rejected",
                                                      "deferred", "lost" };
    char id[32] = "-";

    if (!phase->run->attempts)
        return;
    if (!outcome) {
        load_session_queue_id(session->number, id);
        outcome = names[session->result.outcome];
    }
    fprintf(phase->run->attempts, "%s %s %u %.6f %.6f %.6f\n", id, outcome,
            session->result.signatures, (double)session->opened_ns / 1e9,
            (double)session->started_ns / 1e9, (double)load_clock_ns() / 1e9);
}

static void count_result(struct phase *phase, const struct load_session *session)
{
    const struct load_result *result = &session->result;
    struct load_totals *totals = phase->totals;

    tell_attempt(phase, session, NULL);
    if (phase->run->retries && (result->outcome == LOAD_DEFERRED || result->outcome == LOAD_LOST)) {
        totals->again++;
        phase->unanswered--;
        phase->left++;
        phase->letters[phase->letter_count++] = session->letter;
        return;
    }
    totals->messages++;
    totals->outcome[result->outcome]++;
    totals->quarantined += result->is_quarantined;
    totals->signatures += result->signatures;
    totals->edits += result->edits;
    phase->unanswered--;
    if (result->outcome == LOAD_LOST)
        return;
    add_sample(&totals->message, result->message_ns);
    if (result->has_eom)
        add_sample(&totals->eom, result->eom_ns);
}

static bool may_start(struct phase *phase)
{
    uint64_t now_ns;

    if (phase->left == 0)
        return false;
    if (phase->ends_ns && load_clock_ns() >= phase->ends_ns) {
        phase->left = 0;
        return false;
    }
    if (phase->run->rate <= 0)
        return true;
    now_ns = load_clock_ns() - phase->started_ns;
    return (double)phase->started < (double)now_ns * phase->run->rate / 1e9;
}

/* A message is late when it starts five milliseconds after its time: no connection was free then.
 */
static void count_late(struct phase *phase)
{
    double now_ns = (double)(load_clock_ns() - phase->started_ns);

    if (phase->run->rate > 0 && now_ns - (double)phase->started * 1e9 / phase->run->rate > 5e6)
        phase->totals->late++;
}

static bool drive(struct phase *phase, struct load_session *session, bool readable);

static void open_later(struct phase *phase, struct load_session *session)
{
    load_session_close(session); /* closing takes it out of the epoll set */
    if (phase->closed_count == 0)
        phase->reopen_ns = load_clock_ns() + REOPEN_AFTER_NS;
    phase->closed_sessions[phase->closed_count++] = session;
}

/* At once; where nobody listens a run that retries tries again in a moment. */
static bool open_next(struct phase *phase, struct load_session *session)
{
    load_session_close(session);
    if (!phase->run->retries)
        return open_session(phase->run, session);
    if (!try_session(phase->run, session))
        open_later(phase, session);
    return true;
}

/* A session that is gone is opened again: at once, or in a moment when many may go on being closed.
 */
static bool open_again(struct phase *phase, struct load_session *session)
{
    if (!phase->run->retries)
        return open_next(phase, session);
    open_later(phase, session);
    return true;
}

static void open_closed(struct phase *phase)
{
    unsigned count = phase->closed_count;

    if (count == 0 || load_clock_ns() < phase->reopen_ns)
        return;
    phase->closed_count = 0; /* those that cannot be opened are put there again, in front */
    for (unsigned i = 0; i < count; i++)
        open_next(phase, phase->closed_sessions[i]);
}

static bool is_idle_session(const struct load_run *run, const struct load_session *session)
{
    return run->idle_sessions && session >= run->idle_sessions &&
           session < run->idle_sessions + run->idle;
}

/* A connection that ended without a message under way. */
static bool lose_connection(struct phase *phase, struct load_session *session)
{
    if (!phase->run->retries) {
        fprintf(stderr, "mtaload: session lost: %s\n",
                session->why ? session->why : "refused by the filter");
        return false;
    }
    tell_attempt(phase, session, "closed");
    phase->totals->closed++;
    if (is_idle_session(phase->run, session)) { /* stays closed: it has nothing to say */
        load_session_close(session);
        return true;
    }
    for (unsigned i = 0; i < phase->free_count; i++)
        if (phase->free_sessions[i] == session)
            phase->free_sessions[i--] = phase->free_sessions[--phase->free_count];
    return open_again(phase, session);
}

/* A session that is READY: gives it a message, or keeps it for later. */
static bool employ(struct phase *phase, struct load_session *session)
{
    struct load_run *run = phase->run;

    if (phase->left && run->per_connection && session->messages >= run->per_connection)
        return open_next(phase, session);
    if (!may_start(phase)) {
        phase->free_sessions[phase->free_count++] = session;
        return true;
    }
    count_late(phase);
    phase->left--;
    phase->started++;
    phase->unanswered++;
    load_session_start_message(session, ++run->next_number,
                               phase->letter_count ? phase->letters[--phase->letter_count]
                                                   : ++run->next_letter);
    return drive(phase, session, false);
}

static bool drive(struct phase *phase, struct load_session *session, bool readable)
{
    switch (load_session_run(session, readable)) {
    case SESSION_WAITING:
        return true;
    case SESSION_READY:
        return employ(phase, session);
    case SESSION_DONE:
        count_result(phase, session);
        return employ(phase, session);
    case SESSION_REFUSED:
        return lose_connection(phase, session);
    case SESSION_LOST:
        break;
    }
    if (session->messages == 0 || session->event == WIRE_UNKNOWN)
        return lose_connection(phase, session);
    count_result(phase, session);
    return open_again(phase, session);
}

/* Sessions that wait for their time, where a rate is set. */
static bool employ_free(struct phase *phase)
{
    while (phase->free_count && may_start(phase))
        if (!employ(phase, phase->free_sessions[--phase->free_count]))
            return false;
    return true;
}

static bool run_phase(struct phase *phase)
{
    struct load_run *run = phase->run;
    struct epoll_event events[EVENTS_AT_ONCE];

    for (unsigned i = 0; i < run->connections; i++)
        phase->free_sessions[phase->free_count++] = &run->sessions[i];
    if (!employ_free(phase))
        return false;
    while (phase->left || phase->unanswered) {
        int timeout_ms = run->rate > 0 ? 1 : run->memory_of || run->retries ? 20 : 1000;
        int found = wait_events(run, events, timeout_ms);

        if (found < 0)
            return false;
        for (int i = 0; i < found; i++) {
            struct load_session *session = events[i].data.ptr;
            bool is_resting = session->event == WIRE_UNKNOWN;

            /* An edge on a resting session is late news of its socket, or the filter closing it. */
            if (is_resting) {
                if (load_session_run(session, is_readable(&events[i])) == SESSION_LOST &&
                    !lose_connection(phase, session))
                    return false;
                continue;
            }
            if (!drive(phase, session, is_readable(&events[i])))
                return false;
        }
        open_closed(phase);
        if (!employ_free(phase))
            return false;
        sample_memory(run, phase->totals);
    }
    return true;
}

bool load_run_phase(struct load_run *run, unsigned long messages, uint64_t duration_ns,
                    struct load_totals *totals)
{
    uint64_t now_ns = load_clock_ns();
    struct phase phase = { .run = run,
                           .totals = totals,
                           .left = messages,
                           .started_ns = now_ns,
                           .ends_ns = duration_ns ? now_ns + duration_ns : 0 };
    bool done;

    phase.free_sessions = calloc(run->connections, sizeof *phase.free_sessions);
    phase.closed_sessions = calloc(run->connections, sizeof *phase.closed_sessions);
    phase.letters = calloc(run->connections, sizeof *phase.letters);
    run->progress_ns = now_ns;
    done = phase.free_sessions && phase.closed_sessions && phase.letters && run_phase(&phase);
    totals->elapsed_ns = load_clock_ns() - now_ns;
    for (unsigned i = 0; done && !run->retries && i < run->connections; i++)
        done = load_session_flush(&run->sessions[i]) != SESSION_LOST;
    free(phase.free_sessions);
    free(phase.closed_sessions);
    free(phase.letters);
    return done;
}
