/*
 * report_suppress: what is told of the suppression list, who may change it, what the log keeps of
 * that, and that what is exported can be put back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/report_private.h"
#include "control/report_suppress.h"
#include "feedback/suppression.h"
#include "log/log.h"
#include "tests/support/house.h"

#define CONFIG "socket = \"unix:/x\"; suppression = { max = 100; };\n"

struct office {
    struct house house;
    struct site_holder *holder;
    struct store *store;
    struct control_host host;
    struct control_asker asker;
    struct buffer out;
    char log[64];
    int stderr_kept;
};

static int office_open(void **state)
{
    struct office *office = calloc(1, sizeof(*office));
    int log;
    house_open(&office->house, CONFIG);
    office->holder = site_holder_new(site_ref(office->house.site));
    office->store = store_in_memory();
    office->host = (struct control_host){ .holder = office->holder,
                                          .clock = &office->house.clock.clock,
                                          .store = office->store };
    office->asker = (struct control_asker){ true, "root" };
    strcpy(office->log, "/tmp/egress-suppress.XXXXXX");
    log = mkstemp(office->log);
    office->stderr_kept = dup(STDERR_FILENO);
    dup2(log, STDERR_FILENO);
    close(log);
    log_open_stderr("t");
    *state = office;
    return office->store != NULL ? 0 : -1;
}

static int office_close(void **state)
{
    struct office *office = *state;
    dup2(office->stderr_kept, STDERR_FILENO);
    close(office->stderr_kept);
    unlink(office->log);
    store_close(&office->store);
    site_holder_free(&office->holder);
    house_close(&office->house);
    buffer_free(&office->out);
    free(office);
    return 0;
}

static const char *logged(const struct office *office)
{
    static char text[8192];
    int log = open(office->log, O_RDONLY);
    ssize_t size = read(log, text, sizeof(text) - 1);
    close(log);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static int ask_line(struct office *office, struct span line, bool json)
{
    struct control_words *words = malloc(sizeof(*words));
    int code;
    buffer_clear(&office->out);
    assert_true(control_words_read(line, words));
    code = report_suppress(&office->host, &office->asker, words, json, &office->out);
    free(words);
    return code;
}

/* As egressctl writes it, "|" between words. */
static int ask(struct office *office, const char *request, bool json)
{
    struct span rest = span_of(request), word;
    struct buffer line = BUFFER_EMPTY;
    control_words_add(&line, SPAN("suppress"));
    while (span_cut(&rest, '|', &word)) {
        control_words_add(&line, word);
    }
    int code = ask_line(office, buffer_span(&line), json);
    buffer_free(&line);
    return code;
}

#define assert_has(text, piece)                                                                    \
    do {                                                                                           \
        if (strstr((text), (piece)) == NULL) {                                                     \
            fail_msg("\"%s\" is not in:\n%s", (piece), (text));                                    \
        }                                                                                          \
    } while (0)
#define assert_told(office, piece) assert_has(buffer_text(&(office)->out), piece)

static void bounce(struct office *office, const char *address, int64_t day)
{
    const struct suppression_settings settings = {
        .after = 2, .apart_s = 86400, .keep_s = 90 * 86400, .max = 100
    };
    char message[24];
    snprintf(message, sizeof(message), "m%ld", (long)day);
    struct suppression_delivery delivery = { .address = span_of(address),
                                             .domain = SPAN("example.org"),
                                             .message = span_of(message),
                                             .at_s = HOUSE_NOW_S + day * 86400,
                                             .by = SPAN("maillog"),
                                             .code = SPAN("5.1.1"),
                                             .text = SPAN("user unknown") };
    suppression_note_bounce(office->store, &settings, &delivery);
}

static void test_add_and_list(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, "list", false), CONTROL_GOOD);
    assert_told(office, "nothing is suppressed\n");
    assert_int_equal(ask(office, "add|Bob@Away.example|*|0||he asked \"never again\"", false),
                     CONTROL_GOOD);
    assert_told(office, "bob@away.example is suppressed for mail of all senders, for good\n");
    assert_int_equal(ask(office, "add|eve@far.example|Example.org|1772370000|5.2.1|", false),
                     CONTROL_GOOD);
    assert_told(office, "eve@far.example is suppressed for mail of senders of example.org until ");
    bounce(office, "new@away.example", -1);
    bounce(office, "old@away.example", -2);
    bounce(office, "old@away.example", -1);
    assert_int_equal(ask(office, "list", false), CONTROL_GOOD);
    assert_told(office, "\nbob@away.example                 *                suppressed 2026-03-01 "
                        "never      command by root: he asked \"never again\"\n");
    assert_told(office, "\nnew@away.example                 example.org      watched    2026-02-28 "
                        "2026-05-29 bounce by maillog, 1 bounce, 5.1.1: user unknown\n");
    assert_told(office, "old@away.example                 example.org      suppressed 2026-02-28 "
                        "2026-05-29 bounce by maillog, 2 bounces, 5.1.1: user unknown\n");
    assert_has(logged(office), "audit: did=suppress-add by=root address=bob@away.example senders=* "
                               "until=0 because=\"he asked \\x22never again\\x22\"\n");
    assert_has(logged(office), "address=eve@far.example senders=example.org until=1772370000");
}

static const struct {
    const char *filter;
    int rows;
} filters[] = {
    { "", 3 },
    { "bob@away.example", 1 },
    { "BOB@away.example", 1 },
    { "away.example", 2 },
    { "@away.example", 2 },
    { "example.org", 1 },
    { "*", 2 },
    { "AWAY.example.", 2 },
    { "ob@away.example", 0 },
    { "example", 0 },
};

static void test_filters(void **state)
{
    struct office *office = *state;
    ask(office, "add|bob@away.example|*|0||", false);
    ask(office, "add|al@away.example|example.org|0||", false);
    ask(office, "add|al@far.example|*|0||", false);
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        char request[80];
        int lines = 0;
        snprintf(request, sizeof(request), "list|%s", filters[i].filter);
        assert_int_equal(ask(office, request, false), CONTROL_GOOD);
        for (const char *c = buffer_text(&office->out); *c != '\0'; c++) {
            lines += *c == '\n';
        }
        if (lines - 1 != filters[i].rows) {
            fail_msg("%s: %s", filters[i].filter, buffer_text(&office->out));
        }
    }
}

static void test_json(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, "list", true), CONTROL_GOOD);
    assert_string_equal(buffer_text(&office->out),
                        "{\"schema\":1,\"suppressed\":[],\"complete\":true}\n");
    assert_int_equal(ask(office, "add|bob@away.example|example.org|1772370000|5.1.1|gone", true),
                     CONTROL_GOOD);
    assert_told(office, "{\"schema\":1,\"address\":\"bob@away.example\",\"domain\":\"example.org\","
                        "\"until\":\"2026-03-01T");
    assert_int_equal(ask(office, "list", true), CONTROL_GOOD);
    assert_told(office, "\"state\":\"suppressed\",\"since\":\"2026-03-01T");
    assert_told(office, "\"source\":\"command\",\"by\":\"root\",\"bounces\":0,\"code\":\"5.1.1\","
                        "\"because\":\"gone\"}],\"complete\":true}\n");
    assert_int_equal(ask(office, "remove|bob@away.example", true), CONTROL_GOOD);
    assert_string_equal(buffer_text(&office->out),
                        "{\"schema\":1,\"address\":\"bob@away.example\",\"removed\":1}\n");
    assert_int_equal(ask(office, "remove|bob@away.example", true), CONTROL_WARNING);
    assert_told(office, "{\"schema\":1,\"error\":\"bob@away.example is not on the list\"");
}

static void test_remove(void **state)
{
    struct office *office = *state;
    ask(office, "add|bob@away.example|*|0||", false);
    ask(office, "add|bob@away.example|example.org|0||", false);
    assert_int_equal(ask(office, "remove|bob@away.example|example.net", false), CONTROL_WARNING);
    assert_int_equal(ask(office, "remove|bob@away.example|example.org", false), CONTROL_GOOD);
    assert_told(office, "bob@away.example is off the list (1 record)\n");
    assert_int_equal(ask(office, "remove|BOB@away.example", false), CONTROL_GOOD);
    assert_has(logged(office), "audit: did=suppress-remove by=root address=bob@away.example "
                               "senders=example.org records=1\n");
    assert_has(logged(office), "senders=any records=1\n");
}

/* What is exported, put into an empty list, is exported again. */
static void test_export(void **state)
{
    struct office *office = *state;
    struct buffer first = BUFFER_EMPTY;
    struct span rest, line;
    ask(office, "add|bob@away.example|*|0||he said: \"no = no\" \\ 100%", false);
    ask(office, "add|\"a b\"@away.example|example.org|1772370000|5.1.1|", false);
    bounce(office, "new@away.example", -1); /* watched only */
    assert_int_equal(ask(office, "export", false), CONTROL_GOOD);
    assert_string_equal(buffer_text(&office->out),
                        "\\x22a\\x20b\\x22@away.example example.org @1772370000 5.1.1 \"\"\n"
                        "bob@away.example * never - he\\x20said:\\x20\\x22no\\x20\\x3d\\x20no\\x22"
                        "\\x20\\x5c\\x20100%\n");
    buffer_add_span(&first, buffer_span(&office->out));
    ask(office, "remove|bob@away.example", false);
    ask(office, "remove|\"a b\"@away.example", false);
    rest = span_trim(buffer_span(&first));
    while (span_cut(&rest, '\n', &line)) {
        struct control_words *words = malloc(sizeof(*words));
        struct buffer request = BUFFER_EMPTY;
        assert_true(control_words_read(line, words));
        assert_int_equal(words->count, 5);
        words->at[2] =
            span_is_equal(words->at[2], SPAN("never")) ? SPAN("0") : span_from(words->at[2], 1);
        words->at[3] = span_is_equal(words->at[3], SPAN("-")) ? SPAN("") : words->at[3];
        control_words_add(&request, SPAN("suppress"));
        control_words_add(&request, SPAN("add"));
        for (size_t i = 0; i < 5; i++) {
            control_words_add(&request, words->at[i]);
        }
        assert_int_equal(ask_line(office, buffer_span(&request), false), CONTROL_GOOD);
        buffer_free(&request);
        free(words);
    }
    ask(office, "export", false);
    assert_string_equal(buffer_text(&office->out), buffer_text(&first));
    buffer_free(&first);
}

static const struct {
    const char *request;
    int code;
    const char *told;
} refused[] = {
    { "", CONTROL_USAGE, "suppress what? valid: list, export, add, remove" },
    { "lists", CONTROL_USAGE, "suppress what?" },
    { "list|a|b", CONTROL_USAGE, "suppress list wants [DOMAIN|ADDRESS]" },
    { "export|a", CONTROL_USAGE, "suppress export wants no arguments" },
    { "add|a@b.example", CONTROL_USAGE, "suppress add wants ADDRESS DOMAIN UNTIL CODE BECAUSE" },
    { "remove", CONTROL_USAGE, "suppress remove wants ADDRESS [DOMAIN]" },
    { "remove|bob", CONTROL_USAGE, "suppress remove wants ADDRESS" },
    { "remove|a@b.example|a b", CONTROL_USAGE, "suppress remove wants ADDRESS" },
    { "add|bob|*|0||", CONTROL_USAGE, "ADDRESS is one of mail" },
    { "add|a@b.example|a b|0||", CONTROL_USAGE, "the domain of senders is none" },
    { "add|a@b.example|*|x||", CONTROL_USAGE, "the end lies in the past" },
    { "add|a@b.example|*|1772366400||", CONTROL_USAGE, "the end lies in the past" },
    { "add|a@b.example|*|99999999999999999999||", CONTROL_USAGE, "the end lies in the past" },
    { "add|a@b.example|*|0|bad|", CONTROL_USAGE, "the code is none" },
};

static void test_refused(void **state)
{
    struct office *office = *state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (ask(office, refused[i].request, false) != refused[i].code) {
            fail_msg("%s: %s", refused[i].request, buffer_text(&office->out));
        }
        assert_told(office, refused[i].told);
    }
    assert_int_equal(suppression_count(office->store), 0);
    office->asker = (struct control_asker){ false, "uid 1000" };
    assert_int_equal(ask(office, "add|a@b.example|*|0||", false), CONTROL_DENIED);
    assert_int_equal(ask(office, "remove|a@b.example", false), CONTROL_DENIED);
    assert_int_equal(ask(office, "list", false), CONTROL_GOOD);
    assert_string_equal(logged(office), "");
    office->host.store = NULL;
    assert_int_equal(ask(office, "list", false), CONTROL_INTERNAL);
}

static void test_full(void **state)
{
    struct office *office = *state;
    for (int i = 0; i < 101; i++) {
        char request[80];
        snprintf(request, sizeof(request), "add|u%d@away.example|*|0||", i);
        assert_int_equal(ask(office, request, false), i < 100 ? CONTROL_GOOD : CONTROL_WARNING);
    }
    assert_told(office, "the list is full: suppression.max is 100");
}

static void judge(struct office *office, struct reasons *reasons_r)
{
    *reasons_r = (struct reasons){ BUFFER_EMPTY, CONTROL_GOOD };
    report_judge_suppressed(&office->host, office->house.site, reasons_r);
}

/* What health and status say: nothing of an empty list, and a warning of a full one. */
static void test_health(void **state)
{
    struct office *office = *state;
    struct reasons reasons;
    buffer_clear(&office->out);
    report_text_suppressed(&office->host, office->house.site, &office->out);
    assert_string_equal(buffer_text(&office->out), "");
    for (int i = 0; i < 100; i++) {
        char request[80];
        judge(office, &reasons);
        assert_int_equal(reasons.worst, CONTROL_GOOD);
        snprintf(request, sizeof(request), "add|u%d@away.example|*|0||", i);
        assert_int_equal(ask(office, request, false), CONTROL_GOOD);
    }
    judge(office, &reasons);
    assert_int_equal(reasons.worst, CONTROL_WARNING);
    assert_has(buffer_text(&reasons.lines), "warning: suppression: the list is full");
    buffer_free(&reasons.lines);
    buffer_clear(&office->out);
    report_text_suppressed(&office->host, office->house.site, &office->out);
    assert_string_equal(buffer_text(&office->out), "suppression      100 of 100 addresses\n");
    buffer_clear(&office->out);
    struct json json = json_new(&office->out);
    json_open(&json, NULL, '{');
    report_json_suppressed(&office->host, office->house.site, &json);
    json_close(&json, '}');
    assert_string_equal(buffer_text(&office->out),
                        "{\"suppression\":{\"addresses\":100,\"max\":100}}");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, office_open, office_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_add_and_list), TEST(test_filters), TEST(test_json), TEST(test_remove),
        TEST(test_export),       TEST(test_refused), TEST(test_full), TEST(test_health),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
