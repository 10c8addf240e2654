/*
 * The watch over DNS lists and over what they say of us: tests at the start and hourly, one line
 * for each that goes off or on, one for each listing of ours and for its end.
 */
#include "tests/unit/test_watch_support.h"
#include "watch/lists_record.h"
#include "watch/reputation.h"

#define OWN_CONFIG                                                                                 \
    "outgoing = { addresses = [ \"198.51.100.7\" ]; };"                                            \
    "domains = ( { name = \"example.org\";"                                                        \
    "  keys = ( { selector = \"a\"; file = \"$F/a.pem\"; } ); } );"                                \
    "lists = ( { zone = \"bl.example\"; kind = \"address\"; use = [ \"client\", \"own\" ];"        \
    "            codes = ( { code = \"127.0.0.2\"; means = \"sends spam\"; } );"                   \
    "            removal = \"https://bl.example/out\"; },"                                         \
    "          { zone = \"dl.example\"; kind = \"domain\"; use = \"own\";"                         \
    "            codes = ( { code = \"127.0.1.2\"; means = \"spam\"; },"                           \
    "                      { code = \"127.0.1.4\"; means = \"phish\"; } ); } );"
#define GOOD                                                                                       \
    "2.0.0.127.bl.example A 127.0.0.2\n"                                                           \
    "test.dl.example A 127.0.1.2\n"
#define HOUR 3600

static unsigned count(const struct scene *scene, const char *text)
{
    unsigned found = 0;
    for (const char *at = buffer_text(&scene->house.log); (at = strstr(at, text)) != NULL; at++) {
        found++;
    }
    return found;
}

static void expect_lines(struct scene *scene, const char *text, unsigned wanted)
{
    if (count(scene, text) != wanted) {
        fail_msg("%u times \"%s\" and not %u in:\n%s", count(scene, text), text, wanted,
                 buffer_text(&scene->house.log));
    }
}

static struct list_health health_of(struct scene *scene, const char *name)
{
    struct site *site = site_holder_get(scene->holder);
    const struct list_zone *zone = list_zones_find(site->lists, span_of(name));
    struct list_health health;
    assert_non_null(zone);
    lists_health_get(scene->store, zone, &health);
    site_unref(&site);
    return health;
}

static bool is_on(struct scene *scene, const char *name)
{
    struct site *site = site_holder_get(scene->holder);
    bool on = list_board_is_on(scene->lists, list_zones_find(site->lists, span_of(name)));
    site_unref(&site);
    return on;
}

/* As a message would meet it. */
static void meet(struct scene *scene, const char *name, enum list_verdict verdict)
{
    struct site *site = site_holder_get(scene->holder);
    struct list_judgement judgement = { .verdict = verdict, .why = "it answers 1.2.3.4: no list" };
    list_board_note(scene->lists, list_zones_find(site->lists, span_of(name)), &judgement);
    site_unref(&site);
}

static void tested_at_the_start_and_hourly(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    (void)state;
    scene_dns(scene, GOOD);
    scene_start(scene, true);
    assert_false(is_on(scene, "bl.example"));
    scene_pass(scene, 5);
    assert_true(is_on(scene, "bl.example") && is_on(scene, "dl.example"));
    expect_lines(scene, "lists: bl.example is in order and on", 1);
    int64_t first_s = health_of(scene, "bl.example").tested_s;
    scene_pass(scene, HOUR - 60);
    assert_int_equal(health_of(scene, "bl.example").tested_s, first_s);
    scene_pass(scene, 120);
    assert_true(health_of(scene, "bl.example").tested_s > first_s);
    expect_lines(scene, "lists: ", 2); /* and no more of either */
    scene_free(&scene);
}

static void off_and_on_are_a_line_each(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    (void)state;
    scene_dns(scene, GOOD);
    scene_start(scene, true);
    scene_pass(scene, 5);
    scene_dns(scene, "*.bl.example A 127.255.255.254\ntest.dl.example A 127.0.1.2\n");
    scene_pass(scene, HOUR + 60);
    assert_false(is_on(scene, "bl.example"));
    assert_true(is_on(scene, "dl.example"));
    expect_lines(scene, "lists: bl.example is switched off: it answers 127.255.255.254", 1);
    scene_pass(scene, 6 * HOUR);
    expect_lines(scene, "is switched off", 1);
    scene_dns(scene, GOOD);
    scene_pass(scene, LISTS_TEST_SOON_S + 60);
    assert_true(is_on(scene, "bl.example"));
    expect_lines(scene, "lists: bl.example is in order and on again", 1);
    expect_lines(scene, "dl.example", 1);
    scene_free(&scene);
}

static void what_a_message_meets_switches_off(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    (void)state;
    scene_dns(scene, GOOD);
    scene_start(scene, true);
    scene_pass(scene, 5);
    uint64_t before = health_of(scene, "bl.example").questions; /* asked about ourselves */
    meet(scene, "bl.example", LIST_LISTED);
    meet(scene, "bl.example", LIST_ERROR);
    assert_false(is_on(scene, "bl.example"));
    scene_pass(scene, 10);
    expect_lines(scene, "lists: bl.example is switched off: it answers 1.2.3.4: no list", 1);
    struct list_health health = health_of(scene, "bl.example");
    assert_int_equal(health.questions, before + 2);
    assert_int_equal(health.hits, 1);
    assert_int_equal(health.errors, 1);
    /* Its own test is good, and does not bring it back before its hour. */
    scene_pass(scene, HOUR / 2);
    assert_false(is_on(scene, "bl.example"));
    scene_pass(scene, HOUR / 2 + 60);
    assert_true(is_on(scene, "bl.example"));
    expect_lines(scene, "bl.example is in order and on again", 1);
    scene_free(&scene);
}

/* Processes that follow believe what the leader found, and only as long as it is fresh. */
static void others_follow(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    struct list_health health = { .state = LIST_ON };
    struct buffer kept = BUFFER_EMPTY;
    (void)state;
    health.tested_s = scene->house.clock.now_s;
    list_health_write(&health, &kept);
    assert_true(store_put(scene->store, STORE_WATCH, SPAN("lists/bl.example"), buffer_span(&kept),
                          STORE_SOON));
    assert_int_equal(lists_state_at(&health, health.tested_s + LISTS_STALE_S), LIST_ON);
    assert_int_equal(lists_state_at(&health, health.tested_s + LISTS_STALE_S + 1), LIST_UNTESTED);
    health.state = LIST_OFF;
    assert_int_equal(lists_state_at(&health, health.tested_s + 10 * LISTS_STALE_S), LIST_OFF);
    buffer_free(&kept);
    scene_free(&scene);
}

static void dns_that_is_dead_is_no_fault_of_lists(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    (void)state;
    scene_dns(scene, "* * TIMEOUT\n");
    scene_start(scene, true);
    scene_pass(scene, 60);
    assert_false(is_on(scene, "bl.example"));
    scene_dns(scene, GOOD);
    scene_pass(scene, LISTS_TEST_SOON_S + 60);
    assert_true(is_on(scene, "bl.example"));
    scene_free(&scene);
}

#define LISTED                                                                                     \
    GOOD "7.100.51.198.bl.example A 127.0.0.2\n"                                                   \
         "7.100.51.198.bl.example TXT \"see https://bl.example/7\"\n"                              \
         "example.org.dl.example A 127.0.1.4\n"

static void listings_of_ours_are_told_once(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    struct buffer text = BUFFER_EMPTY;
    (void)state;
    scene_dns(scene, LISTED);
    scene_start(scene, true);
    scene_pass(scene, 30);
    expect_lines(scene,
                 "reputation: 198.51.100.7 is listed by bl.example: 127.0.0.2, sends spam (\"see "
                 "https://bl.example/7\"); removal: https://bl.example/out",
                 1);
    expect_lines(scene, "reputation: example.org is listed by dl.example: 127.0.1.4, phish", 1);
    scene_pass(scene, 5 * HOUR);
    expect_lines(scene, "reputation: ", 2);
    reputation_status_text(scene->store, &text);
    assert_non_null(strstr(buffer_text(&text), "198.51.100.7 is listed by bl.example since 2026-"));
    assert_non_null(strstr(buffer_text(&text), "removal: https://bl.example/out"));
    buffer_clear(&text);
    scene_dns(scene, GOOD);
    scene_pass(scene, HOUR + 120);
    expect_lines(scene, "reputation: 198.51.100.7 is no more listed by bl.example", 1);
    expect_lines(scene, "reputation: example.org is no more listed by dl.example", 1);
    expect_lines(scene, "reputation: ", 4);
    reputation_status_text(scene->store, &text);
    assert_int_equal(text.size, 0);
    buffer_free(&text);
    scene_free(&scene);
}

static void doubt_changes_nothing(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    (void)state;
    scene_dns(scene, LISTED);
    scene_start(scene, true);
    scene_pass(scene, 30);
    expect_lines(scene, "reputation: ", 2);
    /* One is silent about us, the other refuses everybody: nobody is delisted by that. */
    scene_dns(scene, "2.0.0.127.bl.example A 127.0.0.2\n7.100.51.198.bl.example A TIMEOUT\n"
                     "*.dl.example A 127.255.255.255\n");
    scene_pass(scene, 3 * HOUR);
    expect_lines(scene, "reputation: ", 2);
    scene_dns(scene, LISTED);
    scene_pass(scene, 3 * HOUR);
    expect_lines(scene, "reputation: ", 2);
    scene_free(&scene);
}

static void another_code_is_told(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    (void)state;
    scene_dns(scene, LISTED);
    scene_start(scene, true);
    scene_pass(scene, 30);
    scene_dns(scene,
              GOOD "7.100.51.198.bl.example A 127.0.0.2\nexample.org.dl.example A 127.0.1.2\n");
    scene_pass(scene, HOUR + 120);
    expect_lines(scene, "reputation: example.org is listed by dl.example: 127.0.1.2, spam", 1);
    expect_lines(scene, "reputation: ", 3);
    scene_free(&scene);
}

static void what_is_asked_no_more_is_forgotten(void **state)
{
    struct scene *scene = scene_new(OWN_CONFIG, NULL);
    struct buffer text = BUFFER_EMPTY;
    (void)state;
    scene_dns(scene, LISTED);
    scene_start(scene, true);
    scene_pass(scene, 30);
    site_holder_swap(scene->holder, scene_site(scene, "domains = ( );"));
    scene_pass(scene, 2 * HOUR);
    reputation_status_text(scene->store, &text);
    assert_int_equal(text.size, 0);
    expect_lines(scene, "no more listed", 0);
    buffer_free(&text);
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tested_at_the_start_and_hourly),
        cmocka_unit_test(off_and_on_are_a_line_each),
        cmocka_unit_test(what_a_message_meets_switches_off),
        cmocka_unit_test(others_follow),
        cmocka_unit_test(dns_that_is_dead_is_no_fault_of_lists),
        cmocka_unit_test(listings_of_ours_are_told_once),
        cmocka_unit_test(doubt_changes_nothing),
        cmocka_unit_test(another_code_is_told),
        cmocka_unit_test(what_is_asked_no_more_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
