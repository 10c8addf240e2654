/*
 * log_causes: see log_causes.h.
 */
#include "ctl/log_causes.h"

#include <string.h>

#include "feedback/maillog_join.h"

static void text_keep(struct log_cause *row, const struct cause_found *found, struct span text)
{
    if (row->advice != NULL || text.size == 0) {
        return;
    }
    row->advice = cause_found_advice(found);
    text = span_first(text, sizeof(row->text) - 1);
    memcpy(row->text, text.at, text.size);
    row->text[text.size] = '\0';
}

static void count_failure(struct log_causes *causes, const struct maillog_event *event)
{
    bool is_bounce = event->kind != MAILLOG_DEFERRED;
    uint64_t count = event->recipient_count > 0 ? event->recipient_count : 1;
    enum cause_provider provider = CAUSE_ANYBODY;
    struct cause_found found = { .cause = CAUSE_EXPIRED };
    struct log_cause *row;
    if (event->kind != MAILLOG_EXPIRED) {
        found = maillog_cause(event, &provider);
    }
    row = &causes->at[found.cause];
    *(is_bounce ? &row->bounced : &row->deferred) += count;
    *(is_bounce ? &causes->bounced : &causes->deferred) += count;
    row->by_provider[provider] += count;
    causes->by_class[cause_class_of(found.cause)] += is_bounce ? count : 0;
    text_keep(row, &found, event->said.size > 0 ? event->said : event->text);
}

void log_causes_take(struct log_causes *causes, const struct maillog_event *event)
{
    switch (event->kind) {
    case MAILLOG_SENT:
        causes->delivered += event->recipient_count;
        break;
    case MAILLOG_DEFERRED:
    case MAILLOG_BOUNCED:
    case MAILLOG_EXPIRED:
        count_failure(causes, event);
        break;
    default:
        break;
    }
}

static bool is_before(const struct log_cause *a, const struct log_cause *b)
{
    return a->bounced > b->bounced || (a->bounced == b->bounced && a->deferred > b->deferred);
}

void log_causes_order(const struct log_causes *causes, enum cause order_r[CAUSE_COUNT],
                      size_t *count_r)
{
    *count_r = 0;
    for (int cause = 0; cause < CAUSE_COUNT; cause++) {
        const struct log_cause *row = &causes->at[cause];
        size_t at = *count_r;
        if (row->bounced + row->deferred == 0) {
            continue;
        }
        while (at > 0 && is_before(row, &causes->at[order_r[at - 1]])) {
            order_r[at] = order_r[at - 1];
            at--;
        }
        order_r[at] = (enum cause)cause;
        (*count_r)++;
    }
}
