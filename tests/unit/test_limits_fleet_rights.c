/*
 * A user with the rights that egress-milter.conf(5) gives, and no more, does for everything a fleet
 * does: the line is taken out of the manual.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/test_fleet_support.h"
#include "util/file.h"

#define MANUAL "/conf/egress-milter.conf.5"
#define MANUAL_BYTES_MAX (1 << 20)
#define RIGHTS "ACL SETUSER egress "
#define NOW_MS UINT64_C(1764000000000)
#define ALICE "principal/submission/alice@example.org"

static const struct limit hour = { .name = "hour", .count = LIMIT_RECIPIENTS, .per_s = 3600 };
static const struct limit different = { .name = "different",
                                        .count = LIMIT_UNIQUE_RECIPIENTS,
                                        .per_s = 3600 };

struct world {
    struct redis_server server;
    struct fleet_node node;
    char file[128];
};

/* Of the fleet "mx", with PASSWORD: made those of the test. */
static void read_rights(struct buffer *out)
{
    struct buffer manual = BUFFER_EMPTY;
    struct error error;
    char path[1024];
    const char *top = getenv("TOP_SRCDIR");
    snprintf(path, sizeof(path), "%s" MANUAL, top != NULL ? top : ".");
    if (!file_read(path, MANUAL_BYTES_MAX, &manual, &error)) {
        fail_msg("%s", error.text);
    }
    const char *at = strstr(buffer_text(&manual), "\n" RIGHTS);
    const char *end = at != NULL ? strstr(at, "\n.Ed") : NULL;
    assert_non_null(end);
    struct span rest = { at, (size_t)(end - at) }, line, word;
    while (span_cut(&rest, '\n', &line)) {
        while (span_cut(&line, ' ', &word)) {
            if (word.size > 0) {
                bool is_password = span_is_equal(word, SPAN(">PASSWORD"));
                bool is_keys = span_is_equal(word, SPAN("~{egress:mx}*"));
                buffer_add_text(out, out->size > 0 ? " " : "");
                buffer_add_span(out, is_password ? SPAN(">secret")
                                     : is_keys   ? SPAN("~{egress:test}*")
                                                 : word);
            }
        }
    }
    buffer_free(&manual);
}

static int world_begin(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct buffer rights = BUFFER_EMPTY;
    *state = world;
    redis_server_start(&world->server, NULL);
    read_rights(&rights);
    assert_string_equal(redis_server_say(&world->server, "%s", buffer_text(&rights)), "OK");
    buffer_free(&rights);
    snprintf(world->file, sizeof(world->file), "%s/password", world->server.directory);
    FILE *file = fopen(world->file, "w");
    assert_non_null(file);
    fputs("secret\n", file);
    fclose(file);
    const char *address = world->server.address;
    struct redis_settings settings = node_settings(&address, 1);
    settings.user = "egress";
    settings.password_file = world->file;
    settings.deadline_ms = 5000;
    fleet_node_begin(&world->node, &settings);
    AWAIT(redis_is_up(world->node.node.redis));
    return 0;
}

static int world_end(void **state)
{
    struct world *world = *state;
    struct redis_state looked;
    redis_look(world->node.node.redis, &looked);
    assert_int_equal(looked.refused, 0);
    fleet_node_end(&world->node);
    redis_server_end(&world->server);
    free(world);
    return 0;
}

/* Every kind of line, and an id. */
static struct charge a_charge(uint8_t id, uint64_t amount)
{
    static const struct charge_recipient recipients[] = { { 1, false, 0 }, { 2, false, 0 } };
    struct charge charge = charge_of(ALICE, &hour, amount, 50);
    charge.lines[0].burst = 5;
    charge.lines[1] = (struct charge_line){ .limit = &different, .max = 9, .is_strict = true };
    charge.line_count = 2;
    charge.recipients = recipients;
    charge.recipient_count = 2;
    charge.now_ms = NOW_MS;
    memset(charge.id, id, sizeof(charge.id));
    return charge;
}

static void counts(void **state)
{
    struct world *world = *state;
    struct fleet *fleet = world->node.fleet;
    struct fleet_receipt receipt, again;
    struct charge charge = a_charge(1, 2);
    fleet_operation(fleet, &receipt);
    assert_int_equal(fleet_try(fleet, &charge), CHARGE_DONE);
    assert_int_equal(fleet_charge(fleet, &charge, &receipt), CHARGE_DONE);
    fleet_operation(fleet, &again);
    assert_int_equal(fleet_charge(fleet, &charge, &again), CHARGE_AGAIN);
    struct charge too_much = a_charge(2, 60);
    fleet_operation(fleet, &again);
    assert_int_equal(fleet_charge(fleet, &too_much, &again), CHARGE_EXCEEDED);
    assert_int_equal(fleet_used(fleet, ALICE, &different), 2);
    assert_true(fleet_give_back(fleet, &charge, &receipt));
    assert_int_equal(fleet_used(fleet, ALICE, &hour), 0);
    assert_int_equal(fleet_used(fleet, ALICE, &different), 0);
}

static void merging(void **state)
{
    struct world *world = *state;
    struct fleet *fleet = world->node.fleet;
    struct fleet_merged merged;
    struct fleet_receipt receipt;
    struct charge charge = a_charge(3, 2);
    fleet_operation(fleet, &receipt);
    assert_true(fleet_remember(fleet, &charge, &receipt));
    fleet_merge(fleet, NOW_MS, 5000, &merged);
    assert_int_equal(merged.merged, 1);
    fleet_operation(fleet, &receipt);
    receipt.may_be_done = true;
    assert_true(fleet_revoke(fleet, &charge, &receipt));
    fleet_merge(fleet, NOW_MS, 5000, &merged);
    assert_int_equal(fleet_merges(fleet), 0);
    assert_int_equal(fleet_used(fleet, ALICE, &hour), 2);
    struct limit_meter meter = limit_meter_of(&different);
    assert_true(fleet_reset(fleet, SPAN(ALICE), &meter));
    assert_true(fleet_reset(fleet, SPAN(ALICE), NULL));
    assert_int_equal(fleet_used(fleet, ALICE, &hour), 0);
}

static bool count_one(const struct fleet_record *record, void *context)
{
    (void)record;
    ++*(unsigned *)context;
    return true;
}

static void records(void **state)
{
    struct world *world = *state;
    struct fleet *fleet = world->node.fleet;
    struct fleet_position position = { .epoch = 0 };
    struct buffer value = BUFFER_EMPTY;
    unsigned count = 0;
    assert_int_equal(fleet_record_put(fleet, "override", SPAN("a"), SPAN("1"), 0), FLEET_DONE);
    assert_int_equal(fleet_record_offer(fleet, "override", SPAN("a"), SPAN("2"), 9), FLEET_ABSENT);
    assert_int_equal(fleet_record_offer(fleet, "override", SPAN("b"), SPAN("2"), 9), FLEET_DONE);
    assert_int_equal(fleet_record_get(fleet, "override", SPAN("a"), &value), FLEET_DONE);
    assert_int_equal(fleet_record_remove(fleet, "override", SPAN("a")), FLEET_DONE);
    assert_int_equal(fleet_record_walk(fleet, "override", &position, count_one, &count),
                     FLEET_DONE);
    assert_int_equal(count, 2);
    /* One whose time is over is taken away by the next that is put. */
    assert_int_equal(fleet_record_put(fleet, "override", SPAN("c"), SPAN("1"), 1), FLEET_DONE);
    AWAIT(fleet_record_get(fleet, "override", SPAN("c"), &value) == FLEET_ABSENT);
    assert_int_equal(fleet_record_put(fleet, "override", SPAN("d"), SPAN("1"), 0), FLEET_DONE);
    assert_string_equal(redis_server_say(&world->server, "HEXISTS {egress:test}r:override c"), "0");
    buffer_free(&value);
}

static void leases(void **state)
{
    struct world *world = *state;
    struct fleet *fleet = world->node.fleet;
    assert_int_equal(fleet_lease(fleet, "digest", 60000), FLEET_DONE);
    assert_int_equal(fleet_lease(fleet, "digest", 60000), FLEET_DONE);
    fleet_unlease(fleet, "digest");
    assert_string_equal(redis_server_say(&world->server, "EXISTS {egress:test}l:digest"), "0");
}

/* It may do nothing else: another fleet's keys are not its own. */
static void no_more(void **state)
{
    struct world *world = *state;
    redis_server_say(&world->server, "AUTH egress secret");
    assert_non_null(strstr(redis_server_say(&world->server, "?GET {egress:other}probe"), "NOPERM"));
    assert_non_null(strstr(redis_server_say(&world->server, "?FLUSHALL"), "NOPERM"));
    assert_non_null(strstr(redis_server_say(&world->server, "?KEYS *"), "NOPERM"));
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)
    const struct CMUnitTest tests[] = { IN_WORLD(counts), IN_WORLD(merging), IN_WORLD(records),
                                        IN_WORLD(leases), IN_WORLD(no_more) };
    if (!redis_wire_is_built() || !redis_server_is_there()) {
        puts("SKIPPED: no redis-server on this machine, or no hiredis in this build");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
