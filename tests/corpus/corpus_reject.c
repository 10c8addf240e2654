/*
 * corpus_reject: what the rules that keep a domain off the lists do to mail nobody here wrote, all
 * of them at reject.
 *
 * Honest mail (corpus/ham) goes through the house as submissions of its authors, and as mail of a
 * list, a forwarder and a relay. DNS has a mail server for everybody and lists that list nothing,
 * and the virus scanner finds nothing, so whoever asks them really asks. All that would be stopped
 * is printed, a line for each message and finding, and argued by the table `argued`. So that
 * silence is none of a list nobody asked, the submissions come once more while a list knows a host
 * that many of them lead to.
 *
 * The spam beside it is judged by what lies in it alone: no DNS, no list, no scanner. Of what is
 * found there, there is to be no less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/scripted.h"
#include "tests/corpus/envelope_view.h"
#include "tests/support/clamd_server.h"
#include "tests/support/house.h"
#include "util/file.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_BYTES ((size_t)64 << 20)
#define ARENA_BYTES ((size_t)64 << 20)

/* Nothing is counted against limits: there are a hundred messages of one author in one moment. */
#define SITE                                                                                       \
    "socket = \"unix:/x\"; mode = \"enforce\";"                                                    \
    "ceilings = { message = \"64M\"; recipients = 100; };"                                         \
    "limits = ( { name = \"default\"; count = \"recipients\"; by = \"principal\"; max = 0;"        \
    "             per = \"1h\"; } );"                                                              \
    "senders = { unlisted = \"observe\"; };"                                                       \
    "behaviour = { honeypots = [ \"trap@away.example\" ]; };"                                      \
    "outgoing = { networks = ("                                                                    \
    "  { name = \"lists\"; address = \"192.0.2.1\"; kind = \"list\"; },"                           \
    "  { name = \"forwarder\"; address = \"192.0.2.2\"; kind = \"forward\"; },"                    \
    "  { name = \"relay\"; address = \"192.0.2.3\"; kind = \"relay\"; } ); };"
#define LISTS                                                                                      \
    "lists = ( { zone = \"zen.spamhaus.org\"; use = [ \"client\", \"links\" ]; },"                 \
    "  { zone = \"dbl.spamhaus.org\"; use = [ \"links\", \"sender-domain\" ]; },"                  \
    "  { zone = \"multi.surbl.org\"; use = [ \"links\", \"sender-domain\" ]; },"                   \
    "  { zone = \"multi.uribl.com\"; use = [ \"links\", \"sender-domain\" ]; } );"                 \
    "listings = { lookups = 500; };"

static const char dns_text[] = "* MX 10 mx.away.example\n"
                               "2.0.0.127.zen.spamhaus.org A 127.0.0.2\n"
                               "dbltest.com.dbl.spamhaus.org A 127.0.1.2\n"
                               "surbl-org-permanent-test-point.com.multi.surbl.org A 127.0.0.254\n"
                               "test.uribl.com.multi.uribl.com A 127.0.0.14\n";

/* Each finding of these rules. */
static const enum finding_id ruled[] = {
    FINDING_ATTACHMENT_DANGEROUS, FINDING_FROM_AT_PROVIDER,
    FINDING_UNSUBSCRIBE_MISSING,  FINDING_LINK_LISTED,
    FINDING_CLIENT_LISTED,        FINDING_DOMAIN_LISTED,
    FINDING_RECIPIENT_NULL_MX,    FINDING_RECIPIENT_DOMAIN_MISSING,
    FINDING_RECIPIENT_TYPO,       FINDING_RECIPIENT_HONEYPOT,
    FINDING_RECIPIENTS_EXCEEDED,  FINDING_RECIPIENT_SUPPRESSED,
    FINDING_BACKSCATTER,          FINDING_MAIL_LOOP,
    FINDING_AUTO_REPLY_ASTRAY,    FINDING_VIRUS_FOUND,
    FINDING_SCAN_UNAVAILABLE,
};

enum way { WAY_SUBMISSION, WAY_LIST, WAY_FORWARD, WAY_RELAY, WAY_COUNT };

static const struct {
    const char *name, *client;
} ways[WAY_COUNT] = {
    [WAY_SUBMISSION] = { " submission", "192.0.2.99" },
    [WAY_LIST] = { " list", "192.0.2.1" },
    [WAY_FORWARD] = { " forward", "192.0.2.2" },
    [WAY_RELAY] = { " relay", "192.0.2.3" },
};

#define BIT(way) (1u << (way))

/* Of ham, what is right by the rule: why, by which ways, and in how many messages at most. */
static struct {
    enum finding_id id;
    unsigned ways, most;
    const char *why;
    unsigned found;
} argued[] = {
    { FINDING_UNSUBSCRIBE_MISSING, BIT(WAY_SUBMISSION) | BIT(WAY_LIST) | BIT(WAY_RELAY), 1467,
      "mail of lists, and one click is fifteen years younger; corpus_bulk looks at each", 0 },
    { FINDING_FROM_AT_PROVIDER, BIT(WAY_SUBMISSION) | BIT(WAY_RELAY), 90,
      "authors with mailboxes at Hotmail, Yahoo and the like, whose mail did not leave from there: "
      "all but two came over lists, which pass as lists",
      0 },
    { FINDING_MAIL_LOOP, BIT(WAY_RELAY), 496,
      "a server hands it back to somebody to whom it was delivered, as Delivered-To or X-Loop say",
      0 },
};

/* Of spam, as submissions: in how many messages at least. */
static const struct {
    enum finding_id id;
    unsigned least;
} caught[] = {
    { FINDING_FROM_AT_PROVIDER, 114 },
    { FINDING_UNSUBSCRIBE_MISSING, 69 },
};
enum { SPAM_CAUGHT_LEAST = 172 };

/* A host that the footers of a list lead to: 215 messages of ham have its URL in plain sight. */
static const char listed_text[] = "xent.com.dbl.spamhaus.org A 127.0.1.4\n";
enum { LISTED_LEAST = 215 };

enum { HAM_LEAST = 1900, SPAM_LEAST = 400 };

static struct {
    struct house house;
    const char *corpus;
    unsigned messages, with_findings, failed;
    unsigned found[FINDING_COUNT]; /* in how many messages */
} run;

/* --- one message ------------------------------------------------------------------------------ */

/* What lists and forwarders carry goes to somebody who did not have it before. */
static struct job *hand_over(struct span file, const struct envelope_view *view, enum way way)
{
    static struct drive_input input; /* outlives the job */
    bool is_new = way == WAY_LIST || way == WAY_FORWARD;
    input = (struct drive_input){ .session = { .keeps_space = true,
                                               .mta_name = SPAN("mx.example.org"),
                                               .mta_version = SPAN("8.17.1") },
                                  .sender = view->author,
                                  .recipients = is_new ? &envelope_view_somebody : view->recipients,
                                  .recipient_count = is_new ? 1 : view->recipient_count,
                                  .message = file };
    ip_parse(span_of(ways[way].client), &input.session.client);
    if (way == WAY_SUBMISSION) {
        input.login = view->author;
    }
    struct job *job = drive_message(run.house.site, &run.house.world, &input);
    if (job == NULL) {
        abort();
    }
    return job;
}

/* What was found in one message, by all ways. */
struct sight {
    unsigned ways[FINDING_COUNT];
    char seen[FINDING_COUNT][200];
};

static void look(const struct job *job, enum way way, struct sight *sight)
{
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        for (size_t i = 0; i < COUNT(ruled); i++) {
            if (ruled[i] == f->id) {
                sight->ways[f->id] |= BIT(way);
                snprintf(sight->seen[f->id], sizeof(sight->seen[f->id]), "%s", f->seen);
            }
        }
    }
}

static void report(const char *name, const struct sight *sight)
{
    bool has_any = false;
    for (int id = 0; id < FINDING_COUNT; id++) {
        if (sight->ways[id] != 0) {
            printf("%s, as", name);
            for (enum way way = 0; way < WAY_COUNT; way++) {
                printf("%s", (sight->ways[id] & BIT(way)) != 0 ? ways[way].name : "");
            }
            printf(": %s: %s\n", finding_name((enum finding_id)id), sight->seen[id]);
            run.found[id]++;
            has_any = true;
        }
    }
    run.with_findings += has_any;
}

static void judge_ways(const char *name, const struct sight *sight)
{
    for (size_t i = 0; i < COUNT(ruled); i++) {
        unsigned unargued = sight->ways[ruled[i]];
        for (size_t k = 0; k < COUNT(argued); k++) {
            if (argued[k].id == ruled[i]) {
                argued[k].found += unargued != 0;
                unargued &= ~argued[k].ways;
            }
        }
        if (unargued != 0) {
            printf("FAIL %s: %s is not argued\n", name, finding_name(ruled[i]));
            run.failed++;
        }
    }
}

/* --- a part of the corpus ----------------------------------------------------------------------
 */

enum part { PART_HAM, PART_LISTED, PART_SPAM };

static void judge(struct span file, const char *name, enum part part)
{
    static struct envelope_view view;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct sight sight = { .ways = { 0 } };
    if (arena == NULL) {
        abort();
    }
    envelope_view_read(file, arena, &view);
    run.messages++;
    for (enum way way = 0; way < (part == PART_HAM ? WAY_COUNT : WAY_SUBMISSION + 1); way++) {
        struct job *job = hand_over(file, &view, way);
        look(job, way, &sight);
        pipeline_finish(job, OUTCOME_ANSWERED);
        job_free(&job);
        buffer_clear(&run.house.log);
    }
    if (part == PART_LISTED) {
        run.found[FINDING_LINK_LISTED] += sight.ways[FINDING_LINK_LISTED] != 0;
    } else {
        report(name, &sight);
    }
    if (part == PART_HAM) {
        judge_ways(name, &sight);
    }
    arena_free(&arena);
}

static void judge_file(struct span name, enum part part)
{
    char path[1024], text[256];
    struct buffer file = BUFFER_EMPTY;
    struct error error;
    snprintf(text, sizeof(text), "%.*s", SPAN_ARG(name));
    snprintf(path, sizeof(path), "%s/ham/%s", run.corpus, text);
    if (file_read(path, FILE_BYTES, &file, &error)) {
        judge(buffer_span(&file), text, part);
    } else {
        printf("FAIL %s\n", error.text);
        run.failed++;
    }
    buffer_free(&file);
}

static void judge_part(struct span table, enum part part)
{
    struct span line, name;
    run.messages = run.with_findings = 0;
    memset(run.found, 0, sizeof(run.found));
    while (span_cut(&table, '\n', &line)) {
        if (line.size > 0 && line.at[0] != '#' && span_cut(&line, '\t', &name) &&
            span_has_prefix_nocase(name, SPAN("spam-")) == (part == PART_SPAM)) {
            judge_file(name, part);
        }
    }
}

static void need(bool is_so, const char *what)
{
    if (!is_so) {
        printf("FAIL %s\n", what);
        run.failed++;
    }
}

/* --- houses -------------------------------------------------------------------------------------
 */

static void open_house(const char *config)
{
    struct buffer text = BUFFER_EMPTY;
    buffer_add_text(&text, config);
    buffer_add_text(&text, "rules = {");
    for (size_t i = 0; i < COUNT(ruled); i++) {
        buffer_printf(&text, " %s = \"reject\";", finding_name(ruled[i]));
    }
    buffer_add_text(&text, " };");
    house_open(&run.house, buffer_text(&text));
    house_script_used(&run.house, "");
    buffer_free(&text);
}

static void judge_ham(struct span table)
{
    static char finds_nothing[] = "";
    char text[4096];
    struct map_server clamd;
    clamd_server_start(&clamd, "egress-clamd-corpus", clamd_server_by_rules, finds_nothing);
    snprintf(text, sizeof(text),
             SITE LISTS "clamd = { socket = \"unix:%s\"; directory = \"/tmp\"; };", clamd.path);
    open_house(text);
    house_script_suppressed(&run.house, "gone@away.example * command\n");
    house_script_dns(&run.house, dns_text);
    puts("ham, all rules at reject: what would be stopped");
    judge_part(table, PART_HAM);
    printf("%u messages by %d ways, %u with findings; %u questions to DNS, %u messages scanned\n",
           run.messages, WAY_COUNT, run.with_findings, dns_scripted_count(run.house.world.resolver),
           atomic_load(&clamd.requests));
    need(run.messages >= HAM_LEAST, "too few messages");
    need(run.house.tested.size == 0, "a list is out of order");
    need(atomic_load(&clamd.requests) == run.messages * WAY_COUNT, "a message was not scanned");
    for (size_t i = 0; i < COUNT(argued); i++) {
        printf("%u times %s: %s\n", argued[i].found, finding_name(argued[i].id), argued[i].why);
        need(argued[i].found <= argued[i].most, "that is more than was argued");
        need(argued[i].found > 0, "that is argued, and nothing needs it");
    }
    snprintf(text, sizeof(text), "%s%s", dns_text, listed_text);
    house_script_dns(&run.house, text);
    judge_part(table, PART_LISTED);
    printf("%u link-listed where a list knows one host\n", run.found[FINDING_LINK_LISTED]);
    need(run.found[FINDING_LINK_LISTED] >= LISTED_LEAST, "links are not asked about");
    house_close(&run.house);
    map_server_stop(&clamd);
}

static void judge_spam(struct span table)
{
    open_house(SITE);
    puts("spam, by what lies in it alone: what would be stopped");
    judge_part(table, PART_SPAM);
    printf("%u messages, %u with findings\n", run.messages, run.with_findings);
    need(run.messages >= SPAM_LEAST, "too few messages");
    need(run.with_findings >= SPAM_CAUGHT_LEAST, "fewer than before");
    for (size_t i = 0; i < COUNT(caught); i++) {
        printf("%u times %s\n", run.found[caught[i].id], finding_name(caught[i].id));
        need(run.found[caught[i].id] >= caught[i].least, "fewer than before");
    }
    house_close(&run.house);
}

int main(void)
{
    char path[1024];
    struct buffer table = BUFFER_EMPTY;
    struct error error;
    run.corpus = getenv("EGRESS_CORPUS") != NULL ? getenv("EGRESS_CORPUS") : "../shared/corpus";
    snprintf(path, sizeof(path), "%s/ham/facts.tsv", run.corpus);
    if (!file_read(path, FILE_BYTES, &table, &error)) {
        printf("SKIP: %s\n", error.text);
        return 77;
    }
    judge_ham(buffer_span(&table));
    judge_spam(buffer_span(&table));
    buffer_free(&table);
    printf("failed: %u\n", run.failed);
    return run.failed > 0 ? 1 : 0;
}
