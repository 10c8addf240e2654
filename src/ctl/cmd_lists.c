/*
 * lists: the DNS lists that are asked, as the daemon knows them; or what they say of one address or
 * domain, asked now and by this command itself.
 */
#include <stdlib.h>

#include "auth/organization.h"
#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/load.h"
#include "ctl/lookups.h"
#include "ctl/print.h"
#include "lists/ask.h"
#include "log/log.h"
#include "util/domain.h"
#include "util/json.h"

#define WAIT_NS UINT64_C(8000000000)
#define TEXT_WAIT_NS UINT64_C(2000000000) /* beyond it, for what a listing says in TXT */
#define TEXT_MAX 400

/* What one list says. */
struct verdict {
    const struct list_zone *zone;
    struct list_test test;
    struct list_judgement judgement;
    struct span text; /* of the answers */
    bool is_asked;    /* it lists what this is, and is in order */
};

struct inquiry {
    struct ctl *ctl;
    const struct site *site;
    struct list_subject subject;
    char name[DOMAIN_MAX];
    struct verdict *verdicts; /* one for each zone */
};

/* The uses of a list are about messages; here each is asked that can know of it. */
static bool question_of(const struct inquiry *inquiry, const struct list_zone *zone,
                        char out[static LIST_QUESTION_MAX])
{
    struct list_subject subject = inquiry->subject;
    for (subject.use = 0; subject.use < LIST_USE_COUNT; subject.use++) {
        if (list_question(zone, &subject, out))
            return true;
    }
    return false;
}

/* False: answers are under way. */
static bool ask_one(const struct inquiry *inquiry, struct verdict *verdict,
                    struct dns_questions *questions)
{
    char question[LIST_QUESTION_MAX];
    const struct dns_answer *answer;

    verdict->is_asked = verdict->test.is_passed && question_of(inquiry, verdict->zone, question);
    if (!verdict->is_asked)
        return true;
    answer = dns_questions_ask(questions, span_of(question), DNS_A);
    if (answer == NULL)
        return false;
    list_judge(verdict->zone, LIST_USE_OWN, answer, &verdict->judgement);
    if (verdict->judgement.verdict != LIST_LISTED)
        return true;
    answer = dns_questions_ask(questions, span_of(question), DNS_TXT);
    if (answer != NULL && answer->result == DNS_FOUND &&
        list_is_fit_to_show(verdict->zone, answer->records[0].data))
        verdict->text = answer->records[0].data;
    return answer != NULL;
}

/* Before the lists are tested: the test of one that is dead takes all the time there is. */
static void begin_all(const struct inquiry *inquiry, struct dns_questions *questions)
{
    char question[LIST_QUESTION_MAX];

    for (size_t i = 0; i < inquiry->site->lists->count; i++) {
        if (question_of(inquiry, &inquiry->site->lists->at[i], question))
            (void)dns_questions_ask(questions, span_of(question), DNS_A);
    }
}

static void ask_all(const struct inquiry *inquiry, struct dns_questions *questions, uint64_t end_ns)
{
    bool is_under_way = true;

    while (is_under_way) {
        is_under_way = false;
        for (size_t i = 0; i < inquiry->site->lists->count; i++) {
            is_under_way |= !ask_one(inquiry, &inquiry->verdicts[i], questions);
        }
        is_under_way = is_under_way && dns_questions_wait(questions, end_ns);
    }
}

static const char *result_of(const struct verdict *verdict, bool fits)
{
    if (!fits)
        return "not asked";
    if (!verdict->is_asked || verdict->judgement.verdict >= LIST_ERROR)
        return "unknown";
    return verdict->judgement.verdict == LIST_LISTED ? "listed" : "not listed";
}

static const char *why_of(const struct verdict *verdict)
{
    return verdict->is_asked ? verdict->judgement.why : verdict->test.why;
}

static void print_text(const struct inquiry *inquiry, const struct verdict *verdict, bool fits)
{
    struct buffer *out = &inquiry->ctl->out;
    const char *result = result_of(verdict, fits);
    bool is_listed = fits && verdict->is_asked && verdict->judgement.verdict == LIST_LISTED;

    buffer_printf(out, "%s: %s", verdict->zone->name, result);
    if (is_listed) {
        buffer_printf(out, ": %s, %s", verdict->judgement.code, verdict->judgement.what->means);
        if (verdict->text.size > 0) {
            buffer_add_text(out, " (");
            print_escaped(out, verdict->text, TEXT_MAX);
            buffer_add_text(out, ")");
        }
        if (verdict->zone->removal != NULL)
            buffer_printf(out, "; removal: %s", verdict->zone->removal);
    } else if (!fits) {
        buffer_printf(out, ": it lists %s",
                      verdict->zone->kind == LIST_OF_DOMAINS ? "domains" : "addresses");
    } else if (!verdict->is_asked || verdict->judgement.verdict >= LIST_ERROR) {
        buffer_printf(out, ": %s", why_of(verdict));
    }
    buffer_add_char(out, '\n');
}

static void print_json(struct json *json, const struct verdict *verdict, bool fits)
{
    bool is_listed = fits && verdict->is_asked && verdict->judgement.verdict == LIST_LISTED;

    json_open(json, NULL, '{');
    json_text(json, "zone", span_of(verdict->zone->name));
    json_text(json, "result", span_of(result_of(verdict, fits)));
    if (is_listed) {
        json_text(json, "code", span_of(verdict->judgement.code));
        json_text(json, "means", span_of(verdict->judgement.what->means));
        json_bool(json, "certain", verdict->judgement.what->is_certain);
        json_text(json, "text", verdict->text);
        json_text(json, "removal", span_of(verdict->zone->removal));
    } else if (fits) {
        json_text(json, "why", span_of(why_of(verdict)));
    }
    json_close(json, '}');
}

static enum ctl_exit print_all(const struct inquiry *inquiry, const char *asked)
{
    struct json json = json_new(&inquiry->ctl->out);
    enum ctl_exit code = CTL_GOOD;

    if (inquiry->ctl->is_json) {
        json_open(&json, NULL, '{');
        json_number(&json, "schema", 1);
        json_text(&json, "asked", span_of(asked));
        json_open(&json, "lists", '[');
    }
    for (size_t i = 0; i < inquiry->site->lists->count; i++) {
        const struct verdict *verdict = &inquiry->verdicts[i];
        char question[LIST_QUESTION_MAX];
        bool fits = question_of(inquiry, verdict->zone, question);
        if (fits && verdict->is_asked && verdict->judgement.verdict == LIST_LISTED)
            code = CTL_NO;
        if (inquiry->ctl->is_json)
            print_json(&json, verdict, fits);
        else
            print_text(inquiry, verdict, fits);
    }
    if (inquiry->ctl->is_json) {
        json_close(&json, ']');
        json_close(&json, '}');
        buffer_add_char(&inquiry->ctl->out, '\n');
    }
    return code;
}

static enum ctl_exit inquire(struct inquiry *inquiry, struct dns_resolver *resolver,
                             const char *asked)
{
    const struct list_zones *zones = inquiry->site->lists;
    uint64_t end_ns = clock_mono_ns(inquiry->ctl->clock) + WAIT_NS;
    struct list_test *tests = calloc(zones->count + 1, sizeof(*tests));
    struct list_board *board = list_board_new();
    struct dns_questions *questions = dns_questions_new(resolver, (unsigned)(2 * zones->count));
    enum ctl_exit code = CTL_INTERNAL;

    inquiry->verdicts = calloc(zones->count + 1, sizeof(*inquiry->verdicts));
    if (tests != NULL && board != NULL && inquiry->verdicts != NULL) {
        begin_all(inquiry, questions);
        lists_test_all(zones, board, resolver, end_ns, tests);
        for (size_t i = 0; i < zones->count; i++)
            inquiry->verdicts[i] = (struct verdict){ .zone = &zones->at[i], .test = tests[i] };
        ask_all(inquiry, questions, end_ns + TEXT_WAIT_NS);
        code = print_all(inquiry, asked);
    } else {
        ctl_fail(inquiry->ctl, code, "out of memory");
    }
    dns_questions_free(&questions);
    free(inquiry->verdicts);
    list_board_free(&board);
    free(tests);
    return code;
}

static bool read_subject(struct inquiry *inquiry, const char *text)
{
    if (ip_parse(span_of(text), &inquiry->subject.ip))
        return true;
    if (!domain_to_ascii(span_of(text), inquiry->name))
        return false;
    inquiry->subject.name = span_of(inquiry->name);
    inquiry->subject.organization = organization_of(inquiry->subject.name);
    return true;
}

static enum ctl_exit look_up(struct ctl *ctl, const char *asked)
{
    struct inquiry inquiry = { .ctl = ctl };
    struct error error = { "" };
    enum ctl_exit code;
    struct site *site;

    if (!read_subject(&inquiry, asked))
        return ctl_fail(ctl, CTL_USAGE, "%s is neither an address nor a domain", asked);
    site = load_site(ctl);
    if (site == NULL)
        return CTL_CONFIG;
    inquiry.site = site;
    if (site->lists->count == 0) {
        code = ctl_fail(ctl, CTL_INPUT, "no list is asked: see lists in the configuration");
    } else if (ctl->resolver != NULL) {
        code = inquire(&inquiry, ctl->resolver, asked);
    } else {
        struct lookups *lookups = lookups_begin(ctl, site, log_process_sink(), &error);
        code = lookups != NULL
                   ? inquire(&inquiry, lookups_resolver(lookups), asked)
                   : ctl_fail(ctl, CTL_UNREACHABLE, "DNS cannot be asked: %s", error.text);
        lookups_end(&lookups);
    }
    site_unref(&site);
    return code;
}

static enum ctl_exit lists_run(struct ctl *ctl, const struct ctl_args *args)
{
    return args->operand_count > 0 ? look_up(ctl, args->operands[0])
                                   : ask_daemon(ctl, args, "lists");
}

static const struct ctl_option lists_options[] = {
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_lists = {
    .name = "lists",
    .operands = "[ADDRESS|DOMAIN]",
    .operands_max = 1,
    .options = lists_options,
    .brief = "the DNS lists that are asked, or what they say of something",
    .details =
        "Alone: each list, whether it is in order, and what came of it, as the daemon knows.\n"
        "With an address or a domain: tests all lists and asks them now. Ends 1 when one of\n"
        "them lists it.",
    .run = lists_run,
};
