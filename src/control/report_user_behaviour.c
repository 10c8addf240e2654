/*
 * report_user_behaviour: how an account behaves, for `user show`: its score and step, and what
 * became of its mail in the last days.
 */
#include "control/report_limits_private.h"

#include <stdio.h>

#include "behaviour/book.h"
#include "behaviour/fingerprint.h"

static const char *const answer_names[OUTCOME_COUNT] = {
    [OUTCOME_DELIVERED] = "delivered",    [OUTCOME_DEAD] = "unknown_addresses",
    [OUTCOME_POLICY] = "refused_as_spam", [OUTCOME_OTHER] = "refused_otherwise",
    [OUTCOME_REFUSED] = "refused_here",   [OUTCOME_COMPLAINT] = "complaints",
};

/* What became of its mail in the last days; it fades. */
static unsigned answers_of(const struct profile *profile, int outcome)
{
    return (profile->slow.of[outcome] + PROFILE_PART / 2) / PROFILE_PART;
}

static struct score score_of(const struct profile *profile)
{
    struct profile copy = *profile;
    struct score score;
    score_now(&copy, &score);
    return score;
}

enum { COUNTRIES_MAX = HABIT_ROOM };

/* Where it usually comes from, by code; how many. */
static unsigned usual_countries(const struct profile *profile, char codes_r[COUNTRIES_MAX][3])
{
    const struct habit *habit = &profile->habits[HABIT_COUNTRY];
    unsigned count = 0;
    for (unsigned i = 0; i < habit->count; i++) {
        uint32_t country = habit->all[i].value;
        if (habit_trust(habit, country, profile->last_ms) >= HABIT_TRUST_USUAL &&
            fingerprint_country_print(country, codes_r[count])) {
            count++;
        }
    }
    return count;
}

static void text_countries(struct limits_inquiry *inquiry, const struct profile *profile)
{
    char codes[COUNTRIES_MAX][3];
    unsigned count = usual_countries(profile, codes);
    for (unsigned i = 0; i < count; i++) {
        buffer_printf(inquiry->out, "%s%s", i == 0 ? "    countries: " : ", ", codes[i]);
    }
    buffer_add_text(inquiry->out, count > 0 ? "\n" : "");
}

static void json_countries(struct json *json, const struct profile *profile)
{
    char codes[COUNTRIES_MAX][3];
    unsigned count = usual_countries(profile, codes);
    json_open(json, "countries", '[');
    for (unsigned i = 0; i < count; i++) {
        json_text(json, NULL, span_of(codes[i]));
    }
    json_close(json, ']');
}

static void text_behaviour(struct limits_inquiry *inquiry, const struct profile *profile)
{
    struct score score = score_of(profile);
    buffer_printf(inquiry->out, "    behaviour: score %u.%u, step %s; lately", score.total / 10,
                  score.total % 10, ladder_step_name((enum ladder_step)profile->ladder.step));
    bool is_any = false;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        unsigned count = answers_of(profile, i);
        if (count > 0) {
            const char *name = answer_names[i];
            buffer_printf(inquiry->out, "%s %u ", is_any ? "," : "", count);
            for (; *name != '\0'; name++) {
                buffer_add_char(inquiry->out, *name == '_' ? ' ' : *name);
            }
            is_any = true;
        }
    }
    buffer_add_text(inquiry->out, is_any ? "\n" : " nothing is known of what became of its mail\n");
    uint32_t guesses, networks;
    profile_guesses(profile, &guesses, &networks);
    if (guesses > 0) {
        buffer_printf(inquiry->out, "    failed logins lately: %u, from about %u network%s\n",
                      guesses, networks, networks == 1 ? "" : "s");
    }
}

static void json_behaviour(struct json *json, const struct profile *profile)
{
    struct score score = score_of(profile);
    char points[24];
    json_open(json, "behaviour", '{');
    snprintf(points, sizeof(points), "%u.%u", score.total / 10, score.total % 10);
    json_text(json, "score", span_of(points));
    json_text(json, "step", span_of(ladder_step_name((enum ladder_step)profile->ladder.step)));
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        json_number(json, answer_names[i], answers_of(profile, i));
    }
    uint32_t guesses, networks;
    profile_guesses(profile, &guesses, &networks);
    json_number(json, "failed_logins", guesses);
    json_number(json, "failed_login_networks", networks);
    json_countries(json, profile);
    json_close(json, '}');
}

void inquiry_tell_behaviour(struct limits_inquiry *inquiry, struct span account)
{
    const struct clock *clock = inquiry->host->clock;
    struct profile profile;
    if (!book_read(inquiry->host->store, account, &profile)) {
        return;
    }
    profile_advance(&profile, ledger_now_ms(inquiry->host->ledger),
                    clock_local_s(clock, inquiry->wall_s));
    if (inquiry->is_json) {
        json_behaviour(&inquiry->json, &profile);
    } else {
        text_behaviour(inquiry, &profile);
        text_countries(inquiry, &profile);
    }
}
