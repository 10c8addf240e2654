/*
 * corpus_arf: complaints. Of those with a message/feedback-report part the fields that Python's
 * email package reads there are ours, too; each of the others is known to be one, and of which
 * type.
 */
#include <stdio.h>
#include <stdlib.h>

#include "feedback/report.h"
#include "jsonl.h"

#define CORPUS "arf/"
#define ARENA_BYTES ((size_t)64 << 20)

static bool is_name(struct span name, const char *wanted)
{
    return span_is_equal_nocase(name, span_of(wanted));
}

static struct span without_brackets(struct span text)
{
    text = span_trim(text);
    return text.size > 1 && text.at[0] == '<' ? span_first(span_from(text, 1), text.size - 2)
                                              : text;
}

static bool has_recipient(const struct report *report, struct span address)
{
    for (size_t i = 0; i < report->recipient_count; i++) {
        if (span_is_equal_nocase(report->recipients[i].address, address)) {
            return true;
        }
    }
    return false;
}

static bool has_domain(const struct report *report, struct span domain)
{
    for (size_t i = 0; i < report->reported_domain_count; i++) {
        if (span_is_equal_nocase(report->reported_domains[i], domain)) {
            return true;
        }
    }
    return false;
}

/* [name, value] */
static bool is_field_read(const struct report *report, const struct jsonl *field)
{
    struct span name = field->first->text, value = field->first->next->text;
    struct span bare = without_brackets(value);
    if (is_name(name, "Feedback-Type")) {
        return span_is_equal_nocase(report->feedback_type, value);
    }
    if (is_name(name, "Original-Rcpt-To") || is_name(name, "Removal-Recipient")) {
        return has_recipient(report, bare);
    }
    if (is_name(name, "Original-Mail-From")) {
        return span_is_equal(report->mail_from, bare);
    }
    if (is_name(name, "Source-IP")) {
        return span_has_prefix_nocase(value, report->source_ip) && report->source_ip.size > 0;
    }
    if (is_name(name, "Reported-Domain")) {
        return has_domain(report, value);
    }
    if (is_name(name, "Arrival-Date") || is_name(name, "Received-Date")) {
        return span_is_equal(report->arrival_date, value);
    }
    if (is_name(name, "Original-Envelope-Id")) {
        return span_is_equal(report->envelope_id, value);
    }
    return true;
}

static struct span type_wanted(const struct jsonl *expected)
{
    struct span type = expected != NULL && expected->kind == JSONL_ARRAY
                           ? jsonl_text(expected->first, "feedback_type")
                           : jsonl_text(expected, "feedback_type");
    return is_name(type, "AuthFailure") ? SPAN("auth-failure") : type;
}

static bool is_right(const struct report *report, const struct jsonl *vector)
{
    const struct jsonl *fields = jsonl_get(vector, "feedback_report");
    struct span type = type_wanted(jsonl_get(vector, "expect"));
    const struct jsonl *field = fields != NULL ? fields->first : NULL;
    if (report->kind != REPORT_COMPLAINT ||
        (type.size > 0 && !span_is_equal_nocase(type, report->feedback_type))) {
        return false;
    }
    for (; field != NULL; field = field->next) {
        if (!is_field_read(report, field)) {
            printf("%.*s: %.*s\n", SPAN_ARG(field->first->text),
                   SPAN_ARG(field->first->next->text));
            return false;
        }
    }
    return true;
}

static bool try_line(struct span line)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct jsonl *vector = jsonl_parse(line, false, arena);
    struct span name = jsonl_text(vector, "file"), file;
    char path[300];
    struct report report;
    snprintf(path, sizeof(path), CORPUS "%.*s", SPAN_ARG(name));
    bool is_good = corpus_read(path, arena, &file) && report_read_file(file, arena, &report) &&
                   is_right(&report, vector);
    if (!is_good) {
        printf("wrong: %s\n", path);
    }
    arena_free(&arena);
    return is_good;
}

int main(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    unsigned right = 0, all = 0;
    struct span expected, line;
    if (!corpus_read(CORPUS "expected.jsonl", arena, &expected)) {
        printf("skipped: there is no corpus of complaints (EGRESS_CORPUS)\n");
        arena_free(&arena);
        return 77;
    }
    while (span_cut(&expected, '\n', &line)) {
        if (line.size > 0) {
            right += try_line(line);
            all++;
        }
    }
    printf("%u of %u complaints right\n", right, all);
    arena_free(&arena);
    return all > 0 && right == all ? EXIT_SUCCESS : EXIT_FAILURE;
}
