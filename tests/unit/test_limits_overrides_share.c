/*
 * What is set by command on one node holds on the others: two nodes with stores of their own and a
 * real redis-server between them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "limits/overrides.h"
#include "limits/overrides_share.h"
#include "tests/unit/test_fleet_support.h"

#define NODES 2
#define NONE UINT64_MAX
#define BUDGET_MS 5000

struct world {
    struct redis_server server;
    struct fleet_node nodes[NODES];
    struct override_share shares[NODES];
};

static int world_begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    *state = world;
    redis_server_start(&world->server, NULL);
    for (int i = 0; i < NODES; i++) {
        fleet_node_begin_at(&world->nodes[i], &world->server);
        world->shares[i] = (struct override_share){ .fleet = world->nodes[i].fleet,
                                                    .store = world->nodes[i].store,
                                                    .clock = &clock_system };
    }
    return 0;
}

static int world_end(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < NODES; i++) {
        fleet_node_end(&world->nodes[i]);
    }
    redis_server_end(&world->server);
    free(world);
    return 0;
}

static struct override_shared run(struct world *world, int node)
{
    struct override_shared shared;
    override_share_run(&world->shares[node], BUDGET_MS, &shared);
    return shared;
}

/* Until nothing changes any more; the server must be there. */
static void settle(struct world *world)
{
    for (int i = 0; i < 2 * NODES; i++) {
        assert_false(run(world, i % NODES).is_away);
    }
    for (int i = 0; i < NODES; i++) {
        struct override_shared shared = run(world, i);
        assert_int_equal(shared.taken + shared.told, 0);
    }
}

static void set_until(struct world *world, int node, const char *name, uint64_t max, int64_t set_s,
                      int64_t until_s)
{
    struct override override = { .max = max, .set_s = set_s, .until_s = until_s };
    struct error error = { "" };
    snprintf(override.principal, sizeof(override.principal), "%s", name);
    snprintf(override.limit, sizeof(override.limit), "default");
    snprintf(override.by, sizeof(override.by), "root");
    snprintf(override.because, sizeof(override.because), "month end");
    assert_true(override_put(world->nodes[node].store, &override, &error));
}

static void set(struct world *world, int node, const char *name, uint64_t max, int64_t set_s)
{
    set_until(world, node, name, max, set_s, 0);
}

static void clear(struct world *world, int node, const char *name)
{
    struct error error = { "" };
    assert_true(override_remove(world->nodes[node].store, span_of(name), SPAN("default"), &error));
}

/* NONE: there is no override. */
static uint64_t max_at(struct world *world, int node, const char *name)
{
    struct override override;
    return override_find(world->nodes[node].store, span_of(name), SPAN("default"),
                         clock_wall_s(&clock_system), &override)
               ? override.max
               : NONE;
}

static void assert_everywhere(struct world *world, const char *name, uint64_t max)
{
    for (int i = 0; i < NODES; i++) {
        if (max_at(world, i, name) != max) {
            fail_msg("%s on node %d: %llu, not %llu", name, i,
                     (unsigned long long)max_at(world, i, name), (unsigned long long)max);
        }
    }
}

/* A process that starts knows what was kept in its store, and nothing else. */
static void start_anew(struct world *world, int node)
{
    world->shares[node] = (struct override_share){ .fleet = world->nodes[node].fleet,
                                                   .store = world->nodes[node].store,
                                                   .clock = &clock_system };
}

static void set_and_cleared(void **state)
{
    struct world *world = *state;
    set(world, 0, "alice", 4000, 100);
    assert_int_equal(run(world, 0).told, 1);
    assert_int_equal(run(world, 1).taken, 1);
    assert_everywhere(world, "alice", 4000);
    settle(world);
    set(world, 1, "alice", 5000, 200); /* changed on the other one */
    settle(world);
    assert_everywhere(world, "alice", 5000);
    clear(world, 0, "alice");
    settle(world);
    assert_everywhere(world, "alice", NONE);
    for (int i = 0; i < NODES; i++) {
        start_anew(world, i);
    }
    settle(world);
    assert_everywhere(world, "alice", NONE);
}

static void many(void **state)
{
    struct world *world = *state;
    char name[32];
    for (int i = 0; i < 450; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        set(world, i % NODES, name, (uint64_t)i + 1, 100);
    }
    settle(world);
    for (int i = 0; i < 450; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        assert_everywhere(world, name, (uint64_t)i + 1);
    }
}

static void both_at_once(void **state)
{
    struct world *world = *state;
    set(world, 0, "alice", 1, 200); /* the later one */
    set(world, 1, "alice", 2, 100);
    set(world, 0, "bob", 1, 100);
    set(world, 1, "bob", 2, 200);
    set(world, 0, "carol", 1, 100);
    set(world, 1, "carol", 2, 100); /* in the same second: one of them, everywhere */
    settle(world);
    assert_everywhere(world, "alice", 1);
    assert_everywhere(world, "bob", 2);
    assert_everywhere(world, "carol", max_at(world, 0, "carol"));
    set(world, 0, "alice", 3, 300);
    clear(world, 1, "alice");
    settle(world);
    assert_everywhere(world, "alice", max_at(world, 0, "alice"));
}

static void the_time_that_is_over(void **state)
{
    struct world *world = *state;
    int64_t now_s = clock_wall_s(&clock_system);
    set_until(world, 0, "alice", 4000, 100, now_s - 10);
    set_until(world, 0, "bob", 4000, 100, now_s + 3600);
    assert_int_equal(run(world, 0).told, 1);
    assert_int_equal(run(world, 1).taken, 1);
    settle(world);
    assert_everywhere(world, "bob", 4000);
    assert_everywhere(world, "alice", NONE);
}

static void during_an_outage(void **state)
{
    struct world *world = *state;
    set(world, 0, "alice", 4000, 100);
    settle(world);
    redis_server_kill(&world->server);
    AWAIT(!redis_is_up(world->nodes[0].node.redis) && !redis_is_up(world->nodes[1].node.redis));
    set(world, 0, "bob", 7, 200);
    clear(world, 1, "alice");
    for (int i = 0; i < NODES; i++) {
        assert_true(run(world, i).is_away);
        start_anew(world, i); /* what is to be told outlives the process */
    }
    redis_server_again(&world->server); /* with nothing in it */
    AWAIT(redis_is_up(world->nodes[0].node.redis) && redis_is_up(world->nodes[1].node.redis));
    settle(world);
    assert_everywhere(world, "bob", 7);
    /* It was lost and cleared at once: cleared, unless the other one offered it in time. */
    assert_everywhere(world, "alice", max_at(world, 0, "alice"));
}

static void all_is_lost(void **state)
{
    struct world *world = *state;
    set(world, 0, "alice", 4000, 100);
    set(world, 1, "bob", 7, 100);
    settle(world);
    redis_server_say(&world->server, "FLUSHALL");
    set(world, 1, "bob", 8, 200); /* not agreed: told, not only offered */
    settle(world);
    assert_everywhere(world, "alice", 4000);
    assert_everywhere(world, "bob", 8);
    clear(world, 1, "alice");
    settle(world);
    assert_everywhere(world, "alice", NONE);
}

static void any_octets(void **state)
{
    struct world *world = *state;
    struct fleet *fleet = world->nodes[0].fleet;
    static const struct {
        struct span key, value;
    } cases[] = {
        { SPAN(""), SPAN("1 5 0 0 root\0why") },
        { SPAN("alice"), SPAN("1 5 0 0 root\0why") },
        { SPAN("alice\0default"), SPAN("") },
        { SPAN("alice\0default"), SPAN("2 5 0 0 root\0why") },
        { SPAN("alice\0default"), SPAN("1 x 0 0 root\0why") },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(fleet_record_put(fleet, "override", cases[i].key, cases[i].value, 0),
                         FLEET_DONE);
        assert_int_equal(run(world, 1).unreadable, 1);
    }
    assert_int_equal(store_count(world->nodes[1].store, STORE_OVERRIDES), 0);
    set(world, 1, "alice", 3, 100);
    settle(world);
    assert_everywhere(world, "alice", 3);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)
    const struct CMUnitTest tests[] = {
        IN_WORLD(set_and_cleared),  IN_WORLD(many),
        IN_WORLD(both_at_once),     IN_WORLD(the_time_that_is_over),
        IN_WORLD(during_an_outage), IN_WORLD(all_is_lost),
        IN_WORLD(any_octets),
    };
    if (!redis_wire_is_built() || !redis_server_is_there()) {
        puts("SKIPPED: no redis-server on this machine, or no hiredis in this build");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
