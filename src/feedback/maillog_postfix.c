/*
 * maillog_postfix: the lines of Postfix that tell of a message, by daemon, but for those of
 * delivery agents and of refusals.
 */
#include "feedback/maillog_private.h"

/* "client=pc.example.org[192.0.2.25], sasl_method=PLAIN, sasl_username=alice, sasl_sender=..." */
static bool read_client(struct span rest, struct maillog_event *event)
{
    struct span before, end;
    if (!maillog_skip(&rest, SPAN("client=")) ||
        !maillog_take_client(&rest, &event->client_name, &event->client)) {
        return false;
    }
    event->kind = MAILLOG_CLIENT;
    if (maillog_cut(&rest, SPAN(", sasl_method="), &before)) {
        end = rest;
        event->method = maillog_cut(&end, SPAN(", "), &before) ? before : rest;
    }
    if (maillog_cut(&rest, SPAN("sasl_username="), &before)) {
        end = rest;
        event->login = maillog_cut(&end, SPAN(", sasl_sender="), &before) ||
                               maillog_cut(&end, SPAN(", orig_"), &before)
                           ? before
                           : rest;
    }
    return true;
}

/* "uid=33 from=<www-data>" */
static bool read_pickup(struct span rest, struct maillog_event *event)
{
    if (!maillog_skip(&rest, SPAN("uid=")) || !maillog_take_number(&rest, &event->count) ||
        !maillog_skip(&rest, SPAN(" from=<")) || rest.size == 0 || rest.at[rest.size - 1] != '>') {
        return false;
    }
    event->kind = MAILLOG_PICKUP;
    event->sender = span_first(rest, rest.size - 1);
    return true;
}

/* "from=<a@example.org>, size=1234, nrcpt=2 (queue active)", "from=<a@example.org>, status=expired,
 * returned to sender". What a client wrote comes first, so the rest is looked for from the end. */
static bool read_qmgr(struct span rest, struct maillog_event *event)
{
    ptrdiff_t size, count, status;
    struct span number;
    if (!maillog_skip(&rest, SPAN("from=<"))) {
        return false;
    }
    size = maillog_find_last(rest, SPAN(">, size="));
    count = maillog_find_last(rest, SPAN(", nrcpt="));
    status = maillog_find_last(rest, SPAN(">, status="));
    if (status >= 0 && status > size) {
        number = span_from(rest, (size_t)status + sizeof(">, status=") - 1);
        event->kind = MAILLOG_EXPIRED;
        event->sender = span_first(rest, (size_t)status);
        event->text = number;
        return maillog_skip(&number, SPAN("expired")) ||
               maillog_skip(&number, SPAN("force-expired"));
    }
    if (size < 0 || count < size) {
        return false;
    }
    event->kind = MAILLOG_QUEUED;
    event->sender = span_first(rest, (size_t)size);
    number = span_from(rest, (size_t)size + sizeof(">, size=") - 1);
    if (!maillog_take_number(&number, &event->size_bytes)) {
        return false;
    }
    number = span_from(rest, (size_t)count + sizeof(", nrcpt=") - 1);
    return maillog_take_number(&number, &event->recipient_count);
}

/* "sender non-delivery notification: 3B5D41F7A" */
static bool read_notification(struct span rest, struct maillog_event *event)
{
    static const struct {
        struct span text;
        enum maillog_notice notice;
    } notices[] = {
        { { "sender non-delivery notification: ", 34 }, MAILLOG_NON_DELIVERY },
        { { "sender delay notification: ", 27 }, MAILLOG_DELAY },
        { { "sender delivery status notification: ", 37 }, MAILLOG_SUCCESS },
        { { "postmaster non-delivery notification: ", 38 }, MAILLOG_NON_DELIVERY },
        { { "postmaster delay notification: ", 31 }, MAILLOG_DELAY },
    };
    for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        if (maillog_skip(&rest, notices[i].text)) {
            event->kind = MAILLOG_NOTIFICATION;
            event->notice = notices[i].notice;
            event->other_id = maillog_id_at(rest);
            return event->other_id.at != NULL;
        }
    }
    return false;
}

static bool read_message_id(struct span rest, struct maillog_event *event)
{
    if (!maillog_skip(&rest, SPAN("message-id="))) {
        return false;
    }
    event->kind = MAILLOG_MESSAGE_ID;
    event->message_id = maillog_address(rest);
    return true;
}

/* What any daemon may say of a message. */
static bool read_short(struct span rest, struct maillog_event *event)
{
    static const struct {
        struct span text;
        enum maillog_kind kind;
    } texts[] = {
        { { "removed", 7 }, MAILLOG_REMOVED },
        { { "canceled", 8 }, MAILLOG_CANCELED },
        { { "placed on hold", 14 }, MAILLOG_HELD },
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (span_is_equal(rest, texts[i].text)) {
            event->kind = texts[i].kind;
            return true;
        }
    }
    return false;
}

static bool read_of_message(struct span rest, struct span daemon, struct maillog_event *event)
{
    if (rest.size == 0) {
        return false;
    }
    switch (rest.at[0]) {
    case 't':
        return maillog_postfix_delivery(rest, daemon, event);
    case 'f':
        return read_qmgr(rest, event);
    case 'u':
        return span_is_equal(daemon, SPAN("pickup")) && read_pickup(rest, event);
    case 's':
        return read_notification(rest, event);
    case 'p':
        return read_notification(rest, event) || read_short(rest, event) ||
               maillog_postfix_refusal(rest, event);
    case 'c':
        return read_client(rest, event) || read_short(rest, event);
    case 'm':
        return read_message_id(rest, event) || maillog_postfix_refusal(rest, event);
    case 'r':
        return read_short(rest, event) || maillog_postfix_refusal(rest, event);
    default:
        return maillog_postfix_refusal(rest, event);
    }
}

bool maillog_postfix_read(const struct maillog_line *line, struct maillog_event *event)
{
    struct span rest = line->text;
    if (maillog_skip(&rest, SPAN("NOQUEUE: "))) {
        return maillog_postfix_refusal(rest, event);
    }
    if (maillog_take_id(&rest, &event->queue_id)) {
        return read_of_message(rest, line->daemon, event);
    }
    if (maillog_skip(&rest, SPAN("warning: "))) {
        return maillog_postfix_auth(rest, event);
    }
    return maillog_postfix_disconnect(rest, event) || maillog_postfix_refusal(rest, event);
}
