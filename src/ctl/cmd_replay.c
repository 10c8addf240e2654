/*
 * replay: what the limits of the configuration would have done to past traffic, and limits that
 * would fit it. The past is in our own lines, or in those of Postfix alone.
 *
 * What was deferred then was tried again, and is in the log again; what would be deferred now is
 * not. So both are counted once at most. Fails with the exit codes of log_scan; 1 where something
 * had to be left out or there was nothing to read.
 */
#include <inttypes.h>

#include "ctl/commands.h"
#include "ctl/load.h"
#include "ctl/replay.h"

#define TOP_STANDARD 20
#define TOP_MAX 1000000

static void take(void *context, const struct past_message *message)
{
    struct replay *replay = context;

    replay_limits_take(replay->limits, message);
    replay_busy_take(replay->busy, message);
}

/* What reading left out. True: nothing. */
static bool remark_reading(struct ctl *ctl, const struct replay_reading *reading)
{
    const struct log_scan *scan = &reading->scan;
    bool is_whole = scan->messages > 0 && scan->undated == 0 && reading->crowded == 0 &&
                    reading->backwards == 0;

    if (scan->messages == 0) {
        ctl_fail(ctl, CTL_WARNING,
                 "no outgoing message among %" PRIu64
                 " lines; read are lines of egress-milter, and of Postfix those with "
                 "sasl_username=, of pickup and from outgoing.networks",
                 scan->lines);
    }
    if (scan->undated > 0) {
        ctl_fail(ctl, CTL_WARNING, "%" PRIu64 " lines are left out: they do not say when",
                 scan->undated);
    }
    if (scan->long_lines > 0) {
        ctl_fail(ctl, CTL_WARNING, "%" PRIu64 " lines are left out: too long", scan->long_lines);
    }
    if (reading->backwards > 0) {
        ctl_fail(ctl, CTL_WARNING,
                 "%" PRIu64 " messages stand behind later ones: give the oldest log first",
                 reading->backwards);
    }
    if (reading->crowded > 0) {
        ctl_fail(ctl, CTL_WARNING,
                 "%" PRIu64 " messages counted before all deliveries were known: recipients "
                 "inside count as outside there",
                 reading->crowded);
    }
    if (reading->redacted > 0) {
        ctl_fail(ctl, CTL_GOOD,
                 "the log is redacted (log.redact): users of one domain are counted as one");
    }
    if (reading->stopped > 0) {
        ctl_fail(ctl, CTL_GOOD, "%" PRIu64 " messages were stopped then and are not counted",
                 reading->stopped);
    }
    return is_whole;
}

/* What counting left out. True: nothing. */
static bool remark_counting(struct ctl *ctl, const struct replay *replay)
{
    const struct replay_effect *effect = replay_limits_effect(replay->limits);
    uint64_t left_out = tally_left_out(effect->rows) + replay_busy_left_out(replay->busy);

    if (effect->leaves_out) {
        ctl_fail(ctl, CTL_GOOD,
                 "limits by provider and of unique, new or failed recipients are left out: a log "
                 "does not tell what they count");
    }
    if (effect->unknown > 0) {
        ctl_fail(ctl, CTL_WARNING, "%" PRIu64 " messages could not be counted: out of memory",
                 effect->unknown);
    }
    if (left_out > 0) {
        ctl_fail(ctl, CTL_WARNING,
                 "too many users: %" PRIu64 " messages are in no table; --since takes less at once",
                 left_out);
    }
    return effect->unknown == 0 && left_out == 0;
}

static enum ctl_exit replay_all(struct replay *replay, const struct site *site,
                                const struct ctl_args *args)
{
    struct ctl *ctl = replay->ctl;
    enum ctl_exit code = replay_read(ctl, args, site, take, replay, &replay->reading);
    bool is_read_whole, is_counted_whole;

    if (code != CTL_GOOD) {
        return code;
    }
    is_read_whole = remark_reading(ctl, &replay->reading);
    is_counted_whole = remark_counting(ctl, replay);
    replay->is_whole = is_read_whole && is_counted_whole;
    if (!replay_print(replay)) {
        return ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    }
    return replay->is_whole ? CTL_GOOD : CTL_WARNING;
}

static enum ctl_exit replay_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct replay replay = { .ctl = ctl };
    struct site *site;
    enum ctl_exit code;

    if (!log_scan_number(ctl, args, "top", TOP_STANDARD, TOP_MAX, &replay.top)) {
        return CTL_USAGE;
    }
    site = load_site(ctl);
    if (site == NULL) {
        return CTL_CONFIG;
    }
    replay.limits = replay_limits_new(site);
    replay.busy = replay_busy_new(site);
    code = replay.limits != NULL && replay.busy != NULL
               ? replay_all(&replay, site, args)
               : ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    replay_limits_free(&replay.limits);
    replay_busy_free(&replay.busy);
    site_unref(&site);
    return code;
}

static const struct ctl_option replay_options[] = {
    LOG_SINCE_OPTION,
    { .name = "top", .argument = "N", .brief = "so many rows of users and limits (20)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_replay = {
    .name = "replay",
    .operands = "[LOG ...]",
    .operands_max = LOG_OPERANDS_MAX,
    .options = replay_options,
    .brief = "what the limits would have done to past traffic, and limits that fit it",
    .details =
        "LOG is a mail log, compressed or not, or -, the oldest first; without one the mail log\n"
        "of the system. Lines of egress-milter count, and where there is none for a message\n"
        "those of Postfix. Proposes limits per plan: twice what 99.5 of 100 users had at most in\n"
        "their busiest hour and day. Ends 1 when something had to be left out, or there was no\n"
        "message.",
    .run = replay_run,
};
