/*
 * ledger_sets: limits on different recipients that are larger than what is kept for whom no limit
 * says how many: they are reached all the same, by those that stop and by those that only tell.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "limits/ledger.h"
#include "limits/provider.h"
#include "limits/unique.h"

enum { MANY = 15000, PART = 500 };

static struct store *store;
static struct ledger *ledger;
static struct clock_fixed wall;
static struct charge charge;
static struct charge_recipient recipients[PART];

static int ledger_make(void **state)
{
    (void)state;
    clock_fixed_init(&wall, 1772366400);
    store = store_in_memory();
    ledger = ledger_new(store, &wall.clock);
    return ledger != NULL ? 0 : -1;
}

static int ledger_drop(void **state)
{
    (void)state;
    ledger_free(&ledger);
    store_close(&store);
    return 0;
}

/* A message to `count` people, the first of whom is number `first`. */
static enum charge_answer send(const struct limit *limit, bool is_strict, uint64_t first,
                               size_t count)
{
    charge = (struct charge){ .now_ms = ledger_now_ms(ledger),
                              .accounts = { SPAN("principal/submission/alice") },
                              .account_count = 1,
                              .line_count = 1,
                              .recipients = recipients,
                              .recipient_count = count };
    charge.lines[0] = (struct charge_line){ .limit = limit,
                                            .amount = count,
                                            .max = (uint64_t)limit->max,
                                            .is_strict = is_strict,
                                            .provider = PROVIDER_COUNT };
    for (size_t i = 0; i < count; i++) {
        recipients[i] = (struct charge_recipient){ .fingerprint = (first + i) << 20 };
    }
    return ledger_charge(ledger, &charge);
}

static const struct limit people = { .name = "people",
                                     .count = LIMIT_UNIQUE_RECIPIENTS,
                                     .to = LIMIT_TO_EXTERNAL,
                                     .max = MANY,
                                     .per_s = 86400 };

static void fill(bool is_strict)
{
    for (uint64_t sent = 0; sent < MANY; sent += PART) {
        assert_int_equal(send(&people, is_strict, sent, PART), CHARGE_DONE);
        assert_int_equal(charge.lines[0].used, sent);
        assert_int_equal(charge.lines[0].fits_in_ms, 0);
    }
}

static void test_one_that_stops(void **state)
{
    (void)state;
    assert_true((int)MANY > (int)UNIQUE_CEILING);
    fill(true);
    assert_int_equal(send(&people, true, MANY, 1), CHARGE_EXCEEDED);
    assert_int_equal(charge.lines[0].used, MANY);
    assert_int_equal(send(&people, true, MANY - 1, 1), CHARGE_DONE); /* a known one is free */
}

static void test_one_that_tells(void **state)
{
    (void)state;
    fill(false);
    assert_int_equal(send(&people, false, MANY, 1), CHARGE_DONE);
    assert_true(charge.lines[0].fits_in_ms > 0);
    assert_int_equal(charge.lines[0].used, MANY);
}

static void test_unlimited(void **state)
{
    struct limit free_of_it = people;
    (void)state;
    free_of_it.max = 0;
    for (uint64_t sent = 0; sent < MANY; sent += PART) {
        assert_int_equal(send(&free_of_it, true, sent, PART), CHARGE_DONE);
    }
    send(&free_of_it, true, 0, 1);
    assert_int_equal(charge.lines[0].used, UNIQUE_CEILING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_that_stops, ledger_make, ledger_drop),
        cmocka_unit_test_setup_teardown(test_one_that_tells, ledger_make, ledger_drop),
        cmocka_unit_test_setup_teardown(test_unlimited, ledger_make, ledger_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
