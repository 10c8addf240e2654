/*
 * checks: what single checks cost, in process, without sockets: nanoseconds per check on one parsed
 * job, the forecast with all answers at hand, and the whole pipeline without signing. Prints one
 * line each; takes no arguments.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/forecast.h"
#include "checks/check.h"
#include "config/config.h"
#include "dns/scripted.h"
#include "policy/drive.h"
#include "site/senders.h"
#include "tests/bench/cpu_clock.h"
#include "tests/support/house.h"
#include "util/file.h"

enum { ROUNDS = 200000, PIPELINE_ROUNDS = 20000 };

static const char head[] =
    "Received: from laptop (client.example.org [192.0.2.1])\r\n\tby mx.example.org with "
    "ESMTPSA;\r\n"
    "\tSun, 01 Mar 2026 11:59:00 +0000\r\n"
    "From: Alice Example <alice@example.org>\r\nTo: Bob <bob@example.net>\r\n"
    "Subject: minutes of the meeting\r\nDate: Sun, 01 Mar 2026 11:59:00 +0000\r\n"
    "Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nUser-Agent: Example/1.0\r\n\r\n";

static double bench_check(const struct job *job, const struct check *check)
{
    const void *settings =
        check->settings != NULL ? config_settings(job->site->config, check->settings) : NULL;
    uint64_t began = cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        struct finding_list findings;
        finding_list_init(&findings, job->arena);
        check->run(&job->evidence, settings, &findings);
    }
    double spent_ns = (double)(cpu_ns() - began) / ROUNDS;
    printf("check %-22s %7.1f ns\n", check->name, spent_ns);
    return spent_ns;
}

/* What is gathered for them, where it is more than copying. */
static double bench_evidence(const struct job *job)
{
    uint64_t began = cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        struct transit transit;
        transit_read(&job->message, &transit);
    }
    double spent_ns = (double)(cpu_ns() - began) / ROUNDS;
    printf("evidence %-19s %7.1f ns\n", "transit", spent_ns);
    return spent_ns;
}

/* The usual message claims one address, asked of a table; a group is named in the row. */
static double bench_owners(const struct job *job)
{
    enum { ROUNDS_OF_ARENA = 1000 };
    struct arena *arena = NULL;
    uint64_t began = cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        if (i % ROUNDS_OF_ARENA == 0) {
            arena_free(&arena);
            arena = arena_new((size_t)64 << 20);
        }
        struct ownership_answer answer =
            senders_ask(job->site, job->principal, &job->message.envelope.sender, arena);
        if (answer.ownership != OWNERSHIP_OWNED || answer.row.size == 0) {
            fprintf(stderr, "the bench's own table does not answer\n");
            exit(1);
        }
    }
    double spent_ns = (double)(cpu_ns() - began) / ROUNDS;
    arena_free(&arena);
    printf("evidence %-19s %7.1f ns\n", "owners, 10000 rows", spent_ns);
    return spent_ns;
}

/* A round of forecasts; exits when one needs a question that should be remembered. */
static double bench_forecasts(const struct forecast_query *query, struct forecast_memory *memory,
                              struct dns_resolver *resolver, enum forecast_dmarc expected)
{
    enum { ROUNDS_OF_ARENA = 1000 };
    struct arena *arena = NULL;
    uint64_t began = cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        struct dns_questions *questions = NULL;
        struct forecast forecast;
        if (i % ROUNDS_OF_ARENA == 0) {
            arena_free(&arena);
            arena = arena_new((size_t)64 << 20);
        }
        if (!forecast_make(query, memory, resolver, &questions, arena, &forecast) ||
            forecast.dmarc != expected || (questions != NULL && i > 0)) {
            fprintf(stderr, "the bench's own forecast is another\n");
            exit(1);
        }
        dns_questions_free(&questions);
    }
    double spent_ns = (double)(cpu_ns() - began) / ROUNDS;
    arena_free(&arena);
    return spent_ns;
}

/* Two egress addresses, a signature and an envelope sender below the From domain; then one that
 * fails, whose line is written each time. */
static void bench_forecast(void)
{
    static const char zone[] =
        "example.org TXT \"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all\"\n"
        "bounce.example.org TXT \"v=spf1 redirect=example.org\"\n"
        "example.net TXT \"v=spf1 -all\"\n"
        "_dmarc.example.org TXT \"v=DMARC1; p=reject\"\n";
    const struct ip addresses[] = { { 4, { 192, 0, 2, 1 } }, { 6, { 0x20, 0x01, 0x0d, 0xb8 } } };
    const struct egress egress = { "", addresses, 2, "mx.example.org" };
    const struct span signature = SPAN("mail.example.org");
    struct forecast_query query = { .from_domain = SPAN("example.org"),
                                    .envelope_domain = SPAN("bounce.example.org"),
                                    .sender = SPAN("alice@bounce.example.org"),
                                    .egress = &egress,
                                    .signatures = &signature,
                                    .signature_count = 1 };
    struct error error;
    struct dns_resolver *resolver = dns_scripted_new(span_of(zone), &clock_system, &error);
    struct forecast_memory *memory = forecast_memory_new(&clock_system, (size_t)1 << 20);
    if (resolver == NULL || memory == NULL) {
        fprintf(stderr, "no forecast: %s\n", resolver == NULL ? error.text : "out of memory");
        exit(1);
    }
    printf("forecast, passes, from memory %8.1f ns\n",
           bench_forecasts(&query, memory, resolver, FORECAST_DMARC_PASS));
    query.envelope_domain = SPAN("example.net");
    query.sender = SPAN("alice@example.net");
    query.signature_count = 0;
    printf("forecast, fails, from memory %9.1f ns\n",
           bench_forecasts(&query, memory, resolver, FORECAST_DMARC_FAIL));
    forecast_memory_free(&memory);
    dns_resolver_free(&resolver);
}

static char directory[] = "/tmp/egress-bench.XXXXXX";

static void write_file(const char *name, const struct buffer *text)
{
    struct error error;
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (!file_write_atomic(path, text->at, text->size, 0600, true, &error)) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
}

static void write_tables(void)
{
    struct buffer owners = BUFFER_EMPTY, groups = BUFFER_EMPTY;
    for (int i = 0; i < 10000; i++) {
        buffer_printf(&owners, "user%d@example.org user%d@example.org, deputy%d@example.org\n", i,
                      i, i);
    }
    buffer_add_text(&owners, "sales@example.org carol@example.org, group:sales\n");
    buffer_add_text(&groups, "sales  dave@example.org erin@example.org alice@example.org\n");
    if (mkdtemp(directory) == NULL) {
        perror(directory);
        exit(1);
    }
    write_file("owners", &owners);
    write_file("groups", &groups);
    buffer_free(&owners);
    buffer_free(&groups);
}

static void remove_tables(void)
{
    static const char *const names[] = { "owners", "groups" };
    char path[128];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

int main(void)
{
    struct house house;
    char config[512];
    write_tables();
    snprintf(config, sizeof(config),
             "socket = \"unix:/x\"; mode = \"enforce\"; groups = \"file:%s/groups\";"
             "senders = { owners = \"file:%s/owners\"; match = \"union\"; };",
             directory, directory);
    bench_forecast();
    house_open(&house, config);
    struct buffer text = BUFFER_EMPTY;
    buffer_add_text(&text, head);
    while (text.size < 1024) {
        buffer_add_text(&text,
                        "An ordinary line of an ordinary message, neither short nor long.\r\n");
    }
    const struct drive_recipient recipient = { SPAN("<bob@example.net>"), SPAN("smtp"),
                                               SPAN("example.net") };
    struct drive_input input = { .session = { .keeps_space = true,
                                              .mta_name = SPAN("mx.example.org") },
                                 .login = SPAN("alice@example.org"),
                                 .sender = SPAN("<sales@example.org>"),
                                 .recipients = &recipient,
                                 .recipient_count = 1,
                                 .message = buffer_span(&text) };
    struct job *job = drive_message(house.site, &house.world, &input);
    if (job == NULL) {
        return 1;
    }
    double sum_ns = bench_evidence(job) + 2 * bench_owners(job); /* envelope and author */
    for (size_t i = 0; i < check_count; i++) {
        sum_ns += bench_check(job, check_table[i]);
    }
    printf("all checks, 1 KB %19.1f ns\n", sum_ns);
    job_free(&job);
    uint64_t began = cpu_ns();
    for (int i = 0; i < PIPELINE_ROUNDS; i++) {
        job = drive_message(house.site, &house.world, &input);
        pipeline_finish(job, OUTCOME_ANSWERED);
        job_free(&job);
        buffer_clear(&house.log);
    }
    printf("whole pipeline, 1 KB, unsigned %7.1f ns\n",
           (double)(cpu_ns() - began) / PIPELINE_ROUNDS);
    buffer_free(&text);
    house_close(&house);
    remove_tables();
    return 0;
}
