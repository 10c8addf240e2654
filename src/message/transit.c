/*
 * transit: the risks of a message, most of them out of facts that are known already.
 *
 * Folds are looked for here; what Sendmail makes of an address field is in transit_requote.c.
 */
#include "message/transit_private.h"

static unsigned index_of(enum transit_risk risk)
{
    return (unsigned)__builtin_ctz(risk);
}

/* `field` NULL: it is in the body. */
static void note(struct transit *transit, enum transit_risk risk, const struct header_field *field)
{
    transit->risks |= risk;
    if (transit->fields[index_of(risk)] == NULL)
        transit->fields[index_of(risk)] = field;
}

const struct header_field *transit_field(const struct transit *transit, enum transit_risk risk)
{
    return transit->fields[index_of(risk)];
}

static bool has_8bit(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.at[i] >= 0x80)
            return true;
    }
    return false;
}

static bool has_octet(struct span text, char octet)
{
    return span_find(text, octet) >= 0;
}

/* Which fields have octets that the header is known to have somewhere. */
static void note_octets(const struct message *message, struct transit *transit)
{
    const struct header_list *headers = &message->headers;
    bool is_8bit = headers->has_8bit && !message->envelope.smtputf8;

    if (!is_8bit && !headers->has_nul && !headers->has_bare_cr)
        return;
    for (size_t i = 0; i < headers->count; i++) {
        const struct header_field *field = &headers->fields[i];

        if (is_8bit && (has_8bit(field->value) || has_8bit(field->name)))
            note(transit, TRANSIT_8BIT, field);
        if (headers->has_nul && (has_octet(field->value, '\0') || has_octet(field->name, '\0')))
            note(transit, TRANSIT_NUL, field);
        if (headers->has_bare_cr && (has_octet(field->value, '\r') || has_octet(field->name, '\r')))
            note(transit, TRANSIT_BARE_NEWLINE, field);
    }
}

static void note_body(const struct message *message, struct transit *transit)
{
    const struct body_facts *body = &message->body;

    if (message->headers.longest_line > BODY_LINE_LIMIT)
        note(transit, TRANSIT_LONG_LINE, message->headers.longest_field);
    if (body->longest_line > BODY_LINE_LIMIT)
        note(transit, TRANSIT_LONG_LINE, NULL);
    if (body->has_8bit && !message->envelope.body_8bitmime)
        note(transit, TRANSIT_8BIT, NULL);
    if (body->has_bare_cr || body->has_bare_lf)
        note(transit, TRANSIT_BARE_NEWLINE, NULL);
    if (body->has_nul)
        note(transit, TRANSIT_NUL, NULL);
}

static bool is_blank(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] != ' ' && text.at[i] != '\t')
            return false;
    }
    return true;
}

static bool has_odd_fold(struct span value)
{
    ptrdiff_t fold;

    while ((fold = span_find(value, '\n')) >= 0) {
        struct span line = span_first(value, (size_t)fold);

        if (is_blank(line) || line.at[line.size - 1] == ' ' || line.at[line.size - 1] == '\t')
            return true;
        value = span_from(value, (size_t)fold + 1);
        if (is_blank(value))
            return true;
    }
    return false;
}

/* Fields that are never signed: of those who carry the mail, or only for the sender's side. */
static bool is_covered(enum header_id id)
{
    switch (id) {
    case HEADER_OTHER:
    case HEADER_BCC:
    case HEADER_RECEIVED:
    case HEADER_RETURN_PATH:
    case HEADER_AUTHENTICATION_RESULTS:
    case HEADER_DKIM_SIGNATURE:
    case HEADER_EGRESS_TICKET:
        return false;
    default:
        return true;
    }
}

static bool is_address_field(enum header_id id)
{
    switch (id) {
    case HEADER_FROM:
    case HEADER_SENDER:
    case HEADER_REPLY_TO:
    case HEADER_TO:
    case HEADER_CC:
    case HEADER_RESENT_FROM:
    case HEADER_RESENT_SENDER:
    case HEADER_RESENT_TO:
    case HEADER_RESENT_CC:
        return true;
    default:
        return false;
    }
}

void transit_read(const struct message *message, struct transit *transit_r)
{
    const struct header_list *headers = &message->headers;

    *transit_r = (struct transit){ .risks = 0 };
    note_octets(message, transit_r);
    note_body(message, transit_r);
    for (size_t i = 0; i < headers->count; i++) {
        const struct header_field *field = &headers->fields[i];

        if (is_covered(field->id) && has_odd_fold(field->value))
            note(transit_r, TRANSIT_FOLDING, field);
        if (is_address_field(field->id) && transit_is_requoted(field->value))
            note(transit_r, TRANSIT_REQUOTE, field);
    }
}
