/*
 * report_dsn: the fields of a delivery report (RFC 3464 2), the same in texts of programs that do
 * not say what part it is, and the words of those who mean them otherwise.
 */
#include "feedback/report_private.h"

static const struct {
    const char *word;
    enum report_action action;
} actions[] = {
    { "fail", REPORT_FAILED },         { "delayed", REPORT_DELAYED },
    { "deferred", REPORT_DELAYED },    { "delay", REPORT_DELAYED },
    { "delivered", REPORT_DELIVERED }, { "deliverable", REPORT_DELIVERED },
    { "relayed", REPORT_RELAYED },     { "expanded", REPORT_EXPANDED },
};

/* The fields of one recipient. */
struct group {
    struct span final, original, actual;
    struct span action, status, diagnostic, remote_mta;
    bool is_used;
};

static bool is_name(struct span name, const char *wanted)
{
    return span_is_equal_nocase(name, span_of(wanted));
}

static enum report_action action_of(const struct group *group)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (span_has_prefix_nocase(group->action, span_of(actions[i].word))) {
            return actions[i].action;
        }
    }
    return group->status.size > 0 && group->status.at[0] == '2' ? REPORT_DELIVERED : REPORT_FAILED;
}

/* Programs write "X.400", local names and programs to pipe to where the address is wanted. */
static struct span first_address(struct arena *arena, const struct group *group)
{
    const struct span *const fields[] = { &group->original, &group->final, &group->actual };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct span address =
            fields[i]->at != NULL ? report_address_typed(*fields[i], arena) : *fields[i];
        if (address.size > 0) {
            return address;
        }
    }
    return (struct span){ NULL, 0 };
}

/* "550 5.1.1 (no such user)" and "5.1.1 (no such user)" are written where a status belongs. */
static struct span status_in(struct span value)
{
    struct span enhanced, reply;
    cause_codes(value, &enhanced, &reply);
    return enhanced;
}

static void finish(struct reading *reading, struct group *group)
{
    struct arena *arena = reading->arena;
    struct report_recipient *recipient;
    struct span address = first_address(arena, group);
    if (!group->is_used || address.size == 0) {
        *group = (struct group){ .is_used = false };
        return;
    }
    recipient = report_recipient(reading, address);
    if (recipient != NULL) {
        struct span final = report_address_typed(group->final, arena);
        if (final.size > 0 && !span_is_equal_nocase(final, address)) {
            recipient->final = report_clean(arena, final, REPORT_ADDRESS_MAX);
        }
        recipient->action = action_of(group);
        recipient->status = report_clean(arena, status_in(group->status), 12);
        recipient->remote_mta =
            report_clean(arena, report_typed(group->remote_mta), REPORT_ADDRESS_MAX);
        recipient->text = report_clean(arena, report_typed(group->diagnostic), REPORT_TEXT_MAX);
        if (recipient->text.size == 0 && !cause_is_enhanced(span_trim(group->status))) {
            recipient->text = report_clean(arena, group->status, REPORT_TEXT_MAX);
        }
    }
    *group = (struct group){ .is_used = false };
}

static void take_message_field(struct reading *reading, struct span name, struct span value)
{
    struct report *report = reading->report;
    struct arena *arena = reading->arena;
    if (is_name(name, "Reporting-MTA")) {
        report->reporting_mta = report_clean(arena, report_typed(value), REPORT_ADDRESS_MAX);
    } else if (is_name(name, "Original-Envelope-Id")) {
        report->envelope_id = report_clean(arena, value, REPORT_ADDRESS_MAX);
    } else if (is_name(name, "Arrival-Date")) {
        report->arrival_date = report_clean(arena, value, REPORT_ADDRESS_MAX);
    } else if (is_name(name, "X-Postfix-Queue-ID")) {
        report_add_queue_id(reading, value, report->reporting_mta);
    } else if (is_name(name, "X-Postfix-Sender")) {
        report->mail_from =
            report_clean(arena, report_address_typed(value, arena), REPORT_ADDRESS_MAX);
    } else if (is_name(name, "X-Original-Message-ID")) {
        report_add_message_id(reading, value);
    }
}

/* False: it is none of a recipient's. A second recipient without an empty line before him, as
 * gateways write it, begins a group, too. */
static bool take_recipient_field(struct reading *reading, struct group *group, struct span name,
                                 struct span value)
{
    const struct {
        const char *name;
        struct span *place;
        bool begins;
    } fields[] = {
        { "Final-Recipient", &group->final, true },
        { "Original-Recipient", &group->original, true },
        { "X-Actual-Recipient", &group->actual, false },
        { "Action", &group->action, false },
        { "Status", &group->status, false },
        { "Diagnostic-Code", &group->diagnostic, false },
        { "Remote-MTA", &group->remote_mta, false },
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (!is_name(name, fields[i].name)) {
            continue;
        }
        if (fields[i].begins && fields[i].place->at != NULL) {
            finish(reading, group);
        }
        if (fields[i].place->at == NULL) {
            *fields[i].place = value;
        }
        group->is_used |= fields[i].begins || fields[i].place == &group->actual;
        return true;
    }
    return false;
}

static void read_fields(struct reading *reading, struct span text)
{
    struct group group = { .is_used = false };
    struct span name, value;
    unsigned lines = 0;
    while (lines++ < REPORT_LINES_MAX && report_field(&text, &name, &value)) {
        if (name.at == NULL) {
            /* an empty line within a group is none of its end: what names nobody goes on */
            if (span_trim(value).size == 0 && group.is_used && group.status.at != NULL) {
                finish(reading, &group);
            }
            continue;
        }
        if (!take_recipient_field(reading, &group, name, value)) {
            take_message_field(reading, name, value);
        }
    }
    finish(reading, &group);
}

/* Fields that name nobody: he whom the header or the message itself names, if it is one. */
static void read_nameless(struct reading *reading)
{
    struct group group = { .is_used = true };
    struct span text = reading->parts.status, name, value;
    const struct header_field *failed = header_find(reading->headers, SPAN("X-Failed-Recipients"));
    unsigned lines = 0;
    while (lines++ < REPORT_LINES_MAX && report_field(&text, &name, &value)) {
        if (name.at != NULL) {
            take_recipient_field(reading, &group, name, value);
        }
    }
    struct span address = failed != NULL ? report_address_in(failed->value) : SPAN("");
    if (address.size == 0) {
        struct span rest = reading->parts.returned;
        unsigned count = 0;
        while (count++ < REPORT_LINES_MAX && report_field(&rest, &name, &value)) {
            if (name.at != NULL && is_name(name, "To")) {
                address = report_address_in(value);
                break;
            }
        }
    }
    group.final = address;
    if (group.action.at != NULL || group.status.at != NULL) {
        finish(reading, &group);
    }
}

/* What people were told of him, where the machine was told nothing. */
static void add_notices(struct reading *reading)
{
    for (size_t i = 0; i < reading->report->recipient_count; i++) {
        struct report_recipient *recipient = &reading->recipients[i];
        if (recipient->text.size == 0) {
            struct span about = report_notice_about(reading, recipient->address);
            recipient->text = report_clean(reading->arena, about, REPORT_TEXT_MAX);
        }
    }
}

bool report_dsn_read(struct reading *reading)
{
    static const char *const marks[] = { "final-recipient:", "original-recipient:", NULL };
    struct span text = reading->parts.status;
    size_t end;
    if (text.at == NULL && report_phrase_in(marks, reading->parts.notice, &end) >= 0) {
        text = reading->parts.notice;
    }
    if (text.at == NULL) {
        return false;
    }
    read_fields(reading, text);
    if (reading->report->recipient_count == 0 && reading->parts.status.at != NULL) {
        read_nameless(reading);
    }
    if (reading->report->recipient_count == 0) {
        return false;
    }
    add_notices(reading);
    reading->report->kind = REPORT_DELIVERY;
    reading->report->format = "dsn";
    return true;
}
