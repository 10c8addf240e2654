/*
 * maillog: the log of the mail server followed by timer: what is learnt for the suppression list,
 * what ears hear, over rotation, restarts and reloads, and where it cannot be read.
 */
#include "test_watch_support.h"

#include <string.h>
#include <time.h>

#include "control/report_private.h"
#include "feedback/post.h"
#include "feedback/suppression.h"
#include "tests/unit/test_journal_support.h"
#include "watch/maillog_record.h"

#define CONFIG                                                                                     \
    "outgoing = { internal = [ \"example.org\" ]; };\n"                                            \
    "suppression = { after = 2; apart = \"0s\"; };\n"                                              \
    "feedback = { log = [ \"$F/mail.log\" ]; };\n"

static struct scene *scene;
static struct buffer heard;
static const char *log_name = "mail.log";
static struct buffer entries; /* of the journal, which is the log instead */
static bool is_journal;
static unsigned hard; /* outcomes heard that are the recipient's fault */

static void hear_outcome(void *context, const struct maillog_outcome *outcome)
{
    (void)context;
    hard += outcome->class == 5 && outcome->found.is_hard;
    buffer_printf(&heard, "%.*s %u %.*s\n", SPAN_ARG(outcome->principal), outcome->class,
                  SPAN_ARG(outcome->recipient));
}

static void hear_login(void *context, struct span login, struct span client, uint64_t times)
{
    (void)context;
    buffer_printf(&heard, "login %.*s %.*s %d\n", SPAN_ARG(login), SPAN_ARG(client), (int)times);
}

static void hear_complaint(void *context, const struct maillog_outcome *outcome)
{
    (void)context;
    buffer_printf(&heard, "complaint %.*s %.*s\n", SPAN_ARG(outcome->principal),
                  SPAN_ARG(outcome->recipient));
}

static const struct watch_ears ears = { .outcome = hear_outcome,
                                        .complaint = hear_complaint,
                                        .login_failed = hear_login };

static int begin(const char *config, bool has_log)
{
    char path[128];
    hard = 0;
    scene = scene_new(config, NULL);
    scene->ears = &ears;
    snprintf(path, sizeof(path), "%s/mail.log", scene->folder);
    if (has_log) {
        fclose(fopen(path, "w"));
    }
    scene_start(scene, true);
    scene_pass(scene, 4);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return begin(CONFIG, true);
}

static int teardown(void **state)
{
    (void)state;
    scene_free(&scene);
    buffer_free(&heard);
    buffer_free(&entries);
    is_journal = false;
    return 0;
}

/* "postfix/smtp[3]: text" */
static void journal_line(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
static void journal_line(const char *format, va_list args)
{
    char text[1024], *bracket, *colon;
    vsnprintf(text, sizeof(text), format, args);
    bracket = strchr(text, '[');
    colon = strstr(text, "]: ");
    assert_true(bracket != NULL && colon != NULL);
    *bracket = '\0';
    journal_entry(&entries, scene->house.clock.now_s * 1000000, text, span_of(colon + 3));
}

/* A line of now. */
static void line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void line(const char *format, ...)
{
    char path[128], when[40];
    time_t now = (time_t)scene->house.clock.now_s;
    struct tm tm;
    va_list args;
    FILE *file;
    va_start(args, format);
    if (is_journal) {
        journal_line(format, args);
        va_end(args);
        return;
    }
    snprintf(path, sizeof(path), "%s/%s", scene->folder, log_name);
    file = fopen(path, "a");
    assert_non_null(file);
    gmtime_r(&now, &tm);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
    fprintf(file, "%s mx1 ", when);
    vfprintf(file, format, args);
    va_end(args);
    fputc('\n', file);
    fclose(file);
}

/* alice sends a message to one, up to the queue. */
static void queues(const char *id, const char *sender)
{
    line("postfix/smtpd[1]: %s: client=pc[192.0.2.25], sasl_method=PLAIN, sasl_username=alice", id);
    line(
        "egress-milter[9]: %s: verdict=accept class=submission user=alice@example.org rcpts=1 by=- "
        "from=<%s> msgid=<%s@example.org>",
        id, sender, id);
    line("postfix/qmgr[2]: %s: from=<%s>, size=10, nrcpt=1 (queue active)", id, sender);
}

static void arrives(const char *id, const char *to)
{
    line("postfix/smtp[3]: %s: to=<%s>, relay=mx.example.com[192.0.2.1]:25, delay=1, "
         "delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
         id, to);
}

static void bounces(const char *id, const char *to)
{
    line(
        "postfix/smtp[3]: %s: to=<%s>, relay=mx.example.com[192.0.2.1]:25, delay=1, "
        "delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.1] said: 550 5.1.1 "
        "No such user here (in reply to RCPT TO command))",
        id, to);
}

static void journal_flush(void)
{
    char folder[128];
    snprintf(folder, sizeof(folder), "%s/journal", scene->folder);
    if (entries.size > 0) {
        journal_write(folder, "mail", &entries);
    }
}

static void assert_heard(const char *wanted)
{
    journal_flush();
    scene_pass(scene, 4);
    assert_string_equal(buffer_text(&heard), wanted);
    buffer_clear(&heard);
}

static bool is_suppressed(const char *address)
{
    struct suppression found;
    return suppression_find(scene->store, span_of(address), SPAN("example.org"),
                            scene->house.clock.now_s + 1, &found);
}

static void rename_log(const char *to)
{
    char a[128], b[128];
    snprintf(a, sizeof(a), "%s/mail.log", scene->folder);
    snprintf(b, sizeof(b), "%s/%s", scene->folder, to);
    assert_int_equal(rename(a, b), 0);
}

static void begin_again(void)
{
    watch_free(&scene->watch);
    scene_start(scene, true);
}

/* --- learning -------------------------------------------------------------------------------- */

static void test_learns(void **state)
{
    (void)state;
    queues("AAAAA11111", "alice@mail.example.org");
    bounces("AAAAA11111", "b@example.com");
    assert_heard("alice@example.org 5 b@example.com\n");
    assert_false(is_suppressed("b@example.com"));
    queues("BBBBB11111", "alice@mail.example.org");
    bounces("BBBBB11111", "b@example.com");
    assert_heard("alice@example.org 5 b@example.com\n");
    assert_true(is_suppressed("b@example.com")); /* for the whole domain */
    queues("CCCCC11111", "alice@example.org");
    arrives("CCCCC11111", "b@example.com");
    assert_heard("alice@example.org 2 b@example.com\n");
    assert_false(is_suppressed("b@example.com"));
}

/* Mail of others, and of ours with a sender who is not ours. */
static void test_teaches_nothing(void **state)
{
    struct maillog_record record;
    char path[128];
    (void)state;
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof(id), "AAAAA1111%d", i);
        bounces(id, "b@example.com");
        snprintf(id, sizeof(id), "BBBBB1111%d", i);
        queues(id, "somebody@example.net");
        bounces(id, "c@example.com");
    }
    scene_pass(scene, 4);
    assert_int_equal(suppression_count(scene->store), 0);
    snprintf(path, sizeof(path), "%s/mail.log", scene->folder);
    assert_int_equal(maillog_record_get(scene->store, path, &record), STORE_FOUND);
    assert_int_equal(record.attributed, 3);
    assert_int_equal(record.unattributed, 3);
    assert_int_equal(record.lines, 15);
}

static void test_logins(void **state)
{
    (void)state;
    line("postfix/smtpd[1]: warning: x[198.51.100.1]: SASL LOGIN authentication failed: no, "
         "sasl_username=admin");
    line("postfix/smtpd[1]: warning: x[198.51.100.1]: SASL LOGIN authentication failed: no");
    assert_heard("login admin 198.51.100.1 1\nlogin  198.51.100.1 1\n");
}

/* --- restarts and rotation ------------------------------------------------------------------- */

static void test_restart(void **state)
{
    (void)state;
    queues("AAAAA11111", "alice@example.org");
    bounces("AAAAA11111", "b@example.com");
    assert_heard("alice@example.org 5 b@example.com\n");
    queues("BBBBB11111", "alice@example.org");
    scene_pass(scene, 4);
    begin_again();
    assert_heard(""); /* nothing twice */
    bounces("BBBBB11111", "b@example.com");
    assert_heard("alice@example.org 5 b@example.com\n"); /* our line was read again in silence */
    assert_true(is_suppressed("b@example.com"));
    queues("CCCCC11111", "alice@example.org");
    scene_pass(scene, 4);
    watch_free(&scene->watch);
    arrives("CCCCC11111", "c@example.com"); /* while nobody was there */
    scene_start(scene, true);
    assert_heard("alice@example.org 2 c@example.com\n");
}

static void test_rotation(void **state)
{
    (void)state;
    queues("AAAAA11111", "alice@example.org");
    scene_pass(scene, 4);
    rename_log("mail.log.1");
    arrives("AAAAA11111", "b@example.com");
    assert_heard("alice@example.org 2 b@example.com\n");
    queues("BBBBB11111", "alice@example.org");
    scene_pass(scene, 4);
    watch_free(&scene->watch);
    arrives("BBBBB11111", "b@example.com");
    rename_log("mail.log.1");
    queues("CCCCC11111", "alice@example.org");
    arrives("CCCCC11111", "c@example.com");
    scene_start(scene, true);
    assert_heard("alice@example.org 2 b@example.com\nalice@example.org 2 c@example.com\n");
}

static void test_begins_at_the_end(void **state)
{
    (void)state;
    teardown(NULL);
    scene = scene_new(CONFIG, NULL);
    scene->ears = &ears;
    queues("AAAAA11111", "alice@example.org");
    bounces("AAAAA11111", "b@example.com");
    scene_start(scene, true);
    assert_heard("");
    arrives("AAAAA11111", "c@example.com"); /* it is still under way */
    assert_heard("alice@example.org 2 c@example.com\n");
    assert_int_equal(suppression_count(scene->store), 0);
}

/* Our lines in one file, named first, and those of the mail server in another. */
static void test_two_files(void **state)
{
    (void)state;
    teardown(NULL);
    begin("outgoing = { internal = [ \"example.org\" ]; };\n"
          "feedback = { log = [ \"$F/own.log\", \"$F/mail.log\" ]; };\n",
          true);
    log_name = "own.log";
    line("egress-milter[9]: started");
    scene_pass(scene, 4);
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof(id), "AAAAA1111%d", i);
        log_name = "mail.log";
        line("postfix/cleanup[1]: %s: message-id=<%d>", id, i);
        log_name = "own.log";
        line("egress-milter[9]: %s: verdict=accept class=submission user=alice rcpts=1 by=- "
             "from=<alice@example.org>",
             id);
        log_name = "mail.log";
        line("postfix/qmgr[2]: %s: from=<alice@example.org>, size=10, nrcpt=1 (queue active)", id);
        arrives(id, "b@example.com");
        line("postfix/qmgr[2]: %s: removed", id);
        assert_heard("alice 2 b@example.com\n");
    }
}

static void assert_status(const char *text, const char *in_json)
{
    struct control_host host = { .store = scene->store, .clock = &scene->house.clock.clock };
    struct site *site = site_holder_get(scene->holder);
    struct buffer out = BUFFER_EMPTY;
    struct json json;
    report_text_feedback(&host, site, &out);
    if (strstr(buffer_text(&out), text) == NULL) {
        fail_msg("not \"%s\" in %s", text, buffer_text(&out));
    }
    buffer_clear(&out);
    json = json_new(&out);
    json_open(&json, NULL, '{');
    report_json_feedback(&host, site, &json);
    json_close(&json, '}');
    if (strstr(buffer_text(&out), in_json) == NULL) {
        fail_msg("not %s in %s", in_json, buffer_text(&out));
    }
    buffer_free(&out);
    site_unref(&site);
}

/* The journal of a directory: from its end, over a restart, and where there is none. */
static void test_journal(void **state)
{
    char folder[128];
    (void)state;
    if (journal_is_missing()) {
        skip();
    }
    teardown(NULL);
    scene = scene_new("feedback = { log = [ \"journal:$F/journal\" ]; };\n"
                      "outgoing = { internal = [ \"example.org\" ]; };\n",
                      NULL);
    scene->ears = &ears;
    is_journal = true;
    snprintf(folder, sizeof(folder), "%s/journal", scene->folder);
    scene_start(scene, true);
    scene_pass(scene, 60);
    assert_said(scene, "/journal: No such file or directory; until then", 1);
    assert_int_equal(mkdir(folder, 0755), 0);
    queues("AAAAA11111", "alice@example.org");
    bounces("AAAAA11111", "b@example.com");
    assert_heard(""); /* it begins at the end */
    arrives("AAAAA11111", "c@example.com");
    queues("BBBBB11111", "alice@example.org");
    assert_heard("alice@example.org 2 c@example.com\n");
    assert_said(scene, "can be read again", 1);
    watch_free(&scene->watch);
    arrives("BBBBB11111", "d@example.com");
    line("systemd-journald[1]: Suppressed 12 messages from postfix.service");
    journal_flush();
    scene_start(scene, true);
    assert_heard("alice@example.org 2 d@example.com\n");
    assert_said(scene, "lines are missing in journal:", 1);
    assert_status("/journal: 6 lines; outcomes of our mail 2, of other mail 0, of one or the other "
                  "0\n                 lines are missing, 1 times\n",
                  "\"lines\":6,\"attributed\":2,\"unattributed\":0,\"ambiguous\":0,\"gaps\":1,");
}

/* --- what is told ---------------------------------------------------------------------------- */

static void assert_health(enum control_exit worst, const char *words)
{
    struct control_host host = { .store = scene->store, .clock = &scene->house.clock.clock };
    struct reasons reasons = { BUFFER_EMPTY, CONTROL_GOOD };
    struct site *site = site_holder_get(scene->holder);
    report_judge_feedback(&host, site, &reasons);
    site_unref(&site);
    if (reasons.worst != worst || strstr(buffer_text(&reasons.lines), words) == NULL) {
        fail_msg("not \"%s\": %s", words, buffer_text(&reasons.lines));
    }
    buffer_free(&reasons.lines);
}

static void test_cannot_be_read(void **state)
{
    (void)state;
    teardown(NULL);
    begin(CONFIG, false);
    scene_pass(scene, 60);
    assert_said(scene, "feedback: ", 1);
    assert_health(CONTROL_WARNING, "mail.log");
    line("x");
    scene_pass(scene, 4);
    assert_said(scene, "can be read again", 1);
    assert_health(CONTROL_GOOD, "");
    scene_pass(scene, 60);
    assert_said(scene, "feedback: ", 0);
}

static void test_status(void **state)
{
    (void)state;
    assert_status("mail.log: 0 lines; ", "\"lines\":0,");
    queues("AAAAA11111", "alice@example.org");
    arrives("AAAAA11111", "b@example.com");
    arrives("BBBBB11111", "b@example.com");
    line("systemd-journald[1]: Suppressed 12 messages from postfix.service");
    line("systemd-journald[1]: Suppressed 12 messages from postfix.service");
    scene_pass(scene, 4);
    assert_said(scene, "lines are missing in ", 1);
    assert_status("mail.log: 7 lines; outcomes of our mail 1, of other mail 1, of one or the other "
                  "0\n                 lines are missing, 2 times\n",
                  "\"lines\":7,\"attributed\":1,\"unattributed\":1,\"ambiguous\":0,\"gaps\":2,"
                  "\"bad_since\":0,\"trouble\":\"\"}]");
}

static void test_outage(void **state)
{
    char id[16], to[40];
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 12; i++) {
            snprintf(id, sizeof(id), "%cAAAA111%02d", 'A' + round, i);
            snprintf(to, sizeof(to), "user%d@example.com", i);
            queues(id, "alice@example.org");
            if (round == 0) {
                arrives(id, to);
            } else {
                bounces(id, to);
            }
        }
        scene_pass(scene, 4);
        if (round == 0) {
            begin_again(); /* who takes mail is known after a restart, too */
            scene_pass(scene, 4);
        }
    }
    assert_int_equal(hard, 4); /* until it was noticed */
    assert_said(scene, "feedback: example.com calls addresses unknown", 1);
    assert_int_equal(suppression_count(scene->store), 0);
}

/* --- reloads --------------------------------------------------------------------------------- */

static void reload(const char *config)
{
    site_holder_swap(scene->holder, scene_site(scene, config));
    scene_pass(scene, 11);
}

static uint64_t count_records(void)
{
    return store_count(scene->store, STORE_MAILLOG);
}

static void test_reload(void **state)
{
    (void)state;
    queues("AAAAA11111", "alice@example.org");
    scene_pass(scene, 4);
    reload(CONFIG "hold = { total = 10; };\n");
    arrives("AAAAA11111", "b@example.com"); /* nothing was forgotten */
    assert_heard("alice@example.org 2 b@example.com\n");
    assert_int_equal(count_records(), 1);
    reload("outgoing = { internal = [ \"example.org\" ]; };\n");
    assert_int_equal(count_records(), 0);
    arrives("AAAAA11111", "c@example.com");
    assert_heard("");
    reload("feedback = { log = [ \"$F/mail.log\" ]; postfix = [ \"mail\" ]; };\n");
    arrives("AAAAA11111", "d@example.com"); /* of no mail server of this host's any more */
    line(
        "mail/smtp[3]: AAAAA11111: to=<e@example.com>, relay=none, delay=1, dsn=2.0.0, status=sent "
        "(ok)");
    assert_heard("alice@example.org 2 e@example.com\n");
}

static void test_records(void **state)
{
    static const char *const bad[] = { "",
                                       "1 2 3,,",
                                       "2 0 0 0 0 0 0 0,,",
                                       "1 0 0 0 0 0 0 0",
                                       "1 0 0 0 0 0 0 0 0,,",
                                       "1 9223372036854775808 0 0 0 0 0 0,," };
    struct maillog_record record, again;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        store_put(scene->store, STORE_MAILLOG, SPAN("/x"), span_of(bad[i]), STORE_SOON);
        assert_int_equal(maillog_record_get(scene->store, "/x", &record), STORE_ABSENT);
    }
    for (size_t size = MAILLOG_SOURCE_PLACE_MAX - 1; size <= MAILLOG_SOURCE_PLACE_MAX; size++) {
        char value[MAILLOG_SOURCE_PLACE_MAX + 32];
        snprintf(value, sizeof(value), "1 0 0 0 0 0 0 0,%0*d,", (int)size, 1);
        store_put(scene->store, STORE_MAILLOG, SPAN("/x"), span_of(value), STORE_SOON);
        assert_int_equal(maillog_record_get(scene->store, "/x", &record),
                         size < MAILLOG_SOURCE_PLACE_MAX ? STORE_FOUND : STORE_ABSENT);
    }
    /* as older versions wrote it */
    store_put(scene->store, STORE_MAILLOG, SPAN("/x"),
              SPAN("1 6 7 8 9 10 11 12,1 1 2 3 4 5,no, or"), STORE_SOON);
    assert_int_equal(maillog_record_get(scene->store, "/x", &record), STORE_FOUND);
    assert_string_equal(record.place, "1 1 2 3 4 5");
    assert_string_equal(record.trouble, "no, or");
    record = (struct maillog_record){ .place = "1 1 2 3 4 5",
                                      .since_s = 6,
                                      .bad_s = 7,
                                      .lines = 8,
                                      .attributed = 9,
                                      .unattributed = 10,
                                      .ambiguous = 11,
                                      .gaps = 12,
                                      .trouble = "cannot read it, or so" };
    assert_true(maillog_record_put(scene->store, "/x", &record));
    assert_int_equal(maillog_record_get(scene->store, "/x", &again), STORE_FOUND);
    assert_memory_equal(&record, &again, sizeof(record));
    assert_int_equal(maillog_record_get(scene->store, "/y", &again), STORE_ABSENT);
}

/* What came in as a report by mail waits in the store. */
static void test_reports(void **state)
{
    struct suppression suppression;
    struct maillog_outcome outcome = { .principal = SPAN("alice@example.org"),
                                       .mail_class = SPAN("submission"),
                                       .sender = SPAN("@example.org"),
                                       .message_id = SPAN("1@example.org"),
                                       .recipient = SPAN("bob@away.example"),
                                       .class = 5,
                                       .dsn = SPAN("5.1.1"),
                                       .text = SPAN("550 5.1.1 no such user"),
                                       .at_s = HOUSE_NOW_S };
    (void)state;
    assert_true(post_add(scene->store, &outcome, false));
    outcome.message_id = SPAN("2@example.org");
    outcome.at_s++;
    assert_true(post_add(scene->store, &outcome, false));
    outcome.at_s++;
    outcome.recipient = SPAN("eve@away.example");
    assert_true(post_add(scene->store, &outcome, true));
    assert_heard("alice@example.org 5 bob@away.example\n"
                 "alice@example.org 5 bob@away.example\n"
                 "complaint alice@example.org eve@away.example\n");
    assert_true(suppression_find(scene->store, SPAN("bob@away.example"), SPAN("example.org"),
                                 HOUSE_NOW_S, &suppression));
    assert_int_equal(suppression.source, SUPPRESSED_BY_BOUNCE);
    assert_true(suppression_find(scene->store, SPAN("eve@away.example"), SPAN("example.org"),
                                 HOUSE_NOW_S, &suppression));
    assert_int_equal(suppression.source, SUPPRESSED_BY_COMPLAINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_learns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_teaches_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_logins, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_begins_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_journal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cannot_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
        cmocka_unit_test_setup_teardown(test_records, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
