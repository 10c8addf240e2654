/*
 * report_arf: complaints (RFC 5965, 6591, 6650), and what some providers send instead: the message
 * itself with a field for whom it was meant, or a text for people.
 */
#include "feedback/report_private.h"

static bool is_name(struct span name, const char *wanted)
{
    return span_is_equal_nocase(name, span_of(wanted));
}

static void add_domain(struct reading *reading, struct span value)
{
    struct report *report = reading->report;
    struct span domain = report_clean(reading->arena, report_typed(value), REPORT_ADDRESS_MAX);
    if (domain.size > 0 && report->reported_domain_count < REPORT_DOMAINS_MAX) {
        report->reported_domains[report->reported_domain_count++] = domain;
    }
}

/* "<a@b>", "a@b", "redacted@b": whoever is told, in whatever way. */
static void add_recipient(struct reading *reading, struct span value)
{
    struct span address = report_address_typed(value, reading->arena);
    struct report_recipient *recipient =
        address.size > 0 ? report_recipient(reading, address) : NULL;
    if (recipient != NULL) {
        recipient->action = REPORT_DELIVERED;
        recipient->status_class = 2;
    }
}

static struct span lower(struct arena *arena, struct span text)
{
    struct span copy = report_clean(arena, text, 64);
    for (size_t i = 0; i < copy.size; i++) {
        ((char *)copy.at)[i] = ascii_lower(copy.at[i]);
    }
    return copy;
}

static void take_text(struct reading *reading, struct span *place, struct span value)
{
    if (place->at == NULL) {
        *place = report_clean(reading->arena, value, REPORT_ADDRESS_MAX);
    }
}

static void take_field(struct reading *reading, struct span name, struct span value)
{
    struct report *report = reading->report;
    if (is_name(name, "Feedback-Type")) {
        report->feedback_type = lower(reading->arena, value);
    } else if (is_name(name, "Original-Rcpt-To") || is_name(name, "Removal-Recipient")) {
        add_recipient(reading, value);
    } else if (is_name(name, "Original-Mail-From")) {
        take_text(reading, &report->mail_from, report_address_typed(value, reading->arena));
    } else if (is_name(name, "Source-IP")) {
        struct span rest = value, word = { NULL, 0 };
        span_cut(&rest, ' ', &word); /* a name may follow */
        take_text(reading, &report->source_ip, word);
    } else if (is_name(name, "Arrival-Date") || is_name(name, "Received-Date")) {
        take_text(reading, &report->arrival_date, value);
    } else if (is_name(name, "Reporting-MTA")) {
        take_text(reading, &report->reporting_mta, report_typed(value));
    } else if (is_name(name, "User-Agent")) {
        take_text(reading, &report->user_agent, value);
    } else if (is_name(name, "Original-Envelope-Id")) {
        take_text(reading, &report->envelope_id, value);
        report_add_queue_id(reading, value, report->reporting_mta);
    } else if (is_name(name, "Reported-Domain")) {
        add_domain(reading, value);
    } else if (is_name(name, "Message-ID")) {
        report_add_message_id(reading, value);
    }
}

static void read_fields(struct reading *reading)
{
    struct span text = reading->parts.feedback, name, value;
    unsigned lines = 0;
    while (lines++ < REPORT_LINES_MAX && report_field(&text, &name, &value)) {
        if (name.at != NULL) {
            take_field(reading, name, value);
        }
    }
}

static struct span returned_value(const struct reading *reading, const char *wanted)
{
    struct span text = reading->parts.returned, name, value;
    unsigned lines = 0;
    while (lines++ < REPORT_LINES_MAX && report_field(&text, &name, &value)) {
        if (name.at != NULL && is_name(name, wanted)) {
            return value;
        }
        if (name.at == NULL && lines > 1 && span_trim(value).size == 0) {
            break;
        }
    }
    return (struct span){ NULL, 0 };
}

static bool has_one_address(struct span value)
{
    struct span address = report_address_in(value);
    size_t end = address.at != NULL ? (size_t)(address.at + address.size - value.at) : 0;
    return address.at != NULL && report_address_in(span_from(value, end)).at == NULL;
}

/* Whom the message was meant for, where only it tells (Microsoft's programme; RFC 5965 3.2 leaves
 * the field out where recipients are not to be told). Who reports a failed check is no recipient
 * that complains. */
static void read_returned_recipient(struct reading *reading)
{
    static const char *const names[] = { "X-HmXmrOriginalRecipient", "X-Original-To",
                                         "Delivered-To", "To" };
    bool is_check = span_is_equal(reading->report->feedback_type, SPAN("auth-failure"));
    for (size_t i = 0; !is_check && i < sizeof(names) / sizeof(names[0]); i++) {
        struct span value = returned_value(reading, names[i]);
        if (reading->report->recipient_count == 0 && has_one_address(value)) {
            add_recipient(reading, report_address_in(value));
        }
    }
}

static bool subject_has(const struct reading *reading, const char *text)
{
    const char *const phrases[] = { text, NULL };
    size_t end;
    return report_phrase_in(phrases, reading->subject, &end) >= 0;
}

/* Of the time before RFC 5965. */
static bool is_old_complaint(const struct reading *reading)
{
    return reading->parts.returned.at != NULL &&
           (returned_value(reading, "X-HmXmrOriginalRecipient").at != NULL ||
            subject_has(reading, "complaint about message from") ||
            subject_has(reading, "abuse report") || subject_has(reading, "email feedback report"));
}

/* Reports on DMARC for people (Exim's example): fields in a text. */
static bool read_plain_dmarc(struct reading *reading)
{
    struct span text = reading->parts.notice, line;
    struct report *report = reading->report;
    unsigned lines = 0;
    if (!subject_has(reading, "dmarc forensic report") &&
        !subject_has(reading, "dmarc failure report")) {
        return false;
    }
    report->feedback_type = SPAN("auth-failure");
    while (lines++ < REPORT_LINES_MAX && report_line(&text, &line)) {
        static const struct {
            const char *label;
            int place;
        } labels[] = { { "Sender Domain:", 0 },
                       { "Sender IP Address:", 1 },
                       { "Received date:", 2 } };
        line = span_trim(line);
        for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
            struct span label = span_of(labels[i].label);
            if (!span_has_prefix_nocase(line, label)) {
                continue;
            }
            struct span value = span_from(line, label.size);
            if (labels[i].place == 0) {
                add_domain(reading, value);
            } else {
                take_text(reading,
                          labels[i].place == 1 ? &report->source_ip : &report->arrival_date, value);
            }
        }
    }
    return true;
}

bool report_arf_read(struct reading *reading)
{
    struct report *report = reading->report;
    report->format = "arf";
    if (reading->parts.feedback.at != NULL) {
        read_fields(reading);
    } else if (is_old_complaint(reading)) {
        report->format = "forwarded message";
    } else if (read_plain_dmarc(reading)) {
        report->format = "text";
    } else {
        report->format = "";
        return false;
    }
    if (report->feedback_type.size == 0) {
        report->feedback_type = SPAN("abuse");
    }
    read_returned_recipient(reading);
    report->kind = REPORT_COMPLAINT;
    return true;
}
