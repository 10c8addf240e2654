/*
 * run: plays scenario files: a configuration, who sends, a message, and what must come of it. The
 * format is told in tests/README.
 *
 * Usage: run FILE.scn ...   Ends 0 when every expectation of every scenario held; a file without
 * scenarios is a failure.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dkim/key.h"
#include "dkim/verify.h"
#include "policy/drive.h"
#include "tests/support/clamd_server.h"
#include "tests/support/house.h"
#include "util/buffer.h"
#include "util/file.h"

enum { RCPT_MAX = 64, LINES_MAX = 64 };

#define FIRST_SECRET "the first secret of the scenarios\n"
#define SECOND_SECRET "the second secret of the scenarios\n"

struct scenario {
    char name[200];
    struct buffer config, message, file, dns, keys, used, suppressed, suspended, clamd;
    bool is_open; /* begun, and not played yet */
    bool has_dns, has_used, has_clamd;
    struct span session[LINES_MAX], expect[LINES_MAX]; /* "key = value" lines */
    size_t session_count, expect_count;
};

/* The fields that verdicts added so far, the latest of each name: what \(NAME) stands for. */
static struct {
    char name[40];
    struct buffer value;
} added[8];

static const char *file_name;
static char keys_dir[64];
static unsigned failures, expectations, scenarios;

static void fail(const struct scenario *scenario, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(const struct scenario *scenario, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "FAIL %s: %s: ", file_name, scenario->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    failures++;
}

/* --- reading
 * ------------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    c = ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void remember_added(const struct job *job)
{
    const size_t room = sizeof(added) / sizeof(added[0]);
    for (const struct edit *e = job->verdict.edits.first; e != NULL; e = e->next) {
        size_t at = 0;
        while (at < room && added[at].name[0] != '\0' &&
               !span_is_equal(span_of(added[at].name), e->name)) {
            at++;
        }
        if (at < room && (e->kind == EDIT_PREPEND || e->kind == EDIT_APPEND)) {
            snprintf(added[at].name, sizeof(added[at].name), "%.*s", SPAN_ARG(e->name));
            buffer_clear(&added[at].value);
            buffer_add_span(&added[at].value, e->value);
        }
    }
}

static struct span find_added(struct span name)
{
    for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
        if (span_is_equal(span_of(added[i].name), name)) {
            return buffer_span(&added[i].value);
        }
    }
    fprintf(stderr, "FAIL %s: no verdict so far added a field %.*s\n", file_name, SPAN_ARG(name));
    failures++;
    return SPAN("");
}

/* \xNN is a byte; \{a*1000} is a thousand times "a"; \(NAME) is the value of the field NAME that a
 * verdict added last; \\ is a backslash. */
static void add_expanded(struct buffer *out, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        struct span rest = span_from(text, i);
        ptrdiff_t star = span_find(rest, '*');
        ptrdiff_t end = span_find(rest, '}');
        ptrdiff_t close = span_find(rest, ')');
        if (rest.at[0] == '\\' && rest.size > 3 && rest.at[1] == 'x' &&
            hex_value(rest.at[2]) >= 0) {
            buffer_add_char(out, (char)(hex_value(rest.at[2]) * 16 + hex_value(rest.at[3])));
            i += 3;
        } else if (rest.at[0] == '\\' && rest.size > 1 && rest.at[1] == '{' && star > 0 &&
                   end > star) {
            for (long n = strtol(rest.at + star + 1, NULL, 10); n > 0; n--) {
                buffer_add_span(out, span_first(span_from(rest, 2), (size_t)star - 2));
            }
            i += (size_t)end;
        } else if (rest.at[0] == '\\' && rest.size > 1 && rest.at[1] == '(' && close > 0) {
            buffer_add_span(out, find_added(span_first(span_from(rest, 2), (size_t)close - 2)));
            i += (size_t)close;
        } else {
            i += rest.at[0] == '\\' && rest.size > 1 && rest.at[1] == '\\';
            buffer_add_char(out, rest.at[0]);
        }
    }
}

/* ${KEYS} in a configuration or a file is the folder with rsa.pem, rsa2.pem, ed25519.pem,
 * broken.pem and the secrets ticket, ticket_new (a second one before it) and ticket_other (the
 * second one alone). */
static void add_filled_line(struct buffer *out, struct span line)
{
    static const char variable[] = "${KEYS}";
    for (size_t i = 0; i < line.size; i++) {
        if (span_has_prefix_nocase(span_from(line, i), SPAN("${KEYS}"))) {
            buffer_add_text(out, keys_dir);
            i += sizeof(variable) - 2;
        } else {
            buffer_add_char(out, line.at[i]);
        }
    }
    buffer_add_char(out, '\n');
}

/* --- playing
 * -------------------------------------------------------------------------------------------- */

static bool split_setting(struct span line, struct span *key_r, struct span *value_r)
{
    ptrdiff_t equals = span_find(line, '=');
    if (equals < 0) {
        return false;
    }
    *key_r = span_trim(span_first(line, (size_t)equals));
    *value_r = span_trim(span_from(line, (size_t)equals + 1));
    return true;
}

static void set_recipient(struct drive_recipient *recipient, struct span value)
{
    struct span *words[] = { &recipient->path, &recipient->mailer, &recipient->host };
    *recipient = (struct drive_recipient){ .path = SPAN("") };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && value.size > 0; i++) {
        ptrdiff_t blank = span_find(value, ' ');
        *words[i] = blank < 0 ? value : span_first(value, (size_t)blank);
        value = blank < 0 ? SPAN("") : span_trim(span_from(value, (size_t)blank));
    }
}

struct stage_hands {
    struct drive_input input;
    struct drive_recipient recipients[RCPT_MAX];
    struct span parameters[4];
    int64_t clock_s; /* after HOUSE_NOW_S */
    long times;
    struct drive_recipient last_recipient; /* of the last of them, in place of the first */
};

static void apply_session_line(struct scenario *scenario, struct stage_hands *hands,
                               struct span line)
{
    struct span key, value;
    struct session *session = &hands->input.session;
    struct {
        const char *name;
        struct span *target;
    } texts[] = {
        { "helo", &session->helo },
        { "daemon", &session->daemon_name },
        { "host", &session->mta_name },
        { "mta", &session->mta_version },
        { "tls", &session->tls_version },
        { "cipher", &session->cipher },
        { "cert_subject", &session->cert_subject },
        { "cert_issuer", &session->cert_issuer },
        { "login", &hands->input.login },
        { "sender", &hands->input.sender },
        { "queue_id", &hands->input.queue_id },
    };
    if (!split_setting(line, &key, &value)) {
        fail(scenario, "no setting: %.*s", SPAN_ARG(line));
        return;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (span_is_equal(key, span_of(texts[i].name))) {
            *texts[i].target = value;
            return;
        }
    }
    if (span_is_equal(key, SPAN("client"))) {
        ip_parse(value, &session->client);
    } else if (span_is_equal(key, SPAN("rcpt")) && hands->input.recipient_count < RCPT_MAX) {
        set_recipient(&hands->recipients[hands->input.recipient_count++], value);
    } else if (span_is_equal(key, SPAN("parameter")) && hands->input.mail_parameter_count < 4) {
        hands->parameters[hands->input.mail_parameter_count++] = value;
    } else if (span_is_equal(key, SPAN("last_rcpt"))) {
        set_recipient(&hands->last_recipient, value);
    } else if (span_is_equal(key, SPAN("times"))) {
        hands->times = strtol(value.at, NULL, 10);
    } else if (span_is_equal(key, SPAN("clock"))) {
        hands->clock_s = strtoll(value.at, NULL, 10);
    } else if (span_is_equal(key, SPAN("keeps_space"))) {
        session->keeps_space = span_is_equal(value, SPAN("true"));
    } else {
        fail(scenario, "unknown session setting: %.*s", SPAN_ARG(line));
    }
}

/* '*' matches anything. */
static bool matches(struct span pattern, struct span text)
{
    ptrdiff_t star = span_find(pattern, '*');
    if (star < 0) {
        return span_is_equal(pattern, text);
    }
    struct span head = span_first(pattern, (size_t)star);
    if (text.size < head.size || !span_is_equal(head, span_first(text, head.size))) {
        return false;
    }
    struct span tail = span_from(pattern, (size_t)star + 1);
    for (size_t i = head.size; i <= text.size; i++) {
        if (matches(tail, span_from(text, i))) {
            return true;
        }
    }
    return false;
}

static void print_edits(const struct job *job, struct buffer *out)
{
    static const char signs[] = { '^', '+', '~', '-' }; /* prepend, append, replace, delete */
    for (const struct edit *e = job->verdict.edits.first; e != NULL; e = e->next) {
        buffer_printf(out, "%s%c %.*s:%.*s", out->size > 0 ? " | " : "", signs[e->kind],
                      SPAN_ARG(e->name), SPAN_ARG(e->value));
    }
}

static void print_findings(const struct job *job, struct buffer *out)
{
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        buffer_printf(out, "%s%s:%s", out->size > 0 ? "," : "", finding_name(f->id),
                      action_name(f->action));
    }
}

static void print_signed(const struct job *job, struct buffer *out)
{
    for (size_t i = 0; i < job->signing.count; i++) {
        buffer_printf(out, "%s%.*s", i > 0 ? "," : "", SPAN_ARG(job->signing.names[i]));
    }
    if (job->signing.count == 0) {
        buffer_printf(out, "none %s", job->signing.reason != NULL ? job->signing.reason : "-");
    }
}

/* "2 of 3": signatures on the message as it leaves that verify with a key of ours, of all. */
static void print_verified(const struct job *job, const struct header_list *view,
                           struct buffer *out)
{
    unsigned valid = 0, all = 0;
    const struct header_field *field = header_first(view, HEADER_DKIM_SIGNATURE);
    for (; field != NULL; field = header_next(view, field), all++) {
        struct dkim_tags tags;
        const struct dkim_key *key;
        if (job->body_hash != NULL && dkim_tags_parse(field->value, &tags) &&
            (key = dkim_domains_key(job->site->domains, tags.domain, tags.selector)) != NULL) {
            valid += dkim_verify(view, field, &tags, job->body_hash, key,
                                 clock_wall_s(job->world->clock), job->arena) == DKIM_VALID;
        }
    }
    buffer_printf(out, "%u of %u", valid, all);
}

static void print_count(const struct header_list *view, struct span name, struct buffer *out)
{
    unsigned count = 0;
    for (size_t i = 0; i < view->count; i++) {
        count += span_is_equal_nocase(view->fields[i].name, name);
    }
    buffer_printf(out, "%u", count);
}

/* What is said of the message as it leaves. */
static bool observe_leaving(const struct job *job, struct span key, struct buffer *out)
{
    struct header_list view;
    if (!edit_view(&job->message.headers, &job->verdict.edits, job->arena, &view)) {
        return false;
    }
    if (span_is_equal(key, SPAN("verifies"))) {
        print_verified(job, &view, out);
    } else if (span_has_prefix_nocase(key, SPAN("leaves "))) {
        print_count(&view, span_trim(span_from(key, sizeof("leaves") - 1)), out);
    } else {
        return false;
    }
    return true;
}

/* DNS lists that are not believed by now. */
static void print_off(const struct job *job, struct buffer *out)
{
    const struct list_zones *lists = job->site->lists;
    for (size_t i = 0; i < lists->count; i++) {
        if (!list_board_is_on(job->world->lists, &lists->at[i])) {
            buffer_printf(out, "%s%s", out->size > 0 ? "," : "", lists->at[i].name);
        }
    }
}

static bool observe(const struct house *house, const struct job *job, struct span key,
                    struct buffer *out)
{
    const struct verdict *verdict = &job->verdict;
    if (span_is_equal(key, SPAN("verdict"))) {
        buffer_add_text(out, disposition_name(verdict->disposition));
    } else if (span_is_equal(key, SPAN("would"))) {
        buffer_add_text(out, disposition_name(verdict->would));
    } else if (span_is_equal(key, SPAN("class"))) {
        buffer_add_text(out, job->is_off ? "off" : mail_class_name(job->mail_class));
    } else if (span_is_equal(key, SPAN("user"))) {
        buffer_add_span(out, job->principal);
    } else if (span_is_equal(key, SPAN("findings"))) {
        print_findings(job, out);
    } else if (span_is_equal(key, SPAN("reply"))) {
        buffer_printf(out, "%s %s %s", verdict->reply.code, verdict->reply.enhanced,
                      verdict->reply.text);
    } else if (span_is_equal(key, SPAN("hold"))) {
        buffer_add_text(out, verdict->hold_reason != NULL ? verdict->hold_reason : "");
    } else if (span_is_equal(key, SPAN("edits"))) {
        print_edits(job, out);
    } else if (span_is_equal(key, SPAN("signed"))) {
        print_signed(job, out);
    } else if (span_is_equal(key, SPAN("off"))) {
        print_off(job, out);
    } else if (span_is_equal(key, SPAN("tested"))) {
        buffer_add_span(out, span_trim(buffer_span(&house->tested)));
    } else if (span_is_equal(key, SPAN("log"))) {
        buffer_add_span(out, span_trim(buffer_span(&house->log)));
    } else {
        return observe_leaving(job, key, out);
    }
    return true;
}

static void check_expectation(const struct scenario *scenario, const struct house *house,
                              const struct job *job, struct span line)
{
    struct span key, pattern;
    struct buffer seen = BUFFER_EMPTY;
    expectations++;
    if (!split_setting(line, &key, &pattern) || !observe(house, job, key, &seen)) {
        fail(scenario, "no expectation: %.*s", SPAN_ARG(line));
    } else if (!matches(pattern, buffer_span(&seen))) {
        fail(scenario, "%.*s\n  expected: %.*s\n  got:      %s", SPAN_ARG(key), SPAN_ARG(pattern),
             buffer_text(&seen));
    }
    buffer_free(&seen);
}

static void start_clamd(const struct scenario *scenario, struct map_server *server)
{
    char path[80];
    snprintf(path, sizeof(path), "%s/clamd.ctl", keys_dir);
    clamd_server_start(server, path, clamd_server_by_rules,
                       (char *)(uintptr_t)buffer_text(&scenario->clamd));
}

static void play(struct scenario *scenario)
{
    struct house house;
    struct map_server clamd;
    if (scenario->has_clamd) {
        start_clamd(scenario, &clamd);
    }
    buffer_add_text(&scenario->config, "socket = \"unix:/run/x.sock\";\n");
    house_open(&house, buffer_text(&scenario->config));
    scenario->config.size -= strlen("socket = \"unix:/run/x.sock\";\n"); /* the next may reuse it */
    struct stage_hands hands = { 0 };
    hands.input.session.keeps_space = true;
    hands.input.session.mta_name = SPAN("mx.example.org");
    hands.input.session.mta_version = SPAN("Postfix 3.7.11");
    hands.input.queue_id = SPAN("4Xk2vR");
    hands.input.recipients = hands.recipients;
    hands.input.mail_parameters = hands.parameters;
    for (size_t i = 0; i < scenario->session_count; i++) {
        apply_session_line(scenario, &hands, scenario->session[i]);
    }
    if (scenario->has_used) {
        house_script_used(&house, buffer_text(&scenario->used));
    }
    house_script_suppressed(&house, buffer_text(&scenario->suppressed));
    house_script_suspended(&house, buffer_text(&scenario->suspended));
    house.clock.now_s += hands.clock_s;
    house.clock.now_ns += (uint64_t)hands.clock_s * 1000000000;
    hands.input.message = buffer_span(&scenario->message);
    if (scenario->has_dns) {
        house_script_dns(&house, buffer_text(&scenario->dns));
    }
    house_script_keys(&house, buffer_text(&scenario->keys));
    struct job *job = drive_message(house.site, &house.world, &hands.input);
    pipeline_finish(job, OUTCOME_ANSWERED);
    for (long i = 1; i < hands.times; i++) {
        job_free(&job);
        buffer_clear(&house.log);
        if (i == hands.times - 1 && hands.last_recipient.path.size > 0) {
            hands.recipients[0] = hands.last_recipient;
        }
        job = drive_message(house.site, &house.world, &hands.input);
        pipeline_finish(job, OUTCOME_ANSWERED);
    }
    remember_added(job);
    for (size_t i = 0; i < scenario->expect_count; i++) {
        check_expectation(scenario, &house, job, scenario->expect[i]);
    }
    if (scenario->expect_count == 0) {
        fail(scenario, "expects nothing");
    }
    job_free(&job);
    house_close(&house);
    if (scenario->has_clamd) {
        map_server_stop(&clamd);
    }
    scenarios++;
}

/* --- files
 * -------------------------------------------------------------------------------------------------
 */

/* "== file NAME": its lines become ${KEYS}/NAME, there from the next section on. */
static void end_section(struct scenario *scenario, struct span section)
{
    struct error error;
    char path[128];
    if (!span_has_prefix_nocase(section, SPAN("file "))) {
        return;
    }
    struct span name = span_trim(span_from(section, sizeof("file")));
    snprintf(path, sizeof(path), "%s/%.*s", keys_dir, SPAN_ARG(name));
    if (!file_write_atomic(path, scenario->file.at, scenario->file.size, 0600, true, &error)) {
        fail(scenario, "%s", error.text);
    }
    buffer_clear(&scenario->file);
}

/* What a setting changes is for its scenario and those behind it: for the one before, whose
 * expectations are told already, it comes too late. */
static void play_open(struct scenario *scenario, bool is_scenario)
{
    if (scenario->is_open && (is_scenario || scenario->expect_count > 0)) {
        play(scenario);
        scenario->is_open = false;
    }
}

static bool is_setting(struct span header)
{
    return span_is_equal(header, SPAN("config")) || span_is_equal(header, SPAN("dns")) ||
           span_is_equal(header, SPAN("used")) || span_is_equal(header, SPAN("suppressed")) ||
           span_is_equal(header, SPAN("suspended")) || span_is_equal(header, SPAN("keys")) ||
           span_is_equal(header, SPAN("clamd")) || span_is_equal(header, SPAN("no clamd")) ||
           span_has_prefix_nocase(header, SPAN("file "));
}

static void begin_section(struct scenario *scenario, struct span header)
{
    bool is_scenario = span_has_prefix_nocase(header, SPAN("scenario"));
    if (is_scenario || is_setting(header)) {
        play_open(scenario, is_scenario);
    }
    if (span_is_equal(header, SPAN("config"))) {
        buffer_clear(&scenario->config);
    } else if (span_is_equal(header, SPAN("dns"))) {
        buffer_clear(&scenario->dns);
        scenario->has_dns = true;
    } else if (span_is_equal(header, SPAN("used"))) {
        buffer_clear(&scenario->used);
        scenario->has_used = true;
    } else if (span_is_equal(header, SPAN("suppressed"))) {
        buffer_clear(&scenario->suppressed);
    } else if (span_is_equal(header, SPAN("suspended"))) {
        buffer_clear(&scenario->suspended);
    } else if (span_has_suffix_nocase(header, SPAN("clamd"))) {
        buffer_clear(&scenario->clamd);
        scenario->has_clamd = span_is_equal(header, SPAN("clamd"));
    } else if (span_is_equal(header, SPAN("keys"))) {
        buffer_clear(&scenario->keys);
    }
    if (!is_scenario) {
        return;
    }
    scenario->is_open = true;
    scenario->session_count = scenario->expect_count = 0;
    buffer_clear(&scenario->message);
    struct span name = span_trim(span_from(header, sizeof("scenario") - 1));
    snprintf(scenario->name, sizeof(scenario->name), "%.*s", SPAN_ARG(name));
}

static void add_line(struct scenario *scenario, struct span section, struct span line)
{
    bool is_note = line.size == 0 || line.at[0] == '#';
    if (span_is_equal(section, SPAN("message"))) {
        add_expanded(&scenario->message, line);
        buffer_add_char(&scenario->message, '\n');
    } else if (span_is_equal(section, SPAN("config"))) {
        add_filled_line(&scenario->config, line);
    } else if (span_is_equal(section, SPAN("dns"))) {
        buffer_add_span(&scenario->dns, line);
        buffer_add_char(&scenario->dns, '\n');
    } else if (span_is_equal(section, SPAN("used"))) {
        buffer_add_span(&scenario->used, line);
        buffer_add_char(&scenario->used, '\n');
    } else if (span_is_equal(section, SPAN("suppressed"))) {
        buffer_add_span(&scenario->suppressed, line);
        buffer_add_char(&scenario->suppressed, '\n');
    } else if (span_is_equal(section, SPAN("suspended"))) {
        buffer_add_span(&scenario->suspended, line);
        buffer_add_char(&scenario->suspended, '\n');
    } else if (span_is_equal(section, SPAN("clamd"))) {
        buffer_add_span(&scenario->clamd, line);
        buffer_add_char(&scenario->clamd, '\n');
    } else if (span_is_equal(section, SPAN("keys"))) {
        buffer_add_span(&scenario->keys, line);
        buffer_add_char(&scenario->keys, '\n');
    } else if (span_has_prefix_nocase(section, SPAN("file "))) {
        add_filled_line(&scenario->file, line);
    } else if (is_note) {
        return;
    } else if (span_is_equal(section, SPAN("session")) && scenario->session_count < LINES_MAX) {
        scenario->session[scenario->session_count++] = line;
    } else if (span_is_equal(section, SPAN("expect")) && scenario->expect_count < LINES_MAX) {
        scenario->expect[scenario->expect_count++] = line;
    } else {
        fail(scenario, "a line in no section: %.*s", SPAN_ARG(line));
    }
}

static void play_file(const char *path)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;
    struct scenario scenario = { .name = "before the first scenario" };
    file_name = path;
    if (!file_read(path, 1024 * 1024, &text, &error)) {
        fail(&scenario, "%s", error.text);
        return;
    }
    struct span rest = buffer_span(&text), line, section = SPAN("notes");
    unsigned played_before = scenarios;
    while (span_cut(&rest, '\n', &line)) {
        if (span_has_prefix_nocase(line, SPAN("== "))) {
            end_section(&scenario, section);
            section = span_trim(span_from(line, 3));
            begin_section(&scenario, section);
        } else if (!span_is_equal(section, SPAN("notes")) &&
                   !span_has_prefix_nocase(section, SPAN("scenario"))) {
            add_line(&scenario, section, line);
        }
    }
    play_open(&scenario, true);
    if (scenarios == played_before) {
        fail(&scenario, "no scenario in the file");
    }
    buffer_free(&scenario.config);
    buffer_free(&scenario.message);
    buffer_free(&scenario.file);
    buffer_free(&scenario.dns);
    buffer_free(&scenario.keys);
    buffer_free(&scenario.used);
    buffer_free(&scenario.suppressed);
    buffer_free(&scenario.suspended);
    buffer_free(&scenario.clamd);
    buffer_free(&text);
}

/* --- keys
 * ---------------------------------------------------------------------------------------------------
 */

static void write_key(const char *name, struct dkim_key *key)
{
    struct buffer pem = BUFFER_EMPTY;
    struct error error = { "no key" };
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", keys_dir, name);
    if (key == NULL || !dkim_key_print_private(key, &pem) ||
        !file_write_atomic(path, pem.at, pem.size, 0600, false, &error)) {
        fprintf(stderr, "%s: %s\n", path, error.text);
        exit(1);
    }
    buffer_free(&pem);
    dkim_key_unref(&key);
}

static void write_text(const char *name, const char *text)
{
    struct error error;
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", keys_dir, name);
    if (!file_write_atomic(path, text, strlen(text), 0600, false, &error)) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
}

static void make_keys(void)
{
    struct error error;
    snprintf(keys_dir, sizeof(keys_dir), "/tmp/egress-scenario.XXXXXX");
    if (mkdtemp(keys_dir) == NULL) {
        perror(keys_dir);
        exit(1);
    }
    write_key("rsa.pem", dkim_key_generate(DKIM_RSA_SHA256, 2048, &error));
    write_key("rsa2.pem", dkim_key_generate(DKIM_RSA_SHA256, 2048, &error));
    write_key("ed25519.pem", dkim_key_generate(DKIM_ED25519_SHA256, 0, &error));
    write_text("broken.pem", "no key\n");
    write_text("ticket", FIRST_SECRET);
    write_text("ticket_new", SECOND_SECRET FIRST_SECRET);
    write_text("ticket_other", SECOND_SECRET);
}

static void remove_keys(void)
{
    DIR *directory = opendir(keys_dir);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    rmdir(keys_dir);
}

int main(int argc, char **argv)
{
    make_keys();
    for (int i = 1; i < argc; i++) {
        play_file(argv[i]);
    }
    remove_keys();
    printf("%u scenarios, %u expectations, %u failed\n", scenarios, expectations, failures);
    return failures > 0 || scenarios == 0 ? 1 : 0;
}
