/*
 * child_ears: what the mail server's log and reports tell of our mail reaches its principals
 * (policy/outcome.h).
 */
#include "daemon/child_private.h"

#include "policy/outcome.h"

static void learn(struct child *child, const struct maillog_outcome *outcome, bool is_complaint)
{
    struct site *site = site_holder_get(child->holder);
    const struct outcome_house house = { .site = site,
                                         .clock = child->world.clock,
                                         .store = child->store,
                                         .books = &child->world.books,
                                         .notices = child->world.notices };
    outcome_learn(&house, outcome, is_complaint);
    site_unref(&site);
}

static void hear_outcome(void *context, const struct maillog_outcome *outcome)
{
    learn(context, outcome, false);
}

static void hear_complaint(void *context, const struct maillog_outcome *outcome)
{
    learn(context, outcome, true);
}

void child_ears_open(struct child *child)
{
    child->ears = (struct watch_ears){ .outcome = hear_outcome,
                                       .complaint = hear_complaint,
                                       .context = child };
}
