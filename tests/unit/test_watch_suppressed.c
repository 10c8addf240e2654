/*
 * suppressed: what is over leaves the list by timer, and a full list is told once an hour.
 */
#include "test_watch_support.h"

#include <string.h>

#include "feedback/suppression.h"

#define DOMAINS "suppression = { max = 100; };\n"

static const struct suppression_settings settings = { .max = 100 };

/* As many as there is room for, half of them for five thousand seconds. */
static void fill(struct scene *scene)
{
    for (int i = 0; i < 100; i++) {
        struct suppression suppression = { .domain = "*",
                                           .source = SUPPRESSED_BY_COMMAND,
                                           .set_s = HOUSE_NOW_S,
                                           .until_s = i % 2 == 0 ? HOUSE_NOW_S + 5000 : 0 };
        snprintf(suppression.address, sizeof(suppression.address), "u%d@away.example", i);
        assert_int_equal(suppression_put(scene->store, &settings, &suppression), SUPPRESSION_DONE);
    }
}

static unsigned count_told(const struct scene *scene)
{
    const char *at = buffer_text(&scene->house.log);
    unsigned count = 0;
    while ((at = strstr(at, "suppression: the list is full")) != NULL) {
        count++;
        at++;
    }
    return count;
}

static void test_list(void **state)
{
    struct scene *scene = scene_new(DOMAINS, NULL);
    (void)state;
    scene_start(scene, true);
    scene_pass(scene, 1);
    assert_int_equal(count_told(scene), 0);
    fill(scene);
    scene_pass(scene, 70);
    assert_int_equal(count_told(scene), 1);
    scene_pass(scene, 3560);
    assert_int_equal(count_told(scene), 1);
    scene_pass(scene, 60);
    assert_int_equal(count_told(scene), 2);
    assert_int_equal(suppression_count(scene->store), 100);
    scene_pass(scene, 1500); /* half of them are over */
    assert_int_equal(suppression_count(scene->store), 50);
    assert_int_equal(count_told(scene), 2);
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
