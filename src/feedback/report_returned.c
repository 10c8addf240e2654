/*
 * report_returned: by what the message that a report is about can be known again: its Message-ID,
 * the queue ids in its Received fields, and what the report's own header refers to.
 */
#include "feedback/report_private.h"

static bool is_id_octet(char c)
{
    char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
}

void report_add_message_id(struct reading *reading, struct span value)
{
    struct report *report = reading->report;
    struct span id = report_clean(reading->arena, value, 1000);
    ptrdiff_t open = span_find(id, '<'), close = span_find(id, '>');
    if (open >= 0 && close > open) {
        id = span_first(span_from(id, (size_t)open + 1), (size_t)(close - open) - 1);
    }
    if (id.size == 0 || span_find(id, ' ') >= 0 || report->message_id_count == REPORT_IDS_MAX) {
        return;
    }
    for (size_t i = 0; i < report->message_id_count; i++) {
        if (span_is_equal(report->message_ids[i], id)) {
            return;
        }
    }
    report->message_ids[report->message_id_count++] = id;
}

void report_add_queue_id(struct reading *reading, struct span id, struct span host)
{
    struct report *report = reading->report;
    id = report_clean(reading->arena, id, 64);
    while (id.size > 0 && !is_id_octet(id.at[id.size - 1])) {
        id.size--;
    }
    while (id.size > 0 && !is_id_octet(id.at[0])) {
        id = span_from(id, 1);
    }
    for (size_t i = 0; i < id.size; i++) {
        if (!is_id_octet(id.at[i])) {
            return;
        }
    }
    if (id.size < 5 || report->queue_id_count == REPORT_IDS_MAX) {
        return;
    }
    for (size_t i = 0; i < report->queue_id_count; i++) {
        if (span_is_equal(report->queue_ids[i].id, id)) {
            return;
        }
    }
    report->queue_ids[report->queue_id_count++] =
        (struct report_queue_id){ .id = id,
                                  .host = report_clean(reading->arena, host, REPORT_ADDRESS_MAX) };
}

/* All ids of a References or In-Reply-To, the last ones first: the message itself is at the end. */
static void add_references(struct reading *reading, struct span value)
{
    ptrdiff_t open;
    while ((open = span_find_last(value, '<')) >= 0 &&
           reading->report->message_id_count < REPORT_IDS_MAX / 2) {
        report_add_message_id(reading, span_from(value, (size_t)open));
        value = span_first(value, (size_t)open);
    }
}

/* "from A by B (Postfix) with ESMTP id C for <D>; date": words outside parentheses. */
static void add_received(struct reading *reading, struct span value)
{
    struct span before = { NULL, 0 }, id = { NULL, 0 }, host = { NULL, 0 };
    unsigned depth = 0;
    for (size_t at = 0; at < value.size;) {
        size_t start = at;
        char c = value.at[at];
        if (c == '(' || c == ')') {
            depth = c == '(' ? depth + 1 : depth - (depth > 0);
            at++;
            continue;
        }
        if (c == ';' && depth == 0) {
            break;
        }
        while (at < value.size && (unsigned char)value.at[at] > ' ' &&
               strchr("();", value.at[at]) == NULL) {
            at++;
        }
        if (at == start) {
            at++;
            continue;
        }
        struct span word = { value.at + start, at - start };
        if (depth > 0) {
            continue;
        }
        if (span_is_equal_nocase(before, SPAN("by")) && host.at == NULL) {
            host = word;
        } else if (span_is_equal_nocase(before, SPAN("id")) && id.at == NULL) {
            id = word;
        }
        before = word;
    }
    if (id.at != NULL) {
        report_add_queue_id(reading, id, host);
    }
}

static void take_field(struct reading *reading, struct span name, struct span value)
{
    struct report *report = reading->report;
    switch (header_id_of(name)) {
    case HEADER_MESSAGE_ID:
        report_add_message_id(reading, value);
        break;
    case HEADER_RECEIVED:
        add_received(reading, value);
        break;
    case HEADER_FROM:
        if (report->from.at == NULL) {
            report->from =
                report_clean(reading->arena, report_address_in(value), REPORT_ADDRESS_MAX);
        }
        break;
    case HEADER_RETURN_PATH:
        if (report->mail_from.at == NULL) {
            report->mail_from =
                report_clean(reading->arena, report_address_in(value), REPORT_ADDRESS_MAX);
        }
        break;
    default:
        break;
    }
}

void report_returned_read(struct reading *reading)
{
    struct span text = reading->parts.returned, name, value;
    static const char *const names[] = { "X-Original-Message-ID", "In-Reply-To", "References" };
    bool has_field = false;
    unsigned lines = 0;
    while (lines++ < REPORT_LINES_MAX && report_field(&text, &name, &value)) {
        if (name.at != NULL) {
            has_field = true;
            take_field(reading, name, value);
        } else if (has_field && span_trim(value).size == 0) {
            break;
        }
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct header_field *field = header_find(reading->headers, span_of(names[i]));
        if (field != NULL) {
            add_references(reading, field->value);
        }
    }
}
