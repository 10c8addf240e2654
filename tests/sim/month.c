/*
 * month: events in order of time.
 */
#include "tests/sim/month.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "behaviour/cohort.h"
#include "behaviour/ladder.h"

#define RETRY_S 900
#define RETRIES 16

/* What happens later: an answer, or a message again. */
struct later {
    int64_t at_s;
    uint32_t mail; /* to be tried again */
    uint8_t tries; /* 0: an answer */
    uint8_t outcome;
};

struct run {
    const struct person *person;
    const struct traffic *traffic;
    struct month *month;
    FILE *says;
    struct chance chance;
    struct profile profile;
    struct window plain;
    bool has_begun; /* the attack */
    struct later *heap;
    size_t count, room;
};

/* --- later ----------------------------------------------------------------------------------- */

static void swap(struct later *a, struct later *b)
{
    struct later kept = *a;
    *a = *b;
    *b = kept;
}

static void put_later(struct run *run, struct later later)
{
    if (run->count == run->room) {
        run->room = run->room > 0 ? run->room * 2 : 1024;
        run->heap = realloc(run->heap, run->room * sizeof(later));
        if (run->heap == NULL) {
            abort();
        }
    }
    size_t at = run->count++;
    run->heap[at] = later;
    for (; at > 0 && run->heap[at].at_s < run->heap[(at - 1) / 2].at_s; at = (at - 1) / 2) {
        swap(&run->heap[at], &run->heap[(at - 1) / 2]);
    }
}

static struct later take_later(struct run *run)
{
    struct later first = run->heap[0];
    run->heap[0] = run->heap[--run->count];
    for (size_t at = 0, child; (child = 2 * at + 1) < run->count; at = child) {
        child += child + 1 < run->count && run->heap[child + 1].at_s < run->heap[child].at_s;
        if (run->heap[at].at_s <= run->heap[child].at_s) {
            break;
        }
        swap(&run->heap[at], &run->heap[child]);
    }
    return first;
}

/* --- answers --------------------------------------------------------------------------------- */

static int64_t delay_s(struct chance *chance)
{
    uint64_t kind = chance_below(chance, 10);
    return kind < 5   ? chance_from(chance, 5, 120)
           : kind < 8 ? chance_from(chance, 120, 900)
                      : chance_from(chance, 900, 6 * SIM_HOUR_S);
}

static void schedule_answers(struct run *run, const struct mail *mail, int64_t at_s)
{
    for (uint32_t i = 0; i < mail->count; i++) {
        uint64_t kind = chance_below(&run->chance, 1000);
        uint8_t outcome = kind < mail->dead                  ? OUTCOME_DEAD
                          : kind < mail->dead + mail->policy ? OUTCOME_POLICY
                                                             : OUTCOME_DELIVERED;
        put_later(run, (struct later){ .at_s = at_s + delay_s(&run->chance), .outcome = outcome });
        if (outcome == OUTCOME_DELIVERED && chance_happens(&run->chance, mail->complaint)) {
            put_later(run, (struct later){ .at_s = at_s + chance_from(&run->chance, 600, 86400),
                                           .outcome = OUTCOME_COMPLAINT });
        }
    }
}

static const struct ladder_rules all_steps = { .is_enabled = { true, true, true, true, true,
                                                               true } };

/* --- what is told ---------------------------------------------------------------------------- */

static void note_news(struct run *run, int64_t at_s, const struct score *score,
                      const struct ladder_verdict *verdict)
{
    struct month *month = run->month;
    if (!run->has_begun) {
        month->notices += verdict->step >= LADDER_NOTICE;
        month->throttles += verdict->step == LADDER_THROTTLE;
        month->is_owner_held = month->is_owner_held || verdict->step == LADDER_HOLD;
        month->is_owner_suspended = month->is_owner_suspended || verdict->step == LADDER_SUSPEND;
    }
    if (run->says == NULL || verdict->step < LADDER_NOTICE) {
        return;
    }
    fprintf(run->says,
            "  %s %" PRIu64 "/%" PRIu64 " day %" PRId64 " %02" PRId64 ":%02" PRId64 " %s score %u",
            role_names[run->person->role], run->person->seed, run->person->number, at_s / SIM_DAY_S,
            at_s % SIM_DAY_S / SIM_HOUR_S, at_s % SIM_HOUR_S / 60, ladder_step_name(verdict->step),
            score->total);
    for (size_t i = 0; i < score->reason_count; i++) {
        enum score_family family = score->reasons[i].family;
        fprintf(run->says, "; %s %u: %s", score_family_name(family), score->of[family],
                score->reasons[i].text);
    }
    fprintf(run->says, "\n");
}

static void answer(struct run *run, const struct later *later)
{
    struct behaviour_answer answer = { .at_ms = MONTH_BEGIN_MS + (uint64_t)later->at_s * 1000,
                                       .local_s = SIM_BEGIN_S + later->at_s,
                                       .outcome = (enum behaviour_outcome)later->outcome,
                                       .count = 1 };
    struct score score;
    struct ladder_verdict verdict;
    profile_answer(&run->profile, &answer);
    score_now(&run->profile, &score);
    ladder_climb_now(&run->profile, BEHAVIOUR_LOGIN, false, &score, &all_steps, &verdict);
    if (verdict.is_news) {
        note_news(run, later->at_s, &score, &verdict);
    }
    run->month->is_held = run->month->is_held || (run->has_begun && verdict.step >= LADDER_HOLD);
}

/* --- a message ------------------------------------------------------------------------------- */

static struct behaviour_event event_of(const struct run *run, const struct mail *mail, int64_t at_s)
{
    enum role role = run->person->role;
    return (struct behaviour_event){
        .at_ms = MONTH_BEGIN_MS + (uint64_t)at_s * 1000,
        .local_s = SIM_BEGIN_S + at_s,
        .kind = role == ROLE_FORWARD ? BEHAVIOUR_FORWARD : BEHAVIOUR_LOGIN,
        .is_bulk = mail->is_bulk,
        .has_list_id = mail->has_list_id,
        .has_one_click = mail->has_one_click,
        .recipients = run->traffic->recipients + mail->first,
        .count = mail->count,
        .digest = mail->digest,
        .network = mail->look.network,
        .country = mail->look.country,
        .helo = mail->look.helo,
        .client = mail->look.client,
        .tls = mail->look.tls,
        .from = mail->from,
        .has_stray_reply_to = mail->has_stray_reply_to,
    };
}

/* As the store keeps it between two messages. */
static void store_and_read(struct run *run)
{
    struct buffer out = BUFFER_EMPTY;
    struct month *month = run->month;
    profile_write(&run->profile, &out);
    month->octets = out.size;
    month->octets_max = out.size > month->octets_max ? out.size : month->octets_max;
    if (!profile_read(buffer_span(&out), &run->profile)) {
        fprintf(stderr, "sim: a profile cannot be read\n");
        abort();
    }
    buffer_free(&out);
}

static void note_deferred(struct run *run, const struct mail *mail, int64_t at_s, unsigned tries)
{
    if (mail->is_attack) {
        return;
    }
    run->month->deferred += tries == 0;
    if (tries < RETRIES) {
        put_later(run, (struct later){ .at_s = at_s + RETRY_S,
                                       .mail = (uint32_t)(mail - run->traffic->mails),
                                       .tries = (uint8_t)(tries + 1) });
    } else {
        run->month->given_up++;
    }
}

static void send(struct run *run, const struct mail *mail, int64_t at_s, unsigned tries)
{
    struct behaviour_event event = event_of(run, mail, at_s);
    struct profile_facts facts;
    struct score score;
    struct ladder_verdict verdict;
    struct month *month = run->month;
    run->has_begun = run->has_begun || mail->is_attack;
    event.is_repeat = tries > 0;
    profile_advance(&run->profile, event.at_ms, event.local_s);
    profile_measure(&run->profile, &event, &facts);
    score_message(&run->profile, &event, &facts, &cohort_shipped, &score);
    ladder_climb(&run->profile, &event, &facts, &score, &all_steps, &verdict);
    if (verdict.is_news) {
        note_news(run, at_s, &score, &verdict);
    }
    if (score.groups >= 2 && score.total > month->near && !run->has_begun) {
        month->near = score.total;
    }
    bool is_held = verdict.step >= LADDER_HOLD;
    bool passes = !is_held && (!verdict.throttle.is_on || verdict.throttle.fits);
    profile_learn(&run->profile, &event, &facts, passes, score_mood(&score));
    month->is_held = month->is_held || (is_held && run->has_begun);
    if (mail->is_attack) {
        month->asked += mail->count;
        month->passed += passes && !month->is_held ? mail->count : 0;
    } else if (tries == 0) {
        month->sent += mail->count;
    }
    if (passes) {
        schedule_answers(run, mail, at_s);
    } else if (!is_held) {
        note_deferred(run, mail, at_s, tries);
    }
    store_and_read(run);
}

static void send_plain(struct run *run, const struct mail *mail)
{
    window_advance(&run->plain, MONTH_BEGIN_MS + (uint64_t)mail->at_s * 1000, SIM_HOUR_S * 1000);
    if (window_sum(&run->plain) + mail->count <= PLAIN_LIMIT) {
        window_charge(&run->plain, mail->count);
        run->month->plain_passed += mail->is_attack ? mail->count : 0;
    } else {
        run->month->plain_stopped += !mail->is_attack && !mail->is_bulk;
    }
}

static void happen(struct run *run, const struct later *later)
{
    if (later->tries == 0) {
        answer(run, later);
    } else {
        send(run, &run->traffic->mails[later->mail], later->at_s, later->tries);
    }
}

void month_run(const struct person *person, const struct traffic *traffic, uint64_t seed,
               FILE *says, struct month *month_r)
{
    static struct run run; /* profiles are large */
    memset(month_r, 0, sizeof(*month_r));
    memset(&run, 0, sizeof(run));
    run.person = person;
    run.traffic = traffic;
    run.month = month_r;
    run.says = says;
    run.chance = chance_of(seed, 700000 + person->number);
    for (size_t i = 0; i < traffic->count; i++) {
        const struct mail *mail = &traffic->mails[i];
        while (run.count > 0 && run.heap[0].at_s <= mail->at_s) {
            struct later later = take_later(&run);
            happen(&run, &later);
        }
        send(&run, mail, mail->at_s, 0);
        send_plain(&run, mail);
    }
    while (run.count > 0) {
        struct later later = take_later(&run);
        happen(&run, &later);
    }
    month_r->profile = run.profile;
    free(run.heap);
}
