/*
 * key retire: which key may go, what is noted, and when its file is none any more.
 */
#include "test_ctl_keys_support.h"

#define A "a._domainkey.example.org"
#define B "b._domainkey.example.org"
#define A_FILE "keys/example.org/a.pem"

static void set_up(struct stage *stage, const char *algorithm_of_b)
{
    keys_config_folder(stage);
    keys_make(stage, "example.org", "a", "rsa");
    keys_make(stage, "example.org", "b", algorithm_of_b);
    keys_note_state(stage, A, KEY_ACTIVE);
    keys_note_state(stage, B, KEY_ACTIVE);
}

/* By hand, waiting, done with. */
static void test_life(void **state)
{
    struct stage *stage = *state;
    struct key_record record;

    set_up(stage, "rsa");
    assert_int_equal(stage_run(stage, "key", "retire", "Example.org", "A", NULL), CTL_GOOD);
    assert_has(stage_out(stage),
               "a of example.org signs no more. Keep the record " A " in DNS until 2026-12-06");
    assert_has(buffer_text(&stage->audited), "mail: key: a of example.org is retiring by uid ");
    record = keys_noted(stage, A);
    assert_int_equal(record.state, KEY_RETIRING);
    assert_int_equal(record.since_s, NOW_S);
    assert_int_equal(record.retire_s, NOW_S + 12 * DAY_S);
    assert_has(record.reason, "by hand, uid ");
    assert_int_equal(stage_run(stage, "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "next: keep its record in DNS until 2026-12-06\n");

    stage->clock.now_s += DAY_S;
    buffer_clear(&stage->audited);
    assert_int_equal(stage_run(stage, "key", "retire", "example.org", "a", NULL), CTL_GOOD);
    assert_has(stage_out(stage),
               "is retiring already. Keep the record " A " in DNS until 2026-12-06");
    assert_int_equal(keys_noted(stage, A).retire_s, NOW_S + 12 * DAY_S);
    assert_int_equal(stage->audited.size, 0);
    assert_true(keys_has_file(stage, A_FILE));

    stage->clock.now_s += 12 * DAY_S;
    assert_int_equal(stage_run(stage, "key", "retire", "example.org", "a", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "the record " A " may go from DNS\nits file is no key any more: ");
    assert_int_equal(keys_noted(stage, A).state, KEY_REVOKED);
    assert_false(keys_has_file(stage, A_FILE));
    assert_true(keys_has_file(stage, A_FILE ".retired"));
    assert_int_equal(stage_run(stage, "key", "list", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "revoked");
    assert_has_not(stage_out(stage), "then egressctl key retire example.org a");

    assert_int_equal(stage_run(stage, "--json", "key", "retire", "example.org", "a", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "\"changed\":false,\"state\":\"revoked\"");
}

/* The watch has ended its time: the file goes with the next call. A file is never replaced. */
static void test_file(void **state)
{
    struct stage *stage = *state;

    set_up(stage, "rsa");
    keys_note_state(stage, A, KEY_REVOKED);
    stage_write(stage, A_FILE ".retired", "there", 5);
    assert_int_equal(stage_run(stage, "key", "retire", "example.org", "a", NULL), CTL_CANNOT_WRITE);
    assert_has(stage_err(stage), "a.pem.retired: File exists");
    assert_true(keys_has_file(stage, A_FILE));
    assert_int_equal(unlink(stage_path(stage, A_FILE ".retired")), 0);
    assert_int_equal(stage_run(stage, "--json", "key", "retire", "example.org", "a", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "\"moved_to\":\"");
    assert_false(keys_has_file(stage, A_FILE));
}

/* A row of a list is not ours to take out. */
static void test_listed(void **state)
{
    struct stage *stage = *state;
    char domains[512];

    set_up(stage, "rsa");
    snprintf(domains, sizeof(domains),
             "( { name = \"example.org\"; keys = ( { selector = \"a\"; file = "
             "\"%s/keys/{d}/{selector}.pem\"; }, { selector = \"b\"; file = "
             "\"%s/keys/{d}/{selector}.pem\"; } ); } )",
             stage->directory, stage->directory);
    keys_config(stage, domains);
    assert_int_equal(stage_run(stage, "key", "retire", "example.org", "a", "--revoked", NULL),
                     CTL_GOOD);
    assert_has(stage_out(stage), "may go from DNS\ntake it out of domains in ");
    assert_has(buffer_text(&stage->audited), "a of example.org is revoked by uid ");
    assert_true(keys_has_file(stage, A_FILE));
    assert_int_equal(keys_noted(stage, A).state, KEY_REVOKED);
}

struct refusal_case {
    const char *algorithm_of_b;
    enum key_state a, b;
    bool is_b_lost;
    enum ctl_exit code; /* of retiring a */
    const char *err;
};

static const struct refusal_case refusals[] = {
    { "rsa", KEY_ACTIVE, KEY_NEW, false, CTL_NO, "a of example.org is the only key that can sign" },
    { "rsa", KEY_ACTIVE, KEY_PUBLISHED, false, CTL_NO, "only key that can sign" },
    { "rsa", KEY_ACTIVE, KEY_RETIRING, false, CTL_NO, "only key that can sign" },
    { "rsa", KEY_ACTIVE, KEY_REVOKED, false, CTL_NO, "only key that can sign" },
    { "rsa", KEY_ACTIVE, KEY_ACTIVE, true, CTL_NO, "only key that can sign" },
    { "ed25519", KEY_ACTIVE, KEY_ACTIVE, false, CTL_NO, "only one that every receiver verifies" },
    { "rsa", KEY_ACTIVE, KEY_ACTIVE, false, CTL_GOOD, "" },
    { "rsa", KEY_NEW, KEY_ACTIVE, false, CTL_GOOD, "" },
    { "rsa", KEY_NEW, KEY_NEW, false, CTL_GOOD, "" }, /* both sign while none is proven */
    { "rsa", KEY_NEW, KEY_REVOKED, false, CTL_NO, "only key that can sign" },
};

static void test_refusals(void **state)
{
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct refusal_case *row = &refusals[i];
        struct key_record b = { .state = row->b, .since_s = NOW_S, .is_lost = row->is_b_lost };

        print_message("%zu\n", i);
        if (i == 0 || strcmp(row->algorithm_of_b, refusals[i - 1].algorithm_of_b) != 0) {
            unlink(stage_path(stage, A_FILE));
            unlink(stage_path(stage, "keys/example.org/b.pem"));
            set_up(stage, row->algorithm_of_b);
        }
        keys_note_state(stage, A, row->a);
        keys_note(stage, B, &b);
        assert_int_equal(stage_run(stage, "key", "retire", "example.org", "a", NULL), row->code);
        assert_has(stage_err(stage), row->err);
        assert_int_equal(keys_noted(stage, A).state, row->code == CTL_GOOD ? KEY_RETIRING : row->a);
        if (row->code == CTL_GOOD)
            continue;
        assert_int_equal(stage_run(stage, "key", "retire", "example.org", "a", "--force", NULL),
                         CTL_GOOD);
        assert_int_equal(keys_noted(stage, A).state, KEY_RETIRING);
    }
    assert_int_equal(stage_run(stage, "key", "retire", "example.org", "none", NULL), CTL_INPUT);
    assert_int_equal(stage_run(stage, "key", "retire", "example.net", "a", NULL), CTL_INPUT);
    assert_int_equal(stage_run(stage, "key", "retire", "example.org", NULL), CTL_USAGE);
}

/* The key that was to take over goes: the rotation is called off, and can be begun anew. */
static void test_rotation_called_off(void **state)
{
    struct stage *stage = *state;

    set_up(stage, "rsa");
    keys_note(stage, A,
              &(struct key_record){ .state = KEY_ACTIVE, .since_s = NOW_S, .replaced_by = "b" });
    keys_note_state(stage, B, KEY_NEW);
    assert_int_equal(stage_run(stage, "key", "retire", "example.org", "b", NULL), CTL_GOOD);
    assert_int_equal(keys_noted(stage, B).state, KEY_RETIRING);
    assert_int_equal(keys_noted(stage, A).replaced_by[0], '\0');
    assert_int_equal(stage_run(stage, "key", "rotate", "example.org", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "a -> s2026a\n");
}

/* A store that nobody can write to, and none. */
static void test_store(void **state)
{
    struct stage *stage = *state;

    keys_config_folder(stage);
    keys_make(stage, "example.org", "a", "rsa");
    assert_int_equal(stage_run(stage, "key", "retire", "example.org", "a", NULL), CTL_CANNOT_WRITE);
    assert_has(stage_err(stage), "nothing is known of any key yet");
    stage_write(stage, "state", "x", 1);
    assert_int_equal(stage_run(stage, "--json", "key", "retire", "example.org", "a", NULL),
                     CTL_CANNOT_WRITE);
    assert_has(stage_out(stage), "{\"schema\":1,\"error\":\"");
    assert_true(keys_has_file(stage, A_FILE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_file, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_listed, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_refusals, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_rotation_called_off, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_store, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
