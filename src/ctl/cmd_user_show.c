/*
 * user show: what counts for one principal, as the daemon tells. Where plans come from a socketmap,
 * which the daemon does not ask on the way of other requests, it is asked here.
 */
#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/load.h"
#include "site/login.h"
#include "site/plans.h"

enum { SHOW_MEMORY_MAX = 1024 * 1024 };

/* Absent: the daemon can tell, or nobody can. In the arena. */
static struct span plan_ask(const struct ctl *ctl, const char *name, struct arena *arena)
{
    struct site *site = load_site_quietly(ctl);
    struct span plan = { NULL, 0 };

    if (site != NULL && plans_wait(site)) {
        plan = plans_of(site, NULL, login_canonical(site, span_of(name), arena), arena);
    }
    if (plan.size > 0) {
        plan = arena_copy(arena, plan);
    }
    site_unref(&site);
    return plan;
}

static enum ctl_exit user_show_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct span words[] = { SPAN("limits"), SPAN("user"), span_of(args->operands[0]), SPAN("") };
    struct arena *arena = arena_new(SHOW_MEMORY_MAX);
    enum ctl_exit code;

    if (arena == NULL) {
        return ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    }
    words[3] = plan_ask(ctl, args->operands[0], arena);
    code = ask_daemon_words(ctl, args, words, words[3].size > 0 ? 4 : 3);
    arena_free(&arena);
    return code;
}

const struct ctl_command cmd_user_show = {
    .name = "user show",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .options = ask_options,
    .brief = "what counts for a login or network: used, when more fits, which line says so",
    .run = user_show_run,
};
