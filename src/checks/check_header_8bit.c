/*
 * header_8bit: are there octets above 127 in header fields although the sender did not ask for
 * SMTPUTF8 (RFC 6531 3.2, RFC 5322 2.2)? Receivers guess at the character set, refuse, or re-encode
 * the field and break signatures over it. With SMTPUTF8 they are lawful (RFC 6532).
 */
#include "checks/checks.h"

static bool has_8bit(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((text.at[i] & 0x80) != 0) {
            return true;
        }
    }
    return false;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct header_list *headers = &evidence->message->headers;
    if (!headers->has_8bit || evidence->message->envelope.smtputf8) {
        return;
    }
    for (size_t i = 0; i < headers->count; i++) {
        const struct header_field *field = &headers->fields[i];
        if (has_8bit(field->value) || has_8bit(field->name)) {
            finding_add(findings, FINDING_HEADER_8BIT,
                        "encode the text as RFC 2047 says, or send with SMTPUTF8",
                        "the field %.*s holds 8-bit octets",
                        SPAN_ARG(span_first(field->name, CHECK_NAME_SHOWN)));
            return;
        }
    }
}

const struct check check_header_8bit = { .name = "header_8bit", .run = run };
