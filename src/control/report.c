/*
 * report: status and health out of the snapshot, the counters and the last load.
 *
 * Health is a list of reasons, each a warning or critical; the strongest is the exit code. Texts
 * that came out of the configuration are shown with control bytes replaced.
 */
#include "control/report_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log/counter.h"
#include "log/log.h"
#include "util/json.h"
#include "watch/domains_status.h"

#define DEATH_FRESH_S 3600           /* how long a process that died is worth a warning */
#define LOG_QUEUED_MANY (256 * 1024) /* bytes of log that are more than a burst */

static const char *level_name(enum control_exit level)
{
    switch (level) {
    case CONTROL_GOOD:
        return "good";
    case CONTROL_WARNING:
        return "warning";
    default:
        return "critical";
    }
}

void report_add_printable(struct buffer *out, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        buffer_add_char(out, (c < 0x20 && c != '\n') || c == 0x7f ? '?' : (char)c);
    }
}

void report_print_time(int64_t wall_s, char out[static TIME_TEXT_MAX])
{
    time_t seconds = (time_t)wall_s;
    struct tm utc = { 0 };

    gmtime_r(&seconds, &utc);
    strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void report_add_duration(int64_t seconds, struct buffer *out)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = { { "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 } };
    size_t i = 0;

    if (seconds < 0)
        seconds = 0;
    while (i < 3 && seconds < units[i].seconds)
        i++;
    buffer_printf(out, "%" PRId64 "%s", seconds / units[i].seconds, units[i].unit);
    seconds %= units[i].seconds;
    if (i < 3)
        buffer_printf(out, " %" PRId64 "%s", seconds / units[i + 1].seconds, units[i + 1].unit);
}

void load_result_free(struct load_result *result)
{
    buffer_free(&result->faults);
}

/* --- health -------------------------------------------------------------------------------- */

void report_add_reason(struct reasons *reasons, enum control_exit level, const char *format, ...)
{
    va_list args;

    if (level > reasons->worst)
        reasons->worst = level;
    buffer_printf(&reasons->lines, "%s: ", level_name(level));
    va_start(args, format);
    buffer_vprintf(&reasons->lines, format, args);
    va_end(args);
    buffer_add_char(&reasons->lines, '\n');
}

static size_t usable_keys(const struct dkim_domain *domain)
{
    size_t usable = 0;

    for (size_t i = 0; i < domain->key_count; i++)
        usable += domain->keys[i].key != NULL;
    return usable;
}

static void judge_domain(const struct dkim_domain *domain, struct reasons *reasons)
{
    static const char *const then[] = { [DKIM_ON_FAILURE_DEFER] = "deferred",
                                        [DKIM_ON_FAILURE_HOLD] = "held",
                                        [DKIM_ON_FAILURE_PASS] = "passed unsigned" };
    size_t usable = usable_keys(domain);

    if (!domain->is_degraded)
        return;
    if (usable > 0)
        report_add_reason(reasons, CONTROL_WARNING, "domain %s: %zu of %zu keys cannot be used",
                          domain->name, domain->key_count - usable, domain->key_count);
    else
        report_add_reason(reasons,
                          domain->on_failure == DKIM_ON_FAILURE_PASS ? CONTROL_WARNING
                                                                     : CONTROL_CRITICAL,
                          "domain %s: no key can be used, its mail is %s", domain->name,
                          then[domain->on_failure]);
}

#define SILENT_LONG_S 10 /* a look a second is usual */

/* What the parent process has counted, of all sockets. `knows_own`: that this process is silent has
 * been told. */
static void judge_others(const struct control_host *host, bool knows_own, struct reasons *reasons)
{
    int64_t unserved = counter_get(COUNTER_SOCKETS_UNSERVED);
    int64_t silent = counter_get(COUNTER_PROCESSES_SILENT), died_s;

    if (unserved > 0)
        report_add_reason(reasons, CONTROL_CRITICAL,
                          "%" PRId64 " of %zu sockets: no process serves there; the log tells why",
                          unserved, host->socket_count);
    if (silent > (knows_own ? 1 : 0))
        report_add_reason(reasons, CONTROL_CRITICAL,
                          "%" PRId64 " processes of the filter do not answer; the log tells which",
                          silent);
    died_s = clock_wall_s(host->clock) - counter_get(COUNTER_LAST_DEATH_S);
    if (counter_get(COUNTER_CHILD_DEATHS) > 0 && died_s < DEATH_FRESH_S)
        report_add_reason(reasons, CONTROL_WARNING,
                          "a process of the filter died %" PRId64 " s ago; the log tells why",
                          died_s > 0 ? died_s : 0);
}

static void judge_life(const struct control_host *host, const struct site *site,
                       struct reasons *reasons)
{
    int64_t silent_s = host->silent_s != NULL ? host->silent_s(host->context) : 0;
    int64_t open = counter_get(COUNTER_CONNECTIONS_OPEN), most = site->ceilings->connections;

    if (silent_s > SILENT_LONG_S)
        report_add_reason(reasons, CONTROL_CRITICAL,
                          "the filter has not answered for %" PRId64 " s", silent_s);
    judge_others(host, silent_s > SILENT_LONG_S, reasons);
    if (open > most)
        report_add_reason(reasons, CONTROL_CRITICAL,
                          "%" PRId64 " sessions are open and ceilings.connections is %" PRId64
                          ": mail of the others is deferred",
                          open, most);
    else if (open > most - most / 5)
        report_add_reason(reasons, CONTROL_WARNING,
                          "%" PRId64 " sessions are open and ceilings.connections is %" PRId64,
                          open, most);
}

static void judge_dns(const struct control_host *host, struct reasons *reasons)
{
    struct dns_state dns;
    char since[TIME_TEXT_MAX];

    if (host->resolver == NULL)
        return;
    dns_resolver_state(host->resolver, &dns);
    report_print_time(dns.out_since_s, since);
    if (dns.is_out)
        report_add_reason(reasons, CONTROL_WARNING,
                          "DNS has not answered since %s: what needs it is unknown", since);
}

static void add_grave(struct span line, void *context)
{
    report_add_reason(context, CONTROL_WARNING, "own domains: %.*s", SPAN_ARG(line));
}

/* Records of ours for which mail fails. */
static void judge_watch(const struct control_host *host, struct reasons *reasons)
{
    size_t grave;

    if (host->store == NULL)
        return;
    grave = domains_status_grave(host->store, add_grave, reasons);
    if (grave > DOMAINS_GRAVE_MAX)
        report_add_reason(reasons, CONTROL_WARNING, "own domains: %zu more make mail fail",
                          grave - DOMAINS_GRAVE_MAX);
}

static void judge(const struct control_host *host, const struct site *site,
                  const struct load_result *load, struct reasons *reasons)
{
    for (size_t i = 0; i < dkim_domains_count(site->domains); i++)
        judge_domain(dkim_domains_at(site->domains, i), reasons);
    judge_life(host, site, reasons);
    judge_dns(host, reasons);
    judge_watch(host, reasons);
    report_judge_lists(host, site, reasons);
    report_judge_keys(host, site, reasons);
    report_judge_store(host, reasons);
    report_judge_suppressed(host, site, reasons);
    report_judge_feedback(host, site, reasons);
    report_judge_hold(host, site, reasons);
    report_judge_fleet(host, reasons);
    report_judge_scan(host, site, reasons);
    if (!load->is_taken)
        report_add_reason(reasons, CONTROL_WARNING,
                          "the last reload was not taken, %zu errors; generation %" PRIu64 " stays",
                          load->errors, site->generation);
    if (log_lost_lines() > 0)
        report_add_reason(reasons, CONTROL_WARNING,
                          "%" PRIu64
                          " log lines were lost: the receiver of the log did not take them in "
                          "time",
                          log_lost_lines());
    if (counter_get(COUNTER_LOG_BYTES_QUEUED) > LOG_QUEUED_MANY)
        report_add_reason(reasons, CONTROL_WARNING,
                          "%" PRId64
                          " log lines wait for the receiver of the log, which takes none",
                          counter_get(COUNTER_LOG_LINES_QUEUED));
}

static void json_lines(struct json *json, const char *name, struct span lines)
{
    struct span line;

    json_open(json, name, '[');
    while (span_cut(&lines, '\n', &line)) {
        if (line.size > 0)
            json_text(json, NULL, line);
    }
    json_close(json, ']');
}

static const char *mode_name(const struct site *site)
{
    return site->general->mode == MODE_ENFORCE ? "enforce" : "observe";
}

static void health_json(const struct site *site, const struct reasons *reasons, struct buffer *out)
{
    struct json json = json_new(out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "health", span_of(level_name(reasons->worst)));
    json_text(&json, "version", SPAN(PACKAGE_VERSION));
    json_text(&json, "mode", span_of(mode_name(site)));
    json_number(&json, "generation", (int64_t)site->generation);
    json_lines(&json, "reasons", buffer_span(&reasons->lines));
    json_close(&json, '}');
    buffer_add_char(out, '\n');
}

static enum control_exit out_of_memory(bool json, struct buffer *out)
{
    report_refusal("out of memory", json, out);
    return CONTROL_INTERNAL;
}

enum control_exit report_health(const struct control_host *host, bool json, struct buffer *out)
{
    struct reasons reasons = { BUFFER_EMPTY, CONTROL_GOOD };
    struct load_result load = { .faults = BUFFER_EMPTY };
    struct site *site;

    if (!host->last_load(host->context, &load))
        return out_of_memory(json, out);
    site = site_holder_get(host->holder);
    judge(host, site, &load, &reasons);
    if (json) {
        health_json(site, &reasons, out);
    } else if (reasons.worst == CONTROL_GOOD) {
        buffer_printf(out, "good: egress-milter %s, mode %s, generation %" PRIu64 "\n",
                      PACKAGE_VERSION, mode_name(site), site->generation);
    } else {
        report_add_printable(out, buffer_span(&reasons.lines));
    }
    site_unref(&site);
    load_result_free(&load);
    buffer_free(&reasons.lines);
    return reasons.worst;
}

/* --- status -------------------------------------------------------------------------------- */

struct status {
    const struct control_host *host;
    const struct site *site;
    const struct load_result *load;
    const struct reasons *reasons;
};

static void text_domains(const struct control_host *host, const struct site *site,
                         struct buffer *out)
{
    size_t count = dkim_domains_count(site->domains);

    buffer_printf(out, "domains          %zu\n", count);
    for (size_t i = 0; i < count; i++) {
        const struct dkim_domain *domain = dkim_domains_at(site->domains, i);
        buffer_printf(out, "  %s signs as %s%s\n", domain->name,
                      domain->d != NULL ? domain->d : "the From domain",
                      domain->is_degraded ? " (degraded)" : "");
        for (size_t k = 0; k < domain->key_count; k++) {
            const struct dkim_domain_key *key = &domain->keys[k];
            buffer_printf(out, "    %s ", key->selector);
            if (key->key != NULL)
                buffer_printf(out, "%s %u bits", dkim_algorithm_name(dkim_key_algorithm(key->key)),
                              dkim_key_bits(key->key));
            report_text_key(host, domain, key, out);
            if (key->fault != NULL)
                report_add_printable(out, span_of(key->fault));
            if (key->warning != NULL) {
                buffer_add_text(out, "; ");
                report_add_printable(out, span_of(key->warning));
            }
            buffer_add_char(out, '\n');
        }
    }
}

static void text_load(const struct load_result *load, struct buffer *out)
{
    char when[TIME_TEXT_MAX];

    report_print_time(load->wall_s, when);
    buffer_printf(out, "last load        %s: %s, %zu errors, %zu warnings\n", when,
                  load->is_taken ? "taken" : "not taken, the one before stays", load->errors,
                  load->warnings);
    report_add_printable(out, buffer_span(&load->faults));
}

static void text_dns(const struct control_host *host, struct buffer *out)
{
    struct dns_state dns;

    if (host->resolver == NULL)
        return;
    dns_resolver_state(host->resolver, &dns);
    buffer_printf(out, "DNS              %s; %" PRIu64 " questions, %" PRIu64 " from memory\n",
                  dns.is_out ? "no answers" : "good", dns.asked, dns.cached);
}

static void status_text(const struct status *status, struct buffer *out)
{
    const struct control_host *host = status->host;

    buffer_printf(out, "egress-milter %s, running for ", PACKAGE_VERSION);
    report_add_duration(clock_wall_s(host->clock) - host->started_s, out);
    buffer_printf(out, "\nhealth           %s\n", level_name(status->reasons->worst));
    report_add_printable(out, buffer_span(&status->reasons->lines));
    buffer_printf(out, "mode             %s\nconfiguration    ", mode_name(status->site));
    report_add_printable(out, span_of(host->config_path));
    buffer_printf(out, ", generation %" PRIu64 "\n", status->site->generation);
    text_load(status->load, out);
    for (size_t i = 0; i < host->socket_count; i++)
        buffer_printf(out, "socket           %s\n", host->sockets[i]);
    text_domains(host, status->site, out);
    text_dns(host, out);
    report_text_store(host, status->site, out);
    report_text_suspended(host, out);
    report_text_suppressed(host, status->site, out);
    report_text_feedback(host, status->site, out);
    report_text_hold(host, status->site, out);
    report_text_fleet(host, out);
    report_text_scan(status->site, out);
    if (host->store != NULL)
        domains_status_text(host->store, clock_wall_s(host->clock), out);
    report_text_lists(host, status->site, out);
    buffer_add_text(out, "since start\n");
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        buffer_printf(out, "  %-16s %" PRId64 "\n", counter_name((enum counter_id)i),
                      counter_get((enum counter_id)i));
}

static void json_domain(struct json *json, const struct control_host *host,
                        const struct dkim_domain *domain)
{
    json_open(json, NULL, '{');
    json_text(json, "name", span_of(domain->name));
    json_text(json, "d", span_of(domain->d != NULL ? domain->d : "{from}"));
    json_bool(json, "degraded", domain->is_degraded);
    json_open(json, "keys", '[');
    for (size_t i = 0; i < domain->key_count; i++) {
        const struct dkim_domain_key *key = &domain->keys[i];
        json_open(json, NULL, '{');
        json_text(json, "selector", span_of(key->selector));
        json_text(json, "file", span_of(key->path));
        if (key->key != NULL) {
            json_text(json, "algorithm",
                      span_of(dkim_algorithm_name(dkim_key_algorithm(key->key))));
            json_number(json, "bits", dkim_key_bits(key->key));
        }
        report_json_key(host, domain, key, json);
        if (key->fault != NULL)
            json_text(json, "fault", span_of(key->fault));
        if (key->warning != NULL)
            json_text(json, "warning", span_of(key->warning));
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void json_load(struct json *json, const char *name, const struct load_result *load)
{
    char when[TIME_TEXT_MAX];

    report_print_time(load->wall_s, when);
    json_open(json, name, '{');
    json_bool(json, "taken", load->is_taken);
    json_text(json, "time", span_of(when));
    json_number(json, "errors", (int64_t)load->errors);
    json_number(json, "warnings", (int64_t)load->warnings);
    json_lines(json, "faults", buffer_span(&load->faults));
    json_close(json, '}');
}

static void json_dns(struct json *json, const struct control_host *host)
{
    struct dns_state dns;
    char since[TIME_TEXT_MAX];

    if (host->resolver == NULL)
        return;
    dns_resolver_state(host->resolver, &dns);
    json_open(json, "dns", '{');
    json_bool(json, "out", dns.is_out);
    if (dns.is_out) {
        report_print_time(dns.out_since_s, since);
        json_text(json, "since", span_of(since));
    }
    json_number(json, "asked", (int64_t)dns.asked);
    json_number(json, "from_memory", (int64_t)dns.cached);
    json_close(json, '}');
}

static void json_counters(struct json *json)
{
    json_open(json, "counters", '{');
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        json_number(json, counter_name((enum counter_id)i), counter_get((enum counter_id)i));
    json_close(json, '}');
}

static void status_json(const struct status *status, struct buffer *out)
{
    const struct control_host *host = status->host;
    struct json json = json_new(out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "version", SPAN(PACKAGE_VERSION));
    json_text(&json, "health", span_of(level_name(status->reasons->worst)));
    json_lines(&json, "reasons", buffer_span(&status->reasons->lines));
    json_number(&json, "pid", (int64_t)getpid());
    json_number(&json, "uptime_s", clock_wall_s(host->clock) - host->started_s);
    json_text(&json, "mode", span_of(mode_name(status->site)));
    json_text(&json, "configuration", span_of(host->config_path));
    json_number(&json, "generation", (int64_t)status->site->generation);
    json_load(&json, "last_load", status->load);
    json_open(&json, "sockets", '[');
    for (size_t i = 0; i < host->socket_count; i++)
        json_text(&json, NULL, span_of(host->sockets[i]));
    json_close(&json, ']');
    json_open(&json, "domains", '[');
    for (size_t i = 0; i < dkim_domains_count(status->site->domains); i++)
        json_domain(&json, host, dkim_domains_at(status->site->domains, i));
    json_close(&json, ']');
    json_dns(&json, host);
    report_json_store(host, status->site, &json);
    report_json_suspended(host, &json);
    report_json_suppressed(host, status->site, &json);
    report_json_feedback(host, status->site, &json);
    report_json_hold(host, status->site, &json);
    report_json_fleet(host, &json);
    report_json_scan(host, status->site, &json);
    if (host->store != NULL)
        domains_status_json(host->store, clock_wall_s(host->clock), &json);
    report_json_lists(host, status->site, &json);
    json_counters(&json);
    json_close(&json, '}');
    buffer_add_char(out, '\n');
}

enum control_exit report_status(const struct control_host *host, bool json, struct buffer *out)
{
    struct reasons reasons = { BUFFER_EMPTY, CONTROL_GOOD };
    struct load_result load = { .faults = BUFFER_EMPTY };
    struct site *site;

    if (!host->last_load(host->context, &load))
        return out_of_memory(json, out);
    site = site_holder_get(host->holder);
    judge(host, site, &load, &reasons);
    struct status status = { host, site, &load, &reasons };
    if (json)
        status_json(&status, out);
    else
        status_text(&status, out);
    site_unref(&site);
    load_result_free(&load);
    buffer_free(&reasons.lines);
    return reasons.worst;
}

/* --- reload, refusals ------------------------------------------------------------------------ */

enum control_exit report_reload(const struct load_result *result, bool json, struct buffer *out)
{
    enum control_exit code = result->is_taken ? CONTROL_GOOD : CONTROL_WARNING;

    if (json) {
        struct json object = json_new(out);
        json_open(&object, NULL, '{');
        json_number(&object, "schema", 1);
        json_number(&object, "generation", (int64_t)result->generation);
        json_load(&object, "load", result);
        json_close(&object, '}');
        buffer_add_char(out, '\n');
        return code;
    }
    if (result->is_taken)
        buffer_printf(out, "generation %" PRIu64 " in force, %zu warnings\n", result->generation,
                      result->warnings);
    else
        buffer_printf(out, "configuration not taken, %zu errors; the running one stays\n",
                      result->errors);
    report_add_printable(out, buffer_span(&result->faults));
    return code;
}

static void restart_json(bool is_done, const char *text, struct buffer *out)
{
    struct json json = json_new(out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_bool(&json, "restarted", is_done);
    if (is_done)
        json_text(&json, "serving", span_of(text));
    else
        json_lines(&json, "faults", span_of(text));
    json_close(&json, '}');
    buffer_add_char(out, '\n');
}

enum control_exit report_restart(bool is_done, const char *text, bool json, struct buffer *out)
{
    if (json) {
        restart_json(is_done, text, out);
    } else if (is_done) {
        buffer_add_text(out, "restart: ");
        report_add_printable(out, span_of(text));
        buffer_add_text(out, "; the processes before end when their sessions have\n");
    } else {
        report_add_printable(out, span_trim(span_of(text)));
        buffer_add_text(out, "\nrestart: it came to nothing; the processes that ran serve on\n");
    }
    return is_done ? CONTROL_GOOD : CONTROL_CRITICAL;
}

enum control_exit report_prove(bool json, struct buffer *out)
{
    if (json) {
        struct json object = json_new(out);
        json_open(&object, NULL, '{');
        json_number(&object, "schema", 1);
        json_bool(&object, "looking", true);
        json_close(&object, '}');
        buffer_add_char(out, '\n');
    } else {
        buffer_add_text(out, "prove: the records of all keys are looked at now\n");
    }
    return CONTROL_GOOD;
}

void report_refusal(const char *text, bool json, struct buffer *out)
{
    if (json) {
        struct json object = json_new(out);
        json_open(&object, NULL, '{');
        json_number(&object, "schema", 1);
        json_text(&object, "error", span_of(text));
        json_close(&object, '}');
    } else {
        buffer_add_text(out, text);
    }
    buffer_add_char(out, '\n');
}
