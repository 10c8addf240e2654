/*
 * test_maillog_support: events of log lines as text a person can read, for tables of cases.
 */
#ifndef TESTS_UNIT_TEST_MAILLOG_SUPPORT_H
#define TESTS_UNIT_TEST_MAILLOG_SUPPORT_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "feedback/maillog_event.h"
#include "util/buffer.h"

#define MAILLOG_NOW_S 1795905180 /* 2026-11-28 22:33:00 */

static const char *const maillog_kind_names[] = {
    [MAILLOG_CLIENT] = "client",
    [MAILLOG_PICKUP] = "pickup",
    [MAILLOG_MESSAGE_ID] = "message-id",
    [MAILLOG_QUEUED] = "queued",
    [MAILLOG_SENT] = "sent",
    [MAILLOG_DEFERRED] = "deferred",
    [MAILLOG_BOUNCED] = "bounced",
    [MAILLOG_PROBED] = "probed",
    [MAILLOG_EXPIRED] = "expired",
    [MAILLOG_REMOVED] = "removed",
    [MAILLOG_CANCELED] = "canceled",
    [MAILLOG_NOTIFICATION] = "notification",
    [MAILLOG_HELD] = "held",
    [MAILLOG_REJECTED] = "rejected",
    [MAILLOG_DISCARDED] = "discarded",
    [MAILLOG_AUTH_FAILED] = "auth-failed",
    [MAILLOG_DISCONNECTED] = "disconnected",
    [MAILLOG_GAP] = "gap",
};

static inline void maillog_view_span(struct buffer *out, const char *name, struct span value)
{
    if (value.at != NULL) {
        buffer_printf(out, " %s=[", name);
        buffer_add_span(out, value);
        buffer_add_char(out, ']');
    }
}

static inline void maillog_view_number(struct buffer *out, const char *name, uint64_t value)
{
    if (value > 0) {
        buffer_printf(out, " %s=%" PRIu64, name, value);
    }
}

/* "sent id=[...] to=[...] ...": what is there, in the order of the struct; "-": no event. */
static inline void maillog_view(const struct maillog_line *line, struct buffer *out)
{
    struct maillog_event event;
    if (!maillog_event_read(line, &event)) {
        buffer_add_char(out, '-');
        return;
    }
    buffer_add_text(out, maillog_kind_names[event.kind]);
    maillog_view_span(out, "id", event.queue_id);
    maillog_view_span(out, "other", event.other_id);
    maillog_view_span(out, "from", event.sender);
    maillog_view_span(out, "to", event.recipients);
    maillog_view_span(out, "orig_to", event.orig_to);
    maillog_view_span(out, "relay", event.relay);
    maillog_view_span(out, "ip", event.relay_ip);
    maillog_view_span(out, "client", event.client);
    maillog_view_span(out, "name", event.client_name);
    maillog_view_span(out, "login", event.login);
    maillog_view_span(out, "method", event.method);
    maillog_view_span(out, "msgid", event.message_id);
    maillog_view_span(out, "stage", event.stage);
    maillog_view_span(out, "tls", event.tls);
    maillog_view_span(out, "dsn", event.dsn);
    maillog_view_number(out, "code", event.code);
    maillog_view_span(out, "text", event.text);
    maillog_view_span(out, "said", event.said);
    maillog_view_number(out, "size", event.size_bytes);
    maillog_view_number(out, "nrcpt", event.recipient_count);
    maillog_view_number(out, "count", event.count);
    if (event.delay_ms >= 0) {
        buffer_printf(out, " delay=%" PRId64, event.delay_ms);
    }
    if (event.stage_ms[0] >= 0) {
        buffer_printf(out, " stages=%" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64,
                      event.stage_ms[0], event.stage_ms[1], event.stage_ms[2], event.stage_ms[3]);
    }
    maillog_view_number(out, "notice", event.notice);
    buffer_add_text(out, event.is_inside ? " inside" : "");
    buffer_add_text(out, event.is_milter ? " milter" : "");
    buffer_add_text(out, event.is_warning ? " warning" : "");
    buffer_add_text(out, event.is_cut ? " cut" : "");
}

struct maillog_case {
    const char *tag, *text, *view;
};

static inline void maillog_cases_run(const struct maillog_case *cases, size_t count)
{
    struct clock_fixed fixed;
    struct logread reader;
    clock_fixed_init(&fixed, MAILLOG_NOW_S);
    logread_init(&reader, &fixed.clock);
    for (size_t i = 0; i < count; i++) {
        struct buffer bytes = BUFFER_EMPTY, view = BUFFER_EMPTY;
        struct maillog_line line;
        buffer_printf(&bytes, "Nov 28 22:33:00 mx1 %s[77]: %s", cases[i].tag, cases[i].text);
        maillog_line_read(&reader, NULL, buffer_span(&bytes), &line);
        maillog_view(&line, &view);
        if (strcmp(buffer_text(&view), cases[i].view) != 0) {
            print_message("%s\n  is      %s\n  and not %s\n", buffer_text(&bytes),
                          buffer_text(&view), cases[i].view);
            fail();
        }
        buffer_free(&bytes);
        buffer_free(&view);
    }
}

#endif
