/*
 * choose: which limits hold for a message. Of the limits that count the same (count, by,
 * recipients, per) the most specific one holds: what names the principal goes before what names its
 * plan, then its domain, its network, its class, then what names nothing. Limits of different
 * length hold together.
 */
#ifndef EM_LIMITS_CHOOSE_H
#define EM_LIMITS_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "limits/limit.h"
#include "util/span.h"

/* Whose mail it is, as selectors see it; what is absent fits no selector. */
struct limit_subject {
    enum mail_class mail_class;
    struct span principal;
    struct span plan;
    struct span domain;  /* of the envelope sender, where it is ours */
    struct span network; /* the name of its row */
};

struct limit_set;

/* All rows and the default; the rows outlive it. NULL: out of memory. */
struct limit_set *limit_set_new(const struct limits_settings *settings);
void limit_set_free(struct limit_set **set);
size_t limit_set_size(const struct limit_set *set);
/* In the order of the file, the default last unless a row has its name. */
const struct limit *limit_set_at(const struct limit_set *set, size_t index);
const struct limit *limit_set_find(const struct limit_set *set, struct span name);
/* Does any limit ask for plans? */
bool limit_set_asks_plan(const struct limit_set *set);

struct limit_choice {
    const struct limit *limit;
    /* Does its action hold for this mail? Else it is counted, and only told: without a selector a
     * limit acts on submission only, or on everything where it is by site. */
    bool is_acting;
};
/* At most `max`; how many. */
size_t limit_choose(const struct limit_set *set, const struct limit_subject *subject,
                    struct limit_choice *choices_r, size_t max);

/* Is `whom` ("alice@example.org", "@example.org", "printers") this principal? */
bool limit_names(const char *whom, struct span principal);

#endif
