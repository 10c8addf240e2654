/*
 * ledger, full: however many messages come, those who are in the store are counted, and retries
 * leave the room to accounts.
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

#include "limits/ledger.h"
#include "limits/provider.h"

#define EIGHT_HOURS_NS (UINT64_C(8) * 3600 * 1000000000)

enum { CEILING = 1 << 20 };

struct yard {
    char path[64];
    struct clock_fixed clock;
    struct store *store;
    struct ledger *ledger;
    uint64_t messages;
    struct charge charge;
};

static const struct limit limit = { .name = "default",
                                    .count = LIMIT_RECIPIENTS,
                                    .to = LIMIT_TO_EXTERNAL,
                                    .max = 1000000,
                                    .per_s = 3600 };

static void open_yard(struct yard *yard, struct store *store)
{
    clock_fixed_init(&yard->clock, 1772366400);
    yard->store = store;
    store_limit(store, CEILING);
    yard->ledger = ledger_new(store, &yard->clock.clock);
    assert_non_null(yard->ledger);
}

static void close_yard(struct yard *yard)
{
    ledger_free(&yard->ledger);
    store_close(&yard->store);
}

/* A message with a name of its own, or the last one again. */
static enum charge_answer send(struct yard *yard, const char *account, bool is_again)
{
    uint64_t number = is_again ? yard->messages : ++yard->messages;
    yard->charge = (struct charge){ .now_ms = ledger_now_ms(yard->ledger),
                                    .accounts = { span_of(account) },
                                    .account_count = 1,
                                    .line_count = 1 };
    yard->charge.lines[0] = (struct charge_line){ .limit = &limit,
                                                  .amount = 1,
                                                  .max = (uint64_t)limit.max,
                                                  .is_strict = true,
                                                  .provider = PROVIDER_COUNT };
    memcpy(yard->charge.id, &number, sizeof(number));
    yard->charge.id[CHARGE_ID_BYTES - 1] = 1;
    return ledger_charge(yard->ledger, &yard->charge);
}

/* More messages than there is room for names of: retries may fill a quarter, and pay beyond it. */
static void check_quarter(struct yard *yard)
{
    assert_int_equal(send(yard, "principal/submission/alice", false), CHARGE_DONE);
    assert_int_equal(send(yard, "principal/submission/alice", true), CHARGE_AGAIN);
    for (uint64_t i = 0; i < 20000; i++) {
        assert_int_equal(send(yard, "principal/submission/alice", false), CHARGE_DONE);
    }
    assert_int_equal(yard->charge.lines[0].used, 20000);
    assert_int_equal(send(yard, "principal/submission/alice", true), CHARGE_DONE);
    assert_in_range(store_used(yard->store), CEILING / 10, CEILING / 4 + 65536);
    assert_false(store_is_full(yard->store));
}

/* When they are out of date there is room for others. */
static void check_later(struct yard *yard)
{
    yard->clock.now_ns += EIGHT_HOURS_NS;
    for (int i = 0; i < 20; i++) {
        ledger_tidy(yard->ledger);
    }
    assert_int_equal(send(yard, "principal/submission/alice", false), CHARGE_DONE);
    assert_int_equal(send(yard, "principal/submission/alice", true), CHARGE_AGAIN);
}

static void check_full(struct yard *yard)
{
    char account[64];
    for (uint64_t i = 0; !store_is_full(yard->store); i++) {
        snprintf(account, sizeof(account), "principal/submission/%llu", (unsigned long long)i);
        assert_int_equal(send(yard, account, false), CHARGE_DONE);
    }
    uint64_t used = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        assert_int_equal(send(yard, "principal/submission/0", false), CHARGE_DONE);
        assert_true(i == 0 || yard->charge.lines[0].used > used);
        used = yard->charge.lines[0].used;
        assert_int_equal(send(yard, "principal/submission/stranger", false), CHARGE_DONE);
        assert_int_equal(yard->charge.lines[0].used, i);
    }
}

static void check_all(struct yard *yard, struct store *store)
{
    open_yard(yard, store);
    check_quarter(yard);
    check_later(yard);
    check_full(yard);
    close_yard(yard);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static void test_file(void **state)
{
    struct yard yard = { .path = "/tmp/test_limits_full.XXXXXX" };
    (void)state;
    assert_non_null(mkdtemp(yard.path));
    check_all(&yard, store_open(yard.path));
    nftw(yard.path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_memory(void **state)
{
    struct yard yard = { .path = "" };
    (void)state;
    check_all(&yard, store_in_memory());
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_file),
                                        cmocka_unit_test(test_memory) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
