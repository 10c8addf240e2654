/*
 * report_join: each id of a report asked about, until one settles it.
 */
#include "feedback/report_join.h"

#include "util/domain.h"

static const char *const wordings[JOIN_ANSWER_COUNT] = {
    [JOIN_OURS] = "it names a message that went out here",
    [JOIN_NO_REPORT] = "it tells of no message",
    [JOIN_NO_ID] = "it names neither a Message-ID nor a queue id of ours",
    [JOIN_FOREIGN] = "no message with its ids went out here: it is forged, or about other mail",
    [JOIN_OTHER_RECIPIENT] = "the message it names did not go to this recipient",
};

const char *join_wording(enum join_answer answer)
{
    return wordings[answer];
}

static bool is_own_host(const struct join_world *world, struct span host)
{
    char name[DOMAIN_MAX];
    if (!domain_to_ascii(host, name)) {
        return false;
    }
    for (size_t i = 0; i < world->domain_count; i++) {
        if (span_is_equal(span_of(name), world->domains[i]) ||
            domain_is_below(span_of(name), world->domains[i])) {
            return true;
        }
    }
    return false;
}

struct asking {
    const struct join_world *world;
    struct span recipient;
    struct join join;
};

/* True: settled. */
static bool ask(struct asking *asking, enum join_id kind, struct span id)
{
    enum join_memory memory =
        asking->world->look(asking->world->context, kind, id, asking->recipient);
    if (asking->join.answer == JOIN_NO_ID) {
        asking->join.answer = JOIN_FOREIGN;
    }
    if (memory == JOIN_NEVER_SEEN) {
        return false;
    }
    bool is_other = memory == JOIN_SEEN_TO_OTHERS && asking->recipient.size > 0;
    if (is_other && asking->join.answer == JOIN_OTHER_RECIPIENT) {
        return false;
    }
    asking->join = (struct join){ .answer = is_other ? JOIN_OTHER_RECIPIENT : JOIN_OURS,
                                  .kind = kind,
                                  .id = id };
    return !is_other;
}

static void ask_all(struct asking *asking, const struct report *report)
{
    for (size_t i = 0; i < report->message_id_count; i++) {
        if (ask(asking, JOIN_MESSAGE_ID, report->message_ids[i])) {
            return;
        }
    }
    for (size_t i = 0; i < report->queue_id_count; i++) {
        if (is_own_host(asking->world, report->queue_ids[i].host) &&
            ask(asking, JOIN_QUEUE_ID, report->queue_ids[i].id)) {
            return;
        }
    }
    if (report->envelope_id.size > 0) {
        ask(asking, JOIN_ENVELOPE_ID, report->envelope_id);
    }
}

struct join report_join(const struct report *report, struct span recipient,
                        const struct join_world *world)
{
    struct asking asking = { .world = world,
                             .recipient = recipient,
                             .join = { .answer = JOIN_NO_ID } };
    if (report->kind != REPORT_DELIVERY && report->kind != REPORT_COMPLAINT) {
        return (struct join){ .answer = JOIN_NO_REPORT };
    }
    ask_all(&asking, report);
    return asking.join;
}
