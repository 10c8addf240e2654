/*
 * replay: past traffic, read from logs (replay_read.c), put before the limits of the configuration
 * (replay_limits.c), and what it says about better ones (replay_busy.c); told by replay_print.c.
 */
#ifndef EM_CTL_REPLAY_H
#define EM_CTL_REPLAY_H

#include "ctl/args.h"
#include "ctl/ctl.h"
#include "ctl/log_scan.h"
#include "ctl/tally.h"
#include "site/site.h"

/* --- what was sent --------------------------------------------------------------------------- */

struct past_message {
    int64_t time_s;
    enum mail_class mail_class;
    struct span user;    /* canonical */
    struct span domain;  /* of the envelope sender, as it stands there; absent: not known */
    struct span network; /* the name of its row; absent: none */
    uint64_t external, internal, size_bytes;
};

typedef void replay_take(void *context, const struct past_message *message);

struct replay_reading {
    struct log_scan scan; /* `messages`: handed on */
    uint64_t of_postfix;  /* of those, how many only Postfix told of */
    uint64_t stopped;     /* messages that did not go, so they are left out */
    uint64_t redacted;    /* the user is not named */
    uint64_t backwards;   /* messages that stand behind later ones, by minutes */
    uint64_t crowded;     /* messages of Postfix taken before all of their recipients were known */
};

/*
 * Reads the operands as log files. Messages come in the order of their times as far as the log has
 * it. In bounded memory; spans are good during the call. Not CTL_GOOD: what is wrong is in
 * ctl->err.
 */
enum ctl_exit replay_read(struct ctl *ctl, const struct ctl_args *args, const struct site *site,
                          replay_take *take, void *context, struct replay_reading *reading_r);

/* --- what limits would have done ------------------------------------------------------------- */

struct replay_limits;

/* NULL: no memory. */
struct replay_limits *replay_limits_new(const struct site *site);
void replay_limits_free(struct replay_limits **limits);
void replay_limits_take(struct replay_limits *limits, const struct past_message *message);

struct replay_effect {
    uint64_t messages;                 /* all */
    uint64_t deferred, rejected, held; /* would have been */
    uint64_t told;                     /* beyond a limit that would only have said so */
    uint64_t unknown;                  /* could not be counted: no memory */
    bool leaves_out;                   /* some limits count what no log tells */
    struct tally *rows;                /* user, limit */
};
const struct replay_effect *replay_limits_effect(const struct replay_limits *limits);

/* --- what users had in their busiest times ---------------------------------------------------- */

enum { REPLAY_HOUR, REPLAY_DAY, REPLAY_SPANS };

struct replay_busy;

struct replay_proposal {
    struct span plan; /* empty: users without one */
    size_t users;
    struct {
        uint64_t usual; /* 99.5 of 100 users had no more in their busiest */
        uint64_t most;  /* anybody had */
        uint64_t max;   /* proposed */
        size_t meet_it; /* users that would have met it */
    } spans[REPLAY_SPANS];
};

/* NULL: no memory. */
struct replay_busy *replay_busy_new(const struct site *site);
void replay_busy_free(struct replay_busy **busy);
/* Counts external recipients of submission. */
void replay_busy_take(struct replay_busy *busy, const struct past_message *message);
/* By plan, most users first. The array is the caller's to free, the names are the busy's. NULL:
 * there are none, or no memory; *count_r tells which. */
struct replay_proposal *replay_busy_propose(struct replay_busy *busy, size_t *count_r);
/* Messages of users that there was no room for. */
uint64_t replay_busy_left_out(const struct replay_busy *busy);

/* --- telling --------------------------------------------------------------------------------- */

struct replay {
    struct ctl *ctl;
    struct replay_reading reading;
    struct replay_limits *limits;
    struct replay_busy *busy;
    uint64_t top; /* rows told */
    bool is_whole;
};

/* Into ctl->out. False: no memory. */
bool replay_print(const struct replay *replay);

#endif
