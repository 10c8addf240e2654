/*
 * profile_measure: what a message comes to, beside what came before it.
 */
#include "behaviour/level.h"
#include "behaviour/profile_private.h"

#define HOUR_MS UINT64_C(3600000)
#define REPEAT_H 24
#define STRANGE 80  /* of 200: more likely somebody else than not */
#define DOUBTFUL 45 /* of 200: not at his desk with his program */
#define GUESSED 10  /* failed logins: more than a password that was forgotten */
#define GUESSED_WEIGHT 30
/* Of 100: enough to take the other for strange as well. */
#define OTHER 15
#define ELSEWHERE 30

/* --- different recipients -------------------------------------------------------------------- */

/* How many set `set` of `size` bits: size * ln(size / clear) (Whang and others, 1990). */
static uint32_t map_count(uint32_t set, uint32_t size)
{
    uint32_t clear = size > set ? size - set : 1;
    uint32_t doublings = level_of(size - 1) - level_of(clear - 1);
    return (size * doublings * 177 / 256 + LEVEL_ONE / 2) / LEVEL_ONE; /* 177/256: ln 2 */
}

static uint32_t day_map_count(const uint8_t *map)
{
    return map_count(profile_map_bits(map, PROFILE_MAP_OCTETS), PROFILE_MAP_OCTETS * 8);
}

/* Of this text; or the one that is worth least: too old, else of the fewest. */
static struct profile_repeat *take_repeat(struct profile *profile, uint32_t digest, uint32_t now_h)
{
    struct profile_repeat *least = &profile->repeats[0];
    for (size_t i = 0; i < PROFILE_REPEATS; i++) {
        struct profile_repeat *at = &profile->repeats[i];
        if (now_h > at->seen_h && now_h - at->seen_h >= REPEAT_H) {
            *at = (struct profile_repeat){ 0 };
        }
        if (at->digest == digest) {
            return at;
        }
        int bits = __builtin_popcountll(at->map), least_bits = __builtin_popcountll(least->map);
        if (bits < least_bits || (bits == least_bits && at->seen_h < least->seen_h)) {
            least = at;
        }
    }
    *least = (struct profile_repeat){ .digest = digest };
    return least;
}

static uint32_t measure_spread(struct profile *profile, const struct behaviour_event *event)
{
    uint32_t digest = (uint32_t)(event->digest ^ event->digest >> 32);
    uint32_t now_h = (uint32_t)(profile->last_ms / HOUR_MS);
    if (event->digest == 0 || event->count == 0) {
        return 0;
    }
    struct profile_repeat *repeat = take_repeat(profile, digest | 1, now_h);
    for (size_t i = 0; i < event->count; i++) {
        repeat->map |= UINT64_C(1) << (event->recipients[i] >> 58);
    }
    repeat->seen_h = now_h;
    uint32_t spread = map_count((uint32_t)__builtin_popcountll(repeat->map), 64);
    return spread > event->count ? spread : (uint32_t)event->count;
}

static uint32_t measure_different(struct profile *profile, const struct behaviour_event *event)
{
    for (size_t i = 0; i < event->count; i++) {
        uint8_t bit = (uint8_t)(event->recipients[i] >> 40);
        profile->map[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
    return day_map_count(profile->map);
}

/* --- who ---------------------------------------------------------------------------------------
 */

/* Somebody of whom little is known has no habits yet, so nothing is strange. */
static uint32_t ripe_part(const struct profile *profile, uint32_t points)
{
    return points * profile->learnt / PROFILE_RIPE_HOURS;
}

/* Marks what is strange; so many of `weight` as trust is lacking. */
static uint32_t strange(const struct profile *profile, enum profile_habit habit, uint32_t value,
                        uint32_t weight, uint8_t *strange_io)
{
    unsigned trust = habit_trust(&profile->habits[habit], value, profile->last_ms);
    if (trust < HABIT_TRUST_USUAL) {
        *strange_io |= (uint8_t)(1 << habit);
    }
    return weight * (HABIT_TRUST_MAX - trust) / HABIT_TRUST_MAX;
}

void profile_guesses(const struct profile *profile, uint32_t *count_r, uint32_t *networks_r)
{
    uint32_t networks = (uint32_t)__builtin_popcount(profile->guesses.networks);
    *count_r = profile->guesses.count / PROFILE_PART;
    *networks_r = map_count(networks, 32);
}

/* Who comes from a network never seen, after many passwords were refused, may have found the right
 * one. Who comes from his own only suffered it. */
static uint32_t guess_points(const struct profile *profile, struct profile_facts *facts)
{
    if (profile->guesses.count < GUESSED * PROFILE_PART ||
        (facts->strange & 1 << HABIT_NETWORK) == 0) {
        return 0;
    }
    profile_guesses(profile, &facts->guesses, &facts->guess_networks);
    return GUESSED_WEIGHT;
}

static bool is_usual_network(const struct profile *profile, const struct behaviour_event *event)
{
    return event->network != 0 && habit_trust(&profile->habits[HABIT_NETWORK], event->network,
                                              profile->last_ms) >= HABIT_TRUST_USUAL;
}

/* A network changes daily for who travels; a country seldom. Where countries are not known the
 * network has to do: without a database, and while one is new and nobody has a country yet. Whoever
 * comes from his own network has not moved, whatever a newer database says. */
static void measure_origin(const struct profile *profile, const struct behaviour_event *event,
                           struct profile_facts *facts)
{
    bool has_countries =
        event->country != 0 && habit_has_usual(&profile->habits[HABIT_COUNTRY], profile->last_ms);
    uint32_t network_weight = has_countries ? 60 : 80;
    uint32_t points =
        strange(profile, HABIT_NETWORK, event->network, network_weight, &facts->strange);
    if (has_countries && !is_usual_network(profile, event)) {
        points += strange(profile, HABIT_COUNTRY, event->country, 40, &facts->strange);
    }
    points += guess_points(profile, facts);
    facts->origin = ripe_part(profile, points < 100 ? points : 100);
}

/* The program is what changes least; names of HELO and ciphers change with its updates. A Reply-To
 * that leads away to a freemail box is what begging letters have. */
static void measure_identity(const struct profile *profile, const struct behaviour_event *event,
                             struct profile_facts *facts)
{
    uint32_t points = strange(profile, HABIT_CLIENT, event->client, 45, &facts->strange) +
                      strange(profile, HABIT_HELO, event->helo, 20, &facts->strange) +
                      strange(profile, HABIT_TLS, event->tls, 15, &facts->strange) +
                      strange(profile, HABIT_FROM, event->from, 25, &facts->strange) +
                      (event->has_stray_reply_to ? 40 : 0);
    facts->identity = ripe_part(profile, points < 100 ? points : 100);
}

/* The owner's programs in a new place are the owner on a journey, and new programs in his own
 * office are an update or a colleague: each weighs half without the other. Abroad is a little more.
 */
static void measure_who(const struct profile *profile, const struct behaviour_event *event,
                        struct profile_facts *facts)
{
    measure_origin(profile, event, facts);
    measure_identity(profile, event, facts);
    bool is_abroad = (facts->strange & 1 << HABIT_COUNTRY) != 0;
    bool is_other = facts->identity >= OTHER, is_elsewhere = facts->origin >= ELSEWHERE;
    uint32_t origin = facts->origin * (is_other ? 100 : is_abroad ? 60 : 50) / 100;
    uint32_t identity = facts->identity * (is_elsewhere ? 100 : 50) / 100;
    facts->is_strange = (is_abroad ? facts->origin : origin) + identity >= STRANGE;
    facts->origin = origin;
    facts->identity = identity;
}

/* Recipients in PROFILE_PART, a known one for half: who writes from a new telephone writes to
 * those he knows. */
static uint32_t strange_parts(const struct profile_facts *facts, uint32_t strangeness)
{
    uint32_t known = facts->count - facts->fresh;
    return (facts->fresh * PROFILE_PART + known * PROFILE_PART / 2) * strangeness / 100;
}

/* The most of what came in the last hour and of what adds up over days. */
static uint32_t strange_count(const struct window *hour, uint32_t slow)
{
    uint64_t sum = window_sum(hour);
    return (uint32_t)((sum > slow ? sum : slow) / PROFILE_PART);
}

/* --- a message ------------------------------------------------------------------------------- */

static uint32_t count_fresh(const struct profile *profile, const struct behaviour_event *event)
{
    uint32_t fresh = 0;
    for (size_t i = 0; i < event->count; i++) {
        fresh += !known_has(&profile->known, event->recipients[i]);
    }
    return fresh;
}

void profile_add(uint32_t *count, uint32_t amount)
{
    *count = *count + amount < PROFILE_COUNT_MAX ? *count + amount : PROFILE_COUNT_MAX;
}

void profile_charge(struct profile *profile, enum profile_meter meter, uint32_t amount)
{
    window_charge(&profile->hour[meter], amount);
    if ((int)meter < (int)METER_DAYS) {
        window_charge(&profile->day[meter], amount);
    }
}

static void charge_strange(struct profile *profile, const struct profile_facts *facts)
{
    uint32_t origin = strange_parts(facts, facts->origin);
    uint32_t identity = strange_parts(facts, facts->identity);
    profile_charge(profile, METER_ORIGIN, origin);
    profile_charge(profile, METER_IDENTITY, identity);
    profile_add(&profile->slow_origin, origin);
    profile_add(&profile->slow_identity, identity);
}

static void charge_all(struct profile *profile, const struct profile_facts *facts)
{
    profile_charge(profile, METER_ASKED, facts->count);
    profile_charge(profile, METER_NEW, facts->fresh);
    bool is_strange = facts->origin + facts->identity > PROFILE_STRANGE_LEAST;
    if (facts->is_strange && !facts->has_list_fields) {
        profile_add(&profile->slow_strange, facts->fresh * PROFILE_PART);
    }
    if (is_strange && !facts->has_list_fields) {
        charge_strange(profile, facts);
    }
}

/* The slot that is being filled and the one before: five to ten minutes. */
static uint32_t ten_minutes(const struct window *hour)
{
    uint64_t newest = hour->newest;
    return (uint32_t)(hour->used[newest % WINDOW_SLOTS] +
                      (newest > 0 ? hour->used[(newest - 1) % WINDOW_SLOTS] : 0));
}

static void measure_mail(struct profile *profile, const struct behaviour_event *event,
                         struct profile_facts *facts)
{
    if (!event->is_repeat) {
        charge_all(profile, facts);
    }
    facts->different = measure_different(profile, event);
    facts->spread = measure_spread(profile, event);
}

/* So many recipients of newsletters in a day are believed of anybody; beyond, as many as mail of
 * late was delivered to. Where more than a tenth failed none are: a newsletter goes to addresses
 * from a form. */
#define LIST_ROOM 200
#define LIST_FAILED 10

static bool is_list_earned(const struct profile *profile, size_t count)
{
    const uint32_t *of = profile->slow.of;
    uint64_t day = window_sum(&profile->day[METER_LIST]) + count;
    uint32_t failed = of[OUTCOME_DEAD] + of[OUTCOME_POLICY] + of[OUTCOME_REFUSED];
    uint32_t delivered = of[OUTCOME_DELIVERED];
    return day <= LIST_ROOM + delivered / PROFILE_PART &&
           (failed < PROFILE_PART || failed * LIST_FAILED <= failed + delivered);
}

/* The fields of lists alone prove nothing: whoever sends spam can add them. */
static bool is_newsletter(const struct profile *profile, const struct behaviour_event *event,
                          const struct profile_facts *facts)
{
    bool has_fields = event->has_list_id && event->has_one_click;
    return event->is_bulk || (has_fields && facts->origin + facts->identity < DOUBTFUL &&
                              is_list_earned(profile, event->count));
}

void profile_measure(struct profile *profile, const struct behaviour_event *event,
                     struct profile_facts *facts_r)
{
    *facts_r = (struct profile_facts){ .time = profile_time(event->local_s),
                                       .count = (uint32_t)event->count,
                                       .fresh = count_fresh(profile, event),
                                       .country = event->country };
    measure_who(profile, event, facts_r);
    bool is_abroad = (facts_r->strange & 1 << HABIT_COUNTRY) != 0;
    facts_r->has_list_fields = event->has_list_id && event->has_one_click && !is_abroad;
    facts_r->is_newsletter = is_newsletter(profile, event, facts_r);
    facts_r->cost = facts_r->is_strange ? facts_r->count : facts_r->fresh;
    if (!facts_r->is_newsletter) {
        measure_mail(profile, event, facts_r);
    } else if (!event->is_repeat) {
        profile_charge(profile, METER_LIST, facts_r->count);
    }
    facts_r->ten_minutes = ten_minutes(&profile->hour[METER_ASKED]);
    facts_r->hour = (uint32_t)window_sum(&profile->hour[METER_ASKED]);
    facts_r->hour_new = (uint32_t)window_sum(&profile->hour[METER_NEW]);
    facts_r->day = (uint32_t)window_sum(&profile->day[METER_ASKED]);
    facts_r->day_new = (uint32_t)window_sum(&profile->day[METER_NEW]);
    facts_r->origin_count = strange_count(&profile->hour[METER_ORIGIN], profile->slow_origin);
    facts_r->strange_new = facts_r->is_strange ? profile->slow_strange / PROFILE_PART : 0;
    facts_r->identity_count = strange_count(&profile->hour[METER_IDENTITY], profile->slow_identity);
}
