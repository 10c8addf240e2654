/*
 * report_readiness: what records, keys and counts come to, rule by rule; what ends with which code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bulk/volume.h"
#include "control/report_readiness.h"
#include "limits/ledger.h"
#include "tests/support/house.h"
#include "watch/domains_record.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/x\"; mode = \"enforce\"; bulk = { threshold = 100; };\n"                     \
    "outgoing = { internal = [ \"example.org\" ]; addresses = [ \"198.51.100.7\" ]; };\n"

struct office {
    struct house house;
    struct site_holder *holder;
    struct control_host host;
    struct buffer out;
};

static int office_open(void **state)
{
    struct office *office = calloc(1, sizeof(*office));
    house_open(&office->house, CONFIG);
    house_script_used(&office->house, "");
    office->holder = site_holder_new(site_ref(office->house.site));
    office->host = (struct control_host){ .holder = office->holder,
                                          .clock = &office->house.clock.clock,
                                          .store = office->house.store,
                                          .ledger = office->house.world.books.ledger };
    *state = office;
    return 0;
}

static int office_close(void **state)
{
    struct office *office = *state;
    site_holder_free(&office->holder);
    house_close(&office->house);
    buffer_free(&office->out);
    free(office);
    return 0;
}

/* As the watch keeps it: a record without fault, or with one of this weight. */
static void keep(struct office *office, const char *key, enum domains_weight weight,
                 const char *code)
{
    struct domains_record record = { .has_judged = true,
                                     .looked_s = HOUSE_NOW_S,
                                     .since_s = HOUSE_NOW_S,
                                     .text = SPAN("x"),
                                     .old_text = SPAN("") };
    struct buffer octets = BUFFER_EMPTY;
    if (code != NULL) {
        record.faults[record.fault_count++] = (struct domains_kept){
            .weight = weight, .since_s = HOUSE_NOW_S, .code = span_of(code), .text = span_of(code)
        };
    }
    domains_record_write(&record, &octets);
    assert_true(store_put(office->house.store, STORE_WATCH, span_of(key), buffer_span(&octets),
                          STORE_SOON));
    buffer_free(&octets);
}

static void note(struct office *office, enum bulk_provider provider, uint64_t recipients,
                 bool is_list, enum bulk_answer answer)
{
    struct volume_entry entry = { .organization = SPAN("example.org"), .is_list = is_list };
    struct volume_reach reach;
    entry.recipients[provider] = recipients;
    for (size_t i = 0; i < BULK_RULE_COUNT; i++) {
        entry.answers[i] = answer;
    }
    assert_true(volume_note(office->house.store, &entry, 100, ledger_now_ms(office->host.ledger),
                            HOUSE_NOW_S, &reach));
}

static int ask(struct office *office, const char *domain, bool json)
{
    struct control_words *words = calloc(1, sizeof(*words));
    int code;
    words->at[words->count++] = SPAN("readiness");
    if (domain != NULL) {
        words->at[words->count++] = span_of(domain);
    }
    buffer_clear(&office->out);
    code = report_readiness(&office->host, words, json, &office->out);
    free(words);
    return code;
}

static void assert_told(const struct office *office, const char *piece)
{
    if (strstr(buffer_text(&office->out), piece) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", piece, buffer_text(&office->out));
    }
}

static void keep_all_good(struct office *office)
{
    keep(office, "own/spf/example.org", DOMAINS_NOTE, NULL);
    keep(office, "own/dmarc/example.org", DOMAINS_NOTE, "dmarc-none");
    keep(office, "own/mx/example.org", DOMAINS_NOTE, NULL);
    keep(office, "own/ptr/198.51.100.7", DOMAINS_NOTE, NULL);
}

/* Nobody has looked, and nothing was sent. */
static void nothing_is_known(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, "example.org", false), CONTROL_GOOD);
    assert_told(office, "B03 dmarc         unknown   unknown   unknown   DMARC: not looked at");
    assert_told(office, "B13 complaints    unknown   unknown   unknown   only the providers know");
    assert_told(office, "B07 tls           unknown   -         -         only the mail server's");
    assert_told(office, "B08 well-formed   unknown   unknown   -         no messages in 24 h\n");
    assert_told(office, "B10 one-click     unknown   unknown   unknown   no messages of lists in");
    assert_told(office, "  Google       0 of 100 recipients in 24 h\n");
}

static void all_is_good(void **state)
{
    struct office *office = *state;
    keep_all_good(office);
    note(office, BULK_GOOGLE, 3, true, BULK_YES);
    assert_int_equal(ask(office, "Example.ORG", false), CONTROL_GOOD);
    assert_told(office, "example.org, counted as example.org with all its subdomains\n");
    assert_told(office, "B01 authenticated pass      pass      -         SPF: lets all our");
    assert_told(office, "B03 dmarc         pass      pass      pass      DMARC: a record holds; 0 "
                        "of 1 messages failed in 24 h\n");
    assert_told(office, "B06 reverse-name  pass      pass      pass      PTR: each of 1 addresses");
    assert_told(office, "B10 one-click     pass      pass      pass      0 of 1 messages of lists");
    assert_told(office, "B14 reachable     -         pass      pass      MX: it takes mail\n");
    assert_told(office, "last 24 h: 1 messages to outside, 1 list messages, 1 with one-click\n");
    assert_told(office,
                "  Yahoo        0 of 100 recipients in 24 h, a bulk sender for its lists\n");
}

/* Whatever cannot be told says so in the same line. */
static void each_rule_has_a_reason(void **state)
{
    struct office *office = *state;
    struct span rest, line;
    size_t rules = 0;
    assert_int_equal(ask(office, "example.org", false), CONTROL_GOOD);
    rest = buffer_span(&office->out);
    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 4 && line.at[0] == 'B' && line.at[3] == ' ') {
            assert_true(span_trim(span_from(line, 48)).size > 0);
            rules++;
        }
    }
    assert_int_equal(rules, BULK_RULE_COUNT);
}

/* What bulk senders are asked is a warning until one is. */
static void faults_weigh_by_volume(void **state)
{
    struct office *office = *state;
    keep_all_good(office);
    keep(office, "own/dmarc/example.org", DOMAINS_FAULT, "dmarc-missing");
    assert_int_equal(ask(office, "example.org", false), CONTROL_WARNING);
    assert_told(office, "B03 dmarc         warn      warn      warn      DMARC: dmarc-missing\n");
    note(office, BULK_MICROSOFT, 100, false, BULK_UNKNOWN);
    assert_int_equal(ask(office, "example.org", false), CONTROL_CRITICAL);
    assert_told(office, "B03 dmarc         warn      warn      fail      DMARC: dmarc-missing");
    assert_told(office, "Microsoft    100 of 100 recipients in 24 h, a bulk sender since 2026-03-");
    assert_told(office, "\nwhat to do\n  B03: ");
}

static void faults_are_told_apart(void **state)
{
    static const struct {
        const char *key;
        enum domains_weight weight;
        const char *code, *line;
    } rows[] = {
        { "own/spf/example.org", DOMAINS_FAULT, "spf-address 198.51.100.7",
          "B02 both          warn      warn      warn      SPF: spf-address" },
        { "own/spf/example.org", DOMAINS_FAULT, "spf a remark",
          "B02 both          unknown   unknown   unknown   SPF: spf a remark" },
        { "own/ptr/198.51.100.7", DOMAINS_GRAVE, "ptr-missing",
          "B06 reverse-name  fail      fail      fail      PTR: ptr-missing" },
        { "own/mx/example.org", DOMAINS_FAULT, "mx-alias mx.example.org",
          "B14 reachable     -         warn      warn      MX: mx-alias" },
        { "own/dmarc/example.org", DOMAINS_FAULT, "dmarc-odd",
          "B03 dmarc         warn      warn      warn      DMARC: dmarc-odd" },
    };
    struct office *office = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        keep_all_good(office);
        keep(office, rows[i].key, rows[i].weight, rows[i].code);
        ask(office, "example.org", false);
        assert_told(office, rows[i].line);
    }
}

static void json_is_whole(void **state)
{
    struct office *office = *state;
    note(office, BULK_GOOGLE, 100, true, BULK_NO);
    assert_int_equal(ask(office, "example.org", true), CONTROL_CRITICAL);
    assert_told(office, "\"schema\":1");
    assert_told(office,
                "\"google\":{\"recipients_24h\":100,\"bulk_sender\":true,\"since\":\"2026-");
    assert_told(office, "\"id\":\"B10\"");
    assert_told(office, "\"google\":{\"asked\":\"bulk\",\"verdict\":\"warn\",\"page\":\"https://");
    assert_told(office, "\"judged_24h\":1,\"failed_24h\":1,\"unknown_24h\":0");
    assert_told(office, "\"id\":\"B20\"");
}

static void questions_are_checked(void **state)
{
    struct office *office = *state;
    assert_int_equal(ask(office, NULL, false), CONTROL_USAGE);
    assert_int_equal(ask(office, "no domain", false), CONTROL_USAGE);
    assert_int_equal(ask(office, "", true), CONTROL_USAGE);
    office->host.ledger = NULL;
    assert_int_equal(ask(office, "example.org", false), CONTROL_INTERNAL);
}

/* What a later version wrote is told as that, not as nothing sent. */
static void unreadable_counts_are_told(void **state)
{
    struct office *office = *state;
    assert_true(store_put(office->house.store, STORE_BULK, SPAN("o/example.org"), SPAN("\x07"),
                          STORE_SOON));
    assert_int_equal(ask(office, "example.org", false), CONTROL_INTERNAL);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, office_open, office_close)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_known),       TEST(each_rule_has_a_reason),     TEST(all_is_good),
        TEST(faults_weigh_by_volume), TEST(faults_are_told_apart),      TEST(json_is_whole),
        TEST(questions_are_checked),  TEST(unreadable_counts_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
