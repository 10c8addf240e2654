/*
 * key prove: what is found in DNS against what should be there, and that no state changes.
 */
#include "test_ctl_keys_support.h"

#include "dns/scripted.h"

#define A "a._domainkey.example.org"

/* `script` with @ for the record of keys/example.org/a.pem. */
static void dns_set(struct stage *stage, const char *script)
{
    struct error error = { "" };
    struct dkim_key *key = dkim_key_read(stage_path(stage, "keys/example.org/a.pem"), &error);
    struct buffer text = BUFFER_EMPTY;

    assert_non_null(key);
    for (; *script != '\0'; script++) {
        if (*script != '@')
            buffer_add_char(&text, *script);
        else
            assert_true(dkim_key_print_record(key, &text));
    }
    if (stage->resolver != NULL)
        dns_resolver_free(&stage->resolver);
    stage->resolver = dns_scripted_new(buffer_span(&text), &stage->clock.clock, &error);
    if (stage->resolver == NULL)
        fail_msg("%s", error.text);
    buffer_free(&text);
    dkim_key_unref(&key);
}

struct prove_case {
    const char *script;
    enum ctl_exit code;
    const char *out, *json;
};

static const struct prove_case cases[] = {
    { A " TXT \"@\"\n", CTL_GOOD, A ": good, our key at the zone's own servers\n",
      "\"good\":true,\"seen\":\"our key\",\"where\":\"zone\"" },
    { "", CTL_NO, A ": bad, no key record at the zone's own servers\n",
      "\"good\":false,\"seen\":\"no key record\",\"where\":\"zone\"" },
    { A " TXT \"v=DKIM1; p=\"\n", CTL_NO, ": bad, a revoked key at", "\"found\":\"v=DKIM1; p=\"" },
    { A " TXT \"v=DKIM1; k=rsa; p=AAAA\"\n", CTL_NO, "found:    v=DKIM1; k=rsa; p=AAAA\n",
      "\"seen\":\"another key\"" },
    { A " TXT SERVFAIL\n", CTL_NO, ": bad, no answer\n", "\"where\":\"nowhere\"" },
    { "* * TIMEOUT\n", CTL_NO, "expected: v=DKIM1; k=rsa; p=", "\"where\":\"nowhere\"" },
};

static void test_verdicts(void **state)
{
    struct stage *stage = *state;

    keys_config_folder(stage);
    keys_make(stage, "example.org", "a", "rsa");
    keys_note_state(stage, A, KEY_PUBLISHED);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("%s\n", cases[i].out);
        dns_set(stage, cases[i].script);
        assert_int_equal(stage_run(stage, "key", "prove", "Example.org", NULL), cases[i].code);
        assert_has(stage_out(stage), cases[i].out);
        assert_has(stage_err(stage), "note: the daemon does not look at once: ");
        assert_int_equal(stage_run(stage, "--json", "key", "prove", "--all", NULL), cases[i].code);
        assert_has(stage_out(stage), cases[i].json);
        assert_has(stage_out(stage), "{\"schema\":1,\"daemon_looks\":false,\"keys\":[{");
        assert_int_equal(keys_noted(stage, A).state, KEY_PUBLISHED);
    }
    dns_resolver_free(&stage->resolver);
    /* Nobody to ask: nothing is known, which is not good. */
    assert_int_equal(stage_run(stage, "key", "prove", "example.org", NULL), CTL_NO);
    assert_has(stage_out(stage), "no answer");
}

/* Which keys: those of a domain or all, each record once, revoked ones not. */
static void test_choice(void **state)
{
    struct stage *stage = *state;
    char domains[1024];

    keys_make(stage, "example.org", "a", "rsa");
    keys_make(stage, "example.org", "gone", "ed25519");
    keys_make(stage, "example.net", "n", "ed25519");
    snprintf(domains, sizeof(domains),
             "( { name = \"example.org\"; keys = ( { selector = \"a\"; file = "
             "\"%s/keys/example.org/a.pem\"; }, { selector = \"gone\"; file = "
             "\"%s/keys/example.org/gone.pem\"; } ); }, { name = \"news.example.org\"; d = "
             "\"example.org\"; keys = ( { selector = \"a\"; file = \"%s/keys/example.org/a.pem\"; "
             "} ); }, { name = \"*\"; keys = ( { selector = \"n\"; file = "
             "\"%s/keys/example.net/n.pem\"; } ); } )",
             stage->directory, stage->directory, stage->directory, stage->directory);
    keys_config(stage, domains);
    keys_note_state(stage, "gone._domainkey.example.org", KEY_REVOKED);
    dns_set(stage, A " TXT \"@\"\n");
    assert_int_equal(stage_run(stage, "key", "prove", "news.example.org", NULL), CTL_GOOD);
    assert_string_equal(stage_out(stage), A ": good, our key at the zone's own servers\n");
    assert_int_equal(dns_scripted_count(stage->resolver), 2); /* the zone's servers and the usual */
    assert_int_equal(stage_run(stage, "key", "prove", "example.com", NULL), CTL_NO);
    assert_has(stage_out(stage), "n._domainkey.example.com: bad, no key record");
    assert_has_not(stage_out(stage), "example.org");
    assert_int_equal(stage_run(stage, "key", "prove", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "key", "prove", "--all", "example.org", NULL), CTL_USAGE);
    dns_resolver_free(&stage->resolver);
    keys_config(stage, "( )");
    assert_int_equal(stage_run(stage, "key", "prove", "example.com", NULL), CTL_INPUT);
    assert_int_equal(stage_run(stage, "key", "prove", "--all", NULL), CTL_INPUT);
    assert_int_equal(stage_run(stage, "key", "prove", "example.org", NULL),
                     CTL_NO); /* mere files */
    assert_has(stage_out(stage), A ": bad, no answer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verdicts, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_choice, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
