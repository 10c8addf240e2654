/*
 * Whether a server is worth asking, and what is told of it. Time is handed in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/health.h"

#define SECOND_NS UINT64_C(1000000000)
#define AT(seconds) ((seconds)*SECOND_NS)

/* One probe at a time; who failed beside it, or before, does not lengthen the pause. */
static void probes(void **state)
{
    (void)state;
    struct health health;
    struct error why = { "gone" }, told;
    health_init(&health);
    assert_int_equal(health_ask(&health, 0, &told), HEALTH_TRY);
    assert_int_equal(health_ask(&health, 0, &told), HEALTH_TRY);
    health_bad(&health, HEALTH_TRY, 0, &why);
    health_bad(&health, HEALTH_TRY, SECOND_NS / 2, &why);
    assert_int_equal(health_ask(&health, SECOND_NS - 1, &told), HEALTH_TRY_NOT);
    assert_string_equal(told.text, "gone");
    assert_int_equal(health_ask(&health, SECOND_NS, &told), HEALTH_TRY_AS_PROBE);
    assert_int_equal(health_ask(&health, 9u * SECOND_NS, &told), HEALTH_TRY_NOT);
    health_unknown(&health, HEALTH_TRY_AS_PROBE);
    assert_int_equal(health_ask(&health, SECOND_NS, &told), HEALTH_TRY_AS_PROBE);
    health_good(&health, HEALTH_TRY_AS_PROBE, 0);
    assert_int_equal(health_ask(&health, SECOND_NS, &told), HEALTH_TRY);
    health_destroy(&health);
}

/* A question nobody could answer in time says nothing of the server that answers others. */
static void late(void **state)
{
    (void)state;
    struct health health;
    struct error why = { "no answer in time" }, told;
    uint64_t since_ns;
    health_init(&health);
    health_good(&health, HEALTH_TRY, AT(5));
    health_late(&health, HEALTH_TRY, AT(4), AT(14), &why);
    assert_false(health_is_down(&health, &told, &since_ns));
    health_late(&health, HEALTH_TRY, AT(6), AT(16), &why);
    assert_true(health_is_down(&health, &told, &since_ns));
    assert_int_equal(since_ns, AT(16));
    assert_string_equal(told.text, "no answer in time");
    assert_int_equal(health_ask(&health, AT(17), &told), HEALTH_TRY_AS_PROBE);
    health_late(&health, HEALTH_TRY_AS_PROBE, AT(17), AT(27), &why);
    assert_true(health_is_down(&health, &told, &since_ns));
    assert_int_equal(since_ns, AT(16));
    assert_int_equal(health_ask(&health, AT(28), &told), HEALTH_TRY_NOT);
    assert_int_equal(health_ask(&health, AT(29), &told), HEALTH_TRY_AS_PROBE);
    health_destroy(&health);
}

/* Once each, and a server that comes and goes once a minute. */
static void news(void **state)
{
    static const struct {
        unsigned at_s;
        bool is_good;
        enum health_news news;
    } steps[] = {
        { 1, true, HEALTH_NEWS_NONE },   { 2, false, HEALTH_NEWS_LOST },
        { 2, false, HEALTH_NEWS_NONE },  { 3, false, HEALTH_NEWS_NONE },
        { 4, true, HEALTH_NEWS_BACK },   { 4, true, HEALTH_NEWS_NONE },
        { 5, false, HEALTH_NEWS_NONE },  { 6, true, HEALTH_NEWS_NONE },
        { 61, false, HEALTH_NEWS_NONE }, { 62, false, HEALTH_NEWS_LOST },
        { 63, true, HEALTH_NEWS_BACK },
    };
    (void)state;
    struct health health;
    struct error why = { "gone" }, told;
    health_init(&health);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        told.text[0] = '\0';
        if (steps[i].is_good) {
            health_good(&health, HEALTH_TRY, AT(steps[i].at_s));
        } else {
            health_bad(&health, HEALTH_TRY, AT(steps[i].at_s), &why);
        }
        assert_int_equal(health_news(&health, AT(steps[i].at_s), &told), steps[i].news);
        assert_string_equal(told.text, steps[i].news == HEALTH_NEWS_LOST ? "gone" : "");
    }
    health_destroy(&health);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(probes), cmocka_unit_test(late),
                                        cmocka_unit_test(news) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
