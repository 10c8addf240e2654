/*
 * A scanner that is not well: garbage, silence, half answers, nobody there; and its return.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/unit/test_scan_support.h"

#define DEADLINE_MS 250 /* of what is to miss it */

static void faults(void **state)
{
    static char huge[100000];
    const struct map_server_fault cases[] = {
        { { "", 0 }, true, "no answer in time" },
        { { "stream: OK", 10 }, true, "no answer in time" },
        { { "stream: OK", 10 }, false, "it closed the connection without an answer" },
        { { "", 0 }, false, "it closed the connection without an answer" },
        { { "hello\0", 6 }, false, "no reply of clamd" },
        { { "stream: \0", 9 }, true, "no reply of clamd" },
        { { huge, sizeof(huge) }, true, "no reply of clamd" },
    };
    (void)state;
    memset(huge, 'x', sizeof(huge));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scan_house house;
        struct map_server_fault fault = cases[i];
        struct clamd_state seen;
        scan_house_open(&house, "egress-clamd", map_server_badly, &fault, DEADLINE_MS);
        uint64_t begin_ms = now_ms();
        struct scan_result result = scan_text(&house, "hello");
        assert_scan(result, SCAN_UNKNOWN, cases[i].why);
        assert_true(result.is_outage);
        assert_true(now_ms() - begin_ms < DEADLINE_MS + 3000);
        clamd_look_at(house.clamd, &seen);
        assert_true(seen.is_down);
        unsigned asked = house.server.connections;
        assert_scan(scan_text(&house, "hello"), SCAN_UNKNOWN, "not asked again yet: ");
        assert_int_equal(house.server.connections, asked);
        scan_house_close(&house);
    }
}

static char no_rules[] = "";

/* One line when it goes and one when it comes back, whoever asks meanwhile. */
static void dead_and_back(void **state)
{
    (void)state;
    struct scan_house house;
    struct error line;
    bool is_bad;
    scan_house_open(&house, "egress-clamd", clamd_server_by_rules, no_rules, PATIENT_MS);
    assert_scan(scan_text(&house, "a"), SCAN_CLEAN, "");
    assert_false(clamd_next_news(house.clamd, &house.settings, &house.clock.clock, &is_bad, &line));
    map_server_stop(&house.server);
    assert_scan(scan_text(&house, "a"), SCAN_UNKNOWN, "cannot connect: No such file");
    assert_scan(scan_text(&house, "a"), SCAN_UNKNOWN, "not asked again yet: cannot connect");
    assert_true(clamd_next_news(house.clamd, &house.settings, &house.clock.clock, &is_bad, &line));
    assert_true(is_bad);
    assert_non_null(strstr(line.text, house.socket));
    assert_non_null(strstr(line.text, "meanwhile mail passes without a scan"));
    assert_false(clamd_next_news(house.clamd, &house.settings, &house.clock.clock, &is_bad, &line));
    map_server_restart(&house.server);
    assert_scan(scan_text(&house, "a"), SCAN_UNKNOWN, "not asked again yet");
    house.clock.now_ns += SECOND_NS;
    assert_scan(scan_text(&house, "a"), SCAN_CLEAN, "");
    assert_true(clamd_next_news(house.clamd, &house.settings, &house.clock.clock, &is_bad, &line));
    assert_false(is_bad);
    assert_non_null(strstr(line.text, "it answers again"));
    assert_false(clamd_next_news(house.clamd, &house.settings, &house.clock.clock, &is_bad, &line));
    scan_house_close(&house);
}

/* A look finds out that it is back, without any mail. */
static void found_by_a_look(void **state)
{
    (void)state;
    struct scan_house house;
    struct clamd_state seen;
    scan_house_open(&house, "egress-clamd", clamd_server_by_rules, no_rules, PATIENT_MS);
    map_server_stop(&house.server);
    clamd_look(house.clamd, &house.clock.clock);
    clamd_look_at(house.clamd, &seen);
    assert_true(seen.is_down);
    map_server_restart(&house.server);
    house.clock.now_ns += SECOND_NS;
    clamd_look(house.clamd, &house.clock.clock);
    clamd_look_at(house.clamd, &seen);
    assert_false(seen.is_down);
    scan_house_close(&house);
}

/* A disk that is full says nothing of the server, and is told once. */
static void no_disk(void **state)
{
    (void)state;
    struct scan_house house;
    struct error line;
    struct clamd_state seen;
    bool is_bad;
    scan_house_open(&house, "egress-clamd", clamd_server_by_rules, no_rules, PATIENT_MS);
    house.settings.directory = "/nonexistent";
    house.settings.on_failure = CLAMD_FAILURE_DEFER;
    for (unsigned i = 0; i < 3; i++) {
        struct scan_result result = scan_text(&house, "a");
        assert_scan(result, SCAN_UNKNOWN, "no file can be made in /nonexistent");
        assert_true(result.is_outage);
    }
    clamd_look_at(house.clamd, &seen);
    assert_true(seen.is_disk_bad && !seen.is_down);
    assert_true(clamd_next_news(house.clamd, &house.settings, &house.clock.clock, &is_bad, &line));
    assert_non_null(strstr(line.text, "mail of users is deferred"));
    assert_false(clamd_next_news(house.clamd, &house.settings, &house.clock.clock, &is_bad, &line));
    house.settings.directory = "/tmp";
    assert_scan(scan_text(&house, "a"), SCAN_CLEAN, "");
    assert_true(clamd_next_news(house.clamd, &house.settings, &house.clock.clock, &is_bad, &line));
    assert_non_null(strstr(line.text, "can be kept for it again"));
    scan_house_close(&house);
}

struct asker {
    pthread_t thread;
    struct scan_house *house;
    struct span bytes;
    struct scan_result result;
    uint64_t took_ms;
};

static void *ask_once(void *argument)
{
    struct asker *asker = argument;
    uint64_t begin_ms = now_ms();
    asker->result = scan_bytes(asker->house, asker->bytes);
    asker->took_ms = now_ms() - begin_ms;
    return NULL;
}

/* A server that is stopped takes connections, closes none and reads nothing. Large and small
 * messages, more than there are connections: all have their answer in time, and nobody waits after
 * that. */
static void stopped_server(void **state)
{
    enum { THREADS = 24, SIZE = 1 << 20 };
    (void)state;
    struct scan_house house = { .clamd = NULL };
    struct error error;
    struct asker askers[THREADS];
    char *bytes = calloc(1, SIZE), path[64];
    snprintf(path, sizeof(path), "/tmp/egress-clamd-deaf.%d", (int)getpid());
    snprintf(house.socket, sizeof(house.socket), "unix:%s", path);
    int listener = map_server_deaf(path, 4);
    house.settings = (struct clamd_settings){
        .socket = house.socket, .timeout_ms = DEADLINE_MS, .max_bytes = SIZE, .directory = "/tmp"
    };
    clock_fixed_init(&house.clock, 1000);
    house.clamd = clamd_open(&house.settings, NULL, &error);
    for (unsigned i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){ .house = &house, .bytes = { bytes, i % 2 ? SIZE : 10 } };
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_once, &askers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].result.outcome, SCAN_UNKNOWN);
        assert_true(askers[i].took_ms < DEADLINE_MS + 3000);
    }
    assert_scan(scan_text(&house, "a"), SCAN_UNKNOWN, "not asked again yet");
    scan_house_shut(&house);
    close(listener);
    unlink(path);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults),          cmocka_unit_test(dead_and_back),
        cmocka_unit_test(found_by_a_look), cmocka_unit_test(no_disk),
        cmocka_unit_test(stopped_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
