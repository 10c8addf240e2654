/*
 * child_ears: what the mail server's log and reports tell of our mail reaches its principals
 * (policy/outcome.h).
 */
#include "daemon/child_private.h"

#include "policy/outcome.h"

static struct outcome_house house_of(const struct child *child, const struct site *site)
{
    return (struct outcome_house){ .site = site,
                                   .clock = child->world.clock,
                                   .store = child->store,
                                   .books = &child->world.books,
                                   .notices = child->world.notices };
}

static void learn(struct child *child, const struct maillog_outcome *outcome, bool is_complaint)
{
    struct site *site = site_holder_get(child->holder);
    const struct outcome_house house = house_of(child, site);
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

static void hear_login_failed(void *context, struct span login, struct span client, uint64_t times)
{
    struct child *child = context;
    struct site *site = site_holder_get(child->holder);
    const struct outcome_house house = house_of(child, site);
    outcome_login_failed(&house, login, client, times);
    site_unref(&site);
}

void child_ears_open(struct child *child)
{
    child->ears = (struct watch_ears){ .outcome = hear_outcome,
                                       .complaint = hear_complaint,
                                       .login_failed = hear_login_failed,
                                       .context = child };
}
