/*
 * record_text: puts a key into DNS presentation format. A record's value holds nothing that would
 * have to be escaped there: it is our own text and base64.
 */
#include "ctl/record_text.h"

bool record_text_make(struct record_text *record, const struct dkim_key *key, struct span selector,
                      struct span domain)
{
    *record = (struct record_text){ BUFFER_EMPTY, BUFFER_EMPTY };
    buffer_add_span(&record->name, selector);
    buffer_add_text(&record->name, "._domainkey.");
    buffer_add_span(&record->name, domain);
    return dkim_key_print_record(key, &record->value) && !buffer_has_failed(&record->name) &&
           !buffer_has_failed(&record->value);
}

void record_text_free(struct record_text *record)
{
    buffer_free(&record->name);
    buffer_free(&record->value);
}

static void print_strings(const struct record_text *record, struct buffer *out, const char *before)
{
    struct span rest = buffer_span(&record->value);

    while (rest.size > 0) {
        struct span piece = span_first(rest, RECORD_STRING_MAX);

        buffer_add_text(out, before);
        buffer_add_char(out, '"');
        buffer_add_span(out, piece);
        buffer_add_char(out, '"');
        rest = span_from(rest, piece.size);
    }
}

void record_text_print_zone(const struct record_text *record, struct buffer *out)
{
    buffer_printf(out, "%s. %d IN TXT (", buffer_text(&record->name), RECORD_TTL_S);
    print_strings(record, out, "\n        ");
    buffer_add_text(out, " )\n");
}

void record_text_print_line(const struct record_text *record, struct buffer *out)
{
    buffer_printf(out, "%s. %d IN TXT", buffer_text(&record->name), RECORD_TTL_S);
    print_strings(record, out, " ");
    buffer_add_char(out, '\n');
}

void record_text_json(const struct record_text *record, struct json *json)
{
    struct buffer text = BUFFER_EMPTY;
    struct span rest = buffer_span(&record->value);

    json_text(json, "name", buffer_span(&record->name));
    json_text(json, "value", buffer_span(&record->value));
    json_open(json, "strings", '[');
    while (rest.size > 0) {
        struct span piece = span_first(rest, RECORD_STRING_MAX);

        json_text(json, NULL, piece);
        rest = span_from(rest, piece.size);
    }
    json_close(json, ']');
    record_text_print_zone(record, &text);
    json_text(json, "zone", buffer_span(&text));
    buffer_clear(&text);
    record_text_print_line(record, &text);
    json_text(json, "line", span_trim(buffer_span(&text)));
    buffer_free(&text);
}
