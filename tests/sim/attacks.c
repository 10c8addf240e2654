/*
 * attacks: what is sent with a stolen password.
 */
#include "tests/sim/traffic.h"

const char *const attack_names[ATTACK_COUNT] = { "burst",       "distributed",  "dead-list",
                                                 "reply-chain", "slow-ramp",    "night-drip",
                                                 "snowshoe",    "own-computer", "webmail" };

enum { NO_PROGRAM = 30, WEBMAIL_PROGRAM = 16, MACHINES = 3 };

/* One thief, with his list, his program and his machines. */
struct thief {
    struct chance chance;
    const struct person *person;
    struct traffic *traffic;
    struct mail mail; /* what all have in common */
    uint32_t next;    /* recipient of his list */
    struct look machines[MACHINES];
    bool has_many_machines; /* another one for each message */
    bool is_one_text;
    uint32_t known; /* of a thousand recipients: from the owner's mailbox */
};

/* Most come from abroad with a program of their own; some take pains to look like the owner. */
static struct look machine(struct thief *thief)
{
    struct look look = thief->person->desktop;
    look.network = (uint32_t)chance_next(&thief->chance) | 1;
    if (chance_happens(&thief->chance, 850)) {
        look.country = chance_from(&thief->chance, 20, 60);
    }
    return look;
}

static void disguise(struct thief *thief, struct look *look)
{
    uint32_t kind = (uint32_t)chance_below(&thief->chance, 1000);
    if (kind >= 150) { /* else the same program as the owner's */
        look->client = kind < 650 ? NO_PROGRAM : chance_from(&thief->chance, 11, 15);
    }
    if (chance_happens(&thief->chance, 700)) {
        look->helo = 40 + (uint32_t)chance_below(&thief->chance, 4);
    }
    if (chance_happens(&thief->chance, 700)) {
        look->tls = 140 + (uint32_t)chance_below(&thief->chance, 4);
    }
}

static struct thief thief_of(const struct person *person, enum attack kind, uint64_t seed,
                             struct traffic *traffic)
{
    struct thief thief = { .chance = chance_of(seed, 500000 + person->number * 20 + kind),
                           .person = person,
                           .traffic = traffic };
    struct look program = { 0 };
    thief.mail = (struct mail){ .is_attack = true,
                                .digest = chance_next(&thief.chance),
                                .from = 1000 + (uint32_t)person->number,
                                .dead = (uint16_t)chance_from(&thief.chance, 30, 250),
                                .policy = (uint16_t)chance_from(&thief.chance, 20, 300),
                                .complaint = 2 };
    thief.mail.from += chance_happens(&thief.chance, 300) ? 5000 : 0;
    thief.mail.has_stray_reply_to = chance_happens(&thief.chance, 200);
    thief.mail.has_list_id = thief.mail.has_one_click = chance_happens(&thief.chance, 100);
    thief.is_one_text = chance_happens(&thief.chance, 700);
    program = person->desktop;
    disguise(&thief, &program);
    for (unsigned i = 0; i < MACHINES; i++) {
        thief.machines[i] = machine(&thief);
        thief.machines[i].client = program.client;
        thief.machines[i].helo = program.helo;
        thief.machines[i].tls = program.tls;
    }
    return thief;
}

static void send(struct thief *thief, int64_t at_s, uint32_t count)
{
    struct mail mail = thief->mail;
    mail.at_s = at_s;
    mail.look = thief->machines[chance_below(&thief->chance, MACHINES)];
    if (thief->has_many_machines) {
        struct look other = machine(thief);
        mail.look.network = other.network;
        mail.look.country = other.country;
    }
    mail.digest = thief->is_one_text ? mail.digest : chance_next(&thief->chance);
    traffic_add(thief->traffic, &mail);
    for (uint32_t i = 0; i < count; i++) {
        bool is_known = chance_happens(&thief->chance, thief->known);
        uint32_t number = thief->next++;
        traffic_to(thief->traffic,
                   is_known ? person_contact(thief->person, number % thief->person->contacts)
                            : chance_mix(thief->mail.digest + number));
    }
}

/* So many recipients in all, `each` of a message (0: 1, or up to 50, or up to 500 by chance). */
static void send_burst(struct thief *thief, int64_t at_s, uint32_t all, uint32_t most,
                       uint32_t gap_s)
{
    for (uint32_t sent = 0; sent < all;) {
        uint32_t count = chance_from(&thief->chance, (most + 1) / 2, most);
        count = count < all - sent ? count : all - sent;
        send(thief, at_s, count);
        sent += count;
        at_s += chance_from(&thief->chance, 0, 2 * gap_s);
    }
}

static uint32_t burst_size(struct thief *thief)
{
    uint32_t kind = (uint32_t)chance_below(&thief->chance, 10);
    return kind < 4   ? 1
           : kind < 8 ? chance_from(&thief->chance, 2, 50)
                      : chance_from(&thief->chance, 100, 500);
}

/* At any time of day; nights and weekends more often. */
static int64_t some_time(struct thief *thief, uint32_t day)
{
    uint32_t hour = chance_happens(&thief->chance, 500) ? chance_from(&thief->chance, 0, 6)
                                                        : chance_from(&thief->chance, 0, 23);
    return (int64_t)day * SIM_DAY_S + hour * SIM_HOUR_S +
           (int64_t)chance_below(&thief->chance, 3600);
}

static void slow_ramp(struct thief *thief, uint32_t day)
{
    uint32_t a_day = chance_from(&thief->chance, 4, 10) * 100;
    uint32_t growth = chance_from(&thief->chance, 115, 140);
    for (; day < SIM_DAYS && a_day < 100000; day++, a_day = a_day * growth / 100) {
        uint32_t gap_s = 11 * SIM_HOUR_S / (a_day / 100 + 1);
        send_burst(thief, (int64_t)day * SIM_DAY_S + 7 * SIM_HOUR_S, a_day / 100, 1, gap_s);
    }
}

static void night_drip(struct thief *thief, uint32_t day)
{
    uint32_t an_hour = chance_from(&thief->chance, 3, 12);
    for (; day < SIM_DAYS; day++) {
        send_burst(thief, (int64_t)day * SIM_DAY_S + 22 * SIM_HOUR_S, an_hour * 8, 1,
                   SIM_HOUR_S / an_hour);
    }
}

void attack_traffic(const struct person *person, enum attack kind, uint64_t seed, uint32_t day,
                    struct traffic *traffic)
{
    struct thief thief = thief_of(person, kind, seed, traffic);
    int64_t at_s = some_time(&thief, day);
    uint32_t all = chance_from(&thief.chance, 500, 5000);
    switch (kind) {
    case ATTACK_DISTRIBUTED:
        thief.has_many_machines = true;
        send_burst(&thief, at_s, all, chance_from(&thief.chance, 1, 10),
                   chance_from(&thief.chance, 1, 20));
        break;
    case ATTACK_DEAD_LIST:
        thief.mail.dead = (uint16_t)chance_from(&thief.chance, 300, 700);
        send_burst(&thief, at_s, all, burst_size(&thief), chance_from(&thief.chance, 1, 10));
        break;
    case ATTACK_REPLY_CHAIN:
        thief.known = chance_from(&thief.chance, 400, 900);
        thief.mail.dead = (uint16_t)chance_from(&thief.chance, 5, 60);
        send_burst(&thief, at_s, chance_from(&thief.chance, 100, 400), 2,
                   chance_from(&thief.chance, 5, 60));
        break;
    case ATTACK_SLOW_RAMP:
        slow_ramp(&thief, day);
        break;
    case ATTACK_NIGHT_DRIP:
        night_drip(&thief, day);
        break;
    case ATTACK_SNOWSHOE:
        thief.has_many_machines = chance_happens(&thief.chance, 500);
        send_burst(&thief, at_s, chance_from(&thief.chance, 30, 150), 2,
                   chance_from(&thief.chance, 300, 1500));
        break;
    case ATTACK_OWN_COMPUTER:
        for (unsigned i = 0; i < MACHINES; i++) { /* its own SMTP, or the owner's program */
            thief.machines[i] = person->desktop;
            thief.machines[i].client =
                thief.mail.digest % 2 == 0 ? person->desktop.client : (uint32_t)NO_PROGRAM;
        }
        send_burst(&thief, at_s, all, burst_size(&thief), chance_from(&thief.chance, 1, 10));
        break;
    case ATTACK_WEBMAIL:
        for (unsigned i = 0; i < MACHINES; i++) {
            thief.machines[i] = (struct look){ .client = WEBMAIL_PROGRAM };
        }
        send_burst(&thief, at_s, all, burst_size(&thief), chance_from(&thief.chance, 5, 30));
        break;
    default:
        send_burst(&thief, at_s, all, burst_size(&thief), chance_from(&thief.chance, 1, 10));
        break;
    }
}
