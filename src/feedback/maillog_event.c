/*
 * maillog_event: by whom a line is, so who reads it; and what those say who keep the log and lost
 * some of it.
 */
#include "feedback/maillog_private.h"

/* Of all that lose lines. */
#define OWN_LOSS SPAN("lines lost before this one, not taken by the receiver of the log: ")

static bool gap(struct maillog_event *event, struct span number)
{
    event->kind = MAILLOG_GAP;
    (void)maillog_take_number(&number, &event->count);
    return true;
}

/* A unit that has nothing to do with mail loses lines of its own. */
static bool is_of_mail(struct span unit)
{
    static const struct span names[] = {
        { "postfix", 7 }, { "sendmail", 8 }, { "sm-", 3 }, { "egress-milter", 13 }
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (maillog_find(unit, names[i]) >= 0) {
            return true;
        }
    }
    return false;
}

/*
 * journald: "Suppressed 120 messages from postfix.service"; rsyslog: "imuxsock lost 120 messages
 * from pid 7 due to rate-limiting", "imjournal: 120 messages lost due to rate-limiting", "imuxsock:
 * begin to drop messages due to rate-limiting", which says how many later.
 */
static bool read_logger(struct span text, struct maillog_event *event)
{
    struct span rest = text, before;
    if (maillog_skip(&rest, SPAN("Suppressed "))) {
        struct span number = rest;
        return maillog_cut(&rest, SPAN(" from "), &before) && is_of_mail(rest) &&
               gap(event, number);
    }
    if (maillog_find(text, SPAN("rate-limiting")) < 0) {
        return false;
    }
    rest = text;
    if (maillog_cut(&rest, SPAN(" lost "), &before) && rest.size > 0 && rest.at[0] >= '0' &&
        rest.at[0] <= '9') {
        return gap(event, rest);
    }
    rest = text;
    if (maillog_cut(&rest, SPAN(" messages lost"), &before)) {
        ptrdiff_t blank = span_find_last(before, ' ');
        return gap(event, span_from(before, (size_t)(blank + 1)));
    }
    return maillog_find(text, SPAN("begin to drop messages")) >= 0 && gap(event, SPAN(""));
}

bool maillog_event_read(const struct maillog_line *line, struct maillog_event *event_r)
{
    struct span rest = line->text;
    *event_r = (struct maillog_event){ .delay_ms = -1, .stage_ms = { -1, -1, -1, -1 } };
    switch (line->writer) {
    case MAILLOG_POSTFIX:
        return maillog_postfix_read(line, event_r);
    case MAILLOG_SENDMAIL:
        return maillog_sendmail_read(line, event_r);
    case MAILLOG_LOGGER:
        return read_logger(rest, event_r);
    case MAILLOG_OURS:
        return maillog_skip(&rest, OWN_LOSS) && gap(event_r, rest);
    default:
        return false;
    }
}

bool maillog_recipient(struct span *recipients_io, struct span *recipient_r)
{
    bool is_quoted = false;
    size_t size = 0;
    if (recipients_io->size == 0) {
        return false;
    }
    while (size < recipients_io->size && (is_quoted || recipients_io->at[size] != ',')) {
        size += is_quoted && recipients_io->at[size] == '\\';
        is_quoted =
            size < recipients_io->size && recipients_io->at[size] == '"' ? !is_quoted : is_quoted;
        size++;
    }
    *recipient_r = maillog_address(span_first(*recipients_io, size));
    *recipients_io = span_from(*recipients_io, size + 1);
    return true;
}
