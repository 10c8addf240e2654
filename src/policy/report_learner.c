/*
 * report_learner: is it ours, and what does it tell?
 */
#include "policy/report_learner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feedback/post.h"
#include "feedback/report_join.h"
#include "feedback/sent.h"
#include "finding/finding.h"
#include "log/counter.h"

struct learner {
    struct report_sink sink; /* first: a sink is its learner */
    struct store *store;
    const struct ledger *ledger;
    const struct clock *clock;
    struct log_sink *log;
};

struct span sent_message_id(struct span value)
{
    struct span id = span_trim(value);
    if (id.size >= 2 && id.at[0] == '<' && id.at[id.size - 1] == '>') {
        id = span_first(span_from(id, 1), id.size - 2);
    }
    return id;
}

uint64_t sent_recipient(const struct ledger *ledger, struct span address)
{
    char form[512];
    if (address.size >= sizeof(form)) {
        return ledger_fingerprint(ledger, address);
    }
    for (size_t i = 0; i < address.size; i++) {
        form[i] = ascii_lower(address.at[i]); /* reports write it as they like */
    }
    return ledger_fingerprint(ledger, (struct span){ form, address.size });
}

/* --- is it ours? ------------------------------------------------------------------------------ */

struct looking {
    struct learner *learner;
    struct sent sent;
    bool is_found;
};

static enum join_memory look(void *context, enum join_id kind, struct span id,
                             struct span recipient)
{
    struct looking *looking = context;
    struct learner *learner = looking->learner;
    if (kind != JOIN_MESSAGE_ID ||
        !sent_find(learner->store, ledger_fingerprint(learner->ledger, id),
                   clock_wall_s(learner->clock), &looking->sent)) {
        return JOIN_NEVER_SEEN;
    }
    looking->is_found = true;
    if (recipient.size == 0) {
        return JOIN_SEEN;
    }
    switch (sent_to(&looking->sent, sent_recipient(learner->ledger, recipient))) {
    case SENT_TO_HIM:
        return JOIN_SEEN_TO_HIM;
    case SENT_NOT_TO_HIM:
        return JOIN_SEEN_TO_OTHERS;
    default:
        return JOIN_SEEN;
    }
}

static struct join join_of(struct looking *looking, const struct report *report,
                           struct span recipient)
{
    const struct join_world world = { .look = look, .context = looking };
    return report_join(report, recipient, &world);
}

/* --- what it tells ---------------------------------------------------------------------------- */

static void hand_on(struct learner *learner, const struct looking *looking, const struct join *join,
                    const struct report_event *event, const struct report_recipient *recipient)
{
    bool is_complaint = event->report->kind == REPORT_COMPLAINT;
    char sender[sizeof(looking->sent.domain) + 1]; /* of it the domain is known */
    snprintf(sender, sizeof(sender), "%s%s", looking->sent.domain[0] != '\0' ? "@" : "",
             looking->sent.domain);
    struct span status = recipient != NULL ? recipient->status : (struct span){ NULL, 0 };
    if (!is_complaint && status.size == 0) {
        status = SPAN("5.0.0"); /* it failed for good, and nobody said with which code */
    }
    const struct maillog_outcome outcome = {
        .principal = span_of(looking->sent.principal),
        .mail_class = span_of(mail_class_name(looking->sent.mail_class)),
        .sender = span_of(sender),
        .message_id = join->id,
        .recipient = recipient != NULL ? recipient->address : (struct span){ NULL, 0 },
        .class = is_complaint ? 5 : recipient->status_class,
        .dsn = status,
        .text = recipient != NULL ? recipient->text : event->report->feedback_type,
        .at_s = event->at_s,
    };
    counter_add(is_complaint ? COUNTER_COMPLAINTS : COUNTER_REPORTS_TAKEN, 1);
    if (!post_add(learner->store, &outcome, is_complaint)) {
        counter_add(COUNTER_REPORTS_LOST, 1);
    }
}

static bool tells_failure(const struct report_recipient *recipient)
{
    return recipient->action == REPORT_FAILED && recipient->status_class == 5 &&
           recipient->address.size > 0;
}

static void ignore(struct learner *learner, const struct report *report, enum join_answer answer)
{
    counter_add(COUNTER_REPORTS_FOREIGN, 1);
    log_sink_print(learner->log, LOG_LEVEL_DEBUG, "report: %s ignored: %s",
                   report_kind_name(report->kind), join_wording(answer));
}

static void take_delivery(struct learner *learner, const struct report_event *event)
{
    const struct report *report = event->report;
    for (size_t i = 0; i < report->recipient_count; i++) {
        const struct report_recipient *recipient = &report->recipients[i];
        struct looking looking = { .learner = learner };
        if (!tells_failure(recipient)) {
            continue;
        }
        struct join join = join_of(&looking, report, recipient->address);
        if (join.answer == JOIN_OURS && looking.is_found) {
            hand_on(learner, &looking, &join, event, recipient);
        } else {
            ignore(learner, report, join.answer);
        }
    }
}

/* Providers often leave out who complained: the message is enough for its sender's profile, and an
 * address is suppressed only if it is told. */
static void take_complaint(struct learner *learner, const struct report_event *event)
{
    const struct report *report = event->report;
    const struct report_recipient *recipient =
        report->recipient_count > 0 && report->recipients[0].address.size > 0
            ? &report->recipients[0]
            : NULL;
    struct looking looking = { .learner = learner };
    struct join join = join_of(&looking, report,
                               recipient != NULL ? recipient->address : (struct span){ NULL, 0 });
    if (join.answer != JOIN_OURS || !looking.is_found) {
        ignore(learner, report, join.answer);
        return;
    }
    hand_on(learner, &looking, &join, event, recipient);
}

static void take(struct report_sink *sink, const struct report_event *event)
{
    struct learner *learner = (struct learner *)sink;
    switch (event->report->kind) {
    case REPORT_DELIVERY:
        take_delivery(learner, event);
        break;
    case REPORT_COMPLAINT:
        take_complaint(learner, event);
        break;
    default:
        break;
    }
}

struct report_sink *report_learner_new(struct store *store, const struct ledger *ledger,
                                       const struct clock *clock, struct log_sink *log)
{
    struct learner *learner = malloc(sizeof(*learner));
    if (learner == NULL) {
        return NULL;
    }
    *learner = (struct learner){ { take }, store, ledger, clock, log };
    return &learner->sink;
}
