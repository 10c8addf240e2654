/*
 * score_words: the strongest reasons, with their values, for people.
 */
#include <stdio.h>
#include <string.h>
#include <string.h>

#include "behaviour/fingerprint.h"
#include "behaviour/level.h"
#include "behaviour/score_private.h"

static const char *const habit_names[HABIT_COUNT] = {
    [HABIT_NETWORK] = "network",     [HABIT_COUNTRY] = "country", [HABIT_HELO] = "HELO name",
    [HABIT_CLIENT] = "mail program", [HABIT_TLS] = "TLS version", [HABIT_FROM] = "From address",
};

static unsigned long long usual_count(const struct baseline *usual)
{
    return (unsigned long long)level_count(usual->mean);
}

static void say_volume(const struct profile_facts *facts, const struct score_usual *usual,
                       char text[static SCORE_REASON_MAX])
{
    bool is_hour = facts->hour > 2 * usual_count(&usual->hour);
    if (is_hour && 2 * facts->ten_minutes > facts->hour) {
        snprintf(text, SCORE_REASON_MAX, "%u recipients in 10 min, usual %llu an hour",
                 facts->ten_minutes, usual_count(&usual->hour));
    } else if (is_hour) {
        snprintf(text, SCORE_REASON_MAX, "%u recipients in an hour, usual %llu", facts->hour,
                 usual_count(&usual->hour));
    } else {
        snprintf(text, SCORE_REASON_MAX, "%u recipients in a day, usual %llu", facts->day,
                 usual_count(&usual->day));
    }
}

static void say_audience(const struct profile_facts *facts, const struct score_usual *usual,
                         char text[static SCORE_REASON_MAX])
{
    if (facts->hour_new > 2 * usual_count(&usual->hour_new)) {
        snprintf(text, SCORE_REASON_MAX,
                 "%u recipients in an hour who were never written to, usual %llu", facts->hour_new,
                 usual_count(&usual->hour_new));
    } else if (facts->day_new > 2 * usual_count(&usual->day_new)) {
        snprintf(text, SCORE_REASON_MAX,
                 "%u recipients in a day who were never written to, usual %llu", facts->day_new,
                 usual_count(&usual->day_new));
    } else {
        snprintf(text, SCORE_REASON_MAX, "%u different recipients in a day, usual %llu",
                 facts->different, usual_count(&usual->different));
    }
}

/* Which country can be said, of the others there are only fingerprints. */
static int say_habit(const struct profile_facts *facts, enum profile_habit habit, char *text,
                     size_t room)
{
    char code[3] = "";
    if (habit == HABIT_COUNTRY) {
        (void)fingerprint_country_print(facts->country, code);
    }
    return snprintf(text, room, "%s%s%s", habit_names[habit], code[0] != '\0' ? " " : "", code);
}

/* "country BR, network not seen before". */
static void say_strange(const struct profile_facts *facts, const enum profile_habit *habits,
                        size_t count, uint32_t recipients, char text[static SCORE_REASON_MAX])
{
    char names[64] = "";
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        if ((facts->strange & 1 << habits[i]) != 0 && length + 2 < sizeof(names)) {
            length += (size_t)snprintf(names + length, sizeof(names) - length, "%s",
                                       length > 0 ? ", " : "");
            length += (size_t)say_habit(facts, habits[i], names + length, sizeof(names) - length);
        }
    }
    snprintf(text, SCORE_REASON_MAX, "%u recipients written to with %s not seen before", recipients,
             length > 0 ? names : "a Reply-To elsewhere,");
}

static void say_origin(const struct profile_facts *facts, char text[static SCORE_REASON_MAX])
{
    static const enum profile_habit origins[] = { HABIT_COUNTRY, HABIT_NETWORK };
    say_strange(facts, origins, 2, facts->origin_count, text);
    if (facts->guesses > 0) {
        size_t size = strlen(text);
        snprintf(text + size, SCORE_REASON_MAX - size, ", after %u failed logins from %u network%s",
                 facts->guesses, facts->guess_networks, facts->guess_networks == 1 ? "" : "s");
    }
}

static unsigned whole(uint32_t parts)
{
    return (parts + PROFILE_PART / 2) / PROFILE_PART;
}

static void say_feedback(const struct profile *profile, char text[static SCORE_REASON_MAX])
{
    const struct profile_answers *answers = &profile->slow;
    uint32_t all = 0;
    for (size_t i = 0; i < OUTCOME_COMPLAINT; i++) {
        all += answers->of[i];
    }
    snprintf(text, SCORE_REASON_MAX,
             "of %u recipients %u had no mailbox, %u were refused as spam, %u complained",
             whole(all), whole(answers->of[OUTCOME_DEAD] + answers->of[OUTCOME_REFUSED]),
             whole(answers->of[OUTCOME_POLICY]), whole(answers->of[OUTCOME_COMPLAINT]));
}

static void say(const struct profile *profile, const struct profile_facts *facts,
                const struct score_usual *usual, enum score_family family,
                char text[static SCORE_REASON_MAX])
{
    static const enum profile_habit identities[] = { HABIT_CLIENT, HABIT_HELO, HABIT_TLS,
                                                     HABIT_FROM };
    switch (family) {
    case FAMILY_VOLUME:
        say_volume(facts, usual, text);
        break;
    case FAMILY_AUDIENCE:
        say_audience(facts, usual, text);
        break;
    case FAMILY_CONTENT:
        snprintf(text, SCORE_REASON_MAX, "one text to %u recipients, usual %llu", facts->spread,
                 usual_count(&usual->spread));
        break;
    case FAMILY_ORIGIN:
        say_origin(facts, text);
        break;
    case FAMILY_IDENTITY:
        say_strange(facts, identities, 4, facts->identity_count, text);
        break;
    case FAMILY_FEEDBACK:
        say_feedback(profile, text);
        break;
    default:
        snprintf(text, SCORE_REASON_MAX, "something that no honest mail has");
        break;
    }
}

/* Where there is no message, or a family speaks of an earlier one. */
static bool is_earlier(const struct profile_facts *facts, enum score_family family)
{
    bool is_what = family <= FAMILY_CONTENT;
    return family != FAMILY_FEEDBACK && (facts == NULL || (is_what && facts->is_newsletter));
}

static void say_one(const struct profile *profile, const struct profile_facts *facts,
                    const struct score_usual *usual, enum score_family family, struct score *score)
{
    char *text = score->reasons[score->reason_count].text;
    score->reasons[score->reason_count++].family = family;
    if (is_earlier(facts, family)) {
        snprintf(text, SCORE_REASON_MAX, "%s of earlier messages", score_family_name(family));
    } else {
        say(profile, facts, usual, family, text);
    }
}

/* The strongest family with points among those of the set, a bit each; FAMILY_COUNT: none. */
static enum score_family strongest(const struct score *score, unsigned among)
{
    enum score_family best = FAMILY_COUNT;
    for (enum score_family i = 0; i < FAMILY_COUNT; i++) {
        bool is_better = best == FAMILY_COUNT ? score->of[i] > 0 : score->of[i] > score->of[best];
        best = (among & 1U << i) != 0 && is_better ? i : best;
    }
    return best;
}

/* Of what is left the strongest; the last of the reasons is of another group than those before it,
 * if any is: who reads them has to know what else speaks for it. */
static enum score_family next_reason(const struct score *score, unsigned left)
{
    enum score_group first = score_family_group(score->reasons[0].family);
    unsigned others = left;
    for (enum score_family i = 0; i < FAMILY_COUNT; i++) {
        bool is_said = (left & 1U << i) == 0;
        if (is_said && score_family_group(i) != first) {
            return strongest(score, left);
        }
        others &= score_family_group(i) == first ? ~(1U << i) : ~0U;
    }
    enum score_family other = strongest(score, others);
    bool is_last = score->reason_count == SCORE_REASONS - 1;
    return is_last && other != FAMILY_COUNT ? other : strongest(score, left);
}

void score_say(const struct profile *profile, const struct profile_facts *facts,
               const struct score_usual *usual, struct score *score_r)
{
    unsigned left = (1U << FAMILY_COUNT) - 1;
    while (score_r->reason_count < SCORE_REASONS) {
        enum score_family next = next_reason(score_r, left);
        if (next == FAMILY_COUNT) {
            return;
        }
        left &= ~(1U << next);
        say_one(profile, facts, usual, next, score_r);
    }
}
