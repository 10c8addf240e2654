/*
 * postfix_log: reads "QUEUEID: name=value, name=value" as smtpd(8), pickup(8), qmgr(8) and the
 * delivery agents write it. What a client chose stands within: a sender may read like fields of its
 * own, so what follows it is looked for from the end.
 */
#include "ctl/postfix_log.h"

enum { QUEUE_ID_MIN = 5, QUEUE_ID_MAX = 20, DIGITS_MAX = 15 };

enum agent { AGENT_NONE, AGENT_SMTPD, AGENT_PICKUP, AGENT_QMGR, AGENT_OUTSIDE, AGENT_INSIDE };

/* "postfix/submission/smtpd": what stands behind the last '/'; any name may stand before. */
static enum agent agent_of(struct span program)
{
    static const struct {
        struct span name;
        enum agent agent;
    } agents[] = {
        { { "smtpd", 5 }, AGENT_SMTPD },   { { "pickup", 6 }, AGENT_PICKUP },
        { { "qmgr", 4 }, AGENT_QMGR },     { { "oqmgr", 5 }, AGENT_QMGR },
        { { "smtp", 4 }, AGENT_OUTSIDE },  { { "lmtp", 4 }, AGENT_INSIDE },
        { { "local", 5 }, AGENT_INSIDE },  { { "virtual", 7 }, AGENT_INSIDE },
        { { "pipe", 4 }, AGENT_INSIDE },   { { "nqmgr", 5 }, AGENT_QMGR },
        { { "error", 5 }, AGENT_OUTSIDE }, { { "relay", 5 }, AGENT_OUTSIDE },
    };
    ptrdiff_t slash = span_find_last(program, '/');
    struct span name = slash >= 0 ? span_from(program, (size_t)slash + 1) : SPAN("");

    for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
        if (span_is_equal(agents[i].name, name)) {
            return agents[i].agent;
        }
    }
    return AGENT_NONE;
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "4Xk2vR3m5Wz1q7: "; neither NOQUEUE nor a word as "warning" is one. */
static bool take_queue_id(struct span *rest_io, struct span *id_r)
{
    ptrdiff_t colon = span_find(*rest_io, ':');
    struct span id = span_first(*rest_io, colon > 0 ? (size_t)colon : 0);
    bool is_word = true;

    if (id.size < QUEUE_ID_MIN || id.size > QUEUE_ID_MAX || span_is_equal(id, SPAN("NOQUEUE")) ||
        rest_io->size < id.size + 2 || rest_io->at[id.size + 1] != ' ') {
        return false;
    }
    for (size_t i = 0; i < id.size; i++) {
        if (!is_alphanumeric(id.at[i])) {
            return false;
        }
        is_word = is_word && id.at[i] >= 'a' && id.at[i] <= 'z';
    }
    if (is_word) {
        return false;
    }
    *id_r = id;
    *rest_io = span_from(*rest_io, id.size + 2);
    return true;
}

static bool skip(struct span *rest_io, struct span text)
{
    if (rest_io->size < text.size || memcmp(rest_io->at, text.at, text.size) != 0) {
        return false;
    }
    *rest_io = span_from(*rest_io, text.size);
    return true;
}

/* Where the text first stands; -1. */
static ptrdiff_t find_text(struct span where, struct span text)
{
    const char *at = where.at != NULL ? memmem(where.at, where.size, text.at, text.size) : NULL;

    return at != NULL ? at - where.at : -1;
}

/* Where it stands last; -1. */
static ptrdiff_t find_last_text(struct span where, struct span text)
{
    for (size_t at = where.size; at-- > 0;) {
        if (where.at[at] == text.at[0] && where.size - at >= text.size &&
            memcmp(where.at + at, text.at, text.size) == 0) {
            return (ptrdiff_t)at;
        }
    }
    return -1;
}

/* Digits at the beginning. False: none, or more than anything has. */
static bool take_number(struct span text, uint64_t *number_r)
{
    size_t size = 0;

    *number_r = 0;
    while (size < text.size && text.at[size] >= '0' && text.at[size] <= '9') {
        if (++size > DIGITS_MAX) {
            return false;
        }
        *number_r = *number_r * 10 + (uint64_t)(text.at[size - 1] - '0');
    }
    return size > 0;
}

/* "client=mail.example.org[192.0.2.25], sasl_method=PLAIN, sasl_username=alice" */
static bool read_client(struct span rest, struct postfix_line *line)
{
    ptrdiff_t open, close, login, end;

    if (!skip(&rest, SPAN("client="))) {
        return false;
    }
    open = span_find(rest, '[');
    close = span_find(rest, ']');
    if (open >= 0 && close > open) {
        line->client = span_first(span_from(rest, (size_t)open + 1), (size_t)(close - open - 1));
    }
    login = find_text(rest, SPAN(", sasl_username="));
    if (login >= 0) {
        line->login = span_from(rest, (size_t)login + sizeof(", sasl_username=") - 1);
        end = find_text(line->login, SPAN(", sasl_sender="));
        line->login = span_first(line->login, end >= 0 ? (size_t)end : line->login.size);
    }
    line->event = POSTFIX_CLIENT;
    return line->client.at != NULL;
}

/* "uid=33 from=<www-data>" */
static bool read_pickup(struct span rest, struct postfix_line *line)
{
    ptrdiff_t from = find_text(rest, SPAN(" from=<"));

    if (!skip(&rest, SPAN("uid=")) || from < 0) {
        return false;
    }
    from = find_text(rest, SPAN(" from=<"));
    line->sender = span_from(rest, (size_t)from + sizeof(" from=<") - 1);
    if (line->sender.size == 0 || line->sender.at[line->sender.size - 1] != '>') {
        return false;
    }
    line->sender = span_first(line->sender, line->sender.size - 1);
    line->event = POSTFIX_PICKUP;
    return true;
}

/* "from=<a@example.org>, size=1234, nrcpt=2 (queue active)" */
static bool read_queued(struct span rest, struct postfix_line *line)
{
    ptrdiff_t size, recipients;

    if (!skip(&rest, SPAN("from=<"))) {
        return false;
    }
    size = find_last_text(rest, SPAN(">, size="));
    recipients = find_last_text(rest, SPAN(", nrcpt="));
    if (size < 0 || recipients < size ||
        !take_number(span_from(rest, (size_t)size + sizeof(">, size=") - 1), &line->size_bytes) ||
        !take_number(span_from(rest, (size_t)recipients + sizeof(", nrcpt=") - 1),
                     &line->recipients)) {
        return false;
    }
    line->sender = span_first(rest, (size_t)size);
    line->event = POSTFIX_QUEUED;
    return true;
}

/* "to=<b@example.com>, relay=..., status=sent (250 OK)" */
static bool read_delivered(struct span rest, bool is_inside, struct postfix_line *line)
{
    ptrdiff_t end, status;

    if (!skip(&rest, SPAN("to=<"))) {
        return false;
    }
    end = find_text(rest, SPAN(">, "));
    status = find_text(rest, SPAN(", status=sent"));
    if (end < 0 || status < end) {
        return false;
    }
    line->recipient = span_first(rest, (size_t)end);
    line->is_inside = is_inside;
    line->event = POSTFIX_DELIVERED;
    return true;
}

static bool read_qmgr(struct span rest, struct postfix_line *line)
{
    if (span_is_equal(rest, SPAN("removed"))) {
        line->event = POSTFIX_REMOVED;
        return true;
    }
    return read_queued(rest, line);
}

bool postfix_line_read(const struct log_entry *entry, struct postfix_line *line_r)
{
    enum agent agent = agent_of(entry->program);
    struct span rest = span_trim(entry->text);

    *line_r = (struct postfix_line){ .recipients = 0 };
    if (agent == AGENT_NONE || !take_queue_id(&rest, &line_r->queue_id)) {
        return false;
    }
    switch (agent) {
    case AGENT_SMTPD:
        return read_client(rest, line_r);
    case AGENT_PICKUP:
        return read_pickup(rest, line_r);
    case AGENT_QMGR:
        return read_qmgr(rest, line_r);
    default:
        return read_delivered(rest, agent == AGENT_INSIDE, line_r);
    }
}
