/*
 * What the daemon tells of DNS lists: which are in order, and what of ours they list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "control/report_private.h"
#include "tests/support/house.h"
#include "watch/lists_record.h"
#include "watch/reputation.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/x\";"                                                                        \
    "lists = ( { zone = \"zen.spamhaus.org\"; use = [ \"client\", \"own\" ]; },"                   \
    "          { zone = \"dbl.spamhaus.org\"; use = \"links\"; } );"

struct office {
    struct house house;
    struct site_holder *holder;
    struct control_host host;
};

static int open_office(void **state)
{
    struct office *office = calloc(1, sizeof(*office));
    house_open(&office->house, CONFIG);
    office->holder = site_holder_new(site_ref(office->house.site));
    office->host = (struct control_host){ .holder = office->holder,
                                          .clock = &office->house.clock.clock,
                                          .store = office->house.store };
    *state = office;
    return 0;
}

static int close_office(void **state)
{
    struct office *office = *state;
    site_holder_free(&office->holder);
    house_close(&office->house);
    free(office);
    return 0;
}

static void put_health(struct office *office, const char *key, const struct list_health *health)
{
    struct buffer kept = BUFFER_EMPTY;
    list_health_write(health, &kept);
    assert_true(
        store_put(office->house.store, STORE_WATCH, span_of(key), buffer_span(&kept), STORE_SOON));
    buffer_free(&kept);
}

static void put_listing(struct office *office, const char *key)
{
    struct reputation_record record = { .since_s = HOUSE_NOW_S - 3600,
                                        .looked_s = HOUSE_NOW_S,
                                        .code = "127.0.0.2",
                                        .means = "SBL",
                                        .page = "https://check.example/",
                                        .text = "why" };
    struct buffer kept = BUFFER_EMPTY;
    reputation_record_write(&record, &kept);
    assert_true(
        store_put(office->house.store, STORE_WATCH, span_of(key), buffer_span(&kept), STORE_SOON));
    buffer_free(&kept);
}

static void expect(struct office *office, bool is_json, const char *wanted)
{
    struct buffer out = BUFFER_EMPTY;
    assert_int_equal(report_lists(&office->host, is_json, &out), CONTROL_GOOD);
    if (strstr(buffer_text(&out), wanted) == NULL) {
        fail_msg("not \"%s\" in\n%s", wanted, buffer_text(&out));
    }
    buffer_free(&out);
}

static void expect_health(struct office *office, enum control_exit worst, const char *wanted)
{
    struct reasons reasons = { BUFFER_EMPTY, CONTROL_GOOD };
    report_judge_lists(&office->host, office->house.site, &reasons);
    assert_int_equal(reasons.worst, worst);
    if (strstr(buffer_text(&reasons.lines), wanted) == NULL) {
        fail_msg("not \"%s\" in\n%s", wanted, buffer_text(&reasons.lines));
    }
    buffer_free(&reasons.lines);
}

static void nothing_is_known_at_first(void **state)
{
    struct office *office = *state;
    expect(office, false, "zen.spamhaus.org: not tested\n    addresses; asked about client,own\n");
    expect(office, true, "\"zone\":\"dbl.spamhaus.org\",\"kind\":\"domain\",\"use\":[\"links\"]");
    expect_health(office, CONTROL_GOOD, "");
}

static void states_are_told(void **state)
{
    struct office *office = *state;
    struct list_health on = { .state = LIST_ON,
                              .since_s = HOUSE_NOW_S - 60,
                              .tested_s = HOUSE_NOW_S - 60,
                              .questions = 12,
                              .hits = 3,
                              .errors = 1 };
    struct list_health off = { .state = LIST_OFF,
                               .since_s = HOUSE_NOW_S - 60,
                               .why = "it answers 127.255.255.254: not us" };
    put_health(office, "lists/zen.spamhaus.org", &on);
    put_health(office, "lists/dbl.spamhaus.org", &off);
    expect(office, false, "zen.spamhaus.org: on since 2026-03-01T11:59:00Z\n");
    expect(office, false, "    12 questions, 3 listings, 1 errors; tested 2026-03-01T11:59:00Z\n");
    expect(office, false, "dbl.spamhaus.org: off since 2026-03-01T11:59:00Z: it answers 127.255");
    expect(office, true, "\"state\":\"off\",\"why\":\"it answers 127.255.255.254: not us\"");
    expect_health(office, CONTROL_WARNING, "lists: dbl.spamhaus.org is off: it answers 127.255");
    on.tested_s = HOUSE_NOW_S - 3 * 3600; /* nobody tests any more */
    put_health(office, "lists/zen.spamhaus.org", &on);
    expect(office, false, "zen.spamhaus.org: not tested");
}

static void listings_are_told(void **state)
{
    struct office *office = *state;
    char key[80];
    put_listing(office, "reputation/zen.spamhaus.org/198.51.100.7");
    expect(office, false,
           "listed by DNS lists:\n    198.51.100.7 is listed by zen.spamhaus.org since "
           "2026-03-01T11:00:00Z: 127.0.0.2, SBL; removal: https://check.example/\n");
    expect(office, true,
           "\"name\":\"198.51.100.7\",\"code\":\"127.0.0.2\",\"means\":\"SBL\","
           "\"text\":\"why\",\"removal\":\"https://check.example/\"");
    expect_health(office, CONTROL_WARNING,
                  "reputation: 198.51.100.7 is listed by zen.spamhaus.org since");
    for (int i = 0; i < REPUTATION_HEALTH_MAX + 1; i++) {
        snprintf(key, sizeof(key), "reputation/zen.spamhaus.org/198.51.100.%d", 10 + i);
        put_listing(office, key);
    }
    expect_health(office, CONTROL_WARNING, "reputation: 2 more listings");
    /* What cannot be read is passed over. */
    assert_true(
        store_put(office->house.store, STORE_WATCH, SPAN("reputation/x"), SPAN("?"), STORE_SOON));
    assert_true(store_put(office->house.store, STORE_WATCH, SPAN("reputation/z/a"), SPAN("9 ?"),
                          STORE_SOON));
    expect_health(office, CONTROL_WARNING, "reputation: 2 more listings");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_known_at_first, open_office, close_office),
        cmocka_unit_test_setup_teardown(states_are_told, open_office, close_office),
        cmocka_unit_test_setup_teardown(listings_are_told, open_office, close_office),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
