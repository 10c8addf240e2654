/*
 * hold_set: records of held mail, chosen and compared with what the mail server has.
 */
#ifndef EM_CTL_HOLD_SET_H
#define EM_CTL_HOLD_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/args.h"
#include "ctl/ctl.h"
#include "ctl/hold_queue.h"
#include "hold/held.h"
#include "site/site.h"
#include "util/arena.h"

/* Which of them; absent: all. */
struct hold_choice {
    const char *user, *rule, *sender;
    bool has_since;
    int64_t since_s;
};

struct hold_set {
    struct site *site;
    const struct hold_settings *settings;
    const struct hold_queue_calls *queue;
    struct store *store;
    struct arena *arena;
    struct held *at; /* newest first */
    size_t count, room;
    bool failed; /* out of memory */

    /* Filled by hold_set_compare(). */
    bool is_compared;
    struct hold_ids there; /* all that the mail server has in its quarantine */
    size_t gone;           /* records of mail that is there no longer: removed */
    size_t others;         /* messages there that are not ours */
};

/* Options of the choice, for commands that have them. */
#define HOLD_CHOICE_OPTIONS                                                                        \
    { .name = "user", .argument = "NAME", .brief = "of this principal" },                          \
        { .name = "rule", .argument = "FINDING", .brief = "held for this finding" },               \
        { .name = "sender", .argument = "ADDRESS", .brief = "with this envelope sender" },         \
    {                                                                                              \
        .name = "since", .argument = "WHEN",                                                       \
        .brief = "held since: 90s, 15m, 12h, 7d, or 2026-11-28T22:00"                              \
    }

/* Loads the configuration, opens the store and reads all records. False with a complaint and the
 * exit code. hold_set_close() in either case. */
bool hold_set_open(struct ctl *ctl, struct hold_set *set, enum ctl_exit *code_r);
void hold_set_close(struct hold_set *set);
/* Asks the mail server, and removes records of mail that is gone. False with *error. */
bool hold_set_compare(const struct ctl *ctl, struct hold_set *set, struct error *error);
/* NULL: there is no record of it. */
const struct held *hold_set_find(const struct hold_set *set, struct span queue_id);

/* False with a complaint. */
bool hold_choice_read(struct ctl *ctl, const struct ctl_args *args, struct hold_choice *choice_r);
bool hold_choice_has_any(const struct hold_choice *choice);
bool hold_choice_fits(const struct hold_choice *choice, const struct held *held);

#endif
