/* What the tests of src/limits/fleet share: a node of a fleet with a store of its own, and charges
 * in few words. Included after cmocka.h. */
#ifndef TESTS_UNIT_TEST_FLEET_SUPPORT_H
#define TESTS_UNIT_TEST_FLEET_SUPPORT_H

#include "limits/fleet_private.h"
#include "tests/unit/test_redis_support.h"

struct fleet_node {
    struct node node; /* first */
    struct store *store;
    struct fleet *fleet;
};

static inline void fleet_node_begin(struct fleet_node *one, const struct redis_settings *settings)
{
    node_begin(&one->node, settings);
    one->store = store_in_memory();
    one->fleet = fleet_new(one->node.redis, one->store, &clock_system, 25);
    assert_non_null(one->fleet);
}

static inline void fleet_node_begin_at(struct fleet_node *one, const struct redis_server *server)
{
    const char *address = server->address;
    struct redis_settings settings = node_settings(&address, 1);
    fleet_node_begin(one, &settings);
    AWAIT(redis_is_up(one->node.redis));
}

static inline void fleet_node_end(struct fleet_node *one)
{
    node_end(&one->node);
    fleet_free(&one->fleet);
    store_close(&one->store);
}

/* One strict line on one account. */
static inline struct charge charge_of(const char *account, const struct limit *limit,
                                      uint64_t amount, uint64_t max)
{
    struct charge charge = { .account_count = 1, .line_count = 1 };
    charge.accounts[0] = span_of(account);
    charge.lines[0] =
        (struct charge_line){ .limit = limit, .amount = amount, .max = max, .is_strict = true };
    return charge;
}

/* What an account has used of a limit; the fleet must be there. */
static inline uint64_t fleet_used(struct fleet *fleet, const char *account,
                                  const struct limit *limit)
{
    struct fleet_use uses[FLEET_USES_MAX];
    size_t count;
    uint64_t attempts;
    AWAIT(fleet_uses(fleet, span_of(account), uses, &count, &attempts));
    for (size_t i = 0; i < count; i++) {
        if (limit_meter_is_equal(uses[i].meter, limit_meter_of(limit))) {
            return uses[i].used;
        }
    }
    return 0;
}

#endif
