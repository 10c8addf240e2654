/*
 * corpus_message: countable facts of odd, old and malformed messages, as computed for the corpus,
 * against ours; and which mailboxes are in From, against Python's email package. A mailbox that
 * package finds and we do not must come with a defect.
 *
 * Where we differ for good, the table `argued` says why; any other difference fails, and so does an
 * argument that nothing needs any more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "jsonl.h"
#include "message/builder.h"

#define UNUSABLE (ADDRESS_DOUBTFUL | ADDRESS_DOTS)
#define ARENA_BYTES ((size_t)64 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define NO_FIELD                                                                                   \
    "a line that is no field ends the header, as Postfix ends it (RFC 5322 2.1 and 3.6 know no "   \
    "such "                                                                                        \
    "line); the corpus counts on to the empty line"
#define BLANK_FIRST                                                                                \
    "RFC 5322 2.2.3: a line that begins with a blank continues a field, and there is none; "       \
    "Postfix "                                                                                     \
    "begins the body there, the corpus skips the line"

/* Files whose header ends earlier here than for the corpus: no fact may be more than it has. */
static const struct {
    const char *file, *why;
} argued[] = {
    { "enmime__mail-qp-utf8-header-no-break.eml", NO_FIELD },
    { "espoofer__server_a11.eml", NO_FIELD },
    { "mikel-mail__plain_emails-raw_email_incorrect_header.eml", NO_FIELD },
    { "mikel-mail__rfc2822-example13.eml", NO_FIELD },
    { "flanker__enclosed-bad-encoding.eml", BLANK_FIRST },
    { "flanker__enclosed-broken-body.eml", BLANK_FIRST },
    { "flanker__enclosed-global.eml", BLANK_FIRST },
    { "flanker__enclosed.eml", BLANK_FIRST },
    { "flanker__iphone.eml", BLANK_FIRST },
};

static unsigned argued_hits[COUNT(argued)];

enum { FACTS_SAME, FACTS_ARGUED, FROM_SAME, FROM_TOLD, FROM_ARGUED, TALLIES };
static unsigned tally[TALLIES];

struct subject {
    struct span name; /* of the file */
    const struct jsonl *row;
    struct message message;
    unsigned failed;
};

/* The argument holds where the corpus itself saw lines that are no fields. */
static bool is_argued(struct subject *subject, long wanted, long seen)
{
    if (seen > wanted || jsonl_number(subject->row, "bad_header_lines", 0) == 0)
        return false;
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (span_is_equal(subject->name, span_of(argued[i].file))) {
            argued_hits[i]++;
            return true;
        }
    }
    return false;
}

static void differ(struct subject *subject, const char *fact, long wanted, long seen,
                   unsigned argued_tally)
{
    if (is_argued(subject, wanted, seen)) {
        tally[argued_tally]++;
        return;
    }
    printf("FAIL %.*s: %s is %ld, corpus has %ld\n", SPAN_ARG(subject->name), fact, seen, wanted);
    subject->failed++;
}

static void compare(struct subject *subject, const char *fact, long otherwise, long seen)
{
    long wanted = jsonl_number(subject->row, fact, otherwise);

    if (wanted == seen)
        tally[FACTS_SAME]++;
    else
        differ(subject, fact, wanted, seen, FACTS_ARGUED);
}

static void compare_counts(struct subject *subject)
{
    static const struct {
        const char *fact;
        enum header_id id;
    } counts[] = {
        { "n_from", HEADER_FROM },
        { "n_sender", HEADER_SENDER },
        { "n_reply-to", HEADER_REPLY_TO },
        { "n_to", HEADER_TO },
        { "n_cc", HEADER_CC },
        { "n_bcc", HEADER_BCC },
        { "n_subject", HEADER_SUBJECT },
        { "n_date", HEADER_DATE },
        { "n_message-id", HEADER_MESSAGE_ID },
        { "n_in-reply-to", HEADER_IN_REPLY_TO },
        { "n_references", HEADER_REFERENCES },
        { "n_mime-version", HEADER_MIME_VERSION },
        { "n_content-type", HEADER_CONTENT_TYPE },
        { "n_content-transfer-encoding", HEADER_CONTENT_TRANSFER_ENCODING },
    };
    const struct header_list *headers = &subject->message.headers;

    for (size_t i = 0; i < COUNT(counts); i++)
        compare(subject, counts[i].fact, 1, headers->counts[counts[i].id]);
    compare(subject, "fields", 0, (long)headers->count);
}

static void compare_octets(struct subject *subject)
{
    const struct header_list *headers = &subject->message.headers;
    const struct body_facts *body = &subject->message.body;
    long longest = (long)body->longest_line;

    if (longest < (long)headers->longest_line)
        longest = headers->longest_line;
    compare(subject, "nul", 0, headers->has_nul || body->has_nul);
    compare(subject, "bare_cr", 0, headers->has_bare_cr || body->has_bare_cr);
    compare(subject, "8bit_header", 0, headers->has_8bit);
    compare(subject, "max_line", 0, longest);
}

static void compare_from(struct subject *subject)
{
    const struct jsonl *mailboxes = jsonl_get(subject->row, "py_from");
    const struct address_list *from = &subject->message.from;
    bool is_same = true;
    size_t index = 0;

    if (mailboxes == NULL)
        return;
    for (const struct jsonl *text = mailboxes->first; text != NULL; text = text->next, index++)
        is_same = is_same && index < from->count &&
                  span_is_equal_nocase(from->at[index].text, text->text);
    if (is_same && index == from->count)
        tally[FROM_SAME]++;
    else if ((from->defects & UNUSABLE) != 0) {
        printf("told: %.*s: %zu mailboxes, Python has %zu, defects %#x\n", SPAN_ARG(subject->name),
               from->count, index, from->defects);
        tally[FROM_TOLD]++;
    } else
        differ(subject, "py_from", (long)index, (long)from->count, FROM_ARGUED);
}

static void scan(void *context, const void *bytes, size_t size)
{
    body_scan_feed(context, bytes, size);
}

static bool read_subject(struct subject *subject, struct arena *arena)
{
    char path[512];
    struct body_scan body;
    struct span file;

    snprintf(path, sizeof(path), "headers/%.*s", SPAN_ARG(jsonl_text(subject->row, "file")));
    if (!corpus_read(path, arena, &file))
        return false;
    body_scan_init(&body);
    body.line_limit = 0;
    header_list_init(&subject->message.headers, true);
    if (!message_read(file, arena, &subject->message.headers, scan, &body) ||
        !message_read_from(&subject->message, arena))
        return false;
    subject->message.body = *body_scan_finish(&body);
    return true;
}

/*
 * Spoofing through From: what a guard of outgoing mail has to go by. The others of these messages
 * have one plain mailbox in one From, and lie elsewhere: in the envelope or by somebody's login.
 */
static const struct {
    const char *name;
    unsigned fields, mailboxes;
    bool is_doubtful;
} spoofs[] = {
    { "espoofer__client_a1.eml", 2, 2, false },  { "espoofer__client_a2.eml", 1, 2, false },
    { "espoofer__server_a11.eml", 0, 0, false }, { "espoofer__server_a14.eml", 1, 2, false },
    { "espoofer__server_a15.eml", 1, 2, true },  { "espoofer__server_a17.eml", 1, 2, true },
};

static void check_spoof(struct subject *subject)
{
    const struct address_list *from = &subject->message.from;
    unsigned fields = subject->message.headers.counts[HEADER_FROM];
    bool is_doubtful = (from->defects & UNUSABLE) != 0;
    size_t i = 0;

    printf("%.*s: %u From, %zu mailboxes, defects %#x\n", SPAN_ARG(subject->name), fields,
           from->count, from->defects);
    while (i < COUNT(spoofs) && !span_is_equal(subject->name, span_of(spoofs[i].name)))
        i++;
    if (i < COUNT(spoofs) ? fields == spoofs[i].fields && from->count == spoofs[i].mailboxes &&
                                is_doubtful == spoofs[i].is_doubtful
                          : fields == 1 && from->count == 1 && from->defects == 0)
        return;
    puts("FAIL that is not how it must be seen");
    subject->failed++;
}

static unsigned judge_row(const struct jsonl *row, struct arena *arena)
{
    struct subject subject = { .row = row, .name = jsonl_text(row, "file") };

    subject.name = span_from(subject.name, sizeof("messages/") - 1);
    if (!read_subject(&subject, arena)) {
        printf("FAIL %.*s: cannot be read\n", SPAN_ARG(subject.name));
        return 1;
    }
    compare_counts(&subject);
    compare_octets(&subject);
    compare_from(&subject);
    if (span_has_prefix_nocase(subject.name, SPAN("espoofer__")))
        check_spoof(&subject);
    return subject.failed;
}

static unsigned print_tally(void)
{
    unsigned idle = 0;

    printf("facts: same %u, argued %u\n", tally[FACTS_SAME], tally[FACTS_ARGUED]);
    printf("From: same mailboxes %u, a defect tells %u, argued %u\n", tally[FROM_SAME],
           tally[FROM_TOLD], tally[FROM_ARGUED]);
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("FAIL nothing needs the argument for %s\n", argued[i].file);
            idle++;
        }
    }
    return idle;
}

int main(void)
{
    struct arena *rows = arena_new(ARENA_BYTES);
    struct span file, line;
    unsigned failed = 0;

    if (rows == NULL)
        return 1;
    if (!corpus_read("headers/facts.jsonl", rows, &file)) {
        puts("SKIP: corpus absent");
        return 77;
    }
    while (file.size > 0 && span_cut(&file, '\n', &line)) {
        struct arena *arena = arena_new(ARENA_BYTES);
        const struct jsonl *row = arena != NULL ? jsonl_parse(line, false, arena) : NULL;

        if (row == NULL) {
            printf("FAIL no row: %.*s\n", SPAN_ARG(line));
            failed++;
        } else {
            failed += judge_row(row, arena);
        }
        arena_free(&arena);
    }
    failed += print_tally();
    arena_free(&rows);
    return failed > 0;
}
