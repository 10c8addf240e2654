/*
 * mtaload: plays the MTA against a filter. Either a load with figures about latency, CPU time and
 * memory, or a script of single commands whose answers are printed (script.h). mtaload --help tells
 * the options.
 *
 * Exit: 0 all messages were answered, 1 the run could not be finished, 64 usage.
 */
#include "load_run.h"
#include "script.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/resource.h>

static const char usage[] =
    "mtaload --socket unix:PATH|inet:PORT@HOST [options]\n"
    "load:\n"
    "  --messages N          messages to send (1000)\n"
    "  --duration S          stop starting messages after S seconds\n"
    "  --connections N       at once, 1 to 4096 (1)\n"
    "  --per-connection N    messages before QUIT and a new connection (0: no limit)\n"
    "  --idle N              connections held idle besides, after HELO (0)\n"
    "  --rate R              messages per second instead of as fast as answered\n"
    "  --size BYTES          of the body; K and M are understood (10K)\n"
    "  --body KIND           text, base64 or spaces (text)\n"
    "  --recipients N        per message (1)\n"
    "  --warmup N            messages sent before anything is measured (0)\n"
    "  --login NAME          whose sessions they are (alice@example.org)\n"
    "  --logins N            N of them take turns: u0.NAME, u1.NAME, ... (0: NAME alone)\n"
    "  --retry               send again what was deferred or lost, as an MTA does\n"
    "  --attempts FILE       one line per attempt, see load_run.h\n"
    "  --pid PID[,PID...]    processes to account, with their descendants\n"
    "  --memory              watch their memory too (disturbs a little)\n"
    "  --timeout S           give up when nothing happens for so long (60)\n"
    "  --json                one JSON object instead of key=value lines\n"
    "script:\n"
    "  --script FILE         commands, see script.h; - is standard input\n"
    "  --message FILE        send this message with --from and --rcpt\n"
    "  --result FILE         write the message as edited by the filter there\n"
    "both:\n"
    "  --mta KIND            postfix or sendmail: whose macros, and when (postfix)\n"
    "  --from ADDRESS        sender (alice@example.org), empty for the null sender\n"
    "  --rcpt ADDRESS        recipient (bob@example.net); --message: may be repeated\n"
    "  --macro NAME=VALUE    sets one for all stages; an empty value removes it\n";

struct options {
    struct load_run run;
    struct process_account account;
    const char *socket;
    unsigned long messages;
    unsigned long warmup;
    double duration_s;
    size_t body_size;
    enum load_body body;
    bool wants_memory;
    bool wants_json;
    struct script script;
    const char *attempts_file;
    const char *script_file;
    const char *message_file;
};

static bool parse_size(const char *text, size_t *size_r)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || value < 0)
        return false;
    if (*end == 'K' || *end == 'k')
        value *= 1024, end++;
    else if (*end == 'M' || *end == 'm')
        value *= 1024 * 1024, end++;
    *size_r = (size_t)value;
    return *end == 0;
}

static bool parse_body(const char *text, enum load_body *body_r)
{
    static const char *const names[] = { "text", "base64", "spaces" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *body_r = (enum load_body)i;
            return true;
        }
    return false;
}

static bool parse_kind(const char *text, enum mta_kind *kind_r)
{
    *kind_r = strcmp(text, "sendmail") == 0 ? MTA_SENDMAIL : MTA_POSTFIX;
    return *kind_r == MTA_SENDMAIL || strcmp(text, "postfix") == 0;
}

static bool set_option(struct options *options, int letter, const char *text)
{
    size_t number = 0;

    if (strchr("mcCikrwL", letter) && !parse_size(text, &number))
        return false;
    switch (letter) {
    case 's':
        options->socket = text;
        return true;
    case 'm':
        options->messages = number;
        return true;
    case 'c':
        options->run.connections = (unsigned)number;
        return number >= 1 && number <= 4096;
    case 'C':
        options->run.per_connection = (unsigned)number;
        return true;
    case 'i':
        options->run.idle = (unsigned)number;
        return number <= 100000;
    case 'k':
        options->body_size = number;
        return number <= (size_t)1 << 30;
    case 'r':
        options->run.plan.recipients = (unsigned)number;
        return number >= 1;
    case 'w':
        options->warmup = number;
        return true;
    case 'd':
        options->duration_s = atof(text);
        return options->duration_s > 0;
    case 'R':
        options->run.rate = atof(text);
        return options->run.rate > 0;
    case 't':
        options->run.timeout_ns = (uint64_t)(atof(text) * 1e9);
        return options->run.timeout_ns > 0;
    case 'b':
        return parse_body(text, &options->body);
    case 'p':
        return account_add(&options->account, text);
    case 'M':
        options->wants_memory = true;
        return true;
    case 'j':
        options->wants_json = true;
        return true;
    case 'a':
        options->run.retries = true;
        return true;
    case 'A':
        options->attempts_file = text;
        return true;
    case 'x':
        options->script_file = text;
        return true;
    case 'f':
        options->message_file = text;
        return true;
    case 'o':
        options->script.result_file = text;
        return true;
    case 'K':
        return parse_kind(text, &options->run.plan.kind);
    case 'F':
        options->run.plan.sender = text;
        return true;
    case 'l':
        options->run.plan.login = text;
        return *text != 0;
    case 'L':
        options->run.plan.logins = (unsigned)number;
        return number <= 1000000;
    case 'T':
        options->run.plan.recipient = text;
        return script_add_recipient(&options->script, text);
    case 'D':
        return script_add_macro(&options->script, text);
    default:
        return false;
    }
}

static const struct option long_options[] = {
    { "socket", 1, NULL, 's' },   { "messages", 1, NULL, 'm' },
    { "duration", 1, NULL, 'd' }, { "connections", 1, NULL, 'c' },
    { "idle", 1, NULL, 'i' },     { "per-connection", 1, NULL, 'C' },
    { "rate", 1, NULL, 'R' },     { "size", 1, NULL, 'k' },
    { "body", 1, NULL, 'b' },     { "recipients", 1, NULL, 'r' },
    { "warmup", 1, NULL, 'w' },   { "pid", 1, NULL, 'p' },
    { "memory", 0, NULL, 'M' },   { "timeout", 1, NULL, 't' },
    { "json", 0, NULL, 'j' },     { "script", 1, NULL, 'x' },
    { "message", 1, NULL, 'f' },  { "result", 1, NULL, 'o' },
    { "mta", 1, NULL, 'K' },      { "from", 1, NULL, 'F' },
    { "rcpt", 1, NULL, 'T' },     { "macro", 1, NULL, 'D' },
    { "retry", 0, NULL, 'a' },    { "attempts", 1, NULL, 'A' },
    { "login", 1, NULL, 'l' },    { "logins", 1, NULL, 'L' },
    { "help", 0, NULL, 'h' },     { NULL, 0, NULL, 0 },
};

static void parse_options(struct options *options, int argc, char **argv)
{
    int letter;

    while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (letter == 'h') {
            fputs(usage, stdout);
            exit(0);
        }
        if (letter == '?' || !set_option(options, letter, optarg ? optarg : "")) {
            if (letter != '?')
                fprintf(stderr, "mtaload: bad value: %s\n", argv[optind - 1]);
            fputs(usage, stderr);
            exit(64);
        }
    }
    if (optind != argc || !options->socket) {
        fputs(usage, stderr);
        exit(64);
    }
    if (!mta_socket_parse(options->socket, &options->run.plan.target))
        exit(64);
}

/* --- the report -------------------------------------------------------- */

struct report {
    bool is_json;
    bool has_fields;
};

static void report_number(struct report *report, const char *name, double value, int decimals)
{
    if (report->is_json)
        printf("%s\"%s\":%.*f", report->has_fields ? "," : "{", name, decimals, value);
    else
        printf("%s=%.*f\n", name, decimals, value);
    report->has_fields = true;
}

static void report_latency(struct report *report, const char *name, struct load_samples *samples)
{
    static const struct {
        const char *name;
        double share;
    } marks[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "max", 1.0 } };
    char field[64];

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        snprintf(field, sizeof field, "%s_%s_us", name, marks[i].name);
        report_number(report, field, (double)load_samples_at(samples, marks[i].share) / 1e3, 1);
    }
}

static void report_memory(struct report *report, const char *when,
                          const struct process_memory *memory)
{
    char field[64];

    snprintf(field, sizeof field, "%s_anonymous_kib", when);
    report_number(report, field, (double)memory->anonymous_kib, 0);
    snprintf(field, sizeof field, "%s_shared_dirty_kib", when);
    report_number(report, field, (double)memory->shared_dirty_kib, 0);
    snprintf(field, sizeof field, "%s_rss_kib", when);
    report_number(report, field, (double)memory->rss_kib, 0);
}

static void report_totals(struct report *report, struct load_totals *totals)
{
    static const char *const names[] = { "accepted", "discarded", "rejected", "deferred", "lost" };

    report_number(report, "messages", (double)totals->messages, 0);
    for (size_t i = 0; i < LOAD_OUTCOMES; i++)
        report_number(report, names[i], (double)totals->outcome[i], 0);
    report_number(report, "quarantined", (double)totals->quarantined, 0);
    report_number(report, "signatures", (double)totals->signatures, 0);
    report_number(report, "edits", (double)totals->edits, 0);
    report_number(report, "late", (double)totals->late, 0);
    report_number(report, "again", (double)totals->again, 0);
    report_number(report, "closed", (double)totals->closed, 0);
    report_number(report, "elapsed_s", (double)totals->elapsed_ns / 1e9, 6);
    report_latency(report, "eom", &totals->eom);
    report_latency(report, "message", &totals->message);
}

/* --- the load ---------------------------------------------------------- */

/* What is done after the last answer (the log line, freeing) belongs to the messages: waits until
 * it is over. */
static uint64_t cpu_at_rest(struct process_account *account)
{
    const struct timespec moment = { .tv_nsec = 5000000 };
    uint64_t used_ns = account_cpu_ns(account);

    for (int look = 0; look < 20; look++) {
        uint64_t before_ns = used_ns;

        nanosleep(&moment, NULL);
        used_ns = account_cpu_ns(account);
        if (used_ns - before_ns < 50000) /* timers of a filter never rest completely */
            break;
    }
    return used_ns;
}

/* The process memory now, once the work that led here has come to rest. */
static void look_at_memory(struct options *options, struct report *report, const char *when)
{
    struct process_memory memory;

    if (!options->wants_memory)
        return;
    cpu_at_rest(&options->account);
    if (account_memory(&options->account, &memory))
        report_memory(report, when, &memory);
}

static bool send_load(struct options *options, struct report *report)
{
    struct load_run *run = &options->run;
    struct load_totals warmup = { 0 };
    struct load_totals totals = { 0 };
    uint64_t cpu_ns;
    bool done;

    look_at_memory(options, report, "start");
    if (!load_run_open_idle(run))
        return false;
    look_at_memory(options, report, "idle");
    if (!load_run_open(run) || !load_run_phase(run, options->warmup, 0, &warmup))
        return false;
    load_totals_free(&warmup);
    run->memory_of = options->wants_memory ? &options->account : NULL;
    cpu_ns = cpu_at_rest(&options->account);
    done = load_run_phase(run, options->messages, (uint64_t)(options->duration_s * 1e9), &totals);
    cpu_ns = cpu_at_rest(&options->account) - cpu_ns;
    report_totals(report, &totals);
    if (options->account.roots) {
        report_number(report, "cpu_us_per_message",
                      totals.messages ? (double)cpu_ns / 1e3 / (double)totals.messages : 0, 3);
        report_number(report, "cpu_s", (double)cpu_ns / 1e9, 6);
    }
    if (options->wants_memory)
        report_memory(report, "peak", &totals.peak);
    look_at_memory(options, report, "end");
    load_totals_free(&totals);
    return done;
}

static bool open_attempts(struct options *options)
{
    if (!options->attempts_file)
        return true;
    options->run.attempts = fopen(options->attempts_file, "we");
    if (!options->run.attempts)
        fprintf(stderr, "mtaload: %s: %s\n", options->attempts_file, strerror(errno));
    else
        setvbuf(options->run.attempts, NULL, _IOLBF, 0); /* somebody may be reading along */
    return options->run.attempts != NULL;
}

static int run_load(struct options *options)
{
    struct report report = { .is_json = options->wants_json };
    struct rlimit files;
    char *body = load_body_new(options->body, options->body_size);
    bool done;

    if (!body || !open_attempts(options))
        return 1;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    options->run.plan.body = body;
    options->run.plan.body_size = options->body_size;
    options->run.epoll = -1;
    done = send_load(options, &report);
    if (report.is_json && report.has_fields)
        puts("}");
    load_run_close(&options->run);
    free(body);
    if (options->run.attempts && fclose(options->run.attempts) != 0) {
        fprintf(stderr, "mtaload: %s: %s\n", options->attempts_file, strerror(errno));
        done = false;
    }
    return done ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct options options = {
        .run = { .plan = { .sender = "alice@example.org",
                           .recipient = "bob@example.net",
                           .recipients = 1 },
                 .connections = 1,
                 .timeout_ns = 60000000000u },
        .messages = 1000,
        .body_size = 10240,
    };
    int status;

    signal(SIGPIPE, SIG_IGN); /* a filter that goes away is an outcome */
    parse_options(&options, argc, argv);
    if (!options.script_file && !options.message_file)
        return run_load(&options);
    options.script.plan = &options.run.plan;
    options.script.timeout_s = (unsigned)(options.run.timeout_ns / 1000000000u);
    status = options.script_file ? script_run_file(&options.script, options.script_file)
                                 : script_run_message(&options.script, options.message_file);
    script_free(&options.script);
    return status;
}
