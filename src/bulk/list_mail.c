/*
 * list_mail: the fields that lists write (RFC 2369, RFC 2919), and the old Precedence. How many
 * recipients a message has says nothing about a subscription: a letter to two hundred colleagues is
 * none, and lists commonly send to one at a time.
 */
#include "bulk/list_mail.h"

static bool has(const struct message *message, enum header_id id)
{
    return message->headers.counts[id] > 0;
}

/* The keyword of Auto-Submitted (RFC 3834 5), without parameters. */
static struct span auto_submitted(const struct message *message)
{
    const struct header_field *field = header_first(&message->headers, HEADER_AUTO_SUBMITTED);
    struct span rest = field != NULL ? field->value : SPAN("no"), word = rest;
    span_cut(&rest, ';', &word);
    return span_trim(word);
}

static bool is_answer(const struct message *message)
{
    return span_has_prefix_nocase(auto_submitted(message), SPAN("auto-replied")) ||
           header_find(&message->headers, SPAN("X-Autoreply")) != NULL ||
           header_find(&message->headers, SPAN("X-Autorespond")) != NULL;
}

/* Answering machines and trackers say it, too: theirs are answers to something, or say that a
 * machine wrote them. */
static const char *precedence(const struct message *message)
{
    const struct header_field *field = header_find(&message->headers, SPAN("Precedence"));
    if (field == NULL || has(message, HEADER_IN_REPLY_TO) || has(message, HEADER_REFERENCES) ||
        !span_is_equal_nocase(auto_submitted(message), SPAN("no"))) {
        return NULL;
    }
    if (span_is_equal_nocase(span_trim(field->value), SPAN("bulk"))) {
        return "Precedence: bulk";
    }
    return span_is_equal_nocase(span_trim(field->value), SPAN("list")) ? "Precedence: list" : NULL;
}

/* Forwarded mail is its origin's; a bounce has no author. */
const char *list_mail_sign(const struct message *message, enum mail_class mail_class)
{
    static const enum header_id fields[] = { HEADER_LIST_ID, HEADER_LIST_UNSUBSCRIBE,
                                             HEADER_LIST_UNSUBSCRIBE_POST };
    if (mail_class == CLASS_INBOUND || mail_class == CLASS_FORWARD || mail_class == CLASS_BOUNCE ||
        message->envelope.sender.text.size == 0 || is_answer(message)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (has(message, fields[i])) {
            return header_name(fields[i]).at;
        }
    }
    return precedence(message);
}
