/*
 * principals: suspensions, history and what was sent go by timer when they are over, and nothing
 * else.
 */
#include "test_watch_support.h"

#include "behaviour/history.h"
#include "behaviour/suspension.h"
#include "feedback/sent.h"

static void suspend(struct scene *scene, const char *name, int64_t until_s)
{
    struct suspension suspension = { .set_s = HOUSE_NOW_S, .until_s = until_s, .by = "root" };
    struct error error;
    snprintf(suspension.principal, sizeof(suspension.principal), "%s", name);
    assert_true(suspension_put(scene->store, &suspension, &error));
}

static void remember(struct scene *scene, uint64_t id, int64_t at_s)
{
    const struct sent sent = { .at_s = at_s, .principal = "alice", .recipient_count = 1 };
    const struct history_entry entry = { .principal = "alice",
                                         .at_ms = at_s * 1000,
                                         .kind = HISTORY_NOTICE };
    assert_true(sent_note(scene->store, id, &sent, 10));
    assert_true(history_add(scene->store, &entry));
}

static void test_over(void **state)
{
    struct scene *scene = scene_new("", NULL);
    (void)state;
    suspend(scene, "alice", HOUSE_NOW_S + 100);
    suspend(scene, "bob", 0);
    remember(scene, 1, HOUSE_NOW_S - 100 * INT64_C(86400));
    remember(scene, 2, HOUSE_NOW_S);
    scene_start(scene, true);
    scene_pass(scene, 1);
    assert_int_equal(store_count(scene->store, STORE_SENT), 1);
    assert_int_equal(store_count(scene->store, STORE_HISTORY), 1);
    assert_int_equal(store_count(scene->store, STORE_SUSPENDED), 2);
    scene_pass(scene, 190);
    assert_int_equal(store_count(scene->store, STORE_SUSPENDED), 1);
    assert_int_equal(suspension_count(scene->store, HOUSE_NOW_S + 1000), 1);
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
