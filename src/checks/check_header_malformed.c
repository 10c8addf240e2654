/*
 * header_malformed: is every field what RFC 5322 2.2 and 3.6 want it to be? Control characters, a
 * continuation line that is blank (obsolete, 4.2: readers take it for the end of the header), a
 * name that is none, To, Cc, Sender and Reply-To that are no lists of addresses, a Message-ID that
 * is none. One finding, for the first such field from the top.
 *
 * The addresses of From are from_invalid's, a NUL nul_byte's, 8-bit octets in values header_8bit's,
 * and a second To header_duplicate's. A list of addresses too long for the memory set aside here is
 * not judged.
 */
#include "checks/checks.h"

enum { LIST_BYTES_MAX = 1024 * 1024 };

/* RFC 5322 3.6.8; 8-bit octets are no part of it even with SMTPUTF8 (RFC 6532 3). */
static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.at[i] <= ' ' || name.at[i] > '~' || name.at[i] == ':') {
            return false;
        }
    }
    return name.size > 0;
}

/* What is wrong with the octets of a value; NULL: nothing. */
static const char *fault_of_octets(struct span value)
{
    bool is_blank = false; /* nothing but white space since the last fold */
    for (size_t i = 0; i < value.size; i++) {
        char c = value.at[i];
        if (c == '\n') {
            if (is_blank) {
                return "has a blank continuation line";
            }
            is_blank = true;
        } else if (c == '\r') {
            return "holds a CR";
        } else if ((c > '\0' && c < ' ' && c != '\t') || c == 0x7f) {
            return "holds a control character";
        } else if (c != ' ' && c != '\t') {
            is_blank = false;
        }
    }
    return is_blank ? "has a blank continuation line" : NULL;
}

static const char *fault_of_list(const struct header_field *field)
{
    struct address_list list;
    const char *fault = NULL;
    struct arena *scratch = arena_new(LIST_BYTES_MAX);
    if (scratch != NULL && address_parse_list(field->value, scratch, &list)) {
        if ((list.defects & ADDRESS_EMPTY) != 0) {
            fault = "is empty";
        } else if ((list.defects & ADDRESS_BROKEN) != 0) {
            fault = "is no valid list of addresses";
        } else if (field->id == HEADER_SENDER && list.count != 1) {
            fault = "does not name one sender";
        }
    }
    arena_free(&scratch);
    return fault;
}

static bool is_blank_or_comment(struct span text)
{
    struct span trimmed = span_trim(text);
    return trimmed.size == 0 || trimmed.at[0] == '(';
}

/* RFC 5322 3.6.4, as far as all agree: <something@something>, comments before and behind. */
static const char *fault_of_message_id(struct span value)
{
    ptrdiff_t open = span_find(value, '<'), close = span_find_last(value, '>');
    if (open < 0 || close < open || !is_blank_or_comment(span_first(value, (size_t)open)) ||
        !is_blank_or_comment(span_from(value, (size_t)close + 1))) {
        return "is no message id in angle brackets";
    }
    struct span id = span_first(span_from(value, (size_t)open + 1), (size_t)(close - open) - 1);
    ptrdiff_t at = span_find_last(id, '@');
    for (size_t i = 0; i < id.size; i++) {
        if (id.at[i] == '<' || id.at[i] == '>' || (id.at[i] >= '\0' && id.at[i] <= ' ')) {
            return "has a character in its id that no id may hold";
        }
    }
    return at > 0 && (size_t)at + 1 < id.size ? NULL : "has an id without @ and text around it";
}

static const char *fault_of(const struct header_field *field)
{
    if (!is_name(field->name)) {
        return "has a name that is none";
    }
    const char *fault = fault_of_octets(field->value);
    if (fault != NULL || field->instance > 1) {
        return fault;
    }
    switch (field->id) {
    case HEADER_TO:
    case HEADER_CC:
    case HEADER_SENDER:
    case HEADER_REPLY_TO:
        return fault_of_list(field);
    case HEADER_MESSAGE_ID:
        return fault_of_message_id(field->value);
    default:
        return NULL;
    }
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct header_list *headers = &evidence->message->headers;
    for (size_t i = 0; i < headers->count; i++) {
        const struct header_field *field = &headers->fields[i];
        const char *fault = fault_of(field);
        if (fault != NULL) {
            finding_add(findings, FINDING_HEADER_MALFORMED, "write it as RFC 5322 says",
                        "the field %.*s %s", SPAN_ARG(span_first(field->name, CHECK_NAME_SHOWN)),
                        fault);
            return;
        }
    }
}

const struct check check_header_malformed = { .name = "header_malformed", .run = run };
