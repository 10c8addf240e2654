/*
 * What status and health tell of the virus scanner: not asked, there, gone, and no room for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/report_private.h"
#include "tests/unit/test_scan_support.h"

struct world {
    struct scan_house house;
    struct site site;
    struct control_host host;
};

static int world_begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    static char no_rules[] = "";
    *state = world;
    scan_house_open(&world->house, "egress-clamd-told", clamd_server_by_rules, no_rules,
                    PATIENT_MS);
    world->site =
        (struct site){ .clamd = world->house.clamd, .scan_settings = &world->house.settings };
    world->host = (struct control_host){ .clock = &world->house.clock.clock };
    return 0;
}

static int world_end(void **state)
{
    struct world *world = *state;
    scan_house_shut(&world->house);
    free(world);
    return 0;
}

static void assert_told(struct world *world, const char *text, const char *in_json)
{
    struct buffer out = BUFFER_EMPTY;
    report_text_scan(&world->site, &out);
    if (strstr(buffer_text(&out), text) == NULL) {
        fail_msg("not \"%s\" in\n%s", text, buffer_text(&out));
    }
    buffer_clear(&out);
    struct json json = json_new(&out);
    json_open(&json, NULL, '{');
    report_json_scan(&world->host, &world->site, &json);
    json_close(&json, '}');
    if (strstr(buffer_text(&out), in_json) == NULL) {
        fail_msg("not %s in\n%s", in_json, buffer_text(&out));
    }
    buffer_free(&out);
}

static void assert_health(struct world *world, enum control_exit worst, const char *wanted)
{
    struct reasons reasons = { BUFFER_EMPTY, CONTROL_GOOD };
    report_judge_scan(&world->host, &world->site, &reasons);
    assert_int_equal(reasons.worst, worst);
    if (strstr(buffer_text(&reasons.lines), wanted) == NULL) {
        fail_msg("not \"%s\" in\n%s", wanted, buffer_text(&reasons.lines));
    }
    buffer_free(&reasons.lines);
}

static void told(void **state)
{
    struct world *world = *state;
    struct scan_house *house = &world->house;
    assert_told(world, "not asked yet\n", "\"asked\":false,\"answers\":false");
    assert_health(world, CONTROL_GOOD, "");
    scan_text(house, "hello");
    assert_told(world, " answers\n", "\"asked\":true,\"answers\":true");
    assert_health(world, CONTROL_GOOD, "");

    map_server_stop(&house->server);
    scan_text(house, "hello");
    house->clock.now_ns += 75 * SECOND_NS;
    assert_told(world, "does not answer: cannot connect: No such file",
                "\"answers\":false,\"down_s\":75,\"reason\":\"cannot connect");
    assert_health(world, CONTROL_WARNING, "has not answered for 75 s: cannot connect");
    assert_health(world, CONTROL_WARNING, "mail passes without a scan");
    house->settings.on_failure = CLAMD_FAILURE_DEFER;
    assert_health(world, CONTROL_WARNING, "mail of users is deferred");

    map_server_restart(&house->server);
    scan_text(house, "hello");
    assert_health(world, CONTROL_GOOD, "");
    house->settings.directory = "/nonexistent";
    scan_text(house, "hello");
    assert_told(world, "no file can be made in /nonexistent", "\"disk\":\"no file");
    assert_health(world, CONTROL_WARNING, "no file can be made in /nonexistent");
    map_server_stop(&house->server);
}

static void not_configured(void **state)
{
    struct world *world = *state;
    struct buffer out = BUFFER_EMPTY;
    struct site without = { .clamd = NULL };
    report_text_scan(&without, &out);
    assert_int_equal(out.size, 0);
    struct reasons reasons = { BUFFER_EMPTY, CONTROL_GOOD };
    report_judge_scan(&world->host, &without, &reasons);
    assert_int_equal(reasons.worst, CONTROL_GOOD);
    map_server_stop(&world->house.server);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(told, world_begin, world_end),
        cmocka_unit_test_setup_teardown(not_configured, world_begin, world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
