/*
 * people: two hundred who work in three offices.
 */
#include "tests/sim/traffic.h"

const char *const role_names[ROLE_COUNT] = { "office",     "sales",   "helpdesk", "invoices",
                                             "newsletter", "bcc",     "campaign", "newcomer",
                                             "cron",       "forward", "term" };

/* Of two hundred. */
static const uint8_t role_shares[ROLE_COUNT] = {
    [ROLE_OFFICE] = 121,   [ROLE_SALES] = 24,  [ROLE_HELPDESK] = 8, [ROLE_INVOICES] = 10,
    [ROLE_NEWSLETTER] = 4, [ROLE_BCC] = 5,     [ROLE_CAMPAIGN] = 3, [ROLE_NEWCOMER] = 12,
    [ROLE_CRON] = 6,       [ROLE_FORWARD] = 6, [ROLE_TERM] = 1
};

enum {
    HOME_COUNTRY = 1,
    OUTLOOK = 11,
    THUNDERBIRD,
    APPLE_MAIL,
    IPHONE,
    ANDROID,
    ROUNDCUBE,
    INVOICER,
    NEWS_TOOL,
    SCRIPT,
    SERVICE
};

static uint32_t word(uint64_t a, uint64_t b)
{
    return (uint32_t)chance_mix(a * 0x9e3779b97f4a7c15 + b) | 1;
}

static enum role role_of(unsigned number)
{
    unsigned place = number * 77 % SIM_PEOPLE; /* 77 and 200 have no divisor in common */
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if (place < role_shares[role]) {
            return (enum role)role;
        }
        place -= role_shares[role];
    }
    return ROLE_OFFICE;
}

static struct look look_of(uint32_t network, uint32_t client, uint32_t helo)
{
    return (struct look){ .network = network,
                          .country = HOME_COUNTRY,
                          .helo = helo,
                          .client = client,
                          .tls = 100 + client % 3 };
}

static void habits_of(struct person *person, struct chance *chance)
{
    static const uint32_t desktops[] = { OUTLOOK, OUTLOOK, OUTLOOK, THUNDERBIRD, APPLE_MAIL };
    uint32_t desktop = desktops[chance_below(chance, 5)];
    uint32_t telephone = chance_happens(chance, 500) ? IPHONE : ANDROID;
    person->office = word(person->seed, 900 + chance_below(chance, 3));
    person->desktop = look_of(person->office, desktop, 1);
    person->home = look_of(word(person->number, person->seed + 7), desktop, 1);
    person->telephone = look_of(0, telephone, 2);
    person->uses_webmail = chance_happens(chance, 300);
    person->new_device_day =
        chance_happens(chance, 100) ? (uint32_t)chance_below(chance, SIM_DAYS) : SIM_DAYS;
    person->service_day =
        chance_happens(chance, 20) ? (uint32_t)chance_below(chance, SIM_DAYS) : SIM_DAYS;
    person->busy_day =
        chance_happens(chance, 30) ? (uint32_t)chance_below(chance, SIM_DAYS) : SIM_DAYS;
    person->leave_begin = person->leave_end = SIM_DAYS;
    if (chance_happens(chance, 120)) {
        person->leave_begin = (uint32_t)chance_below(chance, SIM_DAYS);
        person->leave_end = person->leave_begin + chance_from(chance, 5, 14);
    }
    person->trip_begin = person->trip_end = SIM_DAYS;
    if (chance_happens(chance, 200)) {
        person->trip_begin = (uint32_t)chance_below(chance, SIM_DAYS);
        person->trip_end = person->trip_begin + chance_from(chance, 1, 5);
        person->trip_country =
            chance_happens(chance, 500) ? chance_from(chance, 2, 9) : HOME_COUNTRY;
    }
}

struct person person_of(uint64_t seed, unsigned number)
{
    struct chance chance = chance_of(seed, number);
    static const uint8_t paces[] = { 2, 4, 6, 8, 10, 12, 15, 18, 25, 40 };
    struct person person = { .seed = seed, .number = number, .role = role_of(number) };
    habits_of(&person, &chance);
    person.contacts = chance_from(&chance, 20, 150);
    person.a_day = paces[chance_below(&chance, sizeof(paces))];
    person.fresh = chance_from(&chance, 20, 120);
    if (person.role == ROLE_SALES) {
        person.a_day = chance_from(&chance, 20, 50);
        person.fresh = chance_from(&chance, 150, 350);
        person.contacts = 200;
    } else if (person.role == ROLE_HELPDESK) {
        person.a_day = chance_from(&chance, 30, 80);
        person.fresh = chance_from(&chance, 400, 800);
        person.colleagues = (unsigned)chance_below(&chance, 4);
    } else if (person.role == ROLE_NEWCOMER) {
        person.begins = chance_from(&chance, 2, 20);
        person.fresh = 200;
    }
    person.next_contact = person.contacts;
    return person;
}

uint64_t person_contact(const struct person *person, uint32_t number)
{
    return chance_mix(chance_mix(person->seed * 1000 + person->number + 5) + number);
}

/* --- whom, and with what --------------------------------------------------------------------- */

/* Somebody he knows; a few often, most seldom. */
static uint64_t someone(struct person *person, struct chance *chance)
{
    uint64_t most = chance_below(chance, person->contacts) + 1;
    return person_contact(person, (uint32_t)chance_below(chance, most));
}

/* Of new ones half are written to again. */
static uint64_t stranger(struct person *person, struct chance *chance)
{
    uint64_t recipient = person_contact(person, person->next_contact++);
    if (chance_happens(chance, 500) && person->contacts + 1 == person->next_contact) {
        person->contacts++;
    }
    return recipient;
}

static uint64_t anyone(struct person *person, struct chance *chance, uint32_t fresh)
{
    return chance_happens(chance, fresh) ? stranger(person, chance) : someone(person, chance);
}

static void away(const struct person *person, uint32_t day, struct chance *chance,
                 struct look *look)
{
    if (day >= person->trip_begin && day < person->trip_end) {
        uint64_t hotel = person->number * 100 + day / 2;
        look->network = word(hotel, chance_happens(chance, 700) ? 1 : chance_from(chance, 2, 5));
        look->country = person->trip_country;
    }
}

/* From his desk, from home, from a telephone in whatever network, over the web. */
static struct look look_now(const struct person *person, int64_t at_s, struct chance *chance)
{
    uint32_t day = (uint32_t)(at_s / SIM_DAY_S), hour = (uint32_t)(at_s % SIM_DAY_S / SIM_HOUR_S);
    bool is_weekend = day % 7 >= 5, is_work = !is_weekend && hour >= 8 && hour < 18;
    bool at_home = !is_work || (person->number + day) % 5 == 0;
    struct look look = at_home ? person->home : person->desktop;
    if (chance_happens(chance, is_work ? 150 : 600)) {
        look = person->telephone;
        look.network = word(40 + chance_below(chance, 60), person->seed); /* of a carrier */
        if (chance_happens(chance,
                           20)) { /* tables of countries err, relays for privacy lead abroad */
            look.country = chance_from(chance, 2, 4);
        }
        if (day >= person->new_device_day && person->number % 2 == 0) {
            look.client = look.client == IPHONE ? ANDROID : IPHONE;
            look.tls = 100 + look.client % 3;
        }
    } else if (person->colleagues > 0) {
        look.client = OUTLOOK + (uint32_t)chance_below(chance, person->colleagues + 1);
        look.tls = 100 + look.client % 3;
    } else if (person->uses_webmail && chance_happens(chance, 200)) {
        look = (struct look){ .client = ROUNDCUBE };
    } else if (day >= person->new_device_day && person->number % 2 == 1) {
        look.client = look.client == OUTLOOK ? THUNDERBIRD : OUTLOOK;
        look.tls = 107;
        look.helo = 3;
    }
    if (look.network != 0) {
        away(person, day, chance, &look);
    }
    return look;
}

static struct mail mail_now(struct person *person, int64_t at_s, struct chance *chance)
{
    return (struct mail){ .at_s = at_s,
                          .digest = chance_next(chance),
                          .look = look_now(person, at_s, chance),
                          .from = 1000 + (uint32_t)person->number,
                          .dead = 8,
                          .policy = 2 };
}

/* --- a day ----------------------------------------------------------------------------------- */

/* Messages an hour, of a thousand of those of a working day. */
static const uint16_t hours[24] = { 1,  0,  0,  0,  0,  2,  8,  40, 90, 110, 110, 95,
                                    50, 80, 95, 95, 85, 60, 30, 15, 15, 10,  6,   3 };

static void write_mail(struct person *person, int64_t at_s, struct chance *chance,
                       struct traffic *traffic)
{
    struct mail mail = mail_now(person, at_s, chance);
    uint32_t kind = (uint32_t)chance_below(chance, 1000), count = 1;
    count = kind < 750 ? 1 : kind < 970 ? chance_from(chance, 2, 5) : chance_from(chance, 6, 15);
    traffic_add(traffic, &mail);
    for (uint32_t i = 0; i < count; i++) {
        traffic_to(traffic, anyone(person, chance, count > 5 ? person->fresh / 2 : person->fresh));
    }
}

static void ordinary_day(struct person *person, uint32_t day, struct chance *chance,
                         struct traffic *traffic)
{
    uint32_t share = day % 7 >= 5 ? 8 : 100; /* percent of a working day */
    share = day >= person->leave_begin && day < person->leave_end ? 0 : share;
    share = day >= person->busy_day ? 3 * share : share;
    uint32_t pace = person->a_day * share * chance_from(chance, 50, 150) / 100;
    for (uint32_t minute = 0; minute < 24 * 60; minute++) {
        uint64_t often = (uint64_t)pace * hours[minute / 60] / 60; /* of 100 000 */
        if (chance_below(chance, 100000) < often) {
            write_mail(person, (int64_t)day * SIM_DAY_S + minute * 60, chance, traffic);
        }
    }
}

/* --- what is seldom -------------------------------------------------------------------------- */

/* One message each, or one text to all. Starts at the hour given. */
struct mailing {
    uint32_t day, hour, recipients, each, fresh; /* each: recipients of a message */
    uint32_t gap_s;
    uint32_t client; /* another program; 0: his own */
    bool is_one_text, is_list, is_bulk, from_desk;
    uint16_t dead, policy, complaint;
};

static void send_mailing(struct person *person, const struct mailing *mailing,
                         struct chance *chance, struct traffic *traffic)
{
    int64_t at_s = (int64_t)mailing->day * SIM_DAY_S + mailing->hour * SIM_HOUR_S +
                   (int64_t)chance_below(chance, 1800);
    struct mail mail = mail_now(person, at_s, chance);
    uint64_t text = mail.digest;
    mail.look = mailing->from_desk ? person->desktop : mail.look;
    if (mailing->client != 0) {
        mail.look.client = mailing->client;
        mail.look.helo = 5;
        mail.look.tls = 104;
    }
    mail.has_list_id = mail.has_one_click = mailing->is_list;
    mail.is_bulk = mailing->is_bulk;
    mail.dead = mailing->dead;
    mail.policy = mailing->policy;
    mail.complaint = mailing->complaint;
    for (uint32_t sent = 0; sent < mailing->recipients;) {
        mail.digest = mailing->is_one_text ? text : chance_next(chance);
        traffic_add(traffic, &mail);
        for (uint32_t i = 0; i < mailing->each && sent < mailing->recipients; i++, sent++) {
            traffic_to(traffic, chance_happens(chance, mailing->fresh)
                                    ? stranger(person, chance)
                                    : person_contact(person, sent % person->contacts));
        }
        mail.at_s += chance_from(chance, mailing->gap_s / 2, mailing->gap_s * 2);
    }
}

static void invoices(struct person *person, struct chance *chance, struct traffic *traffic)
{
    struct mailing mailing = { .day = chance_from(chance, 28, 29),
                               .hour = chance_from(chance, 8, 15),
                               .recipients = chance_from(chance, 20, 120),
                               .each = 1,
                               .fresh = 400,
                               .gap_s = chance_happens(chance, 500) ? 4 : 60,
                               .client = chance_happens(chance, 500) ? INVOICER : 0,
                               .is_one_text = chance_happens(chance, 500),
                               .from_desk = true,
                               .dead = 20,
                               .policy = 3 };
    send_mailing(person, &mailing, chance, traffic);
}

static void newsletter(struct person *person, struct chance *chance, struct traffic *traffic)
{
    struct mailing mailing = { .day = chance_from(chance, 8, 26),
                               .hour = chance_from(chance, 9, 16),
                               .recipients = chance_from(chance, 200, 1500),
                               .each = 1,
                               .fresh = 900,
                               .gap_s = 2,
                               .client = NEWS_TOOL,
                               .is_one_text = true,
                               .is_list = true,
                               .from_desk = true,
                               .dead = 30,
                               .policy = 5,
                               .complaint = 1 };
    send_mailing(person, &mailing, chance, traffic);
}

/* Letters by hand to people who were never written to: guests, applicants, the press. */
static void campaign(struct person *person, struct chance *chance, struct traffic *traffic)
{
    struct mailing mailing = { .day = chance_from(chance, 5, 28),
                               .hour = chance_from(chance, 9, 16),
                               .recipients = chance_from(chance, 25, 70),
                               .each = 1,
                               .fresh = 800,
                               .gap_s = chance_from(chance, 90, 300),
                               .dead = 30,
                               .policy = 3 };
    send_mailing(person, &mailing, chance, traffic);
}

/* A service that has his password: from a cloud abroad, some messages a day, most to customers. */
static void service(struct person *person, struct chance *chance, struct traffic *traffic)
{
    uint32_t a_day = chance_from(chance, 2, 10);
    for (uint32_t day = person->service_day; day < SIM_DAYS; day++) {
        for (uint32_t i = 0; i < a_day; i++) {
            int64_t at_s = (int64_t)day * SIM_DAY_S + chance_from(chance, 7 * 3600, 20 * 3600);
            struct mail mail = mail_now(person, at_s, chance);
            mail.look = (struct look){ word(70 + chance_below(chance, 3), 9), 3, 8, SERVICE, 106 };
            traffic_add(traffic, &mail);
            traffic_to(traffic, anyone(person, chance, 300));
        }
    }
}

static void bcc_letter(struct person *person, struct chance *chance, struct traffic *traffic)
{
    struct mailing mailing = { .day = chance_from(chance, 5, 28),
                               .hour = chance_from(chance, 9, 16),
                               .recipients = chance_from(chance, 30, 120),
                               .each = chance_happens(chance, 500) ? 200 : 25,
                               .fresh = 400,
                               .gap_s = 120,
                               .is_one_text = true,
                               .dead = 40,
                               .policy = 5,
                               .complaint = 1 };
    send_mailing(person, &mailing, chance, traffic);
}

static void invitation(struct person *person, struct chance *chance, struct traffic *traffic)
{
    struct mailing mailing = { .day = (uint32_t)chance_below(chance, SIM_DAYS),
                               .hour = chance_from(chance, 8, 20),
                               .recipients = chance_from(chance, 12, 40),
                               .each = chance_happens(chance, 700) ? 40 : 1,
                               .fresh = 200,
                               .gap_s = 60,
                               .is_one_text = true,
                               .dead = 20,
                               .policy = 2 };
    if (mailing.day >= person->begins) {
        send_mailing(person, &mailing, chance, traffic);
    }
}

static void term_mailing(struct person *person, struct chance *chance, struct traffic *traffic)
{
    struct mailing mailing = { .day = chance_from(chance, 10, 25),
                               .hour = 10,
                               .recipients = 30000,
                               .each = 50,
                               .fresh = 1000,
                               .gap_s = 15,
                               .is_one_text = true,
                               .is_list = true,
                               .is_bulk = true,
                               .from_desk = true,
                               .dead = 25,
                               .policy = 5 };
    send_mailing(person, &mailing, chance, traffic);
}

/* The same text to the same address, each hour, by night too. */
static void cron_mail(struct person *person, struct chance *chance, struct traffic *traffic)
{
    uint32_t every_s = chance_from(chance, 900, 7200), to = chance_from(chance, 1, 3);
    uint64_t text = chance_next(chance);
    for (int64_t at_s = 0; at_s < SIM_DAYS * SIM_DAY_S; at_s += every_s) {
        struct mail mail = { .at_s = at_s,
                             .digest = text,
                             .look = { person->office, HOME_COUNTRY, 7, SCRIPT, 105 },
                             .from = 1000 + (uint32_t)person->number,
                             .dead = 1 };
        traffic_add(traffic, &mail);
        for (uint32_t i = 0; i < to; i++) {
            traffic_to(traffic, person_contact(person, i));
        }
    }
}

/* What others write to him goes on to his other mailbox: each with another author and client. */
static void forwards(struct person *person, struct chance *chance, struct traffic *traffic)
{
    for (uint32_t minute = 0; minute < SIM_DAYS * 24 * 60; minute++) {
        if (chance_happens(chance, 15)) {
            struct mail mail = { .at_s = (int64_t)minute * 60,
                                 .digest = chance_next(chance),
                                 .look = { .client = OUTLOOK + (uint32_t)chance_below(chance, 9) },
                                 .from = word(chance_below(chance, 500), 3),
                                 .policy = 10 };
            traffic_add(traffic, &mail);
            traffic_to(traffic, person_contact(person, 0));
        }
    }
}

void person_traffic(struct person *person, struct traffic *traffic)
{
    struct chance chance = chance_of(person->seed, 100000 + person->number);
    if (person->role == ROLE_CRON) {
        cron_mail(person, &chance, traffic);
        return;
    }
    if (person->role == ROLE_FORWARD) {
        forwards(person, &chance, traffic);
        return;
    }
    for (uint32_t day = person->begins; day < SIM_DAYS; day++) {
        ordinary_day(person, day, &chance, traffic);
    }
    if (chance_happens(&chance, 100)) {
        invitation(person, &chance, traffic);
    }
    if (person->service_day < SIM_DAYS && person->service_day >= person->begins) {
        service(person, &chance, traffic);
    }
    if (person->role == ROLE_CAMPAIGN) {
        campaign(person, &chance, traffic);
    } else if (person->role == ROLE_INVOICES) {
        invoices(person, &chance, traffic);
    } else if (person->role == ROLE_NEWSLETTER) {
        newsletter(person, &chance, traffic);
    } else if (person->role == ROLE_BCC) {
        bcc_letter(person, &chance, traffic);
    } else if (person->role == ROLE_TERM) {
        term_mailing(person, &chance, traffic);
    }
}
