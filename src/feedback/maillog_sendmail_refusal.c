/*
 * maillog_sendmail_refusal: what Sendmail refuses, quarantines or throws away, and logins that
 * fail:
 *
 *   ruleset=check_rcpt, arg1=<b@example.org>, relay=h [192.0.2.1], reject=550 5.7.1 ...
 *   Milter: to=<b@example.org>, reject=550 5.7.1 ...      milter=egress, action=mail, reject=...
 *   milter=egress, quarantine=...                         milter=egress, discard
 *   AUTH failure (LOGIN): authentication failure (-13) ..., user=alice, relay=h [192.0.2.1]
 */
#include "feedback/maillog_private.h"

static void take_relay(struct span relay, struct maillog_event *event)
{
    ptrdiff_t open = span_find_last(relay, '['), close = span_find_last(relay, ']');
    event->client_name = relay;
    if (open >= 0 && close > open) {
        event->client = span_first(span_from(relay, (size_t)open + 1), (size_t)(close - open - 1));
    }
}

static void take_reply(struct span text, struct maillog_event *event)
{
    event->code = maillog_code(text);
    if (event->code != 0) {
        text = span_from(text, 4);
    }
    event->dsn = maillog_dsn(text);
    event->text = span_trim(span_from(text, event->dsn.size));
}

/* The argument is the client's, so the relay is the last one before the reply. */
static bool read_ruleset(struct span rest, struct maillog_event *event)
{
    struct span head;
    ptrdiff_t relay;
    if (!maillog_cut(&rest, SPAN(", "), &event->stage) ||
        !maillog_cut(&rest, SPAN(", reject="), &head)) {
        return false;
    }
    event->kind = MAILLOG_REJECTED;
    relay = maillog_find_last(head, SPAN("relay="));
    if (relay >= 0) {
        take_relay(span_from(head, (size_t)relay + sizeof("relay=") - 1), event);
        head = span_first(head, (size_t)relay);
    }
    if (span_is_equal(event->stage, SPAN("check_rcpt")) && maillog_skip(&head, SPAN("arg1=")) &&
        head.size > 2) {
        event->recipients = span_first(head, head.size - 2);
        event->recipient_count = 1;
    }
    take_reply(rest, event);
    return true;
}

/* "to=<b@example.org>, reject=...", "data, reject=...", "NAME, action=rcpt, reject=...", "NAME,
 * quarantine=..." */
static bool read_milter(struct span rest, struct maillog_event *event)
{
    struct span head, before;
    event->is_milter = true;
    if (maillog_find(rest, SPAN(", discard")) >= 0 && maillog_find(rest, SPAN("reject=")) < 0) {
        event->kind = MAILLOG_DISCARDED;
        return true;
    }
    if (maillog_cut(&rest, SPAN(", quarantine="), &head)) {
        event->kind = MAILLOG_HELD;
        event->text = rest;
        return true;
    }
    if (!maillog_cut(&rest, SPAN(", reject="), &head)) {
        return false;
    }
    event->kind = MAILLOG_REJECTED;
    take_reply(rest, event);
    event->stage = span_first(head, 2);
    if (maillog_skip(&head, SPAN("to="))) {
        event->recipients = head;
        event->recipient_count = 1;
    } else if (maillog_cut(&head, SPAN("action="), &before)) {
        event->stage = maillog_cut(&head, SPAN(", "), &before) ? before : head;
    } else {
        event->stage = head;
    }
    return true;
}

/* The login is the client's too: the relay is the last one. */
static bool read_auth(struct span rest, struct maillog_event *event)
{
    struct span user;
    ptrdiff_t relay;
    if (!maillog_cut(&rest, SPAN("): "), &event->method) ||
        (relay = maillog_find_last(rest, SPAN(", relay="))) < 0) {
        return false;
    }
    event->kind = MAILLOG_AUTH_FAILED;
    event->count = 1;
    take_relay(span_from(rest, (size_t)relay + sizeof(", relay=") - 1), event);
    user = span_first(rest, (size_t)relay);
    event->text = user;
    if (maillog_cut(&user, SPAN(", user="), &event->text)) {
        event->login = user;
    } else {
        event->text = user;
    }
    return true;
}

/* "h.example [192.0.2.1] (may be forged): possible SMTP attack: command=AUTH, count=5" */
static bool read_attack(struct span rest, struct maillog_event *event)
{
    struct span client;
    if (!maillog_cut(&rest, SPAN(": possible SMTP attack: command=AUTH, count="), &client)) {
        return false;
    }
    event->kind = MAILLOG_AUTH_FAILED;
    take_relay(client, event);
    return maillog_take_number(&rest, &event->count) && event->client.size > 0;
}

bool maillog_sendmail_refusal(struct span rest, struct maillog_event *event)
{
    if (maillog_skip(&rest, SPAN("ruleset="))) {
        return read_ruleset(rest, event);
    }
    if (maillog_skip(&rest, SPAN("Milter: ")) || maillog_skip(&rest, SPAN("milter="))) {
        return read_milter(rest, event);
    }
    if (maillog_skip(&rest, SPAN("AUTH failure ("))) {
        return read_auth(rest, event);
    }
    return read_attack(rest, event);
}
