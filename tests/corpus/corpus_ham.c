/*
 * corpus_ham: honest mail passes. Mail nobody here wrote goes through the house with default rules
 * in enforce mode: as submissions of the owners of its From, as mail of a list, a forwarder and a
 * relay.
 *
 * What facts.tsv calls clean is never stopped. What is stopped is so for a defect that the facts
 * know too; the table `argued` has the others, each of which must be needed. Lists, forwarders and
 * a relay's mail for our own people are not touched; elsewhere the edits are the repairs that are
 * promised. corpus/headers runs the same way. Signatures of corpus/dkim/signed cover after our
 * edits what they covered before.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/header_digest.h"
#include "dkim/verify.h"
#include "message/builder.h"
#include "policy/drive.h"
#include "tests/corpus/jsonl.h"
#include "tests/support/house.h"
#include "util/file.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_BYTES ((size_t)64 << 20)
#define ARENA_BYTES ((size_t)256 << 20)

static const char site_text[] =
    "socket = \"unix:/x\"; mode = \"enforce\"; ceilings = { message = \"64M\"; };"
    "outgoing = { internal = \"internal.example\"; networks = ("
    "  { name = \"lists\"; address = \"192.0.2.1\"; kind = \"list\"; },"
    "  { name = \"forwarder\"; address = \"192.0.2.2\"; kind = \"forward\"; },"
    "  { name = \"relay\"; address = \"192.0.2.3\"; kind = \"relay\"; } ); };";

enum way { WAY_SUBMISSION, WAY_LIST, WAY_FORWARD, WAY_RELAY_IN, WAY_RELAY_OUT, WAY_COUNT };

static const struct {
    const char *name, *client, *recipient;
    bool is_never_edited;
} ways[WAY_COUNT] = {
    [WAY_SUBMISSION] = { "submission", "192.0.2.99", "<bob@away.example>", false },
    [WAY_LIST] = { "list", "192.0.2.1", "<bob@away.example>", true },
    [WAY_FORWARD] = { "forward", "192.0.2.2", "<bob@away.example>", true },
    [WAY_RELAY_IN] = { "relay, inwards", "192.0.2.3", "<bob@internal.example>", true },
    [WAY_RELAY_OUT] = { "relay, outwards", "192.0.2.3", "<bob@away.example>", false },
};

/* What the facts of a corpus say of one message. */
struct facts {
    bool is_clean;
    bool has[FINDING_COUNT]; /* defects that would be a reason for this finding */
};

/* Stopped by a finding where the facts know of no such defect, or of none at all. */
static struct {
    const char *name;
    enum finding_id id;
    const char *why;
    unsigned hits;
} argued[] = {
    { "spam-1/00468.77534696791a755fb0fb8be8c2704ed8.eml", FINDING_FROM_MULTIPLE,
      "RFC 5322 3.6.2: three authors (commas in a name without quotes) and no Sender; the facts do "
      "not count authors",
      0 },
    { "spam-2/00061.4b25d456df484b9f7e01c59983591def.eml", FINDING_FROM_NOT_OWNED,
      "RFC 5322 3.6.2: six authors of one domain with a Sender, and the login is one of them", 0 },
    { "messages/espoofer__client_a2.eml", FINDING_FROM_NOT_OWNED,
      "an attack: two authors with a Sender, and the login is one of them", 0 },
    { "messages/rspamd__exe_attm.eml", FINDING_ATTACHMENT_DANGEROUS,
      "a sample for filters: a program is attached", 0 },
};

static struct {
    struct house house;
    const char *corpus;
    unsigned messages[WAY_COUNT], stopped[WAY_COUNT], edited[WAY_COUNT];
    unsigned stopped_by[FINDING_COUNT];
    unsigned signatures, failed;
} run;

static void fail(const char *name, enum way way, const char *what)
{
    printf("%s, as %s: %s\n", name, ways[way].name, what);
    run.failed++;
}

static bool is_argued(const char *name, enum finding_id id)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued[i].id == id && strcmp(argued[i].name, name) == 0) {
            argued[i].hits++;
            return true;
        }
    }
    return false;
}

/* --- one message ------------------------------------------------------------------------------ */

static void ignore_body(void *context, const void *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    (void)size;
}

/* The first author, whose login submits it; nobody's mail is alice's. */
static struct span author_of(struct span file, struct arena *arena)
{
    struct message message = { 0 };
    header_list_init(&message.headers, true);
    if (!message_read(file, arena, &message.headers, ignore_body, NULL) ||
        !message_read_from(&message, arena)) {
        abort();
    }
    bool has_author = message.from.count > 0 && message.from.at[0].domain.size > 0;
    return has_author ? message.from.at[0].text : SPAN("alice@example.org");
}

static struct job *hand_over(struct span file, struct span author, enum way way)
{
    static struct drive_recipient recipient;
    static struct drive_input input; /* outlives the job */
    static char sender[2048];
    snprintf(sender, sizeof(sender), "<%.*s>", SPAN_ARG(span_first(author, 2000)));
    recipient =
        (struct drive_recipient){ .path = span_of(ways[way].recipient), .mailer = SPAN("smtp") };
    if (way == WAY_RELAY_IN) {
        recipient.mailer = SPAN("local");
    }
    input = (struct drive_input){ .session = { .keeps_space = true,
                                               .mta_name = SPAN("mx.example.org"),
                                               .mta_version = SPAN("8.17.1") },
                                  .sender = span_of(sender),
                                  .recipients = &recipient,
                                  .recipient_count = 1,
                                  .message = file };
    ip_parse(span_of(ways[way].client), &input.session.client);
    if (way == WAY_SUBMISSION) {
        input.login = author;
    }
    struct job *job = drive_message(run.house.site, &run.house.world, &input);
    if (job == NULL) {
        abort();
    }
    return job;
}

static void judge_stop(const struct job *job, const char *name, enum way way,
                       const struct facts *facts)
{
    const struct finding *by = job->verdict.by;
    if (job->verdict.disposition == DISPOSITION_ACCEPT) {
        return;
    }
    run.stopped[way]++;
    if (by == NULL || by->seen[0] == '\0') {
        fail(name, way, "is stopped and nothing is named");
        return;
    }
    run.stopped_by[by->id]++;
    if ((facts->is_clean || !facts->has[by->id]) && !is_argued(name, by->id)) {
        printf("%s: ", by->seen);
        fail(name, way,
             facts->is_clean ? "clean mail is stopped" : "the facts know no such defect");
    }
}

static bool is_promised(const struct edit *edit)
{
    static const enum header_id added[] = { HEADER_DATE, HEADER_MESSAGE_ID, HEADER_MIME_VERSION };
    static const char *const taken[] = { "Bcc", "Resent-Bcc", "X-Originating-IP",
                                         "X-PHP-Originating-Script" };
    for (size_t i = 0; edit->kind == EDIT_APPEND && i < COUNT(added); i++) {
        if (span_is_equal(edit->name, header_name(added[i]))) {
            return true;
        }
    }
    for (size_t i = 0; edit->kind == EDIT_DELETE && i < COUNT(taken); i++) {
        if (span_is_equal_nocase(edit->name, span_of(taken[i]))) {
            return true;
        }
    }
    return false;
}

static void judge_edits(const struct job *job, const char *name, enum way way)
{
    const struct edit *edit = job->verdict.edits.first;
    run.edited[way] += edit != NULL;
    if (edit != NULL && ways[way].is_never_edited) {
        fail(name, way, "is edited");
    }
    for (; edit != NULL; edit = edit->next) {
        if (!is_promised(edit)) {
            fail(name, way, "an edit that is no promised repair");
        }
    }
}

/* --- signatures of others --------------------------------------------------------------------- */

/* `text` of a field is shared by all views, so it says which field is which. */
static bool digest_of(const struct header_list *view, const struct header_field *signature,
                      uint8_t digest_r[static DKIM_DIGEST_SIZE])
{
    struct dkim_tags tags;
    for (size_t i = 0; i < view->count; i++) {
        if (view->fields[i].value.at == signature->value.at) {
            struct header_digest_request request = { .view = view, .skipped = &view->fields[i] };
            if (!dkim_tags_parse(signature->value, &tags)) {
                return false;
            }
            request.form = tags.header_form;
            request.names = tags.signed_names;
            request.signature_name = signature->name;
            request.signature_value = signature->value;
            return header_digest(&request, digest_r);
        }
    }
    return false;
}

static void judge_signatures(const struct job *job, const char *name, enum way way)
{
    const struct header_list *headers = &job->message.headers;
    const struct header_field *field = header_first(headers, HEADER_DKIM_SIGNATURE);
    struct header_list view;
    if (!edit_view(headers, &job->verdict.edits, job->arena, &view)) {
        abort();
    }
    for (; field != NULL; field = header_next(headers, field)) {
        uint8_t before[DKIM_DIGEST_SIZE], after[DKIM_DIGEST_SIZE];
        if (!digest_of(headers, field, before)) {
            continue; /* no signature anybody could verify */
        }
        run.signatures++;
        if (!digest_of(&view, field, after) || memcmp(before, after, sizeof(before)) != 0) {
            fail(name, way, "a signature of somebody else breaks");
        }
    }
}

static void judge(struct span file, const char *name, const struct facts *facts)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL) {
        abort();
    }
    struct span author = author_of(file, arena);
    for (enum way way = 0; way < WAY_COUNT; way++) {
        struct job *job = hand_over(file, author, way);
        run.messages[way]++;
        judge_stop(job, name, way, facts);
        judge_edits(job, name, way);
        judge_signatures(job, name, way);
        pipeline_finish(job, OUTCOME_ANSWERED);
        job_free(&job);
        buffer_clear(&run.house.log);
    }
    arena_free(&arena);
}

static void judge_file(const char *folder, const char *name, const struct facts *facts)
{
    char path[1024];
    struct buffer file = BUFFER_EMPTY;
    struct error error;
    snprintf(path, sizeof(path), "%s/%s/%s", run.corpus, folder, name);
    if (file_read(path, FILE_BYTES, &file, &error)) {
        judge(buffer_span(&file), name, facts);
    } else {
        printf("%s\n", error.text);
        run.failed++;
    }
    buffer_free(&file);
}

/* --- the three corpora ------------------------------------------------------------------------ */

static void print_part(const char *part)
{
    printf("%s:\n", part);
    for (enum way way = 0; way < WAY_COUNT; way++) {
        printf("  %-16s %5u messages, %3u stopped, %4u edited\n", ways[way].name, run.messages[way],
               run.stopped[way], run.edited[way]);
        run.messages[way] = run.stopped[way] = run.edited[way] = 0;
    }
    for (int id = 0; id < FINDING_COUNT; id++) {
        if (run.stopped_by[id] > 0) {
            printf("  %u times stopped by %s\n", run.stopped_by[id],
                   finding_name((enum finding_id)id));
        }
        run.stopped_by[id] = 0;
    }
}

/* "8bit-header dup-cc mbox-From_-line" of facts.tsv. */
static void read_ham_fact(struct span word, struct facts *facts)
{
    if (span_has_prefix_nocase(word, SPAN("dup-"))) {
        facts->has[FINDING_HEADER_DUPLICATE] = true;
    } else if (span_has_prefix_nocase(word, SPAN("from-defect:"))) {
        facts->has[FINDING_FROM_INVALID] = facts->has[FINDING_FROM_MULTIPLE] = true;
    }
    if (!span_is_equal(word, SPAN("-")) && !span_is_equal(word, SPAN("mbox-From_-line"))) {
        facts->is_clean = false;
    }
}

static void judge_ham(void)
{
    char path[1024];
    struct buffer table = BUFFER_EMPTY;
    struct error error;
    snprintf(path, sizeof(path), "%s/ham/facts.tsv", run.corpus);
    if (!file_read(path, FILE_BYTES, &table, &error)) {
        printf("%s\n", error.text);
        run.failed++;
        return;
    }
    struct span rest = buffer_span(&table), line, name, word;
    while (span_cut(&rest, '\n', &line)) {
        struct facts facts = { .is_clean = true };
        char text[256];
        if (line.size == 0 || line.at[0] == '#' || !span_cut(&line, '\t', &name)) {
            continue;
        }
        while (span_cut(&line, ' ', &word)) {
            read_ham_fact(word, &facts);
        }
        snprintf(text, sizeof(text), "%.*s", SPAN_ARG(name));
        judge_file("ham", text, &facts);
    }
    buffer_free(&table);
    print_part("ham");
}

static bool has_several(const struct jsonl *row)
{
    static const char *const once[] = { "n_from", "n_subject",  "n_to",         "n_cc",
                                        "n_date", "n_reply-to", "n_message-id", "n_sender" };
    for (size_t i = 0; i < COUNT(once); i++) {
        if (jsonl_number(row, once[i], 1) > 1) {
            return true;
        }
    }
    return false;
}

/* A row of facts.jsonl. */
static struct facts read_header_facts(const struct jsonl *row)
{
    struct facts facts = { 0 };
    const struct jsonl *authors = jsonl_get(row, "py_from");
    long fields = jsonl_number(row, "n_from", 1);
    bool has_defect =
        jsonl_count(jsonl_get(row, "py_from_defects")) > 0 || jsonl_count(authors) == 0;
    for (const struct jsonl *author = authors != NULL ? authors->first : NULL; author != NULL;
         author = author->next) {
        has_defect = has_defect || span_find(author->text, '@') < 0;
    }
    /* The header ends at a line that is no field, for Postfix and us, and From may stand below. */
    facts.has[FINDING_FROM_MISSING] = fields == 0 || jsonl_number(row, "bad_header_lines", 0) > 0;
    /* In a broken list Python sees one author, others see several. */
    facts.has[FINDING_FROM_MULTIPLE] = fields > 1 || jsonl_count(authors) > 1 || has_defect;
    facts.has[FINDING_FROM_INVALID] = fields == 1 && has_defect;
    facts.has[FINDING_NUL_BYTE] = jsonl_number(row, "nul", 0) > 0;
    facts.has[FINDING_HEADER_DUPLICATE] = has_several(row);
    return facts;
}

static void judge_headers(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct span rest, line;
    if (arena == NULL || !corpus_read("headers/facts.jsonl", arena, &rest)) {
        abort();
    }
    while (span_cut(&rest, '\n', &line)) {
        const struct jsonl *row = line.size > 0 ? jsonl_parse(line, false, arena) : NULL;
        if (row != NULL) {
            struct facts facts = read_header_facts(row);
            char name[256];
            snprintf(name, sizeof(name), "%.*s", SPAN_ARG(jsonl_text(row, "file")));
            judge_file("headers", name, &facts);
        }
    }
    arena_free(&arena);
    print_part("headers");
}

/* Whatever is wrong with these: only their signatures are asked about. */
static void judge_signed(void)
{
    struct facts facts;
    struct dirent **names;
    char path[1024];
    memset(&facts, 1, sizeof(facts));
    facts.is_clean = false;
    snprintf(path, sizeof(path), "%s/dkim/signed", run.corpus);
    int count = scandir(path, &names, NULL, alphasort);
    run.signatures = 0;
    for (int i = 0; i < count; i++) {
        if (span_has_suffix_nocase(span_of(names[i]->d_name), SPAN(".eml"))) {
            judge_file("dkim/signed", names[i]->d_name, &facts);
        }
        free(names[i]);
    }
    if (count >= 0) {
        free(names);
    }
    print_part("signed");
    printf("  %u signatures looked at before and after the edits\n", run.signatures);
    if (run.signatures < WAY_COUNT * 80) {
        puts("too few signatures were looked at");
        run.failed++;
    }
}

int main(void)
{
    const char *corpus = getenv("EGRESS_CORPUS");
    char path[1024];
    run.corpus = corpus != NULL ? corpus : "../shared/corpus";
    snprintf(path, sizeof(path), "%s/ham/facts.tsv", run.corpus);
    FILE *facts = fopen(path, "r");
    if (facts == NULL) {
        puts("SKIP: corpus absent");
        return 77;
    }
    fclose(facts);
    house_open(&run.house, site_text);
    judge_ham();
    judge_headers();
    judge_signed();
    house_close(&run.house);
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued[i].hits == 0) {
            printf("%s: argued (%s) and not needed\n", argued[i].name, argued[i].why);
            run.failed++;
        }
    }
    printf("failed: %u\n", run.failed);
    return run.failed > 0 ? 1 : 0;
}
