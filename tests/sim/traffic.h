/*
 * traffic: mail of a month, by one login: what its owner sends, and what a thief does.
 *
 * Numbers are of no survey. They are set so that what honest people do now and then (invoices at
 * the end of a month, invitations, travel, new telephones) is there often enough to be in the way.
 */
#ifndef EM_TESTS_SIM_TRAFFIC_H
#define EM_TESTS_SIM_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "behaviour/event.h"
#include "tests/sim/chance.h"

enum { SIM_DAYS = 30, SIM_PEOPLE = 200, SIM_HOUR_S = 3600, SIM_DAY_S = 86400 };
/* 2026-06-01, a Monday; the month ends on day 29, a Tuesday. */
#define SIM_BEGIN_S INT64_C(1780272000)

/* How a client looks. 0: not known. */
struct look {
    uint32_t network, country, helo, client, tls;
};

struct mail {
    int64_t at_s;          /* since SIM_BEGIN_S */
    uint32_t first, count; /* recipients, in traffic.recipients */
    uint64_t digest;
    struct look look;
    uint32_t from;
    bool has_stray_reply_to, has_list_id, has_one_click, is_bulk;
    bool is_attack;
    uint16_t dead, policy, complaint; /* of a thousand recipients */
};

struct traffic {
    struct mail *mails;
    size_t count, room;
    uint64_t *recipients;
    size_t recipient_count, recipient_room;
};

/* Who he is; the shares are at the table of roles. */
enum role {
    ROLE_OFFICE,
    ROLE_SALES,
    ROLE_HELPDESK,
    ROLE_INVOICES,
    ROLE_NEWSLETTER,
    ROLE_BCC,
    ROLE_CAMPAIGN,
    ROLE_NEWCOMER,
    ROLE_CRON,
    ROLE_FORWARD,
    ROLE_TERM,
    ROLE_COUNT
};

struct person {
    uint64_t seed, number;
    enum role role;
    uint32_t office;   /* a network shared by many */
    uint32_t contacts; /* people he writes to */
    uint32_t next_contact;
    uint32_t a_day; /* messages on a working day */
    uint32_t fresh; /* of a thousand recipients: never written to before */
    bool uses_webmail;
    struct look desktop, telephone, home;
    uint32_t new_device_day; /* SIM_DAYS: none */
    uint32_t service_day;    /* from then on a service of others sends in his name, too */
    uint32_t leave_begin, leave_end;
    uint32_t busy_day;   /* from then on he has three times as much to do */
    unsigned colleagues; /* who use the same login, each with a program */
    uint32_t trip_begin, trip_end, trip_country;
    uint32_t begins; /* the day he sends from on */
};

enum attack {
    ATTACK_BURST,
    ATTACK_DISTRIBUTED,
    ATTACK_DEAD_LIST,
    ATTACK_REPLY_CHAIN,
    ATTACK_SLOW_RAMP,
    ATTACK_NIGHT_DRIP,
    ATTACK_SNOWSHOE,
    ATTACK_OWN_COMPUTER,
    ATTACK_WEBMAIL,
    ATTACK_COUNT
};
extern const char *const attack_names[ATTACK_COUNT];
extern const char *const role_names[ROLE_COUNT];

void traffic_free(struct traffic *traffic);
/* Its recipients follow with traffic_to(). */
void traffic_add(struct traffic *traffic, const struct mail *mail);
void traffic_to(struct traffic *traffic, uint64_t recipient);
void traffic_sort(struct traffic *traffic);

struct person person_of(uint64_t seed, unsigned number);
/* A contact of his; the lower the number, the more often. */
uint64_t person_contact(const struct person *person, uint32_t number);
void person_traffic(struct person *person, struct traffic *traffic);
/* Adds an attack that begins on this day. */
void attack_traffic(const struct person *person, enum attack kind, uint64_t seed, uint32_t day,
                    struct traffic *traffic);

#endif
