/*
 * corpus_dsn: what reports of deliveries say, compared with the fields that Python's email package
 * reads in those for machines, and with what the tests of other bounce readers expect of the
 * others.
 *
 * Those of sisimai name no recipients, but how many there are and with which codes; its codes
 * x.0.9yz stand for "no code in the mail". Where we and an origin differ for good, the table
 * `argued` says why; an argument that nothing needs any more fails.
 *
 * And letters of people, programs and lists, none of which is a report but those in the table
 * `bounced`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "feedback/report.h"
#include "jsonl.h"

#define CORPUS "dsn/"
#define ARENA_BYTES ((size_t)64 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
    const char *file, *why;
} argued[] = {
    { "bounceparser__aol.attachment.eml", "the address has no domain: nobody we could know" },
    { "flufl__aol_01.eml", "the address has no domain: nobody we could know" },
    { "sisimai__lhost-sendmail-38.eml",
      "the second group is of a report within the returned message: of another delivery" },
    { "sisimai__lhost-sendmail-15.eml",
      "\"@mx.example.org\" is no address; who is meant stands in the "
      "text" },
    { "sisimai__lhost-amazonses-09.eml", "JSON for subscribers of a service, no mail of a server" },
    { "sisimai__lhost-amazonses-10.eml", "likewise" },
    { "sisimai__lhost-amazonses-11.eml", "likewise" },
    { "sisimai__lhost-amazonses-13.eml", "likewise" },
    { "sisimai__lhost-mfilter-04.eml", "a base64 text that no field says is one" },
    { "sisimai__lhost-exim-06.eml",
      "no code; it was given up for good, and the text says \"permanent error\"" },
    { "sisimai__lhost-mailru-10.eml", "likewise" },
};
static unsigned argued_hits[COUNT(argued)];

/* They came over lists, and are what they say. */
static const struct {
    const char *file;
} bounced[] = {
    { "easy-ham-1/01436.dc449ba377210e77d84647619e49c872.eml" },
    { "easy-ham-1/01542.ed72bf2cd81ccd4c076533fb0af004e5.eml" },
    { "easy-ham-2/01311.b6a06b3e24130a32172b4c5225a1d5a6.eml" },
};

enum { MACHINE_PERCENT = 97, PEOPLE_PERCENT = 85 };

struct score {
    unsigned right, all, argued, wrong;
};

static bool has_address(const struct report_recipient *recipient, struct span field)
{
    ptrdiff_t type = span_find(field, ';');
    struct span address = span_trim(span_from(field, (size_t)(type + 1)));
    if (address.size > 2 && address.at[0] == '<') {
        address = span_first(span_from(address, 1), address.size - 2);
    }
    return address.size > 0 && (span_is_equal_nocase(recipient->address, address) ||
                                span_is_equal_nocase(recipient->final, address));
}

static bool names_address(const struct jsonl *group)
{
    return span_find(jsonl_text(group, "final-recipient"), '@') >= 0 ||
           span_find(jsonl_text(group, "original-recipient"), '@') >= 0;
}

static unsigned class_wanted(const struct jsonl *group)
{
    struct span enhanced, reply, action = jsonl_text(group, "action");
    cause_codes(jsonl_text(group, "status"), &enhanced, &reply);
    if (enhanced.size > 0) {
        return (unsigned)(enhanced.at[0] - '0');
    }
    return action.size > 2 && span_has_prefix_nocase(action, SPAN("del"))
               ? (span_has_prefix_nocase(action, SPAN("dela")) ? 4 : 2)
               : 5;
}

static bool has_group(const struct report *report, const struct jsonl *group)
{
    for (size_t i = 0; i < report->recipient_count; i++) {
        const struct report_recipient *recipient = &report->recipients[i];
        if (has_address(recipient, jsonl_text(group, "final-recipient")) ||
            has_address(recipient, jsonl_text(group, "original-recipient"))) {
            return recipient->status_class == class_wanted(group);
        }
    }
    return false;
}

static bool is_machine_right(const struct report *report, const struct jsonl *groups)
{
    const struct jsonl *group = groups->first;
    for (; group != NULL; group = group->next) {
        if (names_address(group) && !has_group(report, group)) {
            return false;
        }
    }
    return report->kind == REPORT_DELIVERY;
}

static bool has_all(const struct report *report, const struct jsonl *addresses)
{
    const struct jsonl *address = addresses->first;
    for (; address != NULL; address = address->next) {
        bool is_there = false;
        for (size_t i = 0; i < report->recipient_count; i++) {
            is_there |= has_address(&report->recipients[i], address->text);
        }
        if (!is_there) {
            return false;
        }
    }
    return report->recipient_count == jsonl_count(addresses);
}

static bool has_classes(const struct report *report, const struct jsonl *rows)
{
    long counts[10] = { 0 };
    const struct jsonl *row = rows->first;
    for (; row != NULL; row = row->next) {
        struct span status = jsonl_text(row, "status");
        counts[status.size > 0 ? status.at[0] - '0' : 5]++;
    }
    for (size_t i = 0; i < report->recipient_count; i++) {
        counts[report->recipients[i].status_class]--;
    }
    for (size_t i = 0; i < COUNT(counts); i++) {
        if (counts[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool is_sisimai_right(const struct report *report, const struct jsonl *rows)
{
    struct span reason = jsonl_text(rows->first, "reason");
    if (span_is_equal(reason, SPAN("vacation"))) {
        return report->kind == REPORT_AUTOMATIC_REPLY;
    }
    if (span_is_equal(reason, SPAN("feedback"))) {
        return report->kind == REPORT_COMPLAINT;
    }
    return report->kind == REPORT_DELIVERY && has_classes(report, rows);
}

static bool is_delay(const struct report *report)
{
    for (size_t i = 0; i < report->recipient_count; i++) {
        if (report->recipients[i].action != REPORT_DELAYED) {
            return false;
        }
    }
    return true;
}

/* -1: nothing is expected of it. */
static int is_people_right(const struct report *report, const struct jsonl *expected)
{
    const struct jsonl *addresses = jsonl_get(expected, "recipients");
    const struct jsonl *temporary = jsonl_get(expected, "temporary");
    if (expected != NULL && expected->kind == JSONL_ARRAY && expected->first != NULL) {
        return is_sisimai_right(report, expected);
    }
    addresses = addresses != NULL ? addresses : jsonl_get(expected, "addresses");
    if (addresses == NULL) {
        return -1;
    }
    return has_all(report, addresses) &&
           (temporary == NULL || is_delay(report) == (temporary->kind == JSONL_TRUE));
}

static bool is_argued(const char *file)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (strcmp(file, argued[i].file) == 0) {
            argued_hits[i]++;
            return true;
        }
    }
    return false;
}

static void count(struct score *score, bool is_right, const char *file)
{
    score->all++;
    if (is_right) {
        score->right++;
    } else if (is_argued(file)) {
        score->argued++;
    } else {
        score->wrong++;
        printf("wrong: %s\n", file);
    }
}

/* Of the message in its file, and of the same with CRLF: the reports are one. */
static bool read_both(struct span file, struct arena *arena, struct report *report_r)
{
    struct report crlf;
    char *copy = arena_alloc(arena, file.size * 2);
    size_t size = 0;
    for (size_t i = 0; copy != NULL && i < file.size; i++) {
        if (file.at[i] == '\n' && (i == 0 || file.at[i - 1] != '\r')) {
            copy[size++] = '\r';
        }
        copy[size++] = file.at[i];
    }
    return copy != NULL && report_read_file(file, arena, report_r) &&
           report_read_file((struct span){ copy, size }, arena, &crlf) &&
           crlf.kind == report_r->kind && crlf.recipient_count == report_r->recipient_count &&
           crlf.message_id_count == report_r->message_id_count &&
           crlf.queue_id_count == report_r->queue_id_count;
}

static void try_line(struct span line, struct score *machine, struct score *people)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct jsonl *vector = jsonl_parse(line, false, arena);
    struct span name = jsonl_text(vector, "file"), file;
    char path[300], base[200];
    struct report report;
    snprintf(path, sizeof(path), CORPUS "%.*s", SPAN_ARG(name));
    name = span_from(name, (size_t)(span_find_last(name, '/') + 1));
    snprintf(base, sizeof(base), "%.*s", SPAN_ARG(name));
    if (!corpus_read(path, arena, &file) || !read_both(file, arena, &report)) {
        printf("cannot be read, or otherwise with CRLF: %s\n", path);
        machine->wrong++;
        arena_free(&arena);
        return;
    }
    const struct jsonl *groups = jsonl_get(vector, "machine_readable");
    if (groups != NULL) {
        count(machine, is_machine_right(&report, groups), base);
    } else {
        int is_right = is_people_right(&report, jsonl_get(vector, "expect"));
        if (is_right >= 0) {
            count(people, is_right, base);
        }
    }
    arena_free(&arena);
}

static bool has_bounced(struct span name)
{
    for (size_t i = 0; i < COUNT(bounced); i++) {
        if (span_is_equal(name, span_of(bounced[i].file))) {
            return true;
        }
    }
    return false;
}

/* Is it taken for what it is? */
static bool try_letter(struct span name)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct report report;
    struct span file;
    char path[300];
    snprintf(path, sizeof(path), "ham/%.*s", SPAN_ARG(name));
    enum report_kind wanted = has_bounced(name) ? REPORT_DELIVERY : REPORT_NONE;
    bool is_right = corpus_read(path, arena, &file) && report_read_file(file, arena, &report) &&
                    report.kind == wanted;
    if (!is_right) {
        printf("taken for another: %s\n", path);
    }
    arena_free(&arena);
    return is_right;
}

static bool try_letters(struct arena *arena)
{
    struct span facts, line, name;
    unsigned all = 0, right = 0;
    if (!corpus_read("ham/facts.tsv", arena, &facts)) {
        printf("skipped: there are no letters\n");
        return true;
    }
    while (span_cut(&facts, '\n', &line)) {
        if (line.size > 0 && line.at[0] != '#' && span_cut(&line, '\t', &name)) {
            all++;
            right += try_letter(name);
        }
    }
    printf("letters: %u of %u are no report, or a bounce that came over a list\n", right, all);
    return right == all;
}

static bool is_enough(const char *what, const struct score *score, unsigned percent)
{
    printf("%s: %u of %u right, %u argued\n", what, score->right, score->all, score->argued);
    return score->wrong == 0 && score->right * 100 >= score->all * percent;
}

int main(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct score machine = { .all = 0 }, people = { .all = 0 };
    struct span expected, line;
    if (!corpus_read(CORPUS "expected.jsonl", arena, &expected)) {
        printf("skipped: there is no corpus of delivery reports (EGRESS_CORPUS)\n");
        arena_free(&arena);
        return 77;
    }
    while (span_cut(&expected, '\n', &line)) {
        if (line.size > 0) {
            try_line(line, &machine, &people);
        }
    }
    bool is_good = is_enough("for machines", &machine, MACHINE_PERCENT);
    is_good &= is_enough("for people", &people, PEOPLE_PERCENT);
    is_good &= try_letters(arena);
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("argued and not needed: %s\n", argued[i].file);
            is_good = false;
        }
    }
    arena_free(&arena);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
