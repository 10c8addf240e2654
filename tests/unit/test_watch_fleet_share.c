/*
 * What is set on one node holds on the others: two nodes with stores of their own and a real
 * redis-server between them. What is true of every kind of record is tried with each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "behaviour/suspension.h"
#include "feedback/suppression.h"
#include "limits/overrides.h"
#include "tests/unit/test_fleet_support.h"
#include "watch/fleet_kinds.h"

#define NODES 2
#define NONE UINT64_MAX
#define BUDGET_MS 5000

/* --- kinds ----------------------------------------------------------------------------------- */

/* What is set is a number: the value of an override, the reason of a suppression. */
static void set_override(struct store *store, const char *name, uint64_t number, int64_t set_s,
                         int64_t until_s)
{
    struct override override = { .max = number, .set_s = set_s, .until_s = until_s };
    struct error error = { "" };
    snprintf(override.principal, sizeof(override.principal), "%s", name);
    snprintf(override.limit, sizeof(override.limit), "default");
    snprintf(override.by, sizeof(override.by), "root");
    snprintf(override.because, sizeof(override.because), "month end");
    assert_true(override_put(store, &override, &error));
}

static void clear_override(struct store *store, const char *name)
{
    struct error error = { "" };
    assert_true(override_remove(store, span_of(name), SPAN("default"), &error));
}

static uint64_t get_override(struct store *store, const char *name)
{
    struct override override;
    return override_find(store, span_of(name), SPAN("default"), clock_wall_s(&clock_system),
                         &override)
               ? override.max
               : NONE;
}

static const struct suppression_settings ample = {
    .after = 2, .apart_s = 86400, .keep_s = 90 * 86400, .max = 200000
};

static const char *address_of(const char *name, char room[static 64])
{
    snprintf(room, 64, "%s@away.example", name);
    return room;
}

static void set_suppressed(struct store *store, const char *name, uint64_t number, int64_t set_s,
                           int64_t until_s)
{
    struct suppression suppression = { .domain = "*",
                                       .source = SUPPRESSED_BY_COMMAND,
                                       .set_s = set_s,
                                       .until_s = until_s,
                                       .by = "root" };
    char room[64];
    snprintf(suppression.address, sizeof(suppression.address), "%s", address_of(name, room));
    snprintf(suppression.because, sizeof(suppression.because), "%llu", (unsigned long long)number);
    assert_int_equal(suppression_put(store, &ample, &suppression), SUPPRESSION_DONE);
}

static void clear_suppressed(struct store *store, const char *name)
{
    char room[64];
    unsigned count;
    assert_int_equal(
        suppression_remove(store, span_of(address_of(name, room)), span_of(NULL), &count),
        SUPPRESSION_DONE);
}

static uint64_t get_suppressed(struct store *store, const char *name)
{
    struct suppression suppression;
    char room[64];
    return suppression_find(store, span_of(address_of(name, room)), SPAN("acme.example"),
                            clock_wall_s(&clock_system), &suppression)
               ? strtoull(suppression.because, NULL, 10)
               : NONE;
}

static void set_suspended(struct store *store, const char *name, uint64_t number, int64_t set_s,
                          int64_t until_s)
{
    struct suspension suspension = { .set_s = set_s, .until_s = until_s, .by = "root" };
    struct error error;
    snprintf(suspension.principal, sizeof(suspension.principal), "%s", name);
    snprintf(suspension.because, sizeof(suspension.because), "%llu", (unsigned long long)number);
    assert_true(suspension_put(store, &suspension, &error));
}

static void clear_suspended(struct store *store, const char *name)
{
    assert_true(store_remove(store, STORE_SUSPENDED, span_of(name)));
}

static uint64_t get_suspended(struct store *store, const char *name)
{
    struct suspension suspension;
    return suspension_find(store, span_of(name), clock_wall_s(&clock_system), &suspension)
               ? strtoull(suspension.because, NULL, 10)
               : NONE;
}

struct octets {
    struct span key, value;
};

static const struct trial {
    enum fleet_kind kind;
    void (*set)(struct store *store, const char *name, uint64_t number, int64_t set_s,
                int64_t until_s);
    void (*clear)(struct store *store, const char *name);
    uint64_t (*get)(struct store *store, const char *name); /* NONE: there is none */
    struct octets bad[6];
} trials[] = {
    { FLEET_OVERRIDES,
      set_override,
      clear_override,
      get_override,
      { { SPAN(""), SPAN("1 5 0 0 root\0why") },
        { SPAN("alice"), SPAN("1 5 0 0 root\0why") },
        { SPAN("alice\0default"), SPAN("") },
        { SPAN("alice\0default"), SPAN("2 5 0 0 root\0why") },
        { SPAN("alice\0default"), SPAN("1 x 0 0 root\0why") } } },
    { FLEET_SUPPRESSED,
      set_suppressed,
      clear_suppressed,
      get_suppressed,
      { { SPAN(""), SPAN("1 0 2 1 0 0 0 0 root\0\0why") },
        { SPAN("alice@away.example"), SPAN("1 0 2 1 0 0 0 0 root\0\0why") },
        { SPAN("alice@away.example\0*"), SPAN("") },
        { SPAN("alice@away.example\0*"), SPAN("2 0 2 1 0 0 0 0 root\0\0why") },
        { SPAN("alice@away.example\0*"), SPAN("1 0 9 1 0 0 0 0 root\0\0why") } } },
    { FLEET_SUSPENDED,
      set_suspended,
      clear_suspended,
      get_suspended,
      { { SPAN(""), SPAN("1 0 0 1 0 root\0why") },
        { SPAN("alice\0x"), SPAN("1 0 0 1 0 root\0why") },
        { SPAN("alice"), SPAN("") },
        { SPAN("alice"), SPAN("2 0 0 1 0 root\0why") },
        { SPAN("alice"), SPAN("1 9 0 1 0 root\0why") } } },
};

/* --- two nodes ------------------------------------------------------------------------------- */

struct world {
    const struct trial *trial;
    struct redis_server server;
    struct fleet_node nodes[NODES];
    struct fleet_share shares[NODES];
};

/* A process that starts knows what was kept in its store, and nothing else. */
static void start_anew(struct world *world, int node)
{
    world->shares[node] = (struct fleet_share){ .kind = &fleet_kinds[world->trial->kind].share,
                                                .fleet = world->nodes[node].fleet,
                                                .store = world->nodes[node].store,
                                                .clock = &clock_system };
}

static int world_begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world->trial = *state;
    *state = world;
    redis_server_start(&world->server, NULL);
    for (int i = 0; i < NODES; i++) {
        fleet_node_begin_at(&world->nodes[i], &world->server);
        start_anew(world, i);
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

static struct fleet_shared run(struct world *world, int node)
{
    struct fleet_shared shared;
    fleet_share_run(&world->shares[node], BUDGET_MS, &shared);
    return shared;
}

/* Until nothing changes any more; the server must be there. */
static void settle(struct world *world)
{
    for (int i = 0; i < 2 * NODES; i++) {
        assert_false(run(world, i % NODES).is_away);
    }
    for (int i = 0; i < NODES; i++) {
        struct fleet_shared shared = run(world, i);
        assert_int_equal(shared.taken + shared.told, 0);
        assert_false(shared.has_more);
    }
}

static void set_until(struct world *world, int node, const char *name, uint64_t number,
                      int64_t set_s, int64_t until_s)
{
    world->trial->set(world->nodes[node].store, name, number, set_s, until_s);
}

static void set(struct world *world, int node, const char *name, uint64_t number, int64_t set_s)
{
    set_until(world, node, name, number, set_s, 0);
}

static void clear(struct world *world, int node, const char *name)
{
    world->trial->clear(world->nodes[node].store, name);
}

static uint64_t number_at(struct world *world, int node, const char *name)
{
    return world->trial->get(world->nodes[node].store, name);
}

static void assert_everywhere(struct world *world, const char *name, uint64_t number)
{
    for (int i = 0; i < NODES; i++) {
        if (number_at(world, i, name) != number) {
            fail_msg("%s on node %d: %llu, not %llu", name, i,
                     (unsigned long long)number_at(world, i, name), (unsigned long long)number);
        }
    }
}

/* --- every kind ------------------------------------------------------------------------------ */

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

/* More than one part of a pass, more than one answer of the server. */
static void many(void **state)
{
    struct world *world = *state;
    char name[32];
    for (int i = 0; i < 900; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        set(world, i % NODES, name, (uint64_t)i + 1, 100);
    }
    settle(world);
    for (int i = 0; i < 900; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        assert_everywhere(world, name, (uint64_t)i + 1);
    }
    for (int i = 0; i < 600; i++) { /* what was agreed is the longer one */
        snprintf(name, sizeof(name), "user%d", i);
        clear(world, i % NODES, name);
    }
    settle(world);
    for (int i = 0; i < 900; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        assert_everywhere(world, name, i < 600 ? NONE : (uint64_t)i + 1);
    }
}

/* Each run ends for its time, and the next one goes on. */
static void in_small_parts(void **state)
{
    struct world *world = *state;
    char name[32];
    int told_in = 0, taken_in = 0;
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        set(world, 0, name, (uint64_t)i + 1, 100);
    }
    for (struct fleet_shared shared = { .has_more = true }; shared.has_more; told_in++) {
        fleet_share_run(&world->shares[0], 1, &shared);
        assert_false(shared.is_away);
    }
    assert_true(told_in > 3);
    for (struct fleet_shared shared = { .has_more = true }; shared.has_more; taken_in++) {
        fleet_share_run(&world->shares[1], 1, &shared);
        assert_false(shared.is_away);
    }
    assert_true(taken_in > 1);
    settle(world);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        assert_everywhere(world, name, (uint64_t)i + 1);
    }
}

/* Changes of a pass that goes on, before and behind the place where it is. */
static void changed_in_between(void **state)
{
    struct world *world = *state;
    struct fleet_shared shared;
    char name[32];
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof(name), "user%03d", i);
        set(world, 0, name, 1, 100);
    }
    fleet_share_run(&world->shares[0], 1, &shared);
    assert_true(shared.has_more);
    set(world, 0, "user000", 2, 200);
    set(world, 0, "user599", 2, 200);
    clear(world, 0, "user001");
    settle(world);
    assert_everywhere(world, "user000", 2);
    assert_everywhere(world, "user599", 2);
    assert_everywhere(world, "user001", NONE);
    assert_everywhere(world, "user300", 1);
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
    assert_everywhere(world, "carol", number_at(world, 0, "carol"));
    set(world, 0, "alice", 3, 300);
    clear(world, 1, "alice");
    settle(world);
    assert_everywhere(world, "alice", number_at(world, 0, "alice"));
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
    assert_everywhere(world, "alice", number_at(world, 0, "alice"));
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

/* Lost again, while it is offered what was lost, by a process that ends. */
static void lost_twice(void **state)
{
    struct world *world = *state;
    char name[32];
    struct fleet_shared shared;
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        set(world, 0, name, (uint64_t)i + 1, 100);
    }
    settle(world);
    for (int i = 0; i < 3; i++) {
        redis_server_say(&world->server, "FLUSHALL");
        fleet_share_run(&world->shares[0], 1, &shared);
        assert_true(shared.has_more);
        if (i == 1) {
            start_anew(world, 0);
        }
    }
    settle(world);
    assert_string_equal(redis_server_say(&world->server, "HLEN {egress:test}r:%s",
                                         fleet_kinds[world->trial->kind].share.name),
                        "600");
    assert_everywhere(world, "user0", 1);
    assert_everywhere(world, "user599", 600);
}

/* The server comes back with less, and somebody offers what had been replaced: the later holds. */
static void an_older_one_is_offered(void **state)
{
    struct world *world = *state;
    set(world, 0, "alice", 1, 100);
    settle(world);
    set(world, 1, "alice", 2, 200);
    assert_int_equal(run(world, 1).told, 1); /* the first one has not read it */
    redis_server_say(&world->server, "FLUSHALL");
    settle(world);
    assert_everywhere(world, "alice", 2);
}

static void any_octets(void **state)
{
    struct world *world = *state;
    struct fleet *fleet = world->nodes[0].fleet;
    const struct fleet_share_kind *kind = &fleet_kinds[world->trial->kind].share;
    for (const struct octets *bad = world->trial->bad; bad->key.at != NULL; bad++) {
        assert_int_equal(fleet_record_put(fleet, kind->name, bad->key, bad->value, 0), FLEET_DONE);
        assert_int_equal(run(world, 1).unreadable, 1);
    }
    assert_int_equal(store_count(world->nodes[1].store, kind->table), 0);
    set(world, 1, "alice", 3, 100);
    settle(world);
    assert_everywhere(world, "alice", 3);
}

/* A list that is full takes nothing new from others, tells them no lie, and takes it later. */
static void full(void **state)
{
    struct world *world = *state;
    set(world, 0, "alice", 1, 100);
    set(world, 0, "bob", 2, 100);
    set(world, 0, "carol", 3, 100);
    run(world, 0);
    world->shares[1].most = 2;
    assert_int_equal(run(world, 1).without_room, 1);
    assert_int_equal(run(world, 1).told, 0);
    assert_int_equal(
        store_count(world->nodes[1].store, fleet_kinds[world->trial->kind].share.table), 2);
    set(world, 0, "alice", 4, 200); /* what is there is changed all the same */
    run(world, 0);
    assert_int_equal(run(world, 1).taken, 1);
    assert_int_equal(number_at(world, 1, "alice"), 4);
    start_anew(world, 1); /* it knows where it left something out */
    settle(world);
    assert_everywhere(world, "alice", 4);
    assert_everywhere(world, "bob", 2);
    assert_everywhere(world, "carol", 3);
}

/* --- the suppression list alone -------------------------------------------------------------- */

#define DAY_S 86400

static enum suppression_note bounce(struct world *world, int node, const char *name,
                                    const char *message, int64_t at_s)
{
    char room[64];
    struct suppression_delivery delivery = { .address = span_of(address_of(name, room)),
                                             .domain = SPAN("acme.example"),
                                             .message = span_of(message),
                                             .at_s = at_s,
                                             .by = SPAN("bounce"),
                                             .code = SPAN("5.1.1"),
                                             .text = SPAN("1") };
    return suppression_note_bounce(world->nodes[node].store, &ample, &delivery);
}

static bool arrived(struct world *world, int node, const char *name)
{
    char room[64];
    return suppression_note_success(world->nodes[node].store, span_of(address_of(name, room)),
                                    SPAN("acme.example"));
}

static void bounces_of_two_nodes(void **state)
{
    struct world *world = *state;
    int64_t now_s = clock_wall_s(&clock_system);
    assert_int_equal(bounce(world, 0, "alice", "m1", now_s - 2 * DAY_S), SUPPRESSION_WATCHED);
    settle(world);
    assert_int_equal(bounce(world, 1, "alice", "m1", now_s), SUPPRESSION_KNOWN); /* told again */
    assert_int_equal(bounce(world, 1, "alice", "m2", now_s), SUPPRESSION_BEGINS);
    settle(world);
    assert_everywhere(world, "alice", 1);
    assert_true(arrived(world, 0, "alice"));
    settle(world);
    assert_everywhere(world, "alice", NONE);
}

/* Apart during an outage, each node with what the other does not know. */
static void which_holds(void **state)
{
    struct world *world = *state;
    int64_t now_s = clock_wall_s(&clock_system);
    /* Two bounces against a later one. */
    bounce(world, 0, "alice", "m1", now_s - 4 * DAY_S);
    assert_int_equal(bounce(world, 0, "alice", "m2", now_s - 2 * DAY_S), SUPPRESSION_BEGINS);
    assert_int_equal(bounce(world, 1, "alice", "m3", now_s), SUPPRESSION_WATCHED);
    settle(world);
    assert_everywhere(world, "alice", 1);
    /* One against another: the later holds, and the next one of any node is the second. */
    bounce(world, 0, "bob", "m1", now_s - 4 * DAY_S);
    bounce(world, 1, "bob", "m2", now_s - 2 * DAY_S);
    settle(world);
    assert_everywhere(world, "bob", NONE);
    assert_int_equal(bounce(world, 0, "bob", "m2", now_s), SUPPRESSION_KNOWN);
    assert_int_equal(bounce(world, 0, "bob", "m3", now_s), SUPPRESSION_BEGINS);
    settle(world);
    assert_everywhere(world, "bob", 1);
}

static struct suppression of_acme(const char *name, enum suppression_source source, int64_t set_s,
                                  int64_t until_s)
{
    struct suppression suppression = {
        .domain = "acme.example", .source = source, .set_s = set_s, .until_s = until_s
    };
    char room[64];
    snprintf(suppression.address, sizeof(suppression.address), "%s", address_of(name, room));
    return suppression;
}

static void a_person_against_a_bounce(void **state)
{
    struct world *world = *state;
    int64_t now_s = clock_wall_s(&clock_system);
    struct suppression put = of_acme("alice", SUPPRESSED_BY_COMMAND, now_s - DAY_S, 0);
    snprintf(put.because, sizeof(put.because), "5");
    assert_int_equal(suppression_put(world->nodes[0].store, &ample, &put), SUPPRESSION_DONE);
    bounce(world, 1, "alice", "m1", now_s);
    settle(world);
    assert_everywhere(world, "alice", 5);
}

/* What a node removes because its time is over is no removal: the other one may have had a bounce
 * since. */
static void gone_by_itself(void **state)
{
    struct world *world = *state;
    int64_t now_s = clock_wall_s(&clock_system);
    struct suppression put = of_acme("alice", SUPPRESSED_BY_BOUNCE, now_s - 90 * DAY_S, now_s + 3);
    assert_int_equal(suppression_put(world->nodes[0].store, &ample, &put), SUPPRESSION_DONE);
    put = of_acme("bob", SUPPRESSED_BY_BOUNCE, now_s - 90 * DAY_S, now_s + 3);
    assert_int_equal(suppression_put(world->nodes[0].store, &ample, &put), SUPPRESSION_DONE);
    run(world, 0);
    assert_int_equal(run(world, 1).taken, 2);
    assert_int_equal(bounce(world, 1, "alice", "m2", now_s), SUPPRESSION_GOES_ON);
    AWAIT(clock_wall_s(&clock_system) > now_s + 2);
    assert_int_equal(suppression_expire(world->nodes[0].store, now_s + 3, 9), 2);
    assert_int_equal(run(world, 0).told, 0);
    assert_int_equal(run(world, 1).told, 1);
    assert_int_equal(suppression_expire(world->nodes[1].store, now_s + 3, 9), 1);
    settle(world);
    assert_everywhere(world, "alice", 1);
    assert_everywhere(world, "bob", NONE);
    for (int i = 0; i < NODES; i++) { /* nor is anything left of what was agreed */
        assert_int_equal(store_count(world->nodes[i].store, STORE_SUPPRESSED), 1);
    }
}

/* --------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    CMUnitTestFunction run;
    bool is_of_suppression;
} cases[] = {
    { "set and cleared", set_and_cleared, false },
    { "many", many, false },
    { "in small parts", in_small_parts, false },
    { "changed in between", changed_in_between, false },
    { "both at once", both_at_once, false },
    { "the time that is over", the_time_that_is_over, false },
    { "during an outage", during_an_outage, false },
    { "all is lost", all_is_lost, false },
    { "lost twice", lost_twice, false },
    { "an older one is offered", an_older_one_is_offered, false },
    { "any octets", any_octets, false },
    { "full", full, false },
    { "bounces of two nodes", bounces_of_two_nodes, true },
    { "which holds", which_holds, true },
    { "a person against a bounce", a_person_against_a_bounce, true },
    { "gone by itself", gone_by_itself, true },
};
#define CASE_COUNT (sizeof(cases) / sizeof(cases[0]))

int main(void)
{
    int failed = 0;
    if (!redis_wire_is_built() || !redis_server_is_there()) {
        puts("SKIPPED: no redis-server on this machine, or no hiredis in this build");
        return 77;
    }
    for (size_t t = 0; t < FLEET_KIND_COUNT; t++) {
        struct CMUnitTest tests[CASE_COUNT];
        size_t count = 0;
        for (size_t i = 0; i < CASE_COUNT; i++) {
            if (!cases[i].is_of_suppression || trials[t].kind == FLEET_SUPPRESSED) {
                tests[count++] =
                    (struct CMUnitTest){ .name = cases[i].name,
                                         .test_func = cases[i].run,
                                         .setup_func = world_begin,
                                         .teardown_func = world_end,
                                         .initial_state = (void *)(uintptr_t)&trials[t] };
            }
        }
        failed +=
            _cmocka_run_group_tests(fleet_kinds[trials[t].kind].title, tests, count, NULL, NULL);
    }
    return failed;
}
