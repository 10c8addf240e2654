/*
 * maillog_postfix_refusal: what smtpd, postscreen and cleanup of Postfix refuse, hold or throw
 * away, and logins that fail:
 *
 *   reject: RCPT from h.example[192.0.2.1]: 550 5.1.1 <b@example.org>: ...; from=<a@example.com>
 *       to=<b@example.org> proto=ESMTP helo=<h.example> sasl_method=PLAIN sasl_username=alice
 *   milter-hold: END-OF-MESSAGE from h.example[192.0.2.1]: ...; from=<...> ...
 *   reject: header Subject: ... from h.example[192.0.2.1]; from=<...> ... helo=<h.example>: 5.7.1
 * ...
 */
#include "feedback/maillog_private.h"

/* "milter-reject: ", "reject_warning: " */
static bool take_action(struct span *rest_io, struct maillog_event *event)
{
    static const struct {
        struct span name;
        enum maillog_kind kind;
    } actions[] = {
        { { "reject", 6 }, MAILLOG_REJECTED },
        { { "hold", 4 }, MAILLOG_HELD },
        { { "discard", 7 }, MAILLOG_DISCARDED },
    };
    struct span rest = *rest_io;
    event->is_milter = maillog_skip(&rest, SPAN("milter-"));
    if (!event->is_milter) {
        (void)maillog_skip(&rest, SPAN("proxy-"));
    }
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (maillog_skip(&rest, actions[i].name)) {
            event->kind = actions[i].kind;
            event->is_warning = maillog_skip(&rest, SPAN("_warning"));
            *rest_io = rest;
            return maillog_skip(rest_io, SPAN(": "));
        }
    }
    return false;
}

/* Behind an address that is quoted, for within a client may have written anything. */
static size_t path_size(struct span text)
{
    size_t size = 0;
    bool is_quoted = false;
    for (; size < text.size && (is_quoted || text.at[size] != '>'); size++) {
        if (text.at[size] == '\\' && is_quoted) {
            size++;
        } else if (text.at[size] == '"') {
            is_quoted = !is_quoted;
        }
    }
    return size < text.size ? size : text.size;
}

/* Where "; from=<", "; to=<" or "; proto=" begins; the size where there is none. */
static size_t tail_begin(struct span text)
{
    static const struct span heads[] = { { "; from=<", 8 }, { "; to=<", 6 }, { "; proto=", 8 } };
    size_t from = text.size > 0 && text.at[0] == '<' ? path_size(text) : 0, begin = text.size;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        ptrdiff_t at = maillog_find(span_from(text, from), heads[i]);
        if (at >= 0 && from + (size_t)at < begin) {
            begin = from + (size_t)at;
        }
    }
    return begin;
}

/* "h.example> sasl_method=PLAIN sasl_username=alice", or "h.example>: text". HELO may hold
 * anything, but its bracket ends the line where nobody is logged in. */
static void take_helo(struct span rest, struct maillog_event *event, struct span *behind_r)
{
    ptrdiff_t method = maillog_find_last(rest, SPAN("> sasl_method=")), text;
    *behind_r = SPAN("");
    if (rest.size > 0 && rest.at[rest.size - 1] == '>') {
        return;
    }
    if (method >= 0) {
        rest = span_from(rest, (size_t)method + sizeof("> sasl_method=") - 1);
        if (!maillog_cut(&rest, SPAN(" sasl_username="), &event->method)) {
            event->method = rest;
            return;
        }
        event->login = rest;
        return;
    }
    text = maillog_find(rest, SPAN(">: "));
    if (text >= 0) {
        *behind_r = span_from(rest, (size_t)text + sizeof(">: ") - 1);
    }
}

/* "from=<a@example.com> to=<b@example.org> proto=ESMTP helo=<...>"; postscreen puts commas between.
 */
static void take_tail(struct span rest, struct maillog_event *event, struct span *behind_r)
{
    struct span key;
    *behind_r = SPAN("");
    while (maillog_cut(&rest, SPAN("="), &key)) {
        struct span value;
        if (span_is_equal(key, SPAN("helo"))) {
            (void)maillog_skip(&rest, SPAN("<"));
            take_helo(rest, event, behind_r);
            return;
        }
        if (maillog_skip(&rest, SPAN("<"))) {
            value = span_first(rest, path_size(rest));
            rest = span_from(rest, value.size + 1);
        } else {
            size_t size = 0;
            while (size < rest.size && rest.at[size] != ' ' && rest.at[size] != ',') {
                size++;
            }
            value = span_first(rest, size);
            rest = span_from(rest, size);
        }
        if (span_is_equal(key, SPAN("from"))) {
            event->sender = value;
        } else if (span_is_equal(key, SPAN("to"))) {
            event->recipients = value;
            event->recipient_count = value.size > 0;
        }
        (void)maillog_skip(&rest, SPAN(","));
        (void)maillog_skip(&rest, SPAN(" "));
    }
}

/* "550 5.1.1 text", of which either may be missing, to the text. */
static struct span take_codes(struct span text, struct maillog_event *event)
{
    event->code = maillog_code(text);
    if (event->code != 0) {
        text = span_from(text, 4);
    }
    event->dsn = maillog_dsn(text);
    return span_trim(span_from(text, event->dsn.size));
}

/* "header Subject: ... from h.example[192.0.2.1]; from=<...> ... helo=<...>: 5.7.1 text" */
static bool read_content(struct span rest, struct maillog_event *event)
{
    ptrdiff_t tail = maillog_find_last(rest, SPAN("; from=<")), from;
    struct span behind, client;
    if (tail < 0) {
        return false;
    }
    client = span_first(rest, (size_t)tail);
    from = maillog_find_last(client, SPAN(" from "));
    if (from >= 0) {
        client = span_from(client, (size_t)from + sizeof(" from ") - 1);
        (void)maillog_take_client(&client, &event->client_name, &event->client);
    }
    take_tail(span_from(rest, (size_t)tail + 2), event, &behind);
    event->text = take_codes(behind, event);
    return true;
}

bool maillog_postfix_refusal(struct span rest, struct maillog_event *event)
{
    struct span reply, behind;
    size_t tail;
    if (!take_action(&rest, event) || !maillog_cut(&rest, SPAN(" "), &event->stage)) {
        return false;
    }
    if (span_is_equal(event->stage, SPAN("header")) || span_is_equal(event->stage, SPAN("body"))) {
        return read_content(rest, event);
    }
    if (event->stage.size > 0 && event->stage.at[event->stage.size - 1] == ':') { /* a proxy's */
        event->stage = span_first(event->stage, event->stage.size - 1);
    } else if (!maillog_skip(&rest, SPAN("from ")) ||
               !maillog_take_client(&rest, &event->client_name, &event->client) ||
               !maillog_skip(&rest, SPAN(":"))) {
        return false;
    }
    reply = take_codes(span_trim(rest), event);
    tail = tail_begin(reply);
    event->text = span_first(reply, tail);
    take_tail(span_from(reply, tail + 2), event, &behind);
    return true;
}

/* The server could not ask; the client did nothing wrong. */
static bool is_own_fault(struct span reason)
{
    return span_has_prefix_nocase(reason, SPAN("connection lost to")) ||
           span_has_prefix_nocase(reason, SPAN("temporary"));
}

bool maillog_postfix_auth(struct span rest, struct maillog_event *event)
{
    struct span before;
    if (!maillog_take_client(&rest, &event->client_name, &event->client) ||
        !maillog_skip(&rest, SPAN(": SASL ")) || !maillog_cut(&rest, SPAN(" "), &event->method) ||
        !maillog_skip(&rest, SPAN("authentication failed"))) {
        return false;
    }
    (void)maillog_skip(&rest, SPAN(":"));
    rest = span_trim(rest);
    event->kind = MAILLOG_AUTH_FAILED;
    event->count = 1;
    event->text = rest;
    if (maillog_cut(&rest, SPAN(", sasl_username="), &before)) {
        event->text = before;
        event->login = span_is_equal(rest, SPAN("(unavailable)")) ? event->login : rest;
    }
    return !is_own_fault(event->text);
}

bool maillog_postfix_disconnect(struct span rest, struct maillog_event *event)
{
    struct span before;
    uint64_t done, all;
    if (!maillog_skip(&rest, SPAN("disconnect from ")) ||
        !maillog_take_client(&rest, &event->client_name, &event->client)) {
        return false;
    }
    event->kind = MAILLOG_DISCONNECTED;
    if (maillog_cut(&rest, SPAN(" auth="), &before) && maillog_take_number(&rest, &done) &&
        maillog_skip(&rest, SPAN("/")) && maillog_take_number(&rest, &all) && all > done) {
        event->count = all - done;
    }
    return event->count > 0;
}
