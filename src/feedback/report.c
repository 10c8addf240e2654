/*
 * report: which kind a message is, and what is told of each recipient.
 */
#include "feedback/report.h"

#include "feedback/report_private.h"
#include "message/automatic.h"
#include "message/builder.h"
#include "message/encoded_word.h"
#include "util/buffer.h"

static const char *const kinds[REPORT_KIND_COUNT] = { "none", "delivery", "complaint",
                                                      "automatic-reply" };
static const char *const action_names[REPORT_ACTION_COUNT] = { "failed", "delayed", "delivered",
                                                               "relayed", "expanded" };

const char *report_kind_name(enum report_kind kind)
{
    return kinds[kind];
}

const char *report_action_name(enum report_action action)
{
    return action_names[action];
}

struct report_recipient *report_recipient(struct reading *reading, struct span address)
{
    struct report *report = reading->report;
    for (size_t i = 0; i < report->recipient_count; i++) {
        if (span_is_equal_nocase(reading->recipients[i].address, address)) {
            return &reading->recipients[i];
        }
    }
    struct span copy = report_clean(reading->arena, address, REPORT_ADDRESS_MAX);
    if (report->recipient_count == REPORT_RECIPIENTS_MAX || copy.at == NULL) {
        report->is_cut = true;
        return NULL;
    }
    struct report_recipient *recipient = &reading->recipients[report->recipient_count++];
    *recipient = (struct report_recipient){ .address = copy, .cause = { .cause = CAUSE_UNKNOWN } };
    return recipient;
}

/* By the code, else by what became of the message. */
static unsigned class_of(const struct report_recipient *recipient)
{
    if (recipient->status.size > 0) {
        return (unsigned)(recipient->status.at[0] - '0');
    }
    if (recipient->action == REPORT_DELAYED) {
        return 4;
    }
    if (recipient->action != REPORT_FAILED) {
        return 2;
    }
    return recipient->reply_code.size > 0 && recipient->reply_code.at[0] == '4' ? 4 : 5;
}

void report_judge(struct report_recipient *recipient)
{
    struct span enhanced, reply_code;
    cause_codes(recipient->text, &enhanced, &reply_code);
    if (enhanced.size > 0 &&
        (recipient->status.size == 0 || (span_has_suffix_nocase(recipient->status, SPAN(".0.0")) &&
                                         enhanced.at[0] == recipient->status.at[0]))) {
        recipient->status = enhanced;
    }
    recipient->reply_code = reply_code;
    /* who failed without any code failed for good, or it would still be tried */
    bool is_bare = recipient->status.size == 0 && reply_code.size == 0;
    struct cause_reply reply = { .enhanced = recipient->status,
                                 .reply_code = is_bare ? SPAN("550") : reply_code,
                                 .text = recipient->text,
                                 .provider = cause_provider_of(
                                     recipient->remote_mta, recipient->text, recipient->address) };
    recipient->cause = cause_of(&reply);
    recipient->status_class = class_of(recipient);
    /* What is still tried, or went through, is no failure of the address. */
    recipient->cause.is_hard &= recipient->action == REPORT_FAILED;
}

static struct span value_of(const struct header_list *headers, enum header_id id)
{
    const struct header_field *field = header_first(headers, id);
    return field != NULL ? field->value : SPAN("");
}

static struct span subject_of(const struct header_list *headers, struct arena *arena)
{
    struct span text = span_first(value_of(headers, HEADER_SUBJECT), 1000);
    text = encoded_word_decode(text, arena);
    return text.at != NULL ? text : SPAN("");
}

/* Behind what may stand before it: "[Automatic reply] hello". */
static bool says_away(struct span subject)
{
    while (subject.size > 0 && strchr("[*(\" ", subject.at[0]) != NULL) {
        subject = span_from(subject, 1);
    }
    for (int i = 0; report_away_subjects[i] != NULL; i++) {
        if (span_has_prefix_nocase(subject, span_of(report_away_subjects[i]))) {
            return true;
        }
    }
    return span_has_suffix_nocase(span_trim(subject), SPAN("(Automatic Response)"));
}

/* By what RFC 3834 and older programs have for it; else by a subject that begins as theirs do. Mail
 * of lists talks of such things, and answers nobody. */
static bool is_away(const struct reading *reading)
{
    struct message message = { .headers = *reading->headers };
    const struct header_field *precedence = header_find(reading->headers, SPAN("Precedence"));
    struct span value = precedence != NULL ? span_trim(precedence->value) : SPAN("");
    bool is_list = span_is_equal_nocase(value, SPAN("list")) ||
                   span_is_equal_nocase(value, SPAN("bulk")) ||
                   message.headers.counts[HEADER_LIST_ID] > 0;
    return message_automatic(&message, reading->arena) == AUTOMATIC_REPLY ||
           (!is_list && says_away(reading->subject));
}

static bool is_report(const struct header_list *headers)
{
    struct span type = span_trim(value_of(headers, HEADER_CONTENT_TYPE));
    return span_has_prefix_nocase(type, SPAN("multipart/report"));
}

static void add_body(void *context, const void *bytes, size_t size)
{
    buffer_add(context, bytes, size);
}

static bool read_any(struct reading *reading)
{
    if (report_arf_read(reading)) {
        return true;
    }
    if (!report_dsn_read(reading) && !report_text_read(reading)) {
        return false;
    }
    for (size_t i = 0; i < reading->report->recipient_count; i++) {
        report_judge(&reading->recipients[i]);
    }
    return true;
}

/* A report as a gateway, or somebody who forwards it, wraps it up: the message in the only part of
 * one that is none. Its body in the arena; false: it is none, or no report. */
static bool unwrap(const struct report_parts *parts, struct arena *arena,
                   struct header_list *headers_r, struct span *body_r)
{
    struct buffer body = BUFFER_EMPTY;
    if (parts->is_report || parts->status.at != NULL || parts->feedback.at != NULL ||
        parts->returned.at == NULL) {
        return false;
    }
    header_list_init(headers_r, false);
    bool is_read = message_read(parts->returned, arena, headers_r, add_body, &body) &&
                   !buffer_has_failed(&body) && is_report(headers_r);
    *body_r = is_read ? arena_copy(arena, buffer_span(&body)) : SPAN("");
    buffer_free(&body);
    return is_read && body_r->at != NULL;
}

static bool take_apart(struct reading *reading, struct span body, struct header_list *inner)
{
    struct arena *arena = reading->arena;
    body = span_first(body.at != NULL ? body : SPAN(""), REPORT_BODY_MAX);
    if (!report_parts_read(reading->headers, body, arena, &reading->parts)) {
        return false;
    }
    if (unwrap(&reading->parts, arena, inner, &body)) {
        reading->headers = inner;
        reading->subject = subject_of(inner, arena);
        return report_parts_read(inner, body, arena, &reading->parts);
    }
    return true;
}

bool report_read(const struct header_list *headers, struct span body, unsigned flags,
                 struct arena *arena, struct report *report_r)
{
    struct header_list inner;
    struct reading reading = { .arena = arena,
                               .headers = headers,
                               .subject = subject_of(headers, arena),
                               .has_null_sender = (flags & REPORT_NULL_SENDER) != 0,
                               .report = report_r };
    *report_r = (struct report){ .format = "" };
    reading.recipients = arena_array(arena, REPORT_RECIPIENTS_MAX, sizeof(struct report_recipient));
    report_r->recipients = reading.recipients;
    report_r->is_cut = (flags & REPORT_BODY_CUT) != 0 || body.size > REPORT_BODY_MAX;
    if (reading.recipients == NULL || !take_apart(&reading, body, &inner)) {
        *report_r = (struct report){ .format = "" };
        return false;
    }
    if (read_any(&reading)) {
        report_returned_read(&reading);
    } else if (is_away(&reading)) {
        report_r->kind = REPORT_AUTOMATIC_REPLY;
        report_returned_read(&reading);
    }
    if (arena_is_exhausted(arena)) {
        *report_r = (struct report){ .format = "" };
        return false;
    }
    return true;
}

struct taking {
    struct buffer body;
    bool is_cut;
};

static void take_body(void *context, const void *bytes, size_t size)
{
    struct taking *taking = context;
    size_t room = REPORT_BODY_MAX - taking->body.size;
    taking->is_cut |= size > room;
    buffer_add(&taking->body, bytes, size < room ? size : room);
}

static bool has_null_path(const struct header_list *headers)
{
    return span_is_equal(span_trim(value_of(headers, HEADER_RETURN_PATH)), SPAN("<>"));
}

bool report_read_file(struct span file, struct arena *arena, struct report *report_r)
{
    struct header_list headers;
    struct taking taking = { .body = BUFFER_EMPTY };
    header_list_init(&headers, false);
    *report_r = (struct report){ .format = "" };
    bool is_read = message_read(file, arena, &headers, take_body, &taking) &&
                   !buffer_has_failed(&taking.body) &&
                   report_read(&headers, buffer_span(&taking.body),
                               (taking.is_cut ? REPORT_BODY_CUT : 0) |
                                   (has_null_path(&headers) ? REPORT_NULL_SENDER : 0),
                               arena, report_r);
    buffer_free(&taking.body);
    return is_read;
}

bool report_may_be(const struct header_list *headers, bool has_null_sender)
{
    size_t end;
    return has_null_sender || is_report(headers) ||
           header_find(headers, SPAN("X-Failed-Recipients")) != NULL ||
           report_phrase_in(report_subjects, value_of(headers, HEADER_SUBJECT), &end) >= 0;
}
