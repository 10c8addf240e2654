/*
 * report_limits: what is told of limits, who may change them, and what the log keeps of that.
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

#include "control/report_limits.h"
#include "limits/account.h"
#include "limits/ledger.h"
#include "limits/overrides.h"
#include "log/log.h"
#include "tests/support/house.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/x\"; mode = \"enforce\";\n"                                                  \
    "outgoing = { internal = [ \"example.org\" ];\n"                                               \
    "  networks = ( { address = \"192.0.2.9\"; name = \"lists\"; kind = \"list\"; } );"            \
    " };\n"                                                                                        \
    "logins = { realm = \"example.org\"; };\n"                                                     \
    "plans = { default = \"basic\"; };\n"                                                          \
    "limits = ( { name = \"pro-hour\"; count = \"recipients\"; plan = \"pro\"; max = 5000;\n"      \
    "             per = \"1h\"; },\n"                                                              \
    "           { name = \"day\"; count = \"messages\"; max = 20; per = \"1d\";\n"                 \
    "             action = \"reject\"; },\n"                                                       \
    "           { name = \"all\"; count = \"messages\"; by = \"site\"; max = 1000; per = "         \
    "\"1h\";\n"                                                                                    \
    "             action = \"observe\"; } );\n"                                                    \
    "exceptions = ( { principal = \"carol@example.org\"; limit = \"default\"; max = 900;\n"        \
    "                 until = \"2026-12-31\"; because = \"month end\"; } );\n"

#define CONFIG_DIFFERENT                                                                           \
    "socket = \"unix:/x\"; mode = \"enforce\";\n"                                                  \
    "outgoing = { internal = [ \"example.org\" ]; };\n"                                            \
    "logins = { realm = \"example.org\"; };\n"                                                     \
    "limits = ( { name = \"different\"; count = \"unique-recipients\"; max = 300;\n"               \
    "             per = \"1d\"; } );\n"

struct office {
    struct house house;
    struct site_holder *holder;
    struct store *store;
    struct ledger *ledger;
    struct control_host host;
    struct control_asker asker;
    struct buffer out;
    char log[64];
    int stderr_kept;
};

static int office_open_with(void **state, const char *config)
{
    struct office *office = calloc(1, sizeof(*office));
    int log;
    house_open(&office->house, config);
    office->holder = site_holder_new(site_ref(office->house.site));
    office->store = store_in_memory();
    office->ledger = ledger_new(office->store, &office->house.clock.clock);
    office->host = (struct control_host){ .holder = office->holder,
                                          .clock = &office->house.clock.clock,
                                          .store = office->store,
                                          .ledger = office->ledger };
    office->asker = (struct control_asker){ true, "root" };
    strcpy(office->log, "/tmp/egress-limits.XXXXXX");
    log = mkstemp(office->log);
    office->stderr_kept = dup(STDERR_FILENO);
    dup2(log, STDERR_FILENO);
    close(log);
    log_open_stderr("t");
    *state = office;
    return office->ledger != NULL ? 0 : -1;
}

static int office_open(void **state)
{
    return office_open_with(state, CONFIG);
}

static int office_open_different(void **state)
{
    return office_open_with(state, CONFIG_DIFFERENT);
}

static int office_close(void **state)
{
    struct office *office = *state;
    dup2(office->stderr_kept, STDERR_FILENO);
    close(office->stderr_kept);
    unlink(office->log);
    ledger_free(&office->ledger);
    store_close(&office->store);
    site_holder_free(&office->holder);
    house_close(&office->house);
    buffer_free(&office->out);
    free(office);
    return 0;
}

/* What was logged so far. */
static const char *logged(const struct office *office)
{
    static char text[8192];
    int log = open(office->log, O_RDONLY);
    ssize_t size = read(log, text, sizeof(text) - 1);
    close(log);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

/* As egressctl writes it, "|" between words. */
static int ask(struct office *office, const char *request, bool json)
{
    struct control_words *words = malloc(sizeof(*words));
    struct span rest = span_of(request), word;
    struct buffer line = BUFFER_EMPTY;
    int code;
    buffer_clear(&office->out);
    control_words_add(&line, SPAN("limits"));
    while (span_cut(&rest, '|', &word)) {
        control_words_add(&line, word);
    }
    assert_true(control_words_read(buffer_span(&line), words));
    code = report_limits(&office->host, &office->asker, words, json, &office->out);
    buffer_free(&line);
    free(words);
    return code;
}

#define assert_has(text, piece)                                                                    \
    do {                                                                                           \
        if (strstr((text), (piece)) == NULL) {                                                     \
            fail_msg("\"%s\" is not in:\n%s", (piece), (text));                                    \
        }                                                                                          \
    } while (0)
#define assert_has_not(text, piece)                                                                \
    do {                                                                                           \
        if (strstr((text), (piece)) != NULL) {                                                     \
            fail_msg("\"%s\" is in:\n%s", (piece), (text));                                        \
        }                                                                                          \
    } while (0)
#define assert_told(office, piece) assert_has(buffer_text(&(office)->out), piece)

/* As if so much had been sent, under the limit of this name. */
static void use(struct office *office, enum mail_class mail_class, const char *name,
                const char *limit_name, uint64_t amount)
{
    struct arena *arena = arena_new(65536);
    struct charge charge = { .now_ms = ledger_now_ms(office->ledger) };
    const struct limit *limit = limit_set_find(office->house.site->limits, span_of(limit_name));
    assert_non_null(limit);
    charge.accounts[charge.account_count++] =
        account_name((enum limit_by)limit->by, mail_class, span_of(name), arena);
    charge.lines[charge.line_count++] =
        (struct charge_line){ .limit = limit, .amount = amount, .max = 0 };
    assert_int_equal(ledger_charge(office->ledger, &charge), CHARGE_DONE);
    arena_free(&arena);
}

static void test_user(void **state)
{
    struct office *office = *state;
    use(office, CLASS_SUBMISSION, "alice@example.org", "default", 480);
    use(office, CLASS_SUBMISSION, "alice@example.org", "day", 20);
    assert_int_equal(ask(office, "user|ALICE", false), CONTROL_GOOD);
    assert_told(office, "alice@example.org\n  plan basic (plans.default)\n\n  class submission\n");
    assert_told(office, "    480/500            external recipients            1h    now         "
                        " default, defer: built-in\n");
    assert_told(office, "    20/20              messages to outside            1d    in ");
    assert_told(office, " day, reject: limits row at ");
    assert_told(office, " all of site/, observe: limits row at ");
    assert_has_not(buffer_text(&office->out), "pro-hour");
    assert_has_not(buffer_text(&office->out), "class local");
    /* Something was counted in another class, which the limits do not act on. */
    use(office, CLASS_LOCAL, "alice@example.org", "default", 7);
    assert_int_equal(ask(office, "user|alice@example.org", false), CONTROL_GOOD);
    assert_told(office, "\n  class local\n");
    assert_told(office, "    7/500 ");
    assert_told(office, "default, only told: built-in");
    /* The plan that egressctl asked for. */
    assert_int_equal(ask(office, "user|alice@example.org|pro", false), CONTROL_GOOD);
    assert_told(office, "plan pro (asked by egressctl)");
    assert_told(office, "    480/5000 ");
}

static void test_user_sources(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, "user|carol", false), CONTROL_GOOD);
    assert_told(office, "0/900 ");
    assert_told(office, "default, defer: exception at ");
    assert_told(office, " until 2026-12-31 (month end)");
    assert_int_equal(ask(office, "set|carol|default|4000|0|moving house", false), CONTROL_GOOD);
    assert_int_equal(ask(office, "user|carol", false), CONTROL_GOOD);
    assert_told(office, "0/4000 ");
    assert_told(office, "default, defer: override by root (moving house)\n");
    assert_int_equal(ask(office, "set|carol|default|0|0|all of it", false), CONTROL_GOOD);
    assert_int_equal(ask(office, "user|carol", false), CONTROL_GOOD);
    assert_told(office, "0/unlimited ");
    assert_int_equal(ask(office, "user|lists", false), CONTROL_GOOD);
    assert_told(office, "lists\n");
    assert_told(office, "class list\n");
    assert_has_not(buffer_text(&office->out), "class submission");
    assert_int_equal(ask(office, "user|bounce", false), CONTROL_GOOD);
    assert_told(office, "class bounce\n");
}

static void test_user_json(void **state)
{
    struct office *office = *state;
    use(office, CLASS_SUBMISSION, "alice@example.org", "default", 600);
    assert_int_equal(ask(office, "user|alice", true), CONTROL_GOOD);
    assert_told(office, "{\"schema\":1,\"name\":\"alice@example.org\",\"plan\":\"basic\","
                        "\"plan_from\":\"plans.default\",\"buckets\":[{\"class\":\"submission\","
                        "\"account\":\"principal/submission/alice@example.org\",\"attempts_1h\":0,"
                        "\"used_on\":\"node\","
                        "\"limits\":[{\"limit\":");
    assert_told(office, "{\"limit\":\"default\",\"count\":\"recipients\",\"by\":\"principal\","
                        "\"recipients\":\"external\",\"unit\":\"external recipients\","
                        "\"per_s\":3600,\"action\":\"defer\",\"acts\":true,"
                        "\"account\":\"principal/submission/alice@example.org\",\"max\":500,"
                        "\"used\":600,\"fits_in_s\":");
    assert_told(office, "\"source\":{\"kind\":\"built-in\"}");
    assert_told(office, "\"source\":{\"kind\":\"row\",\"file\":");
}

static void test_attempts(void **state)
{
    struct office *office = *state;
    ledger_note_attempt(office->ledger, SPAN("principal/submission/alice@example.org"));
    assert_int_equal(ask(office, "user|alice", false), CONTROL_GOOD);
    assert_told(office, "  class submission, 1 refused in the last hour\n");
}

static void test_set(void **state)
{
    struct office *office = *state;
    struct override override;
    char request[128];
    snprintf(request, sizeof(request), "set|bob|default|4000|%lld|month \"end\"=\\",
             (long long)HOUSE_NOW_S + 3600);
    assert_int_equal(ask(office, request, false), CONTROL_GOOD);
    assert_told(office, "default for bob@example.org is now 4000 external recipients in 1h: "
                        "override by root until 2026-03-01T13:00:00Z (month \"end\"=\\)\n"
                        "it was 500: built-in\n");
    assert_true(override_find(office->store, SPAN("bob@example.org"), SPAN("default"), HOUSE_NOW_S,
                              &override));
    assert_string_equal(override.because, "month \"end\"=\\");
    assert_int_equal(override.set_s, HOUSE_NOW_S);
    assert_has(logged(office),
               "notice: audit: did=limit-set by=root user=bob@example.org limit=default "
               "now=\"4000, override by root until 2026-03-01T13:00:00Z "
               "(month \\x22end\\x22=\\x5c)\" was=\"500, built-in\"\n");
    assert_int_equal(ask(office, "set|bob|default|100|0|less", true), CONTROL_GOOD);
    assert_told(office, "\"max\":100,");
    assert_told(office, "\"was\":{\"max\":4000,\"source\":{\"kind\":\"override\"");
    assert_int_equal(ask(office, "clear|bob|default", false), CONTROL_GOOD);
    assert_told(office, "default for bob@example.org is now 500 external recipients in 1h: "
                        "built-in\nit was 100: override by root (less)\n");
    assert_has(logged(office), "did=limit-clear by=root user=bob@example.org limit=default "
                               "was=\"100, override by root (less)\" now=\"500, built-in\"\n");
    assert_int_equal(ask(office, "clear|bob|default", false), CONTROL_WARNING);
    assert_told(office, "there is no override of this limit for this name");
}

/* One that is over, or whose limit is gone, can be taken away too. */
static void test_clear_old(void **state)
{
    struct office *office = *state;
    struct override override = { .max = 7, .until_s = HOUSE_NOW_S - 5, .set_s = 1, .by = "root" };
    struct error error;
    strcpy(override.principal, "bob@example.org");
    strcpy(override.limit, "default");
    assert_true(override_put(office->store, &override, &error));
    strcpy(override.limit, "gone");
    override.until_s = 0;
    assert_true(override_put(office->store, &override, &error));
    assert_int_equal(ask(office, "list", false), CONTROL_GOOD);
    assert_told(office, "bob@example.org: default 7, override by root until "
                        "2026-03-01T11:59:55Z; it is over\n");
    assert_told(office, "bob@example.org: gone 7, override by root; there is no such limit any "
                        "more\n");
    assert_int_equal(ask(office, "clear|bob|default", false), CONTROL_GOOD);
    assert_int_equal(ask(office, "clear|bob|gone", false), CONTROL_GOOD);
    assert_told(office, "the override is gone; the configuration has no such limit\n");
    assert_int_equal(ask(office, "clear|bob|gone", false), CONTROL_WARNING);
}

/* Another row counts the same and is more specific. */
static void test_set_without_effect(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, "set|bob|pro-hour|9000|0|x", false), CONTROL_GOOD);
    assert_told(office, "note: default counts the same and holds for this name, not pro-hour\n");
    assert_int_equal(ask(office, "set|bob|pro-hour|9000|0|x", true), CONTROL_GOOD);
    assert_told(office, "\"holds_instead\":\"default\"");
}

/* No more than the setting may have: there is no room for them in a record. */
static void test_set_too_many(void **state)
{
    struct office *office = *state;
    struct override override;
    assert_int_equal(ask(office, "set|bob|different|20001|0|x", false), CONTROL_USAGE);
    assert_told(office, "too many different recipients to keep; valid: up to 20000");
    assert_false(override_find(office->store, SPAN("bob@example.org"), SPAN("different"),
                               HOUSE_NOW_S, &override));
    assert_int_equal(ask(office, "set|bob|different|20000|0|x", false), CONTROL_GOOD);
    assert_int_equal(ask(office, "set|bob|default|20001|0|x", false), CONTROL_GOOD);
}

static void test_reset(void **state)
{
    struct office *office = *state;
    use(office, CLASS_SUBMISSION, "alice@example.org", "default", 480);
    use(office, CLASS_SUBMISSION, "alice@example.org", "day", 3);
    use(office, CLASS_LOCAL, "alice@example.org", "default", 2);
    use(office, CLASS_SUBMISSION, "", "all", 5);
    assert_int_equal(ask(office, "reset|alice|default", false), CONTROL_GOOD);
    assert_told(office, "principal/submission/alice@example.org: begins anew; it had used 480 "
                        "external recipients in 1h\n");
    assert_told(office, "principal/local/alice@example.org: begins anew");
    assert_has(logged(office),
               "audit: did=limit-reset by=root user=principal/submission/alice@example.org "
               "limit=default was=\"480 external recipients in 1h\"\n");
    assert_int_equal(ask(office, "user|alice", false), CONTROL_GOOD);
    assert_told(office, "    0/500 ");
    assert_told(office, "    3/20 ");
    assert_int_equal(ask(office, "reset|alice", true), CONTROL_GOOD);
    assert_string_equal(buffer_text(&office->out),
                        "{\"schema\":1,\"reset\":[{\"account\":"
                        "\"principal/submission/alice@example.org\",\"was\":"
                        "\"3 messages to outside in 1d\"}],\"complete\":true}\n");
    assert_int_equal(ask(office, "reset|alice", false), CONTROL_WARNING);
    assert_told(office, "nothing is counted for this name\n");
    assert_int_equal(ask(office, "reset|site/|all", false), CONTROL_GOOD);
    assert_told(office, "site/: begins anew; it had used 5 messages to outside in 1h\n");
}

static void test_top(void **state)
{
    struct office *office = *state;
    use(office, CLASS_SUBMISSION, "alice@example.org", "default", 480);
    use(office, CLASS_SUBMISSION, "alice@example.org", "day", 1);
    use(office, CLASS_SUBMISSION, "bob@example.org", "default", 490);
    use(office, CLASS_SUBMISSION, "carol@example.org", "default", 500);
    use(office, CLASS_SUBMISSION, "dora@example.org", "day", 20);
    use(office, CLASS_LIST, "lists", "default", 100);
    use(office, CLASS_SUBMISSION, "", "all", 10);
    assert_int_equal(ask(office, "top|4|nearest", false), CONTROL_GOOD);
    assert_string_equal(
        buffer_text(&office->out),
        " USED USED/LIMIT            REFUSED   WHO: LIMIT\n"
        " 100% 20/20                 0         dora@example.org: day, messages to outside in 1d\n"
        "  98% 490/500               0         bob@example.org: default, external recipients in "
        "1h\n"
        "  96% 480/500               0         alice@example.org: default, external recipients in "
        "1h\n"
        "  56% 500/900               0         carol@example.org: default, external recipients in "
        "1h\n"
        "of 6 accounts; REFUSED: attempts beyond a limit in the last hour\n");
    assert_int_equal(ask(office, "top|2|used", false), CONTROL_GOOD);
    assert_string_equal(
        buffer_text(&office->out),
        "REFUSED   WHO: USED\n"
        "0         carol@example.org: 500 external recipients in 1h\n"
        "0         bob@example.org: 490 external recipients in 1h\n"
        "of 6 accounts, by external recipients in 1h; REFUSED: attempts beyond a limit in the "
        "last hour\n");
    assert_int_equal(ask(office, "top|9|nearest", false), CONTROL_GOOD);
    assert_told(office, "lists (list): default");
    assert_told(office, "   1% 10/1000               0         site : all, ");
    assert_int_equal(ask(office, "set|alice|default|481|0|x", false), CONTROL_GOOD);
    assert_int_equal(ask(office, "top|1|nearest", true), CONTROL_GOOD);
    assert_told(office, "{\"schema\":1,\"by\":\"nearest\",\"accounts\":6,\"top\":[{\"account\":"
                        "\"principal/submission/dora@example.org\",\"by\":\"principal\",\"name\":"
                        "\"dora@example.org\",\"class\":\"submission\",\"attempts_1h\":0,"
                        "\"limit\":\"day\",\"used\":20,\"max\":20,\"uses\":[");
    /* A value that is lower than every row's brings somebody up. */
    assert_int_equal(ask(office, "set|lists|default|10|0|x", false), CONTROL_GOOD);
    assert_int_equal(ask(office, "top|1|nearest", false), CONTROL_GOOD);
    assert_told(office, "1000% 100/10 ");
}

static void test_top_of_many(void **state)
{
    struct office *office = *state;
    char name[32];
    for (unsigned i = 1; i <= 298; i++) {
        snprintf(name, sizeof(name), "u%03u@example.org", (i * 77) % 299);
        use(office, CLASS_SUBMISSION, name, "default", (i * 77) % 299);
    }
    assert_int_equal(ask(office, "top|3|nearest", false), CONTROL_GOOD);
    assert_told(office, "298/500               0         u298@");
    assert_told(office, "296/500               0         u296@");
    assert_has_not(buffer_text(&office->out), "u295@");
    assert_int_equal(ask(office, "top|1000|used", false), CONTROL_GOOD);
    assert_told(office, "u001@");
}

static void test_nobody(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, "top|5|nearest", false), CONTROL_GOOD);
    assert_told(office, "nobody has used anything of a limit\nof 0 accounts");
    assert_int_equal(ask(office, "top|5|used", true), CONTROL_GOOD);
    assert_string_equal(buffer_text(&office->out),
                        "{\"schema\":1,\"by\":\"used\",\"accounts\":0,\"top\":[]}\n");
}

static void test_list(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, "set|bob|day|5|0|too much", false), CONTROL_GOOD);
    assert_int_equal(ask(office, "list", false), CONTROL_GOOD);
    assert_told(office, "LIMIT                   MAX UNIT                           PER   BY  "
                        "       ACTION   FROM\n");
    assert_told(office, "pro-hour               5000 external recipients            1h    "
                        "principal  defer    limits row at ");
    assert_told(office, "; plan pro\n");
    assert_told(office, "default                 500 external recipients            1h    "
                        "principal  defer    built-in\n");
    assert_told(office, "\ncarol@example.org: default 900, exception at ");
    assert_told(office, "\nbob@example.org: day 5, override by root (too much)\n");
    assert_int_equal(ask(office, "list", true), CONTROL_GOOD);
    assert_told(office, "\"max\":5000,\"plan\":[\"pro\"],\"source\":{\"kind\":\"row\"");
    assert_told(office, "\"exceptions\":[{\"name\":\"carol@example.org\",\"limit\":\"default\","
                        "\"max\":900,");
    assert_told(office, "\"overrides\":[{\"name\":\"bob@example.org\",\"limit\":\"day\",\"max\":5,"
                        "\"by\":\"root\",\"set\":\"2026-03-01T12:00:00Z\",\"because\":"
                        "\"too much\",\"holds\":true}],\"complete\":true}\n");
}

static void test_refused(void **state)
{
    static const struct {
        const char *request;
        int code;
        const char *told;
    } cases[] = {
        { "", CONTROL_USAGE, "limits of what? valid: list, user, top, set, clear, reset" },
        { "lists", CONTROL_USAGE, "limits of what?" },
        { "list|x", CONTROL_USAGE, "limits list wants no arguments" },
        { "user", CONTROL_USAGE, "limits user wants NAME [PLAN]" },
        { "user|", CONTROL_USAGE, "a name is wanted" },
        { "top|0|used", CONTROL_USAGE, "wants a number from 1 to 1000" },
        { "top|1001|used", CONTROL_USAGE, "wants a number" },
        { "top|99999999999999999999|used", CONTROL_USAGE, "wants a number" },
        { "top||used", CONTROL_USAGE, "wants a number" },
        { "top|5|x", CONTROL_USAGE, "used or nearest" },
        { "set|bob|default|5|0", CONTROL_USAGE, "wants NAME LIMIT MAX UNTIL BECAUSE" },
        { "set|bob|gone|5|0|x", CONTROL_USAGE,
          "there is no limit of this name; valid: pro-hour, day, default" },
        { "set|bob|all|5|0|x", CONTROL_USAGE, "all is counted by site, not by principal" },
        { "set|bob|default|-5|0|x", CONTROL_USAGE, "MAX is a number" },
        { "set|bob|default|5x|0|x", CONTROL_USAGE, "MAX is a number" },
        { "set|bob|default|999999999999999999|0|x", CONTROL_USAGE, "MAX is a number" },
        { "set|bob|default||0|x", CONTROL_USAGE, "MAX is a number" },
        { "set|bob|default|5|1772366400|x", CONTROL_USAGE, "the end lies in the past" },
        { "set|bob|default|5|99999999999999999999|x", CONTROL_USAGE, "the end lies" },
        { "set|bob|default|5|0| ", CONTROL_USAGE, "a reason is wanted" },
        { "set||default|5|0|x", CONTROL_USAGE, "a name is wanted" },
        { "clear|bob", CONTROL_USAGE, "wants NAME LIMIT" },
        { "clear||default", CONTROL_WARNING, "there is no override" },
        { "reset|bob|gone", CONTROL_USAGE, "there is no limit of this name" },
        { "reset|", CONTROL_WARNING, "nothing is counted" },
    };
    struct office *office = *state;
    char longer[512];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i].request);
        assert_int_equal(ask(office, cases[i].request, false), cases[i].code);
        assert_told(office, cases[i].told);
    }
    snprintf(longer, sizeof(longer), "set|bob|default|5|0|%0200d", 1);
    assert_int_equal(ask(office, longer, false), CONTROL_USAGE);
    snprintf(longer, sizeof(longer), "set|%0256d@example.org|default|5|0|x", 1);
    assert_int_equal(ask(office, longer, false), CONTROL_USAGE);
    assert_string_equal(logged(office), "");
}

static void test_rights(void **state)
{
    static const char *const acting[] = { "set|bob|default|5|0|x", "clear|bob|default",
                                          "reset|bob" };
    static const char *const looking[] = { "list", "user|bob", "top|5|used" };
    struct office *office = *state;
    use(office, CLASS_SUBMISSION, "bob@example.org", "default", 3);
    office->asker = (struct control_asker){ false, "uid 1000" };
    for (size_t i = 0; i < sizeof(acting) / sizeof(acting[0]); i++) {
        assert_int_equal(ask(office, acting[i], false), CONTROL_DENIED);
        assert_told(office, "not permitted: only root and the daemon's user may change limits");
    }
    assert_int_equal(ask(office, acting[0], true), CONTROL_DENIED);
    assert_told(office, "{\"schema\":1,\"error\":\"not permitted");
    for (size_t i = 0; i < sizeof(looking) / sizeof(looking[0]); i++) {
        assert_int_equal(ask(office, looking[i], false), CONTROL_GOOD);
    }
    assert_int_equal(ask(office, "user|bob", false), CONTROL_GOOD);
    assert_told(office, "    3/500 ");
    assert_string_equal(logged(office), "");
}

static void test_nothing_counted(void **state)
{
    struct office *office = *state;
    office->host.ledger = NULL;
    assert_int_equal(ask(office, "list", false), CONTROL_INTERNAL);
    assert_told(office, "this process counts nothing");
}

/* --- words ----------------------------------------------------------------------------------- */

static void test_words(void **state)
{
    static const struct span whole[] = { SPAN("limits"), SPAN("a b"),          SPAN(""),
                                         SPAN("\"\""),   SPAN("\n=\\x\0\xff"), SPAN("json") };
    struct control_words *words = malloc(sizeof(*words));
    struct buffer line = BUFFER_EMPTY;
    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        control_words_add(&line, whole[i]);
    }
    assert_string_equal(buffer_text(&line), "limits a\\x20b \"\" \\x22\\x22 "
                                            "\\x0a\\x3d\\x5cx\\x00\\xff json");
    assert_true(control_words_read(buffer_span(&line), words));
    assert_int_equal(words->count, sizeof(whole) / sizeof(whole[0]));
    for (size_t i = 0; i < words->count; i++) {
        assert_true(span_is_equal(words->at[i], whole[i]));
    }
    buffer_free(&line);
    free(words);
}

static void test_words_refused(void **state)
{
    static const char *const lines[] = {
        "a \\", "a \\x",      "a \\x1", "a \\x1g", "a \\X41", "a \\x4G",           "a\"b",
        "a=b",  "a \"\"\"\"", "a \"",   "a\tb",    "\x80",    "a b c d e f g h i", "a \\x41\\n"
    };
    struct control_words *words = malloc(sizeof(*words));
    char longest[CONTROL_WORD_MAX + 2];
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (control_words_read(span_of(lines[i]), words)) {
            fail_msg("read: %s", lines[i]);
        }
    }
    assert_true(control_words_read(SPAN("  a   b \r"), words));
    assert_int_equal(words->count, 2);
    assert_true(control_words_read(SPAN(""), words));
    assert_int_equal(words->count, 0);
    memset(longest, 'a', sizeof(longest));
    assert_true(control_words_read((struct span){ longest, CONTROL_WORD_MAX }, words));
    assert_int_equal(words->at[0].size, CONTROL_WORD_MAX);
    assert_false(control_words_read((struct span){ longest, CONTROL_WORD_MAX + 1 }, words));
    free(words);
}

/* --- suspensions ----------------------------------------------------------------------------- */

static void test_suspend(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, "suspend|ALICE|0|phished", false), CONTROL_GOOD);
    assert_told(office, "alice@example.org is suspended since 20");
    assert_told(office, " until released, by root: phished\n");
    assert_has(logged(office), "audit: did=user-suspend by=root user=alice@example.org "
                               "because=\"phished\"");
    assert_int_equal(ask(office, "suspended", false), CONTROL_GOOD);
    assert_told(office, "alice@example.org is suspended");
    assert_int_equal(ask(office, "user|alice", false), CONTROL_GOOD);
    assert_told(office, "\n  alice@example.org is suspended since ");
    assert_int_equal(ask(office, "user|alice", true), CONTROL_GOOD);
    assert_told(office, "\"suspension\":{\"name\":\"alice@example.org\",\"state\":\"suspended\",");

    assert_int_equal(ask(office, "release|alice|has a new password", true), CONTROL_GOOD);
    assert_told(office, "\"state\":\"released\"");
    assert_has(logged(office), "audit: did=user-release by=root user=alice@example.org ");
    assert_int_equal(ask(office, "suspended", false), CONTROL_GOOD);
    assert_told(office, "alice@example.org was released, is on trial since ");
    assert_int_equal(ask(office, "release|alice", false), CONTROL_WARNING);

    assert_int_equal(ask(office, "history|alice", false), CONTROL_GOOD);
    assert_told(office, "  suspend   by root: phished\n");
    assert_told(office, "  release   by root: has a new password\n");
    assert_int_equal(ask(office, "history|alice", true), CONTROL_GOOD);
    assert_told(office, "\"what\":\"suspend\",\"by\":\"root\",\"text\":\"phished\"");
    assert_int_equal(ask(office, "history|bob", false), CONTROL_GOOD);
    assert_told(office, "nothing is noted of this name");
}

static void test_suspend_refused(void **state)
{
    struct office *office = *state;
    char request[700];
    assert_int_equal(ask(office, "suspend|alice|0|", false), CONTROL_USAGE);
    assert_told(office, "a reason is wanted");
    assert_int_equal(ask(office, "suspend|alice|1000|x", false), CONTROL_USAGE);
    assert_told(office, "the end lies in the past");
    assert_int_equal(ask(office, "suspend|alice|soon|x", false), CONTROL_USAGE);
    assert_int_equal(ask(office, "suspend|bounce|0|x", false), CONTROL_USAGE);
    assert_told(office, "cannot be suspended");
    snprintf(request, sizeof(request), "suspend|alice|0|%0500d", 1);
    assert_int_equal(ask(office, request, false), CONTROL_USAGE);
    snprintf(request, sizeof(request), "suspend|%0300d|0|x", 1);
    assert_int_equal(ask(office, request, false), CONTROL_USAGE);
    office->asker = (struct control_asker){ false, "nobody" };
    assert_int_equal(ask(office, "suspend|alice|0|x", false), CONTROL_DENIED);
    assert_int_equal(ask(office, "release|alice", false), CONTROL_DENIED);
    assert_int_equal(ask(office, "suspended", false), CONTROL_GOOD);
    assert_told(office, "nobody is suspended");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, office_open, office_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_user),
        TEST(test_user_sources),
        TEST(test_user_json),
        TEST(test_attempts),
        TEST(test_set),
        TEST(test_clear_old),
        TEST(test_set_without_effect),
        cmocka_unit_test_setup_teardown(test_set_too_many, office_open_different, office_close),
        TEST(test_reset),
        TEST(test_top),
        TEST(test_top_of_many),
        TEST(test_nobody),
        TEST(test_list),
        TEST(test_refused),
        TEST(test_rights),
        TEST(test_nothing_counted),
        TEST(test_suspend),
        TEST(test_suspend_refused),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_words_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
