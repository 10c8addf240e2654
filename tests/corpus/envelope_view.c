/*
 * envelope_view: see envelope_view.h.
 */
#include "tests/corpus/envelope_view.h"

#include <stdlib.h>

#include "message/builder.h"

const struct drive_recipient envelope_view_somebody = { .path = SPAN("bob@away.example"),
                                                        .mailer = SPAN("smtp"),
                                                        .host = SPAN("away.example") };

static void ignore_body(void *context, const void *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    (void)size;
}

static void add(const struct drive_recipient *recipient, struct envelope_view *view)
{
    if (view->recipient_count < ENVELOPE_VIEW_RECIPIENTS) {
        view->recipients[view->recipient_count++] = *recipient;
    }
}

static void add_named(const struct header_list *headers, enum header_id id, struct arena *arena,
                      struct envelope_view *view)
{
    const struct header_field *field = header_first(headers, id);
    for (; field != NULL; field = header_next(headers, field)) {
        struct address_list list;
        if (!address_parse_list(field->value, arena, &list)) {
            abort();
        }
        for (size_t i = 0; i < list.count; i++) {
            if ((list.at[i].defects & ADDRESS_DOUBTFUL) == 0) {
                struct drive_recipient recipient = { .path = list.at[i].text,
                                                     .mailer = SPAN("smtp"),
                                                     .host = list.at[i].domain };
                add(&recipient, view);
            }
        }
    }
}

void envelope_view_read(struct span file, struct arena *arena, struct envelope_view *view_r)
{
    struct message message = { 0 };
    header_list_init(&message.headers, true);
    if (!message_read(file, arena, &message.headers, ignore_body, NULL) ||
        !message_read_from(&message, arena)) {
        abort();
    }
    bool has_author = message.from.count > 0 && message.from.at[0].domain.size > 0;
    view_r->author = has_author ? message.from.at[0].text : SPAN("alice@example.org");
    view_r->recipient_count = 0;
    add_named(&message.headers, HEADER_TO, arena, view_r);
    add_named(&message.headers, HEADER_CC, arena, view_r);
    if (view_r->recipient_count == 0) {
        add(&envelope_view_somebody, view_r);
    }
}
