/*
 * key rotate: what is made, what is noted, and that repeating it makes no second key.
 */
#include "test_ctl_keys_support.h"

#include <utime.h>

#define OLD "s2025a._domainkey.example.org"
#define NEW "s2026a._domainkey.example.org"

static void set_up(struct stage *stage)
{
    keys_config_folder(stage);
    keys_make(stage, "example.org", "s2025a", "rsa");
    keys_note_state(stage, OLD, KEY_ACTIVE);
}

static void test_begin_and_repeat(void **state)
{
    struct stage *stage = *state;
    struct key_record record;
    struct stat before, after;

    set_up(stage);
    assert_int_equal(stage_run(stage, "key", "rotate", "Example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "example.org, rsa-sha256: s2025a -> s2026a\n");
    assert_has(stage_out(stage), "/keys/example.org/s2026a.pem, 2048 bits\n");
    assert_has(stage_out(stage), "\n" NEW ". 3600 IN TXT (\n");
    assert_has(stage_out(stage), "finds it already\n");
    assert_has(stage_out(stage), "until 2026-12-06 at the earliest"); /* x= of 7 days, and 5 */
    assert_has(stage_err(stage), "note: the daemon does not look at once: ");
    assert_has(buffer_text(&stage->audited), "mail: key: rotation of example.org begun by uid ");
    assert_has(buffer_text(&stage->audited), ": s2025a -> s2026a\n");
    record = keys_noted(stage, NEW);
    assert_int_equal(record.state, KEY_NEW);
    assert_int_equal(record.since_s, NOW_S);
    assert_int_not_equal(record.key_id, 0);
    record = keys_noted(stage, OLD);
    assert_int_equal(record.state, KEY_ACTIVE);
    assert_string_equal(record.replaced_by, "s2026a");
    assert_string_equal(record.reason, "as noted");

    assert_int_equal(stat(stage_path(stage, "keys/example.org/s2026a.pem"), &before), 0);
    stage->clock.now_s += 2 * DAY_S;
    buffer_clear(&stage->audited);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "s2025a -> s2026a, under way since 2026-11-24\n");
    assert_has(stage_out(stage), "\n" NEW ". 3600 IN TXT (\n");
    assert_string_equal(stage_err(stage), "");
    assert_int_equal(stage->audited.size, 0);
    assert_int_equal(stat(stage_path(stage, "keys/example.org/s2026a.pem"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_false(keys_has_file(stage, "keys/example.org/s2026b.pem"));

    assert_int_equal(stage_run(stage, "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "next: signs until s2026a is proven\n");
}

/* Handed over: the next call begins the next rotation, with a selector that was never used. */
static void test_next_rotation(void **state)
{
    struct stage *stage = *state;

    set_up(stage);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
    keys_note_state(stage, OLD, KEY_RETIRING);
    keys_note_state(stage, NEW, KEY_ACTIVE);
    keys_note_state(stage, "s2026b._domainkey.example.org", KEY_REVOKED);
    stage_write(stage, "keys/example.org/s2026c.pem.retired", "", 0);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "rsa-sha256: s2026a -> s2026d\n");
    assert_int_equal(keys_noted(stage, OLD).replaced_by[0], '\0');
    stage->clock.now_s += 60 * DAY_S; /* 2027 */
    keys_note_state(stage, "s2026d._domainkey.example.org", KEY_ACTIVE);
    keys_note_state(stage, NEW, KEY_REVOKED);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "rsa-sha256: s2026d -> s2027a\n");
}

/* Cut short, or `key new` before: the key that waits is taken. A weaker one is not. */
static void test_adopt(void **state)
{
    struct stage *stage = *state;

    set_up(stage);
    assert_int_equal(
        stage_run(stage, "key", "new", "example.org", "--selector", "weak", "--bits", "1024", NULL),
        CTL_GOOD);
    keys_make(stage, "example.org", "waits", "rsa");
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "s2025a -> waits, a key that lay there already\n");
    assert_string_equal(keys_noted(stage, OLD).replaced_by, "waits");
    assert_int_equal(keys_noted(stage, "waits._domainkey.example.org").state, KEY_NEW);
    assert_false(keys_has_file(stage, "keys/example.org/s2026a.pem"));
    assert_has(buffer_text(&stage->audited), "s2025a -> waits");
    /* The key it was to be is gone: it begins anew. */
    assert_int_equal(unlink(stage_path(stage, "keys/example.org/waits.pem")), 0);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "s2025a -> s2026a\n");
    assert_string_equal(keys_noted(stage, OLD).replaced_by, "s2026a");
}

/* Two algorithms, several keys of one. */
static void test_algorithms(void **state)
{
    struct stage *stage = *state;

    set_up(stage);
    keys_make(stage, "example.org", "second", "rsa");
    keys_make(stage, "example.org", "e2025a", "ed25519");
    keys_note_state(stage, "second._domainkey.example.org", KEY_ACTIVE);
    assert_int_equal(
        stage_run(stage, "key", "rotate", "example.org", "--algorithm", "ed25519", NULL), CTL_NO);
    assert_has(stage_err(stage), "example.org, ed25519-sha256: no key is proven yet");
    keys_note_state(stage, "e2025a._domainkey.example.org", KEY_ACTIVE);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", "--algorithm", "ed25519",
                               "--selector", "mine", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "ed25519-sha256: e2025a -> mine\n");
    assert_has_not(stage_out(stage), "rsa-sha256");
    assert_int_equal(stage_run(stage, "--json", "key", "rotate", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "{\"schema\":1,\"rotations\":[{\"domain\":\"example.org\","
                                 "\"algorithm\":\"rsa-sha256\",\"state\":\"begun\",\"old\":"
                                 "\"s2025a, second\",\"selector\":\"s2026a\"");
    assert_has(stage_out(stage), "\"algorithm\":\"ed25519-sha256\",\"state\":\"under-way\",\"old\":"
                                 "\"e2025a\",\"selector\":\"mine\"");
    assert_has(stage_out(stage), "\"value\":\"v=DKIM1; k=ed25519; p=");
    assert_string_equal(keys_noted(stage, "second._domainkey.example.org").replaced_by, "s2026a");
    assert_string_equal(keys_noted(stage, "e2025a._domainkey.example.org").replaced_by, "mine");
}

/* Keys of a list: the row is printed until it is there. */
static void test_listed(void **state)
{
    static const char old_row[] =
        "{ selector = \"s2025a\"; file = \"%s/keys/{d}/{selector}.pem\"; }";
    struct stage *stage = *state;
    char row[256], domains[1024], expected[512];

    keys_make(stage, "example.org", "s2025a", "rsa");
    keys_note_state(stage, OLD, KEY_ACTIVE);
    snprintf(row, sizeof(row), old_row, stage->directory);
    snprintf(domains, sizeof(domains), "( { name = \"example.org\"; keys = ( %s ); } )", row);
    keys_config(stage, domains);
    snprintf(expected, sizeof(expected),
             "2. add to the keys of \"example.org\" in domains in %s:\n\n    { selector = "
             "\"s2026a\"; file = \"%s/keys/example.org/s2026a.pem\"; }\n",
             stage->config, stage->directory);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
        assert_has(stage_out(stage), expected);
    }
    assert_false(keys_has_file(stage, "keys/example.org/s2026b.pem"));
    snprintf(domains, sizeof(domains),
             "( { name = \"example.org\"; keys = ( %s, { selector = \"s2026a\"; file = "
             "\"%s/keys/example.org/s2026a.pem\"; } ); } )",
             row, stage->directory);
    keys_config(stage, domains);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "finds it already");
    assert_has(stage_out(stage), "under way");
}

static void test_all(void **state)
{
    struct stage *stage = *state;
    struct utimbuf old = { NOW_S - 400 * DAY_S, NOW_S - 400 * DAY_S };

    set_up(stage);
    keys_make(stage, "example.net", "n", "rsa");
    keys_make(stage, "example.com", "c", "rsa");
    keys_note_state(stage, "n._domainkey.example.net", KEY_ACTIVE);
    assert_int_equal(stage_run(stage, "key", "rotate", "--all", "--older-than", "365d", NULL),
                     CTL_NO); /* example.com has none that is proven */
    assert_has(stage_err(stage), "example.com, rsa-sha256: no key is proven yet");
    assert_string_equal(stage_out(stage), "");
    keys_note_state(stage, "c._domainkey.example.com", KEY_ACTIVE);
    assert_int_equal(stage_run(stage, "key", "rotate", "--all", "--older-than", "365d", NULL),
                     CTL_GOOD);
    assert_string_equal(stage_out(stage), "no key is that old\n");
    assert_int_equal(utime(stage_path(stage, "keys/example.net/n.pem"), &old), 0);
    assert_int_equal(
        stage_run(stage, "--json", "key", "rotate", "--all", "--older-than", "365d", NULL),
        CTL_GOOD);
    assert_has(stage_out(stage), "\"domain\":\"example.net\",\"algorithm\":\"rsa-sha256\","
                                 "\"state\":\"begun\"");
    assert_has(stage_out(stage), "\"domain\":\"example.com\",\"algorithm\":\"rsa-sha256\","
                                 "\"state\":\"young\"}");
    assert_int_equal(stage_run(stage, "key", "rotate", "--all", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "example.com, rsa-sha256: c -> s2026a\n");
    assert_has(stage_out(stage), "example.net, rsa-sha256: n -> s2026a, under way");
    assert_has(stage_out(stage), "example.org, rsa-sha256: s2025a -> s2026a\n");
}

static void test_refusals(void **state)
{
    struct stage *stage = *state;
    char domains[512];

    keys_config_folder(stage);
    keys_make(stage, "example.org", "s2025a", "rsa");
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_CANNOT_WRITE);
    assert_has(stage_err(stage), "nothing is known of any key yet");
    assert_false(keys_has_file(stage, "state"));
    keys_note_state(stage, OLD, KEY_PUBLISHED);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_NO);
    assert_has(stage_err(stage), "no key is proven yet");
    assert_false(keys_has_file(stage, "keys/example.org/s2026a.pem"));
    assert_int_equal(stage_run(stage, "key", "rotate", "example.com", NULL), CTL_INPUT);
    assert_int_equal(
        stage_run(stage, "key", "rotate", "example.org", "--algorithm", "ed25519", NULL),
        CTL_INPUT);
    assert_has(stage_err(stage), "example.org has no ed25519 key");
    assert_int_equal(stage_run(stage, "key", "rotate", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", "--all", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", "--selector", "x", NULL),
                     CTL_USAGE);
    assert_int_equal(stage_run(stage, "key", "rotate", "--all", "--older-than", "soon", NULL),
                     CTL_USAGE);
    assert_int_equal(
        stage_run(stage, "key", "rotate", "example.org", "--algorithm", "rsa", "--selector",
                  "a123456789.a123456789.a123456789.a123456789.a123456789.a123456789", NULL),
        CTL_USAGE);
    keys_note_state(stage, OLD, KEY_ACTIVE);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", "--algorithm", "rsa",
                               "--selector", "S2025A", NULL),
                     CTL_CANNOT_WRITE);
    assert_has(stage_err(stage), "not used twice");
    assert_int_equal(stage->audited.size, 0);
    snprintf(domains, sizeof(domains),
             "( { name = \"*\"; keys = ( { selector = \"a\"; file = "
             "\"%s/keys/example.org/s2025a.pem\"; } ); } )",
             stage->directory);
    keys_config(stage, domains);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_NO);
    assert_has(stage_err(stage), "whatever From domain");
}

/* No key can be made: nothing is noted either. */
static void test_cannot_make(void **state)
{
    struct stage *stage = *state;
    char name[64];

    set_up(stage);
    for (char letter = 'a'; letter <= 'z'; letter++) {
        snprintf(name, sizeof(name), "keys/example.org/s2026%c.pem.retired", letter);
        stage_write(stage, name, "", 0);
    }
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_CANNOT_WRITE);
    assert_has(stage_err(stage), "this year's selectors");
    assert_int_equal(keys_noted(stage, OLD).replaced_by[0], '\0');
    assert_int_equal(stage->audited.size, 0);
}

/* A record of a version to come is not written over. */
static void test_newer_version(void **state)
{
    struct stage *stage = *state;
    struct store *store;

    set_up(stage);
    keys_make(stage, "example.org", "waits", "rsa");
    store = keys_store(stage);
    assert_true(store_put(store, STORE_KEYS, SPAN("waits._domainkey.example.org"),
                          SPAN("\xff\xff not ours"), STORE_DURABLE));
    store_close(&store);
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_CANNOT_WRITE);
    assert_has(stage_err(stage), "of a newer version");
    assert_int_equal(keys_noted(stage, OLD).replaced_by[0], '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_begin_and_repeat, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_next_rotation, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_adopt, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_algorithms, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_listed, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_all, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_refusals, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_cannot_make, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_newer_version, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
