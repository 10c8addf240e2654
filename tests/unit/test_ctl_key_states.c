/*
 * key list and key show: the state of a key and what is to be done next, from the store.
 */
#include "test_ctl_keys_support.h"

#define NAME "s2026a._domainkey.example.org"

struct state_case {
    struct key_record record;
    const char *row;  /* in the table */
    const char *says; /* beneath it */
    const char *json;
};

static const struct state_case cases[] = {
    { { .state = KEY_NEW, .since_s = NOW_S },
      "2048  new ",
      "next: signs, as no key of the domain is proven yet; publish its record: egressctl key show "
      "example.org s2026a\n",
      "\"state\":\"new\",\"signs\":true" },
    { { .state = KEY_NEW,
        .since_s = NOW_S,
        .looked_s = NOW_S,
        .bad = KEY_SEEN_OTHER,
        .bad_since_s = NOW_S - DAY_S },
      "2048  new ",
      "DNS:  another key since 2026-11-23\n",
      "\"bad\":\"another key\"" },
    { { .state = KEY_PUBLISHED, .since_s = NOW_S, .seen_good_s = NOW_S, .looked_s = NOW_S },
      "2048  published ",
      "DNS:  our key on 2026-11-24\n",
      "one more look, at the zone's own servers, proves it\"" },
    { { .state = KEY_ACTIVE,
        .since_s = NOW_S,
        .seen_good_s = NOW_S,
        .looked_s = NOW_S,
        .reason = "seen \\ twice" },
      "2048  active ",
      "since 2026-11-24, seen \\x5c twice\n",
      "\"state\":\"active\",\"signs\":true" },
    { { .state = KEY_ACTIVE, .since_s = NOW_S, .replaced_by = "s2026b" },
      "2048  active ",
      "next: signs until s2026b is proven\n",
      "\"replaced_by\":\"s2026b\"" },
    { { .state = KEY_ACTIVE,
        .since_s = NOW_S,
        .looked_s = NOW_S,
        .seen_good_s = NOW_S - DAY_S,
        .bad = KEY_SEEN_NOTHING,
        .bad_since_s = NOW_S,
        .is_lost = true },
      "2048  lost ",
      "DNS:  no key record since 2026-11-24, our key until 2026-11-23\n",
      "\"next\":\"its record is gone, publish it again: egressctl key show example.org s2026a\"" },
    { { .state = KEY_RETIRING, .since_s = NOW_S, .retire_s = NOW_S + 5 * DAY_S },
      "2048  retiring ",
      "next: signs, nothing else can; keep its record in DNS until 2026-11-29\n",
      "\"signs\":true" },
    { { .state = KEY_RETIRING, .since_s = NOW_S - 9 * DAY_S, .retire_s = NOW_S - DAY_S },
      "2048  retiring ",
      "next: its record may go from DNS since 2026-11-23; then egressctl key retire example.org "
      "s2026a\n",
      "\"retire\":" },
    { { .state = KEY_REVOKED, .since_s = NOW_S - 2 * DAY_S },
      "2048  revoked ",
      "next: its record may go from DNS since 2026-11-22; then egressctl key retire example.org "
      "s2026a\n",
      "\"state\":\"revoked\",\"signs\":false" },
};

static void test_states(void **state)
{
    struct stage *stage = *state;

    keys_config_folder(stage);
    keys_make(stage, "example.org", "s2026a", "rsa");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum ctl_exit code = cases[i].record.is_lost ? CTL_WARNING : CTL_GOOD;

        print_message("%s\n", cases[i].says);
        keys_note(stage, NAME, &cases[i].record);
        assert_int_equal(stage_run(stage, "key", "list", NULL), code);
        assert_has(stage_out(stage), cases[i].row);
        assert_has(stage_out(stage), cases[i].says);
        assert_string_equal(stage_err(stage), "");
        assert_int_equal(stage_run(stage, "--json", "key", "list", "example.org", NULL), code);
        assert_has(stage_out(stage), cases[i].json);
    }
}

/* No store yet, and one that is none: keys are listed all the same, and it is said. */
static void test_without_store(void **state)
{
    struct stage *stage = *state;

    keys_config_folder(stage);
    keys_make(stage, "example.org", "s2026a", "rsa");
    assert_int_equal(stage_run(stage, "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "2048  unknown");
    assert_has(stage_err(stage), "note: nothing is known of the states of keys: ");
    assert_false(keys_has_file(stage, "state")); /* the daemon makes it */
    assert_int_equal(stage_run(stage, "key", "show", "example.org", NULL), CTL_GOOD);
    assert_string_equal(stage_err(stage), "");
    stage_write(stage, "state", "x", 1);
    assert_int_equal(stage_run(stage, "--json", "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "\"states_unknown\":\"");
}

/* Of two proven keys, one lost: the other signs; a file that no row names; a key that is gone. */
static void test_others(void **state)
{
    struct stage *stage = *state;
    char domains[512];

    keys_make(stage, "example.org", "a", "rsa");
    keys_make(stage, "example.org", "b", "rsa");
    keys_make(stage, "example.org", "stray", "ed25519");
    keys_make(stage, "example.net", "n", "ed25519");
    snprintf(domains, sizeof(domains),
             "( { name = \"example.org\"; keys = ( { selector = \"a\"; file = "
             "\"%s/keys/{d}/{selector}.pem\"; }, { selector = \"b\"; file = "
             "\"%s/keys/{d}/{selector}.pem\"; } ); } )",
             stage->directory, stage->directory);
    keys_config(stage, domains);
    keys_note_state(stage, "a._domainkey.example.org", KEY_ACTIVE);
    keys_note_state(stage, "old._domainkey.example.org", KEY_REVOKED);
    assert_int_equal(stage_run(stage, "key", "list", "Example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "    next: signs\n");
    assert_has(stage_out(stage), "unknown    ");
    assert_has(stage_out(stage), "next: publish its record: egressctl key show example.org b\n");
    assert_has(stage_out(stage), "next: no row of domains names it: add one, publish its record: "
                                 "egressctl key show example.org stray\n");
    assert_has(stage_out(stage), "old       -                  0  revoked    -\n");
    assert_has(stage_out(stage), "next: its record may go from DNS since 2026-11-14\n");
    assert_has_not(stage_out(stage), "example.net");
    assert_int_equal(stage_run(stage, "key", "list", "example.com", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "example.com has no key");
    assert_int_equal(stage_run(stage, "key", "show", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "\n; active since 2026-11-14, as noted; in DNS: our key on "
                                 "2026-11-23\n");
    assert_has_not(stage_out(stage), "old._domainkey");
    assert_int_equal(stage_run(stage, "--json", "key", "show", "example.org", "a", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "\"state\":\"active\",\"signs\":true");
}

/* A key that signs for whatever From domain comes has a record in each that was met. */
static void test_any_domain(void **state)
{
    struct stage *stage = *state;
    char domains[512];

    keys_make(stage, "any", "a", "rsa");
    snprintf(
        domains, sizeof(domains),
        "( { name = \"*\"; keys = ( { selector = \"a\"; file = \"%s/keys/any/a.pem\"; } ); } )",
        stage->directory);
    keys_config(stage, domains);
    assert_int_equal(stage_run(stage, "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage),
               "each From domain needs its record: egressctl key show DOMAIN a\n");
    keys_note_state(stage, "a._domainkey.example.com", KEY_ACTIVE);
    assert_int_equal(stage_run(stage, "key", "list", "example.com", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "active");
    assert_has(stage_out(stage), "(signs as example.com)");
    assert_has(stage_out(stage), "    next: signs\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_states, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_without_store, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_others, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_any_domain, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
