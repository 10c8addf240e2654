/*
 * The watch over keys, offline: DNS is a script that changes, and time passes when it is told to.
 */
#include "tests/unit/test_watch_support.h"

#define A "a._domainkey.example.org"
#define B "b._domainkey.example.org"
#define ONE_KEY                                                                                    \
    "domains = ( { name = \"example.org\"; keys = ( { selector = \"a\"; file = \"$F/a.pem\"; } "   \
    "); "                                                                                          \
    "} );\n"
#define TWO_KEYS                                                                                   \
    "domains = ( { name = \"example.org\"; keys = ( { selector = \"a\"; file = \"$F/a.pem\"; },\n" \
    " { selector = \"b\"; file = \"$F/b.pem\"; } ); } );\n"
#define HAS_A A " TXT \"$A\"\n"
#define HAS_B B " TXT \"$B\"\n"
#define HOUR 3600

/* A key that is proven, at rest. */
static struct scene *proven(const char *domains)
{
    struct scene *scene = scene_new(domains, NULL);
    scene_dns(scene, HAS_A);
    scene_start(scene, true);
    scene_pass(scene, 10);
    assert_state(scene, A, KEY_ACTIVE, false);
    buffer_clear(&scene->house.log);
    return scene;
}

/* Until a look has found a fault; within ten minutes it does not count. */
static void pass_until_bad(struct scene *scene, const char *name)
{
    for (int i = 0; i < 500 && scene_record(scene, name).bad_since_s == 0; i++) {
        scene_pass(scene, 10);
    }
    struct key_record record = scene_record(scene, name);
    assert_int_not_equal(record.bad_since_s, 0);
    assert_false(record.is_lost);
}

static void test_publish(void **state)
{
    (void)state;
    struct scene *scene = scene_new(TWO_KEYS, NULL);
    scene_start(scene, true);
    scene_pass(scene, 130);
    assert_state(scene, A, KEY_NEW, false);
    assert_signs(scene, "example.org", "a b"); /* nothing was ever proven */
    assert_said(scene, "not published yet", 2);
    scene_dns(scene, HAS_A);
    scene_pass(scene, 70);
    assert_state(scene, A, KEY_ACTIVE, false);
    assert_state(scene, B, KEY_NEW, false);
    assert_signs(scene, "example.org", "a");
    assert_said(scene, A ": proven, it signs", 1);
    struct key_record record = scene_record(scene, A);
    assert_true(record.key_id != 0);
    assert_int_equal(record.bad_since_s, 0);
    scene_dns(scene, HAS_A HAS_B);
    scene_pass(scene, 80);
    assert_signs(scene, "example.org", "a b");
    scene_free(&scene);
}

/* One that is well costs a question or two an hour. */
static void test_rest(void **state)
{
    (void)state;
    struct scene *scene = proven(ONE_KEY);
    scene->dns.asked[DNS_WAY_CACHE] = scene->dns.asked[DNS_WAY_ZONE] = 0;
    scene_pass(scene, 10 * HOUR);
    assert_in_range(scene->dns.asked[DNS_WAY_CACHE], 9, 12);
    assert_int_equal(scene->dns.asked[DNS_WAY_ZONE], 0);
    assert_said(scene, "keys:", 0);
    scene_free(&scene);
}

static const struct {
    const char *script, *why;
} faults[] = {
    { "", "no key record: no such name" },
    { A " TXT \"v=DKIM1; p=\"\n", "a revoked key: p= is empty" },
    { A " TXT \"$B\"\n", "another key" },
    { A " TXT \"h=sha1; $A\"\n", "h= does not list sha256" },
};

static void test_lost_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct scene *scene = proven(ONE_KEY);
        scene_dns(scene, faults[i].script);
        pass_until_bad(scene, A);
        assert_signs(scene, "example.org", "a");
        if (strstr(buffer_text(&scene->house.log), faults[i].why) == NULL) {
            fail_msg("no \"%s\" in %s", faults[i].why, buffer_text(&scene->house.log));
        }
        assert_said(scene, "another look will decide", 1);
        scene_pass(scene, 700);
        assert_state(scene, A, KEY_ACTIVE, true);
        assert_signs(scene, "example.org", "");
        assert_said(scene, "nobody can verify it any more", 1);
        scene_pass(scene, 3 * HOUR);
        assert_said(scene, "nobody can verify it any more", 0);
        scene_dns(scene, HAS_A);
        scene_pass(scene, 700);
        assert_state(scene, A, KEY_ACTIVE, false);
        assert_signs(scene, "example.org", "a");
        assert_said(scene, "its record is back", 1);
        scene_free(&scene);
    }
}

/* Mended before the second look: nobody loses anything. */
static void test_short_fault(void **state)
{
    (void)state;
    struct scene *scene = proven(ONE_KEY);
    scene_dns(scene, "");
    pass_until_bad(scene, A);
    scene_dns(scene, HAS_A);
    scene_pass(scene, 700);
    assert_state(scene, A, KEY_ACTIVE, false);
    assert_int_equal(scene_record(scene, A).bad_since_s, 0);
    scene_free(&scene);
}

static const char *const silences[] = { A " TXT SERVFAIL\n", "* * TIMEOUT\n", A " TXT BOGUS\n" };

static void test_no_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(silences) / sizeof(silences[0]); i++) {
        struct scene *scene = proven(ONE_KEY);
        struct key_record before = scene_record(scene, A);
        scene_dns(scene, silences[i]);
        scene_pass(scene, 26 * HOUR);
        struct key_record after = scene_record(scene, A);
        assert_memory_equal(&before, &after, sizeof(before));
        assert_said(scene, "keys:", 0);
        assert_signs(scene, "example.org", "a");
        scene_free(&scene);
    }
}

/* The cache has lost the record, the zone has it: a fault of the resolver's. */
static void test_cache_alone(void **state)
{
    (void)state;
    struct scene *scene = proven(ONE_KEY);
    scene_set_face(scene, DNS_WAY_CACHE, "");
    scene_pass(scene, 3 * HOUR);
    assert_state(scene, A, KEY_ACTIVE, false);
    assert_said(scene, "keys:", 0);
    scene_free(&scene);
}

/* The zone has lost it, the cache has not yet: mail already on its way may be refused. */
static void test_zone_alone(void **state)
{
    (void)state;
    struct scene *scene = proven(ONE_KEY);
    scene_set_face(scene, DNS_WAY_ZONE, "");
    scene_pass(scene, 3 * HOUR);
    assert_state(scene, A, KEY_ACTIVE, false); /* seen there only once the cache has run out */
    scene_set_face(scene, DNS_WAY_CACHE, "");
    scene_pass(scene, HOUR + 900);
    assert_state(scene, A, KEY_ACTIVE, true);
    scene_set_face(scene, DNS_WAY_CACHE, HAS_A);
    scene_pass(scene, HOUR);
    assert_state(scene, A, KEY_ACTIVE, true); /* what a cache says brings nothing back */
    scene_free(&scene);
}

/* The servers of the zone cannot be reached from here: two looks of the resolver do. */
static void test_unreachable_zone(void **state)
{
    (void)state;
    struct scene *scene = scene_new(ONE_KEY, NULL);
    scene_set_face(scene, DNS_WAY_CACHE, HAS_A);
    scene_set_face(scene, DNS_WAY_ZONE, "* * TIMEOUT\n");
    scene_start(scene, true);
    scene_pass(scene, 500);
    assert_state(scene, A, KEY_PUBLISHED, false);
    scene_pass(scene, 900);
    assert_state(scene, A, KEY_ACTIVE, false);
    scene_set_face(scene, DNS_WAY_CACHE, "");
    pass_until_bad(scene, A);
    scene_pass(scene, 700);
    assert_state(scene, A, KEY_ACTIVE, true);
    scene_set_face(scene, DNS_WAY_CACHE, HAS_A);
    scene_pass(scene, 700);
    assert_state(scene, A, KEY_ACTIVE, false);
    scene_free(&scene);
}

/* --- rotation ----------------------------------------------------------------------------------
 */

static bool name_successor(struct key_record *record_io, bool is_found, void *context)
{
    snprintf(record_io->replaced_by, sizeof(record_io->replaced_by), "%s", (const char *)context);
    return is_found;
}

static void test_rotation(void **state)
{
    (void)state;
    struct scene *scene = proven(TWO_KEYS);
    assert_true(
        key_record_update(scene->store, SPAN(A), STORE_DURABLE, name_successor, (char[]){ "b" }));
    scene_pass(scene, 300);
    assert_state(scene, A, KEY_ACTIVE, false);
    assert_signs(scene, "example.org", "a");
    scene_dns(scene, HAS_A HAS_B);
    scene_pass(scene, 150);
    assert_state(scene, B, KEY_ACTIVE, false);
    assert_state(scene, A, KEY_RETIRING, false);
    assert_signs(scene, "example.org", "b");
    assert_said(scene,
                "b took over; its record has to stay while mail signed with it may be under "
                "way, 12 days",
                1);
    /* the new one is lost: the one before is still there */
    scene_dns(scene, HAS_A);
    scene_pass(scene, HOUR + 900);
    assert_state(scene, B, KEY_ACTIVE, true);
    assert_signs(scene, "example.org", "a");
    scene_dns(scene, HAS_A HAS_B);
    scene_pass(scene, 700);
    assert_signs(scene, "example.org", "b");
    scene_leap(scene, UINT64_C(11) * 86400 * 1000);
    scene_pass(scene, 10);
    assert_state(scene, A, KEY_RETIRING, false);
    scene_leap(scene, UINT64_C(1) * 86400 * 1000);
    scene_pass(scene, HOUR);
    assert_state(scene, A, KEY_REVOKED, false);
    assert_said(scene, A ": no mail signed with it is under way any more", 1);
    scene_dns(scene, HAS_B);
    scene_pass(scene, 2 * HOUR);
    assert_state(scene, A, KEY_REVOKED, false);
    assert_signs(scene, "example.org", "b");
    assert_said(scene, "keys:", 0);
    scene_free(&scene);
}

/* The row of a retiring key goes, its time does not. */
static void test_orphan(void **state)
{
    (void)state;
    struct scene *scene = proven(ONE_KEY);
    struct key_record record = scene_record(scene, A);
    struct key_rules rules = { .lost_after_s = 600, .retire_after_s = 86400 };
    key_retire(&record, &rules, scene->house.clock.now_s, "by hand");
    assert_true(key_record_save(scene->store, SPAN(A), &record, STORE_DURABLE));
    site_holder_swap(scene->holder,
                     scene_site(scene,
                                "domains = ( { name = \"other.example\"; keys = ( { selector "
                                "= \"c\"; file = \"$F/c.pem\"; } ); } );\n"));
    scene_pass(scene, 10);
    assert_state(scene, A, KEY_RETIRING, false);
    scene_leap(scene, UINT64_C(86400) * 1000);
    scene_pass(scene, 120);
    assert_state(scene, A, KEY_REVOKED, false);
    scene_free(&scene);
}

/* Another file under the same selector is another key. */
static void test_other_file(void **state)
{
    (void)state;
    struct scene *scene = proven(ONE_KEY);
    scene_make_key(scene, 0);
    site_holder_swap(scene->holder, scene_site(scene, ONE_KEY));
    scene_pass(scene, 10);
    assert_state(scene, A, KEY_NEW, false); /* DNS still has the old one */
    assert_said(scene, "its record is not what it should be: another key", 1);
    scene_dns(scene, HAS_A);
    scene_pass(scene, 80);
    assert_state(scene, A, KEY_ACTIVE, false);
    scene_free(&scene);
}

static const struct {
    const char *script, *words;
} warnings[] = {
    { A " TXT \"t=y; $A\"\n", "t=y tells receivers" },
    { HAS_A A " TXT \"v=DKIM1; p=\"\n", "several key records" },
};

static void test_warnings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
        struct scene *scene = proven(ONE_KEY);
        scene_dns(scene, warnings[i].script);
        scene_pass(scene, 5 * HOUR);
        assert_state(scene, A, KEY_ACTIVE, false);
        assert_said(scene, warnings[i].words, 1);
        scene_free(&scene);
    }
}

/* Our key beside another's: not enough to prove a new one. */
static void test_ambiguous_is_no_proof(void **state)
{
    (void)state;
    struct scene *scene = scene_new(ONE_KEY, NULL);
    scene_dns(scene, HAS_A A " TXT \"$B\"\n");
    scene_start(scene, true);
    scene_pass(scene, 300);
    assert_state(scene, A, KEY_NEW, false);
    assert_said(scene, "several key records", 1);
    scene_free(&scene);
}

/* --- names, processes, hurries -----------------------------------------------------------------
 */

#define MET "a._domainkey.customer.example"

/* A key for any domain is looked at where mail was signed with it. */
static void test_any_domain(void **state)
{
    (void)state;
    struct scene *scene =
        scene_new("domains = ( { name = \"*\"; keys = ( { selector = \"a\"; file = \"$F/a.pem\"; } "
                  "); } );\n",
                  NULL);
    scene_start(scene, true);
    scene_pass(scene, 10);
    assert_int_equal(scene->dns.asked[DNS_WAY_CACHE], 0);
    scene_dns(scene, MET " TXT \"$A\"\n");
    assert_signs(scene, "customer.example", "a");
    scene_pass(scene, 10);
    assert_state(scene, MET, KEY_ACTIVE, false);
    scene_dns(scene, "");
    scene_pass(scene, HOUR + 900);
    assert_signs(scene, "customer.example", "");
    assert_signs(scene, "another.example", "a");
    scene_free(&scene);
}

/* Mail that finds no key is told of at once, then each hour. */
static void test_lost_mail(void **state)
{
    (void)state;
    struct scene *scene = proven(ONE_KEY);
    scene_dns(scene, "");
    scene_pass(scene, HOUR + 900);
    buffer_clear(&scene->house.log);
    assert_signs(scene, "example.org", "");
    scene_pass(scene, 10);
    assert_said(scene, "keys: 1 messages since the last such line found no published key", 1);
    for (int i = 0; i < 5; i++) {
        assert_signs(scene, "example.org", "");
    }
    scene_pass(scene, HOUR - 100);
    assert_said(scene, "found no published key", 0);
    scene_pass(scene, 200);
    assert_said(scene, "keys: 5 messages since", 1);
    scene_pass(scene, 2 * HOUR);
    assert_said(scene, "found no published key", 0);
    scene_free(&scene);
}

/* What one process proves the others know soon, and one that starts later at once. */
static void test_processes(void **state)
{
    (void)state;
    char place[] = "/tmp/test_watch_state.XXXXXX";
    assert_non_null(mkdtemp(place));
    struct scene *scene = scene_new(TWO_KEYS, place);
    struct key_proofs *own = scene->proofs;
    scene_dns(scene, HAS_A);
    scene_start(scene, true);
    scene_pass(scene, 10);
    struct watch *leader = scene->watch;
    scene->proofs = key_proofs_new();
    scene_start(scene, false);
    assert_signs(scene, "example.org", "a");
    scene->dns.asked[DNS_WAY_CACHE] = 0;
    watch_hurry(scene->watch);
    scene_pass(scene, 3 * HOUR);
    assert_int_equal(scene->dns.asked[DNS_WAY_CACHE], 0); /* it only reads */
    assert_true(
        key_record_update(scene->store, SPAN(A), STORE_SOON, name_successor, (char[]){ "b" }));
    struct key_record record;
    scene_pass(scene, 3);
    assert_true(key_proofs_get(scene->proofs, SPAN(A), &record));
    assert_string_equal(record.replaced_by, "b");
    watch_free(&leader);
    key_proofs_free(&own);
    scene_free(&scene);
    nftw(place, scene_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_hurry(void **state)
{
    (void)state;
    struct scene *scene = proven(ONE_KEY);
    scene->dns.asked[DNS_WAY_CACHE] = 0;
    watch_step(scene->watch);
    assert_int_equal(scene->dns.asked[DNS_WAY_CACHE], 0);
    watch_hurry(scene->watch);
    watch_step(scene->watch);
    assert_int_equal(scene->dns.asked[DNS_WAY_CACHE], 1);
    watch_step_down(scene->watch);
    watch_hurry(scene->watch);
    watch_step(scene->watch);
    assert_int_equal(scene->dns.asked[DNS_WAY_CACHE], 1);
    scene_free(&scene);
}

/* --- many ----------------------------------------------------------------------------------------
 */

/* Thousands of keys: soon all at the first look, then spread over the hours. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 2000, WINDOW_S = 60 };
    struct buffer domains = BUFFER_EMPTY;
    buffer_add_text(&domains, "domains = (\n");
    for (int i = 0; i < MANY; i++) {
        buffer_printf(&domains,
                      "%s{ name = \"c%d.example\"; keys = ( { selector = \"a\"; file = "
                      "\"$F/a.pem\"; } ); }\n",
                      i > 0 ? "," : "", i);
    }
    buffer_add_text(&domains, ");\n");
    struct scene *scene = scene_new(buffer_text(&domains), NULL);
    scene_dns(scene, "*.example TXT \"$A\"\n");
    scene_start(scene, true);
    scene_pass(scene, 120);
    assert_in_range(scene->dns.asked[DNS_WAY_CACHE], MANY, MANY + MANY / 10);
    assert_int_equal(scene->dns.asked[DNS_WAY_ZONE], MANY);
    assert_state(scene, "a._domainkey.c1999.example", KEY_ACTIVE, false);
    scene_pass(scene, HOUR);
    unsigned most = 0, all = scene->dns.asked[DNS_WAY_CACHE];
    for (int i = 0; i < HOUR / WINDOW_S; i++) {
        unsigned before = scene->dns.asked[DNS_WAY_CACHE];
        scene_pass(scene, WINDOW_S);
        unsigned asked = scene->dns.asked[DNS_WAY_CACHE] - before;
        most = asked > most ? asked : most;
    }
    all = scene->dns.asked[DNS_WAY_CACHE] - all;
    print_message("%d keys: %u questions an hour, at most %u a minute\n", MANY, all, most);
    assert_in_range(all, MANY * 8 / 10, MANY * 12 / 10);
    assert_in_range(most, 1, MANY / 20);
    buffer_free(&domains);
    scene_free(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_lost_and_back),
        cmocka_unit_test(test_short_fault),
        cmocka_unit_test(test_no_answers),
        cmocka_unit_test(test_cache_alone),
        cmocka_unit_test(test_zone_alone),
        cmocka_unit_test(test_unreachable_zone),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_orphan),
        cmocka_unit_test(test_other_file),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_ambiguous_is_no_proof),
        cmocka_unit_test(test_any_domain),
        cmocka_unit_test(test_lost_mail),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_hurry),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
