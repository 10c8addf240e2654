/*
 * identity: plays the table of who may send as whom (identity.table, whose head tells the form):
 * a site from text for each block of rows, one message for each row. The live suite plays the same
 * rows through mail servers.
 *
 * Usage: identity FILE.   Ends 0 when every row came out as it says and there were 200 of them.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dkim/key.h"
#include "policy/drive.h"
#include "tests/support/house.h"
#include "util/buffer.h"
#include "util/file.h"

enum { SITES_MAX = 16, ROWS_MIN = 200 };

/* The domains that live's are called, too. */
#define DOMAINS                                                                                    \
    "socket = \"unix:/run/x.sock\";\n"                                                             \
    "domains = ( { name = \"acme.example\"; keys = ( { selector = \"s\"; file = \"${DIR}/key\"; "  \
    "} ); }, { name = \"beta.example\"; keys = ( { selector = \"s\"; file = \"${DIR}/key\"; } ); " \
    "}, { name = \"xn--bcher-kva.example\"; keys = ( { selector = \"s\"; file = \"${DIR}/key\"; }" \
    " ); } );\n"

enum column { WHO, LOGIN, SENDER, FROM, SENDER_FIELD, VERDICT, FINDINGS, MARKS, COLUMNS };

struct named_text {
    struct span name;
    struct buffer text;
};

static struct named_text sites[SITES_MAX];
static size_t site_count;
static char directory[64];
static unsigned line_number, played, skipped, failures;

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void fail(const char *format, ...)
{
    va_list args;
    fprintf(stderr, "FAIL line %u: ", line_number);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    failures++;
}

static void write_file(struct span name, struct span text)
{
    struct error error;
    char path[128];
    snprintf(path, sizeof(path), "%s/%.*s", directory, SPAN_ARG(name));
    if (!file_write_atomic(path, text.at, text.size, 0600, true, &error)) {
        fail("%s", error.text);
    }
}

/* --- a row ----------------------------------------------------------------------------------- */

static const struct {
    const char *who, *client;
} clients[] = {
    { "user", "127.0.0.9" },   { "printer", "127.0.0.2" }, { "relay", "127.0.0.3" },
    { "list", "127.0.0.4" },   { "forward", "127.0.0.5" }, { "smtp", "127.0.0.1" },
    { "script", "127.0.0.1" }, { "bounce", "127.0.0.1" },  { "stranger", "127.0.0.9" },
};

static struct span expected_class(struct span who)
{
    static const char *const classes[][2] = {
        { "user", "submission" }, { "printer", "relay" },    { "smtp", "local" },
        { "script", "local" },    { "stranger", "inbound" },
    };
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (span_is_equal(who, span_of(classes[i][0]))) {
            return span_of(classes[i][1]);
        }
    }
    return who;
}

/* "-" is nothing. */
static struct span given(struct span text)
{
    return span_is_equal(text, SPAN("-")) ? (struct span){ NULL, 0 } : text;
}

static void set_client(struct span who, struct session *session)
{
    for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        if (span_is_equal(who, span_of(clients[i].who))) {
            ip_parse(span_of(clients[i].client), &session->client);
            return;
        }
    }
    fail("who is %.*s?", SPAN_ARG(who));
}

static void write_message(const struct span *row, struct buffer *out)
{
    if (given(row[FROM]).size > 0) {
        buffer_printf(out, "From: %.*s\n", SPAN_ARG(row[FROM]));
    }
    if (given(row[SENDER_FIELD]).size > 0) {
        buffer_printf(out, "Sender: %.*s\n", SPAN_ARG(row[SENDER_FIELD]));
    }
    if (span_is_equal(row[WHO], SPAN("bounce"))) {
        buffer_add_text(out, "Auto-Submitted: auto-replied\n");
    }
    buffer_add_text(out, "To: <somebody@away.example>\nSubject: a row\n"
                         "Date: Sun, 01 Mar 2026 11:59:00 +0000\nMessage-ID: <1@acme.example>\n"
                         "\ntext\n");
}

static bool is_about_identity(enum finding_id id)
{
    return id == FINDING_FROM_MULTIPLE || id == FINDING_OWNERS_UNAVAILABLE ||
           id == FINDING_SENDER_NOT_OWNED || id == FINDING_FROM_NOT_OWNED ||
           id == FINDING_CALENDAR_ON_BEHALF || id == FINDING_DOMAIN_NOT_OURS;
}

static void check_row(const struct job *job, const struct span *row)
{
    struct buffer seen = BUFFER_EMPTY;
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        if (is_about_identity(f->id)) {
            buffer_printf(&seen, "%s%s:%s", seen.size > 0 ? "," : "", finding_name(f->id),
                          action_name(f->action));
        }
    }
    if (seen.size == 0) {
        buffer_add_char(&seen, '-');
    }
    const char *verdict = disposition_name(job->verdict.disposition);
    const char *class = mail_class_name(job->mail_class);
    if (!span_is_equal(row[VERDICT], span_of(verdict)) ||
        !span_is_equal(row[FINDINGS], buffer_span(&seen))) {
        fail("%.*s %.*s %.*s From %.*s Sender %.*s\n  expected: %.*s | %.*s\n  got:      %s | %s",
             SPAN_ARG(row[WHO]), SPAN_ARG(row[LOGIN]), SPAN_ARG(row[SENDER]), SPAN_ARG(row[FROM]),
             SPAN_ARG(row[SENDER_FIELD]), SPAN_ARG(row[VERDICT]), SPAN_ARG(row[FINDINGS]), verdict,
             buffer_text(&seen));
    }
    if (!span_is_equal(expected_class(row[WHO]), span_of(class))) {
        fail("the class is %s", class);
    }
    buffer_free(&seen);
}

/* What Postfix hands over for sendmail(1) has no brackets. */
static struct span envelope_of(const struct span *row)
{
    bool is_bare =
        span_is_equal(row[WHO], SPAN("script")) || span_is_equal(row[WHO], SPAN("bounce"));
    struct span inner = span_from(span_first(row[SENDER], row[SENDER].size - 1), 1);
    return is_bare ? inner : row[SENDER];
}

static void play(const struct house *house, const struct span *row)
{
    static const struct drive_recipient recipients[] = { { SPAN("<somebody@away.example>"),
                                                           SPAN("smtp"), SPAN("away.example") } };
    struct buffer message = BUFFER_EMPTY;
    write_message(row, &message);
    struct drive_input input = { .session = { .keeps_space = true,
                                              .mta_name = SPAN("mx.acme.example"),
                                              .mta_version = SPAN("Postfix 3.7.11") },
                                 .login = given(row[LOGIN]),
                                 .sender = envelope_of(row),
                                 .queue_id = SPAN("4Xk2vR"),
                                 .recipients = recipients,
                                 .recipient_count = 1,
                                 .message = buffer_span(&message) };
    set_client(row[WHO], &input.session);
    struct job *job = drive_message(house->site, &house->world, &input);
    pipeline_finish(job, OUTCOME_ANSWERED);
    check_row(job, row);
    job_free(&job);
    buffer_free(&message);
    played++;
}

static bool can_play(struct span marks)
{
#ifdef HAVE_IDN
    (void)marks;
    return true;
#else
    return !span_has_prefix_nocase(marks, SPAN("idn"));
#endif
}

static void play_line(const struct house *house, struct span line)
{
    struct span row[COLUMNS] = { 0 };
    size_t count = 0;
    while (count < COLUMNS && span_cut(&line, '|', &row[count])) {
        row[count] = span_trim(row[count]);
        count++;
    }
    if (count < MARKS || row[SENDER].size < 2) {
        fail("a row of %zu columns", count);
    } else if (!can_play(row[MARKS])) {
        skipped++;
    } else {
        play(house, row);
    }
}

/* --- the file -------------------------------------------------------------------------------- */

static void add_line(struct buffer *out, struct span line)
{
    static const char variable[] = "${DIR}";
    for (size_t i = 0; i < line.size; i++) {
        if (span_has_prefix_nocase(span_from(line, i), SPAN("${DIR}"))) {
            buffer_add_text(out, directory);
            i += sizeof(variable) - 2;
        } else {
            buffer_add_char(out, line.at[i]);
        }
    }
    buffer_add_char(out, '\n');
}

static struct buffer *begin_site(struct span name)
{
    if (site_count == SITES_MAX) {
        fprintf(stderr, "more than %d sites\n", SITES_MAX);
        exit(1);
    }
    sites[site_count].name = name;
    struct span rest = SPAN(DOMAINS), line;
    while (span_cut(&rest, '\n', &line)) {
        add_line(&sites[site_count].text, line);
    }
    return &sites[site_count++].text;
}

/* Rows of one site share a census of logins, as in one process. */
static bool open_site(struct house *house, struct span name)
{
    for (size_t i = 0; i < site_count; i++) {
        if (span_is_equal(sites[i].name, name)) {
            house_open(house, buffer_text(&sites[i].text));
            house->world.census = login_census_new();
            return true;
        }
    }
    fail("no site %.*s", SPAN_ARG(name));
    return false;
}

static void close_site(struct house *house)
{
    login_census_free(&house->world.census);
    house_close(house);
}

enum part { NOTES, TABLE, SITE, ROWS };

static const struct {
    const char *word;
    enum part part;
} parts[] = { { "== file ", TABLE }, { "== site ", SITE }, { "== rows ", ROWS } };

static enum part part_of(struct span line, struct span *name_r)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (span_has_prefix_nocase(line, span_of(parts[i].word))) {
            *name_r = span_trim(span_from(line, strlen(parts[i].word)));
            return parts[i].part;
        }
    }
    fail("no part: %.*s", SPAN_ARG(line));
    return NOTES;
}

static void play_text(struct span rest)
{
    struct buffer table = BUFFER_EMPTY, *site = NULL;
    struct house house;
    struct span line, name;
    enum part part = NOTES;
    bool is_open = false;
    while (span_cut(&rest, '\n', &line)) {
        line_number++;
        if (span_has_prefix_nocase(line, SPAN("== "))) {
            if (is_open) {
                close_site(&house);
            }
            part = part_of(line, &name);
            is_open = part == ROWS && open_site(&house, name);
            site = part == SITE ? begin_site(name) : NULL;
            buffer_clear(&table);
        } else if (part == TABLE) {
            add_line(&table, line);
            write_file(name, buffer_span(&table));
        } else if (part == SITE) {
            add_line(site, line);
        } else if (is_open && line.size > 0 && line.at[0] != '#') {
            play_line(&house, line);
        }
    }
    if (is_open) {
        close_site(&house);
    }
    buffer_free(&table);
}

static void make_directory(void)
{
    struct buffer pem = BUFFER_EMPTY;
    struct error error = { "no key" };
    struct dkim_key *key = dkim_key_generate(DKIM_ED25519_SHA256, 0, &error);
    snprintf(directory, sizeof(directory), "/tmp/egress-identity.XXXXXX");
    if (mkdtemp(directory) == NULL || key == NULL || !dkim_key_print_private(key, &pem)) {
        fprintf(stderr, "%s: %s\n", directory, error.text);
        exit(1);
    }
    write_file(SPAN("key"), buffer_span(&pem));
    buffer_free(&pem);
    dkim_key_unref(&key);
}

static void remove_directory(void)
{
    DIR *entries = opendir(directory);
    struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        unlinkat(dirfd(entries), entry->d_name, 0);
    }
    closedir(entries);
    rmdir(directory);
}

int main(int argc, char **argv)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;
    if (argc != 2 || !file_read(argv[1], 1024 * 1024, &text, &error)) {
        fprintf(stderr, "usage: identity FILE: %s\n", argc == 2 ? error.text : "no file");
        return 1;
    }
    make_directory();
    play_text(buffer_span(&text));
    remove_directory();
    for (size_t i = 0; i < site_count; i++) {
        buffer_free(&sites[i].text);
    }
    buffer_free(&text);
    printf("%u rows, %u skipped (built without libidn2), %u failed\n", played, skipped, failures);
    return failures > 0 || played < ROWS_MIN ? 1 : 0;
}
