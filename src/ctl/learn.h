/*
 * learn: who sends as whom, collected from a log (cmd_learn_owners.c), judged address by address
 * (learn_address.c) and proposed as a table (learn_print.c,
 * learn_json.c).
 */
#ifndef EM_CTL_LEARN_H
#define EM_CTL_LEARN_H

#include "ctl/log_scan.h"
#include "ctl/tally.h"
#include "site/site.h"

struct learn {
    struct ctl *ctl;
    struct site *site; /* for logins.delimiter and outgoing.internal; NULL: none could be loaded */
    uint64_t min;      /* messages before a pair is believed */
    uint64_t max_logins; /* an address of more logins is only suggested */
    struct log_scan scan;
    uint64_t submissions;    /* messages of class submission */
    uint64_t stopped;        /* of these, those that do not teach */
    uint64_t redacted;       /* of these, those that name nobody */
    uint64_t strange;        /* addresses that are none, or too long, once for each message */
    struct tally *pairs;     /* address in lower case, login */
    struct tally_row **rows; /* sorted by domain, address, login */
    size_t row_count;
};

enum learn_state {
    LEARN_OWN,  /* only the login of this name uses it: nothing to propose */
    LEARN_RARE, /* others do, each too seldom to be believed */
    LEARN_PROPOSED,
    LEARN_SHARED,    /* more than max_logins do */
    LEARN_UNWRITABLE /* the address or a login has octets that a table cannot hold */
};

/* What is known of an address. */
struct learn_address {
    struct span address, domain;
    struct tally_row **rows; /* all its logins, sorted */
    size_t row_count;
    size_t believed, rare; /* logins; the owner by name is always believed */
    uint64_t messages;     /* of those believed */
    int64_t last_s;        /* -1: not known */
    enum learn_state state;
};

/* Takes learn->pairs into learn->rows. False: no memory. */
bool learn_sort(struct learn *learn);
/* The next address, from *at_io = 0 on; false at the end. */
bool learn_next(const struct learn *learn, size_t *at_io, struct learn_address *address_r);
/* Is this login's word worth a line? */
bool learn_believes(const struct learn *learn, const struct tally_row *row);
/* Is it the address the login has by its name (extension aside; a login without a domain: at an
 * internal one)? */
bool learn_is_own(const struct learn *learn, struct span address, struct span login);
/* Only octets that mean nothing else in a table: no blank, comma, colon, star, nothing beyond
 * ASCII.
 */
bool learn_is_writable_login(struct span login);
bool learn_is_writable_address(struct span address);

/* Neither its own nor rare. */
bool learn_is_told(const struct learn_address *address);
/* What stands behind the last "@". */
struct span learn_domain_of(struct span address);

/*
 * A login that uses LEARN_DOMAIN_MIN addresses of a domain, or more, may own all of it.
 * learn_domain_begin() collects into `scratch` what counts of the rows from `begin` up to `end`,
 * which are of one domain, and returns how many; learn_domain_next() finds the owners in it, in the
 * order of their names, from *at_io = 0 on; false at the end.
 */
#define LEARN_DOMAIN_MIN 5
struct learn_owner {
    struct span login;
    size_t addresses;
};
size_t learn_domain_begin(const struct learn *learn, size_t begin, size_t end,
                          struct tally_row **scratch);
bool learn_domain_next(struct tally_row **scratch, size_t count, size_t *at_io,
                       struct learn_owner *owner_r);

/* Into learn->ctl->out; false: no memory. */
bool learn_print_text(const struct learn *learn);
bool learn_print_json(const struct learn *learn, bool is_whole);

#endif
