/*
 * maillog_sendmail: the lines of Sendmail that tell of a message:
 *
 *   QID: from=<a@example.org>, size=123, class=0, nrcpts=2, msgid=<...>, ..., relay=h [192.0.2.1]
 *   QID: to=<b@example.com>,<c@example.com>, ctladdr=..., delay=00:00:01, xdelay=00:00:01,
 *       mailer=esmtp, pri=..., relay=mx.example.com. [192.0.2.2], dsn=2.0.0, stat=Sent (...)
 *   QID: NEWID: DSN: User unknown
 */
#include "feedback/maillog_private.h"

/* "mx.example.com. [192.0.2.2] (may be forged)": what stands in the last brackets. */
static struct span address_of(struct span relay)
{
    ptrdiff_t open = span_find_last(relay, '['), close = span_find_last(relay, ']');
    if (open < 0 || close < open) {
        return (struct span){ NULL, 0 };
    }
    return span_first(span_from(relay, (size_t)open + 1), (size_t)(close - open - 1));
}

/* Addresses up to ", " outside of quotes. */
static struct span take_addresses(struct span *rest_io)
{
    struct span rest = *rest_io;
    bool is_quoted = false;
    size_t size = 0;
    for (; size < rest.size; size++) {
        if (is_quoted && rest.at[size] == '\\') {
            size++;
        } else if (rest.at[size] == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && rest.at[size] == ',' && size + 1 < rest.size &&
                   rest.at[size + 1] == ' ') {
            break;
        }
    }
    size = size < rest.size ? size : rest.size;
    *rest_io = span_from(rest, size + 2);
    return span_first(rest, size);
}

/* What stands behind "KEY=" up to the next ", "; absent: there is no such field. */
static struct span field(struct span rest, struct span key)
{
    struct span before, value;
    if (!maillog_cut(&rest, key, &before)) {
        return (struct span){ NULL, 0 };
    }
    value = rest;
    return maillog_cut(&rest, SPAN(", "), &before) ? before : value;
}

/* msgid is the client's, so what Sendmail adds is looked for before it, and behind its last. */
static bool read_from(struct span rest, struct maillog_event *event)
{
    struct span number, own;
    ptrdiff_t msgid, relay;
    event->kind = MAILLOG_QUEUED;
    event->sender = maillog_address(take_addresses(&rest));
    msgid = maillog_find(rest, SPAN(", msgid="));
    own = msgid >= 0 ? span_first(rest, (size_t)msgid) : rest;
    number = field(own, SPAN("size="));
    if (!maillog_take_number(&number, &event->size_bytes)) {
        return false;
    }
    number = field(own, SPAN("nrcpts="));
    (void)maillog_take_number(&number, &event->recipient_count);
    if (msgid >= 0) {
        number = span_from(rest, (size_t)msgid + sizeof(", msgid=") - 1);
        event->message_id = maillog_address(take_addresses(&number));
    }
    relay = maillog_find_last(rest, SPAN(", relay="));
    if (relay >= 0) {
        event->client_name = span_from(rest, (size_t)relay + sizeof(", relay=") - 1);
        event->client = address_of(event->client_name);
    }
    return true;
}

/* "1+02:03:04", "00:00:01" */
static int64_t delay_ms(struct span text)
{
    uint64_t days = 0, part, seconds = 0;
    struct span rest = text, day;
    if (maillog_cut(&rest, SPAN("+"), &day) &&
        (!maillog_take_number(&day, &days) || days > 100000)) {
        return -1;
    }
    for (int i = 0; i < 3; i++) {
        if ((i > 0 && !maillog_skip(&rest, SPAN(":"))) || !maillog_take_number(&rest, &part) ||
            part > 100000) {
            return -1;
        }
        seconds = seconds * 60 + part;
    }
    return (int64_t)(days * 86400 + seconds) * 1000;
}

/* "Sent (250 2.0.0 Ok)": what stands in the brackets. */
static struct span inner(struct span stat)
{
    struct span before;
    if (!maillog_cut(&stat, SPAN(" ("), &before)) {
        return (struct span){ NULL, 0 };
    }
    return stat.size > 0 && stat.at[stat.size - 1] == ')' ? span_first(stat, stat.size - 1) : stat;
}

static bool kind_of(struct span stat, struct maillog_event *event)
{
    char class = event->dsn.size > 0 ? event->dsn.at[0] : '\0';
    if (span_has_prefix_nocase(stat, SPAN("queued")) ||
        span_has_prefix_nocase(stat, SPAN("quarantined"))) {
        return false; /* no attempt */
    }
    if (span_has_prefix_nocase(stat, SPAN("deliverable"))) {
        event->kind = MAILLOG_PROBED;
    } else if (span_has_prefix_nocase(stat, SPAN("sent")) && class != '4' && class != '5') {
        event->kind = MAILLOG_SENT;
    } else if (class == '4' || (class == '\0' && span_has_prefix_nocase(stat, SPAN("deferred")))) {
        event->kind = MAILLOG_DEFERRED;
    } else if (class == '5' || class == '\0') {
        event->kind = MAILLOG_BOUNCED;
    } else {
        event->kind = MAILLOG_SENT;
    }
    return true;
}

/* "Sent (2.0.0 xAS012 Message accepted for delivery)", "Sent (ok: queued as 4Xk2)" */
static struct span next_id(struct span text)
{
    ptrdiff_t at = maillog_find_last(text, SPAN("queued as "));
    if (at >= 0) {
        return maillog_id_at(span_from(text, (size_t)at + sizeof("queued as ") - 1));
    }
    at = maillog_find(text, SPAN(" Message accepted for delivery"));
    if (at < 0) {
        return (struct span){ NULL, 0 };
    }
    text = span_first(text, (size_t)at);
    return maillog_id_at(span_from(text, (size_t)(span_find_last(text, ' ') + 1)));
}

static uint64_t count_recipients(struct span recipients)
{
    struct span one;
    uint64_t count = 0;
    while (maillog_recipient(&recipients, &one)) {
        count++;
    }
    return count;
}

/* Behind the reply stands what a receiver said, so all else is looked for before. */
static bool read_to(struct span rest, struct maillog_event *event)
{
    struct span stat, own, mailer;
    event->recipients = take_addresses(&rest);
    event->recipient_count = count_recipients(event->recipients);
    if (event->recipient_count == 0) {
        return false;
    }
    own = rest;
    if (maillog_cut(&rest, SPAN("reply="), &own)) {
        event->said = rest;
        stat = rest;
        if (maillog_cut(&rest, SPAN(", stat="), &event->said)) {
            stat = rest;
        }
        event->code = maillog_code(event->said);
    } else if (maillog_cut(&rest, SPAN("stat="), &own)) {
        stat = rest;
    } else {
        return false;
    }
    event->dsn = maillog_dsn(field(own, SPAN("dsn=")));
    event->delay_ms = delay_ms(field(own, SPAN("delay=")));
    event->relay = field(own, SPAN("relay="));
    event->relay_ip = address_of(event->relay);
    mailer = field(own, SPAN("mailer="));
    if (mailer.at == NULL && event->dsn.size == 0) {
        return false; /* refused at DATA, and nobody tried */
    }
    event->is_inside = span_is_equal(mailer, SPAN("local")) ||
                       span_is_equal(mailer, SPAN("prog")) || span_is_equal(mailer, SPAN("lmtp"));
    event->text =
        inner(stat).at != NULL && span_has_prefix_nocase(stat, SPAN("sent")) ? inner(stat) : stat;
    if (!kind_of(stat, event)) {
        return false;
    }
    if (event->kind == MAILLOG_SENT) {
        event->said = event->text;
        event->other_id = next_id(event->text);
    }
    return true;
}

/* "NEWID: DSN: User unknown", "NEWID: sender notify: Warning: could not send message for past 4
 * hours", "NEWID: return to sender: Cannot send message for 5 days" */
static bool read_notification(struct span rest, struct maillog_event *event)
{
    if (!maillog_take_id(&rest, &event->other_id)) {
        return false;
    }
    event->kind = MAILLOG_NOTIFICATION;
    event->notice = MAILLOG_NON_DELIVERY;
    if (maillog_skip(&rest, SPAN("sender notify: "))) {
        event->notice = MAILLOG_DELAY;
    } else if (!maillog_skip(&rest, SPAN("DSN: ")) &&
               !maillog_skip(&rest, SPAN("return to sender: ")) &&
               !maillog_skip(&rest, SPAN("postmaster notify: "))) {
        return false;
    }
    event->text = rest;
    if (span_has_prefix_nocase(rest, SPAN("Cannot send message for")) ||
        span_has_prefix_nocase(rest, SPAN("Message could not be delivered for"))) {
        event->kind = MAILLOG_EXPIRED;
    } else if (span_has_prefix_nocase(rest, SPAN("Return receipt"))) {
        event->notice = MAILLOG_SUCCESS;
    }
    return true;
}

/* "AUTH=server, relay=pc.example.org [192.0.2.25], authid=alice, mech=PLAIN, bits=0" */
static bool read_login(struct span rest, struct maillog_event *event)
{
    ptrdiff_t mech;
    struct span before;
    if (!maillog_skip(&rest, SPAN("AUTH=server, relay=")) ||
        !maillog_cut(&rest, SPAN(", authid="), &event->client_name)) {
        return false;
    }
    event->kind = MAILLOG_CLIENT;
    event->client = address_of(event->client_name);
    mech = maillog_find_last(rest, SPAN(", mech="));
    event->login = mech >= 0 ? span_first(rest, (size_t)mech) : rest;
    rest = span_from(rest, event->login.size + sizeof(", mech=") - 1);
    event->method = maillog_cut(&rest, SPAN(", "), &before) ? before : rest;
    return true;
}

bool maillog_sendmail_read(const struct maillog_line *line, struct maillog_event *event)
{
    struct span rest = line->text;
    if (!maillog_take_id(&rest, &event->queue_id)) {
        (void)maillog_skip(&rest, SPAN("NOQUEUE: "));
        return read_login(rest, event) || maillog_sendmail_refusal(rest, event);
    }
    if (maillog_skip(&rest, SPAN("from="))) {
        return read_from(rest, event);
    }
    if (maillog_skip(&rest, SPAN("to="))) {
        return read_to(rest, event);
    }
    if (maillog_find(span_first(rest, 6), SPAN("done; ")) == 0) {
        event->kind = MAILLOG_REMOVED;
        return true;
    }
    return read_notification(rest, event) || read_login(rest, event) ||
           maillog_sendmail_refusal(rest, event);
}
