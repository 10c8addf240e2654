/*
 * domains: the watch as it runs: rounds over all records at a pace, first sight, changes, faults,
 * outages, restarts; every line is read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/settings.h"
#include "dns/scripted.h"
#include "watch/domains.h"
#include "watch/domains_list.h"
#include "watch/domains_status.h"

#define BEGIN_S 1772366400 /* 2026-03-01 12:00 */
#define HOUR_S 3600

struct stand {
    struct clock_fixed clock;
    struct site_holder *holder;
    struct dns_resolver *resolver;
    struct store *store;
    struct domains_watch *watch;
    struct log_sink sink;
    struct buffer log; /* "w LINE\n" */
    unsigned asked;    /* questions of resolvers that are gone */
};

static void keep_line(struct log_sink *sink, enum log_level level, struct span line)
{
    struct stand *stand = (struct stand *)((char *)sink - offsetof(struct stand, sink));
    buffer_add_char(&stand->log, log_level_name(level)[0]);
    buffer_add_char(&stand->log, ' ');
    buffer_add_span(&stand->log, line);
    buffer_add_char(&stand->log, '\n');
}

static struct site *load(const char *config)
{
    struct config_report *report = config_report_new();
    struct site *site = site_load_text("test.conf", span_of(config), all_config_tables(), report);
    if (site == NULL) {
        fail_msg("%s", config_report_fault(report, 0)->text);
    }
    config_report_free(&report);
    return site;
}

static void answer(struct stand *stand, const char *zone)
{
    struct error error;
    if (stand->resolver != NULL) {
        stand->asked += dns_scripted_count(stand->resolver);
        dns_resolver_free(&stand->resolver);
    }
    stand->resolver = dns_scripted_new(span_of(zone), &stand->clock.clock, &error);
    if (stand->resolver == NULL) {
        fail_msg("%s", error.text);
    }
}

/* A watch that knows only what the store does. */
static void restart(struct stand *stand)
{
    struct domains_setup setup = { stand->holder, stand->resolver, stand->store,
                                   &stand->clock.clock, &stand->sink };
    domains_watch_free(&stand->watch);
    stand->watch = domains_watch_new(&setup);
    assert_non_null(stand->watch);
}

static void open_stand(struct stand *stand, const char *config, const char *zone)
{
    *stand = (struct stand){ .sink = { keep_line }, .store = store_in_memory() };
    clock_fixed_init(&stand->clock, BEGIN_S);
    stand->holder = site_holder_new(load(config));
    answer(stand, zone);
    restart(stand);
}

static void close_stand(struct stand *stand)
{
    domains_watch_free(&stand->watch);
    dns_resolver_free(&stand->resolver);
    store_close(&stand->store);
    site_holder_free(&stand->holder);
    buffer_free(&stand->log);
}

static void pass(struct stand *stand, uint64_t ms)
{
    stand->clock.now_ns += ms * 1000000;
    stand->clock.now_s = BEGIN_S + (int64_t)(stand->clock.now_ns / 1000000000);
}

/* Lets the watch work for so long, as it asks to be called. Returns how often it was. */
static unsigned run_for(struct stand *stand, int64_t seconds)
{
    uint64_t end_ns = stand->clock.now_ns + (uint64_t)seconds * 1000000000;
    unsigned calls = 0;
    while (stand->clock.now_ns < end_ns) {
        uint64_t wait_ms = domains_watch_work(stand->watch);
        uint64_t left_ms = (end_ns - stand->clock.now_ns + 999999) / 1000000;
        calls++;
        pass(stand, wait_ms < left_ms ? (wait_ms > 0 ? wait_ms : 1) : left_ms);
    }
    return calls;
}

/* All that was logged since the last time. */
static void assert_log(struct stand *stand, const char *expected)
{
    assert_string_equal(buffer_text(&stand->log), expected);
    buffer_clear(&stand->log);
}

/* Another resolver; the watch keeps its memory of today. */
static void change_zone(struct stand *stand, const char *zone)
{
    answer(stand, zone);
    restart(stand);
}

#define CONFIG                                                                                     \
    "socket = \"unix:/run/m.sock\";\n"                                                             \
    "outgoing = { addresses = [ \"192.0.2.1\" ]; helo = \"mail.example.org\";\n"                   \
    "  egress = ( { name = \"bulk\"; addresses = [ \"192.0.2.2\" ];\n"                             \
    "               domains = [ \"example.org\" ]; } ); };\n"

#define ZONE_BUT_SPF                                                                               \
    "_dmarc.example.org TXT \"v=DMARC1; p=reject\"\n"                                              \
    "example.org MX 10 mail.example.org\n"                                                         \
    "mail.example.org A 192.0.2.1\n"                                                               \
    "mail.example.org A 192.0.2.2\n"                                                               \
    "mail.example.org TXT \"v=spf1 a -all\"\n"                                                     \
    "1.2.0.192.in-addr.arpa PTR mail.example.org\n"                                                \
    "2.2.0.192.in-addr.arpa PTR mail.example.org\n"
#define ZONE "example.org TXT \"v=spf1 ip4:192.0.2.2 -all\"\n" ZONE_BUT_SPF
#define ZONE_CHANGED "example.org TXT \"v=spf1 ip4:192.0.2.0/30 -all\"\n" ZONE_BUT_SPF
#define ZONE_WRONG "example.org TXT \"v=spf1 ip4:192.0.2.1 -all\"\n" ZONE_BUT_SPF

/* SPF, DMARC, MX; two addresses; a HELO name. */
static void test_first_sight(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, ZONE);
    run_for(&stand, 10);
    assert_log(&stand, "i own domains: 6 records seen for the first time, 0 with faults; egressctl "
                       "status lists them\n");
    run_for(&stand, 10 * HOUR_S);
    assert_log(&stand, "");
    close_stand(&stand);
}

static void test_first_sight_of_faults(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, "");
    run_for(&stand, HOUR_S);
    assert_log(&stand, "i own domains: 6 records seen for the first time, 6 with faults; egressctl "
                       "status lists them\n");
    close_stand(&stand);
}

#define CHANGE                                                                                     \
    "w own domains: SPF of example.org has changed: it was \"v=spf1 ip4:192.0.2.2 -all\" ("        \
    "2026-03-01T12:00:00Z to 2026-03-01T13:00:00Z), it is \"v=spf1 ip4:192.0.2.0/30 -all\"\n"

static void test_change(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, ZONE);
    run_for(&stand, HOUR_S + HOUR_S / 2);
    buffer_clear(&stand.log);
    change_zone(&stand, ZONE_CHANGED);
    run_for(&stand, 2 * HOUR_S);
    assert_log(&stand, CHANGE);
    run_for(&stand, 48 * HOUR_S);
    assert_log(&stand, "");
    close_stand(&stand);
}

/* Begins, lasts, ends; with a restart each few hours. */
static void test_fault(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, ZONE_WRONG);
    run_for(&stand, HOUR_S);
    buffer_clear(&stand.log);
    for (int i = 0; i < 6; i++) {
        run_for(&stand, 3 * HOUR_S);
        restart(&stand);
    }
    assert_log(&stand, "");
    run_for(&stand, 7 * HOUR_S);
    assert_log(&stand, "w own domains: SPF of example.org: still: 192.0.2.2 is not in the SPF "
                       "record of example.org (fail: -all)\n");
    change_zone(&stand, ZONE "9.2.0.192.in-addr.arpa PTR x\n");
    run_for(&stand, 2 * HOUR_S);
    assert_non_null(strstr(buffer_text(&stand.log), "; over: 192.0.2.2 is not in"));
    assert_null(strchr(strchr(buffer_text(&stand.log), '\n') + 1, '\n'));
    close_stand(&stand);
}

static void test_outage(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, "* * TIMEOUT\n");
    run_for(&stand, 3 * HOUR_S);
    assert_log(&stand, "");
    change_zone(&stand, ZONE);
    run_for(&stand, HOUR_S);
    assert_log(&stand, "i own domains: 6 records seen for the first time, 0 with faults; egressctl "
                       "status lists them\n");
    change_zone(&stand, "* * SERVFAIL\n");
    run_for(&stand, 50 * HOUR_S);
    change_zone(&stand, ZONE);
    run_for(&stand, 2 * HOUR_S);
    assert_log(&stand, "");
    close_stand(&stand);
}

/* What DNS could not tell is asked again before its hour. */
static void test_retry(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, "* * TIMEOUT\n");
    run_for(&stand, 60);
    unsigned asked = dns_scripted_count(stand.resolver);
    run_for(&stand, 200);
    assert_int_equal(dns_scripted_count(stand.resolver), asked);
    run_for(&stand, HOUR_S);
    assert_true(dns_scripted_count(stand.resolver) > asked);
    close_stand(&stand);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

/* The store's file carries it over the end of a process. */
static void test_reopened_store(void **state)
{
    char folder[] = "/tmp/test_watch_domains.XXXXXX";
    struct stand stand;
    struct error trouble;
    (void)state;
    assert_non_null(mkdtemp(folder));
    open_stand(&stand, CONFIG, ZONE);
    store_close(&stand.store);
    stand.store = store_open(folder);
    restart(&stand);
    run_for(&stand, HOUR_S + HOUR_S / 2);
    buffer_clear(&stand.log);
    domains_watch_free(&stand.watch);
    store_close(&stand.store);
    stand.store = store_open(folder);
    assert_false(store_trouble(stand.store, &trouble));
    change_zone(&stand, ZONE_CHANGED);
    run_for(&stand, 2 * HOUR_S);
    assert_log(&stand, CHANGE);
    close_stand(&stand);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Everything is looked at once more, soon, and then goes on in its old way. */
static void test_hurry(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, ZONE);
    run_for(&stand, 60);
    unsigned asked = dns_scripted_count(stand.resolver);
    domains_watch_hurry(stand.watch);
    run_for(&stand, 10);
    assert_true(dns_scripted_count(stand.resolver) >= 2 * asked - 4); /* shared ones aside */
    asked = dns_scripted_count(stand.resolver);
    run_for(&stand, HOUR_S / 2);
    assert_int_equal(dns_scripted_count(stand.resolver), asked);
    close_stand(&stand);
}

static size_t kept_count(struct stand *stand)
{
    struct buffer out = BUFFER_EMPTY;
    struct json json = json_new(&out);
    json_open(&json, NULL, '{');
    domains_status_json(stand->store, stand->clock.now_s, &json);
    size_t domains = strtoul(strstr(buffer_text(&out), "\"domains\":") + 10, NULL, 10);
    buffer_free(&out);
    return domains;
}

/* A reload's domains are looked at; those that are not ours any more are forgotten. */
static void test_reload(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, ZONE);
    run_for(&stand, 10);
    buffer_clear(&stand.log);
    assert_int_equal(kept_count(&stand), 1);
    site_holder_swap(
        stand.holder,
        load("socket = \"unix:/run/m.sock\";\n"
             "outgoing = { egress = ( { name = \"bulk\"; addresses = [ "
             "\"192.0.2.2\" ];\n domains = [ \"a.example\", \"b.example\" ]; } ); };"));
    run_for(&stand, 120);
    assert_int_equal(kept_count(&stand), 2);
    assert_log(&stand, "i own domains: 6 records seen for the first time, 6 with faults; egressctl "
                       "status lists them\n");
    close_stand(&stand);
}

/* Nothing is asked any more, and nothing shown that nobody looks after. */
static void test_never(void **state)
{
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, ZONE);
    run_for(&stand, 10);
    buffer_clear(&stand.log);
    unsigned asked = dns_scripted_count(stand.resolver);
    site_holder_swap(stand.holder, load(CONFIG "watch = { every = \"0s\"; };\n"));
    run_for(&stand, 4 * HOUR_S);
    assert_int_equal(dns_scripted_count(stand.resolver), asked);
    assert_int_equal(kept_count(&stand), 0);
    site_holder_swap(stand.holder, load(CONFIG));
    run_for(&stand, 120);
    assert_int_equal(kept_count(&stand), 1);
    close_stand(&stand);
}

static void add_many(struct buffer *config, int count, const char *every)
{
    buffer_printf(config, "socket = \"unix:/run/m.sock\";\nwatch = { every = \"%s\"; };\n", every);
    buffer_add_text(config, "outgoing = { egress = ( { name = \"all\"; addresses = [ "
                            "\"192.0.2.1\" ]; domains = [ ");
    for (int i = 0; i < count; i++) {
        buffer_printf(config, "%s\"d%d.example\"", i > 0 ? ", " : "", i);
    }
    buffer_add_text(config, " ]; } ); };\n");
}

/* Ten thousand domains: no tick is long, no second full, and every record is looked at in time. */
static void test_many(void **state)
{
    struct buffer config = BUFFER_EMPTY;
    struct stand stand;
    unsigned most = 0;
    (void)state;
    add_many(&config, 10000, "1h");
    open_stand(&stand, buffer_text(&config), "*.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n");
    for (int second = 0; second < 700; second++) {
        unsigned before = dns_scripted_count(stand.resolver);
        run_for(&stand, 1);
        unsigned asked = dns_scripted_count(stand.resolver) - before;
        most = asked > most ? asked : most;
    }
    assert_true(most <= (DOMAINS_A_SECOND + DOMAINS_AT_ONCE) * 4); /* DMARC asks the most */
    assert_int_equal(kept_count(&stand), 10000);
    assert_log(&stand, "i own domains: 30001 records seen for the first time, 20001 with faults; "
                       "egressctl status lists them\n");
    /* From the second round on they are even. */
    most = 0;
    run_for(&stand, 2 * HOUR_S);
    for (int second = 0; second < 100; second++) {
        unsigned before = dns_scripted_count(stand.resolver);
        run_for(&stand, 1);
        unsigned asked = dns_scripted_count(stand.resolver) - before;
        most = asked > most ? asked : most;
    }
    assert_true(most <= 3 * DOMAINS_AT_ONCE * 4);
    assert_log(&stand, "");
    close_stand(&stand);
    buffer_free(&config);
}

static unsigned count_lines(const struct buffer *log, const char *words)
{
    unsigned count = 0;
    for (const char *at = buffer_text(log); (at = strstr(at, words)) != NULL; at++) {
        count++;
    }
    return count;
}

/* What breaks all of them at once: changes are told each, faults as many as an hour may have. */
static void test_flood(void **state)
{
    struct buffer config = BUFFER_EMPTY;
    struct stand stand;
    (void)state;
    add_many(&config, 150, "10m");
    open_stand(&stand, buffer_text(&config),
               "*.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
               "1.2.0.192.in-addr.arpa PTR m.example\nm.example A 192.0.2.1\n"
               "*.example MX 10 m.example\n_dmarc.example TXT \"v=DMARC1; p=reject\"\n");
    run_for(&stand, HOUR_S);
    buffer_clear(&stand.log);
    change_zone(&stand, "*.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
                        "1.2.0.192.in-addr.arpa PTR m.example\nm.example A 192.0.2.1\n"
                        "*.example MX 0 .\n_dmarc.example TXT \"v=DMARC1; p=reject\"\n");
    run_for(&stand, HOUR_S / 2);
    assert_int_equal(count_lines(&stand.log, "has changed"), 150);
    assert_int_equal(count_lines(&stand.log, "more than"), 0);
    buffer_clear(&stand.log);
    run_for(&stand, 25 * HOUR_S);
    /* A day later each is told again, and DMARC of each, for which the wildcard stands: 300 lines
     * are three hours' worth. */
    assert_int_equal(count_lines(&stand.log, "still: "), 300);
    assert_int_equal(count_lines(&stand.log, "more than"), 2);
    close_stand(&stand);
    buffer_free(&config);
}

static void note_line(struct span line, void *context)
{
    buffer_add_span(context, line);
    buffer_add_char(context, '\n');
}

static void test_status(void **state)
{
    struct buffer out = BUFFER_EMPTY;
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, ZONE);
    domains_status_text(stand.store, stand.clock.now_s, &out);
    assert_string_equal(buffer_text(&out), "own records      none looked at yet\n");
    run_for(&stand, HOUR_S + HOUR_S / 2);
    change_zone(&stand, ZONE_WRONG);
    run_for(&stand, HOUR_S);
    buffer_clear(&out);
    domains_status_text(stand.store, stand.clock.now_s, &out);
    assert_string_equal(
        buffer_text(&out),
        "own records      of domains: 3, of addresses: 2, of HELO names: 1; with faults: 1, "
        "changed "
        "within a day: 1\n"
        "  SPF of example.org: 192.0.2.2 is not in the SPF record of example.org (fail: -all) "
        "(since 2026-03-01T14:00:00Z)\n"
        "  SPF of example.org changed 2026-03-01T14:00:00Z: it was \"v=spf1 ip4:192.0.2.2 -all\" "
        "(2026-03-01T12:00:00Z to 2026-03-01T13:00:00Z), it is \"v=spf1 ip4:192.0.2.1 -all\"\n");
    buffer_clear(&out);
    assert_int_equal(domains_status_grave(stand.store, note_line, &out), 1);
    assert_string_equal(buffer_text(&out), "SPF of example.org: 192.0.2.2 is not in the SPF record "
                                           "of example.org (fail: -all)\n");
    buffer_clear(&out);
    struct json json = json_new(&out);
    json_open(&json, NULL, '{');
    domains_status_json(stand.store, stand.clock.now_s, &json);
    json_close(&json, '}');
    assert_non_null(strstr(buffer_text(&out), "\"code\":\"spf-address 192.0.2.2\""));
    assert_non_null(strstr(buffer_text(&out), "\"old_text\":\"v=spf1 ip4:192.0.2.2 -all\""));
    buffer_free(&out);
    close_stand(&stand);
}

/* However many there are, the text stays short. */
static void test_status_is_bounded(void **state)
{
    struct buffer config = BUFFER_EMPTY, out = BUFFER_EMPTY;
    struct stand stand;
    (void)state;
    add_many(&config, 200, "1h");
    open_stand(&stand, buffer_text(&config), "");
    run_for(&stand, HOUR_S / 2);
    domains_status_text(stand.store, stand.clock.now_s, &out);
    assert_int_equal(count_lines(&out, "\n"), DOMAINS_LINES_MAX + 2);
    assert_non_null(strstr(buffer_text(&out), "  and 551 more; egressctl --json status"));
    buffer_clear(&out);
    assert_int_equal(domains_status_grave(stand.store, note_line, &out), 201);
    assert_int_equal(count_lines(&out, "\n"), DOMAINS_GRAVE_MAX);
    close_stand(&stand);
    buffer_free(&config);
    buffer_free(&out);
}

/* A later program's record is neither read nor written over. */
static void test_newer_layout(void **state)
{
    struct buffer kept = BUFFER_EMPTY;
    struct stand stand;
    (void)state;
    open_stand(&stand, CONFIG, ZONE);
    assert_true(store_put(stand.store, STORE_WATCH, SPAN("own/spf/example.org"), SPAN("2 new\n"),
                          STORE_SOON));
    run_for(&stand, 2 * HOUR_S);
    assert_int_equal(store_get(stand.store, STORE_WATCH, SPAN("own/spf/example.org"), &kept),
                     STORE_FOUND);
    assert_string_equal(buffer_text(&kept), "2 new\n");
    assert_log(&stand, "i own domains: 5 records seen for the first time, 0 with faults; egressctl "
                       "status lists them\n");
    buffer_free(&kept);
    close_stand(&stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_sight),    cmocka_unit_test(test_first_sight_of_faults),
        cmocka_unit_test(test_change),         cmocka_unit_test(test_fault),
        cmocka_unit_test(test_outage),         cmocka_unit_test(test_retry),
        cmocka_unit_test(test_reopened_store), cmocka_unit_test(test_hurry),
        cmocka_unit_test(test_reload),         cmocka_unit_test(test_never),
        cmocka_unit_test(test_many),           cmocka_unit_test(test_flood),
        cmocka_unit_test(test_status),         cmocka_unit_test(test_status_is_bounded),
        cmocka_unit_test(test_newer_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
