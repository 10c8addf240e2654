/*
 * What status and health tell of a fleet's server: a real one, which goes and comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/report_private.h"
#include "tests/unit/test_fleet_support.h"

struct world {
    struct redis_server server;
    struct fleet_node node;
    struct control_host host;
};

static const struct limit hour = { .name = "hour", .count = LIMIT_RECIPIENTS, .per_s = 3600 };

static int world_begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    *state = world;
    redis_server_start(&world->server, NULL);
    fleet_node_begin_at(&world->node, &world->server);
    world->host = (struct control_host){ .clock = &clock_system, .fleet = world->node.fleet };
    return 0;
}

static int world_end(void **state)
{
    struct world *world = *state;
    fleet_node_end(&world->node);
    redis_server_end(&world->server);
    free(world);
    return 0;
}

static void assert_text(struct world *world, const char *wanted)
{
    struct buffer out = BUFFER_EMPTY;
    report_text_fleet(&world->host, &out);
    if (strstr(buffer_text(&out), wanted) == NULL) {
        fail_msg("not \"%s\" in\n%s", wanted, buffer_text(&out));
    }
    buffer_free(&out);
}

static void assert_json(struct world *world, const char *wanted)
{
    struct buffer out = BUFFER_EMPTY;
    struct json json = json_new(&out);
    json_open(&json, NULL, '{');
    report_json_fleet(&world->host, &json);
    json_close(&json, '}');
    if (strstr(buffer_text(&out), wanted) == NULL) {
        fail_msg("not %s in\n%s", wanted, buffer_text(&out));
    }
    buffer_free(&out);
}

static void assert_health(struct world *world, enum control_exit worst, const char *wanted)
{
    struct reasons reasons = { BUFFER_EMPTY, CONTROL_GOOD };
    report_judge_fleet(&world->host, &reasons);
    assert_int_equal(reasons.worst, worst);
    if (strstr(buffer_text(&reasons.lines), wanted) == NULL) {
        fail_msg("not \"%s\" in\n%s", wanted, buffer_text(&reasons.lines));
    }
    buffer_free(&reasons.lines);
}

static void let_pass(struct world *world)
{
    struct charge charge = charge_of("principal/submission/alice", &hour, 1, 50);
    struct fleet_receipt receipt;
    fleet_operation(world->node.fleet, &receipt);
    assert_true(fleet_remember(world->node.fleet, &charge, &receipt));
}

static void an_outage(void **state)
{
    struct world *world = *state;
    char wanted[128];
    snprintf(wanted, sizeof(wanted), "test, this is n1; connected with %s", world->server.address);
    assert_text(world, wanted);
    assert_text(world, " 0 charges wait to be added there");
    assert_json(world, "\"connected\":true");
    assert_health(world, CONTROL_GOOD, "");
    redis_server_kill(&world->server);
    AWAIT(node_is_out(&world->node.node));
    let_pass(world);
    assert_text(world, "alone since 2");
    assert_text(world, world->server.address);
    assert_text(world, " 1 charges wait to be added there");
    assert_json(world, "\"connected\":false");
    assert_json(world, "\"out_since\":\"2");
    assert_json(world, "\"waiting\":1");
    assert_health(world, CONTROL_WARNING, "warning: redis: none since 2");
    redis_server_again(&world->server);
    AWAIT(redis_is_up(world->node.node.redis));
    assert_text(world, wanted);
    assert_health(world, CONTROL_GOOD, "");
}

static void no_fleet(void **state)
{
    struct world *world = *state;
    struct buffer out = BUFFER_EMPTY;
    world->host.fleet = NULL;
    report_text_fleet(&world->host, &out);
    assert_int_equal(out.size, 0);
    assert_health(world, CONTROL_GOOD, "");
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)
    const struct CMUnitTest tests[] = { IN_WORLD(an_outage), IN_WORLD(no_fleet) };
    if (!redis_wire_is_built() || !redis_server_is_there()) {
        puts("SKIPPED: no redis-server on this machine, or no hiredis in this build");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
