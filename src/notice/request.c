/*
 * request: written and read here, so that one file knows the form. The reader believes nothing: a
 * serving process that went bad must reach no more than it could by itself.
 */
#include "notice/request.h"

#include "log/field.h"

#define FIRST_LINE "egress-run 1"
#define PREFIX "EGRESS_"

void request_begin(struct buffer *out, const char *command)
{
    buffer_printf(out, FIRST_LINE "\n%s\n", command);
}

void request_fact(struct buffer *out, const char *name, struct span value)
{
    char text[REQUEST_VALUE_MAX + 1];

    log_escape(value, true, text, sizeof(text));
    buffer_add_text(out, PREFIX);
    for (const char *c = name; *c != '\0'; c++) {
        bool is_letter = *c >= 'a' && *c <= 'z';
        buffer_add_char(out, is_letter ? (char)(*c - 'a' + 'A') : *c == '-' ? '_' : *c);
    }
    buffer_printf(out, "=%s\n", text);
}

void request_input(struct buffer *out, struct span input)
{
    buffer_add_char(out, '\n');
    buffer_add_span(out, input);
}

static bool is_name(struct span command)
{
    for (size_t i = 0; i < command.size; i++) {
        if (command.at[i] != '-' && (command.at[i] < 'a' || command.at[i] > 'z')) {
            return false;
        }
    }
    return command.size > 0 && command.size <= 32;
}

static bool is_fact(struct span line)
{
    ptrdiff_t equals = span_find(line, '=');

    if (equals <= (ptrdiff_t)sizeof(PREFIX) - 1 ||
        memcmp(line.at, PREFIX, sizeof(PREFIX) - 1) != 0 ||
        line.size > (size_t)equals + 1 + REQUEST_VALUE_MAX || equals > 64) {
        return false;
    }
    for (ptrdiff_t i = 0; i < equals; i++) {
        char c = line.at[i];
        if (c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9')) {
            return false;
        }
    }
    for (size_t i = (size_t)equals; i < line.size; i++) {
        if (line.at[i] < 0x20 || line.at[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

bool request_read(struct span bytes, struct request *request_r)
{
    struct span rest = bytes, line;

    *request_r = (struct request){ .fact_count = 0 };
    if (!span_cut(&rest, '\n', &line) || !span_is_equal(line, SPAN(FIRST_LINE)) ||
        !span_cut(&rest, '\n', &request_r->command) || !is_name(request_r->command)) {
        return false;
    }
    while (span_cut(&rest, '\n', &line) && line.size > 0) {
        if (!is_fact(line) || request_r->fact_count == REQUEST_FACTS_MAX) {
            return false;
        }
        request_r->facts[request_r->fact_count++] = line;
    }
    request_r->input = rest;
    return rest.at != NULL; /* else the empty line is missing */
}
