/*
 * maillog_postfix_delivery: what a delivery agent of Postfix tells of one recipient:
 *
 *   to=<b@example.com>, orig_to=<c@example.org>, relay=mx.example.com[192.0.2.1]:25, delay=1.9,
 *   delays=0.1/0.2/0.3/1.3, tls=may, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as
 * 4Xk2vR3m5Wz1q7)
 *
 * Fields are read by name, in any order, up to `status`, behind which stands what the receiver
 * said. Addresses are as Postfix 3.5 writes them (info_log_address_format = external): quoted where
 * they hold more than atoms. The format `internal`, and that before 3.5, quotes nothing, so a
 * recipient could bring fields of its own; such a line has ">, relay=" a second time, and is none.
 */
#include "feedback/maillog_private.h"

/* The size of a quoted string at the beginning; 0: none. */
static size_t quoted_size(struct span text)
{
    if (text.size == 0 || text.at[0] != '"') {
        return 0;
    }
    for (size_t i = 1; i < text.size; i++) {
        if (text.at[i] == '\\') {
            i++;
        } else if (text.at[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

/* "a@example.org>, ", or the same at the end of the text. */
static bool take_path(struct span *rest_io, struct span *address_r)
{
    size_t quoted = quoted_size(*rest_io);
    struct span rest = span_from(*rest_io, quoted), address;
    if (!maillog_cut(&rest, SPAN(">, "), &address)) {
        return false;
    }
    *address_r = span_first(*rest_io, quoted + address.size);
    *rest_io = rest;
    return true;
}

static void take_stages(struct span value, struct maillog_event *event)
{
    struct span piece;
    for (size_t i = 0; i < 4 && span_cut(&value, '/', &piece); i++) {
        if (!maillog_seconds(piece, &event->stage_ms[i])) {
            event->stage_ms[i] = -1;
        }
    }
}

static void take_relay(struct span value, struct maillog_event *event)
{
    struct span rest = value, name;
    if (span_is_equal(value, SPAN("none"))) {
        return;
    }
    event->relay = value;
    if (maillog_cut(&rest, SPAN("["), &name) && !maillog_cut(&rest, SPAN("]"), &event->relay_ip)) {
        event->relay_ip = (struct span){ NULL, 0 };
    }
}

static void take_field(struct span key, struct span value, struct maillog_event *event)
{
    if (span_is_equal(key, SPAN("relay"))) {
        take_relay(value, event);
    } else if (span_is_equal(key, SPAN("delay"))) {
        (void)maillog_seconds(value, &event->delay_ms);
    } else if (span_is_equal(key, SPAN("delays"))) {
        take_stages(value, event);
    } else if (span_is_equal(key, SPAN("dsn"))) {
        event->dsn = maillog_dsn(value);
    } else if (span_is_equal(key, SPAN("tls"))) {
        event->tls = value;
    }
}

/* Fields up to "status=", which stays. */
static bool take_fields(struct span *rest_io, struct maillog_event *event)
{
    struct span key, value;
    while (maillog_find(span_first(*rest_io, sizeof("status=") - 1), SPAN("status=")) != 0) {
        if (!maillog_cut(rest_io, SPAN("="), &key)) {
            return false;
        }
        if (maillog_skip(rest_io, SPAN("<"))) {
            if (!take_path(rest_io, &value)) {
                return false;
            }
            event->orig_to = span_is_equal(key, SPAN("orig_to")) ? value : event->orig_to;
            continue;
        }
        if (!maillog_cut(rest_io, SPAN(", "), &value)) {
            return false;
        }
        take_field(key, value, event);
    }
    return true;
}

static bool kind_of(struct span status, enum maillog_kind *kind_r)
{
    static const struct {
        struct span status;
        enum maillog_kind kind;
    } kinds[] = {
        { { "sent", 4 }, MAILLOG_SENT },
        { { "deferred", 8 }, MAILLOG_DEFERRED },
        { { "bounced", 7 }, MAILLOG_BOUNCED },
        { { "SOFTBOUNCE", 10 }, MAILLOG_DEFERRED },
        { { "deliverable", 11 }, MAILLOG_PROBED },
        { { "undeliverable", 13 }, MAILLOG_PROBED },
        { { "undeliverable-but-not-cached", 28 }, MAILLOG_PROBED },
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (span_is_equal(kinds[i].status, status)) {
            *kind_r = kinds[i].kind;
            return true;
        }
    }
    return false;
}

/* "host mx.example.com[192.0.2.1] said: 550 5.1.1 ... (in reply to RCPT TO command)" */
static void take_answer(struct maillog_event *event)
{
    struct span rest = event->text, before;
    ptrdiff_t stage;
    if (maillog_code(rest) == 0) {
        if (!maillog_skip(&rest, SPAN("host ")) ||
            (!maillog_cut(&rest, SPAN("] said: "), &before) &&
             !maillog_cut(&rest, SPAN("] refused to talk to me: "), &before))) {
            return;
        }
    }
    event->code = maillog_code(rest);
    stage = maillog_find_last(rest, SPAN(" (in reply to "));
    event->said = stage >= 0 ? span_first(rest, (size_t)stage) : rest;
}

/* " (text)", cut or whole */
static bool take_text(struct span rest, struct maillog_event *event)
{
    if (rest.size == 0) {
        event->is_cut = true;
        return true;
    }
    if (!maillog_skip(&rest, SPAN(" ("))) {
        return false;
    }
    event->is_cut = rest.size == 0 || rest.at[rest.size - 1] != ')';
    event->text = span_first(rest, rest.size - !event->is_cut);
    take_answer(event);
    return maillog_find(event->text, SPAN(">, relay=")) < 0;
}

/* "250 2.0.0 Ok: queued as 4Xk2vR3m5Wz1q7", "250 2.0.0 xAS... Message accepted for delivery" */
static struct span next_id(struct span said)
{
    ptrdiff_t at = maillog_find_last(said, SPAN("queued as "));
    if (at >= 0) {
        return maillog_id_at(span_from(said, (size_t)at + sizeof("queued as ") - 1));
    }
    at = maillog_find(said, SPAN(" Message accepted for delivery"));
    if (at < 0) {
        return (struct span){ NULL, 0 };
    }
    said = span_first(said, (size_t)at);
    return maillog_id_at(span_from(said, (size_t)(span_find_last(said, ' ') + 1)));
}

static bool is_inside(struct span daemon)
{
    static const struct span inside[] = {
        { "lmtp", 4 }, { "local", 5 }, { "virtual", 7 }, { "pipe", 4 }
    };
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        if (span_is_equal(inside[i], daemon)) {
            return true;
        }
    }
    return false;
}

bool maillog_postfix_delivery(struct span rest, struct span daemon, struct maillog_event *event)
{
    size_t size = 0;
    if (!maillog_skip(&rest, SPAN("to=<")) || !take_path(&rest, &event->recipients) ||
        event->recipients.size == 0 || !take_fields(&rest, event)) {
        return false;
    }
    rest = span_from(rest, sizeof("status=") - 1);
    while (size < rest.size && rest.at[size] != ' ' && rest.at[size] != ',') {
        size++;
    }
    if (!kind_of(span_first(rest, size), &event->kind) ||
        !take_text(span_from(rest, size), event)) {
        return false;
    }
    event->recipient_count = 1;
    event->is_inside = is_inside(daemon);
    if (event->kind == MAILLOG_SENT) {
        event->other_id = next_id(event->said);
    }
    return true;
}
