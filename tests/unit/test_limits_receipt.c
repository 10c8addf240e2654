/*
 * limits/receipt: what is given back by it, and what octets are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "limits/account.h"
#include "limits/provider.h"
#include "limits/receipt.h"
#include "limits/window.h"

static const struct limit hour = { .name = "hour", .count = LIMIT_RECIPIENTS, .per_s = 3600 };
static const struct limit people = { .name = "people",
                                     .count = LIMIT_UNIQUE_RECIPIENTS,
                                     .per_s = 3600 };
static const struct limit wrong = { .name = "wrong",
                                    .count = LIMIT_FAILED_RECIPIENTS,
                                    .per_s = 3600 };
static const struct limit all = { .name = "all", .count = LIMIT_MESSAGES, .per_s = 60 };

struct scene {
    struct clock_fixed clock;
    struct store *store;
    struct books books;
    struct charge charge;
    struct charge_recipient recipients[2];
};

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    clock_fixed_init(&scene->clock, 1772366400);
    scene->clock.now_ns = UINT64_C(86400) * 1000000000;
    scene->store = store_in_memory();
    scene->books.ledger = ledger_new(scene->store, &scene->clock.clock);
    struct charge *charge = &scene->charge;
    charge->now_ms = ledger_now_ms(scene->books.ledger);
    charge->accounts[0] = SPAN("principal/submission/alice");
    charge->accounts[1] = SPAN("site/");
    charge->account_count = 2;
    scene->recipients[0].fingerprint = 7;
    scene->recipients[1].fingerprint = 9;
    charge->recipients = scene->recipients;
    charge->recipient_count = 2;
    memset(charge->id, 1, sizeof(charge->id));
    charge->lines[0] = (struct charge_line){ .limit = &hour, .amount = 2, .max = 500 };
    charge->lines[1] = (struct charge_line){
        .limit = &people, .amount = 2, .max = 500, .provider = PROVIDER_COUNT
    };
    charge->lines[2] =
        (struct charge_line){ .limit = &all, .account = 1, .amount = 1, .max = 60, .burst = 5 };
    charge->lines[3] = (struct charge_line){ .limit = &wrong, .amount = 4, .max = 9 };
    charge->line_count = 4;
    *state = scene;
    return scene->books.ledger == NULL;
}

static int end(void **state)
{
    struct scene *scene = *state;
    ledger_free(&scene->books.ledger);
    store_close(&scene->store);
    free(scene);
    return 0;
}

static uint64_t used_of(struct scene *scene, size_t line)
{
    struct charge look = scene->charge;
    assert_int_not_equal(ledger_try(scene->books.ledger, &look), CHARGE_UNKNOWN);
    return look.lines[line].used;
}

static void write_one(struct scene *scene, struct buffer *octets)
{
    struct fleet_receipt fleet = { .at_us = 3 };
    assert_int_equal(ledger_charge(scene->books.ledger, &scene->charge), CHARGE_DONE);
    receipt_write(&scene->charge, &fleet, octets);
    assert_true(octets->size > 0 && octets->size <= RECEIPT_MAX);
}

static void test_gives_back(void **state)
{
    struct scene *scene = *state;
    struct buffer octets = BUFFER_EMPTY;
    bool is_good;
    write_one(scene, &octets);
    assert_int_equal(used_of(scene, 0), 2);
    assert_int_equal(used_of(scene, 2), 1);
    assert_true(receipt_give_back(&scene->books, buffer_span(&octets), &is_good));
    assert_true(is_good);
    assert_int_equal(used_of(scene, 0), 0);
    assert_int_equal(used_of(scene, 2), 0);
    assert_int_equal(used_of(scene, 1), 2); /* by address: it stays until its window is over */
    assert_int_equal(used_of(scene, 3), 4); /* refused by the mail server, which is a fact */
    /* It is forgotten that it was charged: the same message again pays. */
    assert_int_equal(ledger_charge(scene->books.ledger, &scene->charge), CHARGE_DONE);
    buffer_free(&octets);
}

static void test_later(void **state)
{
    struct scene *scene = *state;
    struct buffer octets = BUFFER_EMPTY;
    bool is_good;
    write_one(scene, &octets);
    scene->clock.now_ns += UINT64_C(3 * 3600) * 1000000000; /* all is out of its windows */
    scene->charge.now_ms = ledger_now_ms(scene->books.ledger);
    memset(scene->charge.id, 2, sizeof(scene->charge.id));
    assert_int_equal(ledger_charge(scene->books.ledger, &scene->charge), CHARGE_DONE);
    assert_true(receipt_give_back(&scene->books, buffer_span(&octets), &is_good));
    assert_int_equal(used_of(scene, 0), 2);
    buffer_free(&octets);
}

/* Cut anywhere, or changed, it gives back what it still says or nothing, and never more. */
static void test_foreign_octets(void **state)
{
    struct scene *scene = *state;
    struct buffer octets = BUFFER_EMPTY;
    bool is_good;
    write_one(scene, &octets);
    assert_false(receipt_give_back(&scene->books, SPAN(""), &is_good));
    assert_false(is_good);
    size_t refused = 0;
    for (size_t size = 1; size < octets.size; size++) {
        receipt_give_back(&scene->books, span_first(buffer_span(&octets), size), &is_good);
        refused += !is_good;
    }
    assert_true(refused > octets.size / 2);
    for (size_t i = 0; i < octets.size; i++) {
        octets.at[i] ^= 0x55;
        receipt_give_back(&scene->books, buffer_span(&octets), &is_good);
        octets.at[i] ^= 0x55;
    }
    octets.at[0] = 99; /* another layout */
    assert_false(receipt_give_back(&scene->books, buffer_span(&octets), &is_good));
    assert_false(is_good);
    buffer_free(&octets);
}

static void test_many_lines(void **state)
{
    struct scene *scene = *state;
    struct buffer octets = BUFFER_EMPTY;
    struct fleet_receipt fleet = { .at_us = 0 };
    char names[CHARGE_ACCOUNTS_MAX][240];
    for (size_t i = 0; i < CHARGE_ACCOUNTS_MAX; i++) {
        memset(names[i], 'a' + (int)i, sizeof(names[i]));
        scene->charge.accounts[i] = (struct span){ names[i], sizeof(names[i]) };
    }
    scene->charge.account_count = CHARGE_ACCOUNTS_MAX;
    for (size_t i = 0; i < CHARGE_LINES_MAX; i++) {
        scene->charge.lines[i] = (struct charge_line){ .limit = &hour,
                                                       .account = i % CHARGE_ACCOUNTS_MAX,
                                                       .amount = WINDOW_AMOUNT_MAX };
    }
    scene->charge.line_count = CHARGE_LINES_MAX;
    receipt_write(&scene->charge, &fleet, &octets);
    assert_true(octets.size <= RECEIPT_MAX);
    buffer_free(&octets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gives_back, begin, end),
        cmocka_unit_test_setup_teardown(test_later, begin, end),
        cmocka_unit_test_setup_teardown(test_foreign_octets, begin, end),
        cmocka_unit_test_setup_teardown(test_many_lines, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
