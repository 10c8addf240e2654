/*
 * A scanner that is well: what it finds, large messages, many at once, another snapshot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "tests/unit/test_scan_support.h"

static char rules[] = "eicar = stream: Win.Test.EICAR_HDB-1 FOUND\n"
                      "locked = stream: Heuristics.Encrypted.Zip FOUND\n"
                      "wanted = stream: PUA.Win.Tool.X FOUND\n"
                      "strange = stream: a b\\x1b\\xc3\\xa4 FOUND\n"
                      "huge = INSTREAM size limit exceeded. ERROR\n"
                      "odd = stream: Can't allocate memory ERROR\n";

static void answers(void **state)
{
    static const struct {
        const char *message;
        enum scan_outcome outcome;
        const char *says;
        bool is_mild;
    } cases[] = {
        { "hello", SCAN_CLEAN, "", false },
        { "", SCAN_CLEAN, "", false },
        { "an eicar in it", SCAN_FOUND, "Win.Test.EICAR_HDB-1", false },
        { "locked", SCAN_FOUND, "Heuristics.Encrypted.Zip", true },
        { "wanted", SCAN_FOUND, "PUA.Win.Tool.X", true },
        { "strange", SCAN_FOUND, "a b???", false },
        { "huge", SCAN_TOO_LARGE, "StreamMaxLength", false },
        { "odd", SCAN_UNKNOWN, "Can't allocate memory", false },
        { "hello", SCAN_CLEAN, "", false },
    };
    (void)state;
    for (unsigned way = 0; way < 2; way++) {
        struct scan_house house;
        struct clamd_state seen;
        scan_house_open(&house, way == 0 ? "egress-clamd" : NULL, clamd_server_by_rules, rules,
                        PATIENT_MS);
        clamd_look_at(house.clamd, &seen);
        assert_false(seen.was_asked);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct scan_result result = scan_text(&house, cases[i].message);
            assert_scan(result, cases[i].outcome, cases[i].says);
            assert_int_equal(result.is_mild, cases[i].is_mild);
            assert_false(result.is_outage);
        }
        clamd_look_at(house.clamd, &seen);
        assert_true(seen.was_asked && !seen.is_down && !seen.is_disk_bad);
        scan_house_close(&house);
    }
}

/* More than any socket holds, and what matters is at its end. */
static void large(void **state)
{
    enum { SIZE = 2 * 1024 * 1024 + 77 };
    (void)state;
    struct scan_house house;
    char *bytes = malloc(SIZE);
    memset(bytes, 'x', SIZE);
    scan_house_open(&house, "egress-clamd", clamd_server_by_rules, rules, PATIENT_MS);
    assert_scan(scan_bytes(&house, (struct span){ bytes, SIZE }), SCAN_CLEAN, "");
    memcpy(bytes + SIZE - 5, "eicar", 5);
    assert_scan(scan_bytes(&house, (struct span){ bytes, SIZE }), SCAN_FOUND, "EICAR");
    house.settings.max_bytes = SIZE;
    assert_scan(scan_bytes(&house, (struct span){ bytes, SIZE }), SCAN_FOUND, "EICAR");
    house.settings.max_bytes = SIZE - 1;
    unsigned before = house.server.connections;
    assert_scan(scan_bytes(&house, (struct span){ bytes, SIZE }), SCAN_TOO_LARGE, "clamd.max_size");
    assert_int_equal(house.server.connections, before);
    scan_house_close(&house);
    free(bytes);
}

struct asker {
    pthread_t thread;
    struct scan_house *house;
    unsigned number, wrong;
};

static void *ask_much(void *argument)
{
    struct asker *asker = argument;
    for (unsigned i = 0; i < 20; i++) {
        bool is_bad = (i + asker->number) % 3 == 0;
        struct scan_result result = scan_text(asker->house, is_bad ? "eicar" : "hello");
        asker->wrong += result.outcome != (is_bad ? SCAN_FOUND : SCAN_CLEAN);
    }
    return NULL;
}

/* More threads than connections: each gets its own answer. */
static void crowd(void **state)
{
    enum { THREADS = 30 };
    (void)state;
    struct scan_house house;
    struct asker askers[THREADS];
    scan_house_open(&house, "egress-clamd", clamd_server_by_rules, rules, PATIENT_MS);
    for (unsigned i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){ .house = &house, .number = i };
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_much, &askers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].wrong, 0);
    }
    scan_house_close(&house);
}

/* What is known of a server goes on with the next snapshot, unless it moves. */
static void next_snapshot(void **state)
{
    (void)state;
    struct scan_house house;
    struct error error;
    scan_house_open(&house, "egress-clamd", clamd_server_by_rules, rules, PATIENT_MS);
    struct clamd *same = clamd_open(&house.settings, house.clamd, &error);
    assert_ptr_equal(same, house.clamd);
    struct clamd_settings moved = house.settings;
    moved.socket = "unix:/elsewhere/clamd.ctl";
    struct clamd *other = clamd_open(&moved, house.clamd, &error);
    assert_ptr_not_equal(other, house.clamd);
    clamd_unref(&other);
    clamd_unref(&same);
    assert_scan(scan_text(&house, "eicar"), SCAN_FOUND, "EICAR");
    scan_house_close(&house);
}

/* Where nobody has asked, and only there. */
static void looks(void **state)
{
    (void)state;
    struct scan_house house;
    struct clamd_state seen;
    scan_house_open(&house, "egress-clamd", clamd_server_by_rules, rules, PATIENT_MS);
    clamd_look(house.clamd, &house.clock.clock);
    clamd_look_at(house.clamd, &seen);
    assert_true(seen.was_asked && !seen.is_down);
    assert_int_equal(house.server.requests, 1);
    house.clock.now_ns += 29 * SECOND_NS;
    clamd_look(house.clamd, &house.clock.clock);
    assert_int_equal(house.server.requests, 1);
    scan_text(&house, "hello");
    house.clock.now_ns += 29 * SECOND_NS;
    clamd_look(house.clamd, &house.clock.clock);
    assert_int_equal(house.server.requests, 2);
    house.clock.now_ns += SECOND_NS;
    clamd_look(house.clamd, &house.clock.clock);
    assert_int_equal(house.server.requests, 3);
    scan_house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),       cmocka_unit_test(large), cmocka_unit_test(crowd),
        cmocka_unit_test(next_snapshot), cmocka_unit_test(looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
