/*
 * maillog_outcome: what an attempt at delivery came to, by the line of it and by what is known of
 * the message.
 */
#include "feedback/maillog_join_private.h"

#include "util/ip.h"

/* 10/8, 172.16/12, 192.168/16, fc00::/7 (RFC 1918, RFC 4193), and this host. */
static bool is_own_host(struct span address, bool *is_loopback_r)
{
    struct ip ip;
    *is_loopback_r = false;
    if (address.size == 0 || !ip_parse(address, &ip)) {
        return false;
    }
    *is_loopback_r = ip_is_loopback(&ip);
    if (ip.family == 4) {
        return *is_loopback_r || ip.bytes[0] == 10 ||
               (ip.bytes[0] == 172 && (ip.bytes[1] & 0xf0) == 16) ||
               (ip.bytes[0] == 192 && ip.bytes[1] == 168);
    }
    return *is_loopback_r || (ip.bytes[0] & 0xfe) == 0xfc;
}

static enum cause_provider provider_of(struct span relay)
{
    size_t size = 0;
    while (size < relay.size && relay.at[size] != '[' && relay.at[size] != ' ') {
        size++;
    }
    return cause_provider_of_host(span_first(relay, size));
}

struct cause_found maillog_cause(const struct maillog_event *event, enum cause_provider *provider_r)
{
    struct span text = event->said.size > 0 ? event->said : event->text;
    struct cause_reply reply = { .enhanced = event->dsn,
                                 .reply_code = span_first(event->said, event->code > 0 ? 3 : 0),
                                 .text = text,
                                 .provider = provider_of(event->relay) };
    *provider_r = reply.provider;
    return cause_of(&reply);
}

void join_outcome(const struct maillog_line *line, const struct maillog_event *event,
                  const struct join_entry *entry, struct span recipient,
                  struct maillog_outcome *outcome_r)
{
    bool is_loopback;
    *outcome_r = (struct maillog_outcome){
        .principal = entry->principal,
        .mail_class = entry->mail_class,
        .sender = entry->sender,
        .has_sender = entry->has_sender,
        .message_id = entry->message_id,
        .host = entry->host,
        .queue_id = entry->queue_id,
        .recipient = recipient,
        .class = event->kind == MAILLOG_SENT       ? 2
                 : event->kind == MAILLOG_DEFERRED ? 4
                                                   : 5,
        .dsn = event->dsn,
        .text = event->said.size > 0 ? event->said : event->text,
        .delay_ms = event->delay_ms,
        .at_s = line->entry.time_s,
        .is_inside = event->is_inside,
        .is_relayed = event->kind == MAILLOG_SENT && !event->is_inside &&
                      is_own_host(event->relay_ip, &is_loopback),
    };
    if (event->kind == MAILLOG_SENT) {
        outcome_r->provider = provider_of(event->relay);
    } else if (event->kind != MAILLOG_EXPIRED) {
        outcome_r->found = maillog_cause(event, &outcome_r->provider);
    } else {
        outcome_r->found = (struct cause_found){ .cause = CAUSE_EXPIRED, .is_permanent = true };
        outcome_r->dsn = SPAN("4.4.7"); /* as the report to the sender has it (RFC 3463 3.5) */
    }
}

/* To a filter on this host, which gave the message back under another id. */
bool join_is_hop(const struct maillog_event *event)
{
    bool is_loopback;
    return event->kind == MAILLOG_SENT && event->other_id.size > 0 && !event->is_inside &&
           is_own_host(event->relay_ip, &is_loopback) && is_loopback;
}
