/*
 * corpus_bulk: what would be stopped if mail of lists without one-click unsubscribe were refused.
 * All of corpus/ham goes through the house as submissions of its authors, with the finding at
 * reject.
 *
 * The mail is of 2002, before one click was thought of (2017), so each message of a list must be
 * found, and no other may be: what is a list's is told here by looking for its fields in the text
 * of the header, and by nothing else. tests/README argues the figures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "message/builder.h"
#include "policy/drive.h"
#include "tests/support/house.h"
#include "util/file.h"

#define FILE_BYTES ((size_t)64 << 20)
#define LEAST_MESSAGES 2000

static const char site_text[] =
    "socket = \"unix:/x\"; mode = \"enforce\"; ceilings = { message = \"64M\"; };"
    "senders = { unlisted = \"observe\"; }; rules = { unsubscribe-missing = \"reject\"; };";

static struct {
    struct house house;
    const char *corpus;
    unsigned messages, found, of_lists, bulk_alone, answers, failed;
} run;

/* Does a line of the header begin so? */
static bool has_line(struct span file, const char *begin)
{
    size_t size = strlen(begin);
    struct span line;
    while (span_cut(&file, '\n', &line) && span_trim(line).size > 0) {
        if (line.size >= size && strncasecmp(line.at, begin, size) == 0) {
            return true;
        }
    }
    return false;
}

static const struct finding *finding_of(const struct job *job)
{
    const struct finding *f = job->findings.first;
    while (f != NULL && f->id != FINDING_UNSUBSCRIBE_MISSING) {
        f = f->next;
    }
    return f;
}

static void judge(struct span file, const char *name)
{
    struct drive_recipient recipient = { .path = SPAN("<bob@away.example>"),
                                         .mailer = SPAN("smtp") };
    struct drive_input input = { .session = { .keeps_space = true,
                                              .mta_name = SPAN("mx.example.org"),
                                              .mta_version = SPAN("8.17.1") },
                                 .login = SPAN("alice@example.org"),
                                 .sender = SPAN("<alice@example.org>"),
                                 .recipients = &recipient,
                                 .recipient_count = 1,
                                 .message = file };
    bool is_list = has_line(file, "List-Id:") || has_line(file, "List-Unsubscribe:");
    bool is_bulk = has_line(file, "Precedence: bulk") || has_line(file, "Precedence: list");
    bool is_answer = has_line(file, "In-Reply-To:") || has_line(file, "References:") ||
                     has_line(file, "Auto-Submitted:");
    ip_parse(SPAN("192.0.2.99"), &input.session.client);
    struct job *job = drive_message(run.house.site, &run.house.world, &input);
    if (job == NULL) {
        abort();
    }
    const struct finding *finding = finding_of(job);
    run.messages++;
    run.found += finding != NULL;
    run.of_lists += is_list;
    run.bulk_alone += !is_list && is_bulk && !is_answer;
    run.answers += !is_list && is_bulk && is_answer;
    if ((finding != NULL) != (is_list || (is_bulk && !is_answer))) {
        printf("%s: %s\n", name, finding != NULL ? finding->seen : "not found");
        run.failed++;
    }
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    buffer_clear(&run.house.log);
}

static void judge_file(struct span name)
{
    char path[1024];
    struct buffer file = BUFFER_EMPTY;
    struct error error;
    snprintf(path, sizeof(path), "%s/ham/%.*s", run.corpus, SPAN_ARG(name));
    if (file_read(path, FILE_BYTES, &file, &error)) {
        judge(buffer_span(&file), path);
    } else {
        printf("%s\n", error.text);
        run.failed++;
    }
    buffer_free(&file);
}

static bool judge_all(void)
{
    char path[1024];
    struct buffer table = BUFFER_EMPTY;
    struct error error;
    snprintf(path, sizeof(path), "%s/ham/facts.tsv", run.corpus);
    if (!file_read(path, FILE_BYTES, &table, &error)) {
        printf("SKIP: %s\n", error.text);
        return false;
    }
    struct span rest = buffer_span(&table), line, name;
    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0 && line.at[0] != '#' && span_cut(&line, '\t', &name)) {
            judge_file(name);
        }
    }
    buffer_free(&table);
    return true;
}

int main(void)
{
    run.corpus = getenv("EGRESS_CORPUS") != NULL ? getenv("EGRESS_CORPUS") : "../shared/corpus";
    house_open(&run.house, site_text);
    if (!judge_all()) {
        return 77;
    }
    printf("%u messages: %u found; %u have fields of lists, %u only say that they are bulk, %u say "
           "so and answer something\nfailed: %u\n",
           run.messages, run.found, run.of_lists, run.bulk_alone, run.answers, run.failed);
    house_close(&run.house);
    return run.failed > 0 || run.messages < LEAST_MESSAGES ? 1 : 0;
}
